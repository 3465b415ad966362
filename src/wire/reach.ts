/** Looks at this machine's routes and interfaces again and again, and says which devices packets would still reach by their own segment. */
import { readFileSync } from "node:fs";
import { networkInterfaces } from "node:os";
import type { Clock } from "../domain/clock.ts";
import { waySeenWithin } from "../domain/limits.ts";
import type { Target } from "../domain/plan.ts";
import { between, type MonotonicMs } from "../domain/units.ts";
import { isProblem, obstacle, routesV4, routesV6, type OwnAddress, type Ways } from "./routes.ts";

/** What Linux says at one moment, not yet understood. */
export interface Seen {
  /** The content of /proc/net/route. */
  readonly routes4: string;
  /** The content of /proc/net/ipv6_route; empty where the machine has no IPv6. */
  readonly routes6: string;
  /** Of interfaces that are up and have carrier; others are not listed. */
  readonly own: readonly OwnAddress[];
}

/** About 80 µs. What cannot be read is a line for a person, and cuts everything off. */
export type Look = () => Seen | { readonly problem: string };

export class Reach {
  readonly #clock: Clock;
  readonly #look: Look;
  #seenAt: MonotonicMs | undefined;
  /** What was seen last, in one text: the same text is the same ways. */
  #text = "";
  #textTold: string | undefined;
  #ways: Ways | { readonly problem: string } = { problem: "the routes were not looked at yet" };
  /** A plan's targets live as long as the plan: each is worked out once for what was seen. */
  #obstacles = new WeakMap<Target, { readonly why: string | undefined }>();

  constructor(clock: Clock, look: Look = lookAtLinux) {
    this.#clock = clock;
    this.#look = look;
  }

  /** Why a packet to the target would not leave by its segment's interface, in one line; undefined when it would. Looks again where the last look is older than 50 ms. */
  cutOff(target: Target): string | undefined {
    // A serial port leads where its cable does.
    if (target.transport === "serial") return undefined;
    const now = this.#clock.monotonic();
    if (this.#seenAt === undefined || between(this.#seenAt, now) > waySeenWithin) this.#see(now);
    const known = this.#obstacles.get(target);
    if (known) return known.why;
    const why = isProblem(this.#ways) ? this.#ways.problem : obstacle(this.#ways, target);
    this.#obstacles.set(target, { why });
    return why;
  }

  /** Looks again, for the pulse; true when the ways are others than at its last call. */
  lookAround(): boolean {
    this.#see(this.#clock.monotonic());
    const changed = this.#text !== this.#textTold;
    this.#textTold = this.#text;
    return changed;
  }

  #see(now: MonotonicMs): void {
    this.#seenAt = now;
    const seen = this.#look();
    const text = JSON.stringify(seen);
    if (text === this.#text) return;
    this.#text = text;
    this.#obstacles = new WeakMap();
    this.#ways = isProblem(seen) ? seen : understood(seen);
  }
}

/** This machine's ways at this moment. */
export function waysNow(look: Look = lookAtLinux): Ways | { readonly problem: string } {
  const seen = look();
  return isProblem(seen) ? seen : understood(seen);
}

function understood({ routes4, routes6, own }: Seen): Ways | { readonly problem: string } {
  const [four, six] = [routesV4(routes4), routesV6(routes6)];
  if (isProblem(four)) return four;
  return isProblem(six) ? six : { routes: [...four, ...six], own };
}

/** Linux's own files, of this process's network namespace. */
export const lookAtLinux: Look = () => {
  try {
    return { routes4: readFileSync("/proc/net/route", "latin1"), routes6: withoutCounters(ipv6Table()), own: ownAddresses() };
  } catch (error) {
    if (error instanceof Error && "code" in error) return { problem: `this machine's routes cannot be read: ${error.message}` };
    throw error;
  }
};

function ipv6Table(): string {
  try {
    return readFileSync("/proc/net/ipv6_route", "latin1");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return "";
    throw error;
  }
}

/** How often a route was used changes all the time and says nothing about the way. */
function withoutCounters(table: string): string {
  return table.replaceAll(/( [0-9a-f]{8}) [0-9a-f]{8} [0-9a-f]{8}( [0-9a-f]{8}\s+\S+)$/gmu, "$1 - -$2");
}

/** Node lists interfaces that are up and running. `eth0:1` is a label of an address on eth0. */
function ownAddresses(): readonly OwnAddress[] {
  return Object.entries(networkInterfaces()).flatMap(([name, addresses = []]) =>
    addresses.map(({ address, internal }) => ({ interfaceName: name.replace(/:.*$/su, ""), address, internal })),
  );
}
