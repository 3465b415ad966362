/** A device of one family as its profile declares it: its connection pool, what it does when that is full, its idle timeout and its watchdog. */
import { limitClasses, type ServerLimits } from "../../src/config/schema/profile-limits.ts";
import type { Profile } from "../../src/config/schema/profile.ts";
import type { WatchdogMode } from "../../src/config/schema/statements.ts";
import type { Clock } from "../../src/domain/clock.ts";
import { countedAfterLossUnknown, poolUnknown } from "../../src/domain/limits.ts";
import { vendorName } from "../../src/drivers/enip/vendors.ts";

export interface FamilyTraits {
  readonly poolSize: number;
  readonly overflow: "rejects" | "evicts-oldest" | "evicts-idle";
  /** After which silence it closes a connection. */
  readonly idleTimeoutMs: number;
  readonly closeCausesFault: boolean;
  /** As EtherNet/IP numbers vendors: that of the profile's, or Rockwell Automation's. */
  readonly vendorId: number;
}

/** What keeps its outputs alive once the real master has died; `owner-only` is fed by the client that armed it, which we never are. */
export interface FamilyWatchdog {
  readonly fedBy: WatchdogMode;
  /** Of a mask. */
  readonly functionCodes: readonly number[];
}

/** As README.md of the profiles says: the conservative default of what is not documented. 30 min are the longest hold that any vendor documents. */
const undocumented: FamilyTraits = {
  poolSize: poolUnknown,
  overflow: "evicts-oldest",
  idleTimeoutMs: countedAfterLossUnknown,
  closeCausesFault: false,
  vendorId: 1,
};

const vendorIds: readonly number[] = Array.from({ length: 2000 }, (_, number) => number);

/** Every stated figure counts, from wherever it is known: the smallest pool, the worst overflow, the longest hold of a connection. */
export function traitsOf({ connection, limits, watchdog, identification }: Profile): FamilyTraits {
  const servers: readonly ServerLimits[] = limitClasses.flatMap((name) => limits?.[name] ?? []);
  const pools = [connection.poolSize, ...servers.map(({ maxConnections }) => maxConnections), limits?.opcua?.maxSessions];
  const overflows = [connection.overflow, ...servers.map(({ overflow }) => overflow)].flatMap((fact) => fact?.value ?? []);
  const idle = [connection.idleTimeout, ...servers.map(({ idleTimeout }) => idleTimeout)].flatMap((fact) => fact?.value ?? []);
  const worst = (["evicts-oldest", "unknown", "evicts-idle", "rejects"] as const).find((one) => overflows.includes(one)) ?? "unknown";
  return {
    // A larger pool is a document's word that two persons have not read: the device at hand may have no more than any other.
    poolSize: Math.min(undocumented.poolSize, ...pools.flatMap((fact) => fact?.value ?? [])),
    overflow: worst === "unknown" ? undocumented.overflow : worst,
    idleTimeoutMs: idle.length === 0 ? undocumented.idleTimeoutMs : Math.max(...idle),
    closeCausesFault: watchdog.closeCausesFault.value === true,
    vendorId: vendorIds.find((number) => identification.vendors.includes(vendorName(number))) ?? undocumented.vendorId,
  };
}

/** Whose connection it is: ours, or that of somebody who was there before us or comes to service it. */
export interface Holder {
  readonly who: string;
  lastUsedMs: number;
}

/** What became of its other clients and of its outputs. */
export class FamilyDevice {
  readonly evicted: string[] = [];
  readonly turnedAway: string[] = [];
  /** When frames of ours came. */
  readonly heardAtMs: number[] = [];
  /** How often a frame of ours kept the watchdog from running out, and how often the end of a connection of ours tripped the device. */
  fedByUs = 0;
  trippedByUs = 0;
  mostOfOursAtOnce = 0;
  /** Nothing reaches it and nothing comes from it; what it holds it goes on holding. */
  unplugged = false;
  /** Its cable is pulled as soon as the next request has come. */
  losesNextAnswer = false;
  readonly traits: FamilyTraits;
  readonly #watchdog: FamilyWatchdog;
  readonly #clock: Clock;
  /** Oldest first. */
  readonly #holders: Holder[] = [];

  constructor(clock: Clock, traits: FamilyTraits, watchdog: FamilyWatchdog) {
    this.#clock = clock;
    this.traits = traits;
    this.#watchdog = watchdog;
  }

  /** Everybody whose connection it counts, ours that it does not know to be gone among them. */
  get holding(): readonly string[] {
    this.#closeIdle();
    return this.#holders.map(({ who }) => who);
  }

  /** A client comes; undefined where it is turned away. */
  connect(who: string): Holder | undefined {
    this.#closeIdle();
    if (this.#holders.length >= this.traits.poolSize) {
      const victim = this.#victim();
      if (victim === undefined) {
        this.turnedAway.push(who);
        return undefined;
      }
      this.leave(victim);
      this.evicted.push(victim.who);
    }
    const holder: Holder = { who, lastUsedMs: this.#now };
    this.#holders.push(holder);
    this.mostOfOursAtOnce = Math.max(this.mostOfOursAtOnce, this.#holders.filter(({ who: other }) => other === ours).length);
    return holder;
  }

  leave(holder: Holder): void {
    const at = this.#holders.indexOf(holder);
    if (at < 0) return;
    this.#holders.splice(at, 1);
    if (holder.who === ours && this.traits.closeCausesFault) this.trippedByUs += 1;
  }

  /** @param functionCode where it is Modbus */
  hear(holder: Holder | undefined, functionCode: number | undefined): void {
    if (this.losesNextAnswer) [this.losesNextAnswer, this.unplugged] = [false, true];
    if (holder) holder.lastUsedMs = this.#now;
    this.heardAtMs.push(this.#now);
    const { fedBy, functionCodes } = this.#watchdog;
    const masked = fedBy === "function-code-mask" && functionCode !== undefined && functionCodes.includes(functionCode);
    // Whoever re-arms it, even once it has run out, hides that the master is gone.
    if (fedBy === "any-telegram" || fedBy === "unknown" || masked) this.fedByUs += 1;
  }

  get #now(): number {
    return this.#clock.monotonic();
  }

  #victim(): Holder | undefined {
    switch (this.traits.overflow) {
      case "rejects":
        return undefined;
      case "evicts-oldest":
        return this.#holders[0];
      case "evicts-idle":
        return this.#holders.toSorted((a, b) => usedAt(a, this.#now) - usedAt(b, this.#now))[0];
    }
  }

  #closeIdle(): void {
    const { idleTimeoutMs } = this.traits;
    const idle = this.#holders.filter((holder) => this.#now - usedAt(holder, this.#now) >= idleTimeoutMs);
    for (const holder of idle) this.leave(holder);
  }
}

/** Our own connections. */
export const ours = "watchkeeper";
const steady = "SCADA";

/** Those that are there for good, and poll it all the time. */
export function scada(number: number): string {
  return `${steady}-${number}`;
}

function usedAt({ who, lastUsedMs }: Holder, now: number): number {
  return who.startsWith(steady) ? now : lastUsedMs;
}
