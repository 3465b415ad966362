/** Finds out whether a password is right without costing the poller anything: known answers at once, others one after the other, elsewhere, and few. */
import { createHmac, generateKeySync } from "node:crypto";
import type { Cancel, Clock } from "../domain/clock.ts";
import { after, milliseconds, seconds, type Milliseconds, type MonotonicMs } from "../domain/units.ts";
import type { Secret } from "../domain/secret.ts";
import { Pace, PaceByName } from "./pace.ts";

export interface PasswordCheckParts {
  readonly clock: Clock;
  /** Runs off the thread that polls; takes a tenth of a second and more. */
  readonly compare: (password: string, hash: string) => Promise<boolean>;
}

export interface Claim {
  readonly user: string;
  readonly password: string;
  /** The address that it comes from. */
  readonly from: string;
}

/** `later`: too many were tried; the answer is not known. */
export type PasswordVerdict = "right" | "wrong" | { readonly later: Milliseconds };

/** bcrypt itself looks at the first 72. */
const passwordBytesMax = 256;
const rightKept = 100;
const wrongKept = 1000;
/** New guesses of one address: a person who mistypes has enough, whoever guesses has 14,400 a day. */
const guessesAtOnce = 10;
const guessEach: Milliseconds = seconds(6);
/** Of all addresses together. */
const allAtOnce = 15;
const allEach: Milliseconds = seconds(1);
/** Beside them, one guess of an address in ten minutes: those who guess without end must not keep a new scraper out. */
const firstsAtOnce = 5;
const firstsEach: Milliseconds = seconds(6);
const firstAgainAfter: Milliseconds = seconds(600);
const addressesMax = 256;
const waitingMax = 8;
/** Of these. */
const waitingForFirsts = 2;
/** After each comparison nothing is compared for three times as long: a quarter of one processor at most. */
const restShare = 3;

export class PasswordCheck {
  readonly #parts: PasswordCheckParts;
  /** Of this process alone: what is kept tells nobody a password. */
  readonly #key = generateKeySync("hmac", { length: 256 });
  readonly #right = new Set<string>();
  readonly #wrong = new Set<string>();
  readonly #guesses = new PaceByName(guessesAtOnce, guessEach, addressesMax);
  readonly #all: Pace;
  readonly #firsts: Pace;
  readonly #firstOf = new PaceByName(1, firstAgainAfter, addressesMax);
  #waiting = 0;
  #lane: Promise<unknown> = Promise.resolve();
  #rest: { readonly end: () => void; readonly cancel: Cancel } | undefined;

  constructor(parts: PasswordCheckParts) {
    this.#parts = parts;
    this.#all = new Pace(allAtOnce, allEach, parts.clock.monotonic());
    this.#firsts = new Pace(firstsAtOnce, firstsEach, parts.clock.monotonic());
  }

  /** @param users the hashes in force; a user who is not among them takes as long as one who is */
  async verdict({ user, password, from }: Claim, users: ReadonlyMap<string, Secret>): Promise<PasswordVerdict> {
    if (Buffer.byteLength(password) > passwordBytesMax) return "wrong";
    const known = users.get(user);
    const hash = (known ?? users.values().next().value)?.reveal() ?? "";
    const digest = createHmac("sha256", this.#key)
      .update(JSON.stringify([user, hash, password]))
      .digest("base64");
    if (known && this.#right.has(digest)) return "right";
    if (this.#wrong.has(digest)) return "wrong";
    const later = this.#admit(from, this.#parts.clock.monotonic());
    if (later > 0) return { later };
    const same = await this.#compared(password, hash);
    if (same && known) keep(this.#right, digest, rightKept);
    else keep(this.#wrong, digest, wrongKept);
    return same && known ? "right" : "wrong";
  }

  /** No rest keeps a process that ends. */
  close(): void {
    this.#rest?.cancel();
    this.#rest?.end();
  }

  /** Zero: it may be tried, and is counted. */
  #admit(from: string, now: MonotonicMs): Milliseconds {
    const own = this.#guesses.of(from, now);
    const first = this.#firstOf.of(from, now);
    const isFirst = first.idle(now);
    const shared = isFirst && this.#firsts.wait(now) < this.#all.wait(now) ? this.#firsts : this.#all;
    const room = waitingMax - (isFirst ? 0 : waitingForFirsts);
    const wait = Math.max(own.wait(now), shared.wait(now), this.#waiting >= room ? 1000 : 0);
    if (wait > 0) return milliseconds(wait);
    own.take(now);
    shared.take(now);
    if (isFirst) first.take(now);
    return milliseconds(0);
  }

  async #compared(password: string, hash: string): Promise<boolean> {
    const { clock, compare } = this.#parts;
    this.#waiting += 1;
    const turn = this.#lane.then(async () => {
      const began = clock.monotonic();
      const same = compare(password, hash);
      const rest = async (): Promise<void> => {
        const took = clock.monotonic() - began;
        if (took === 0) return;
        const { promise, resolve } = Promise.withResolvers<void>();
        this.#rest = { end: resolve, cancel: clock.at(after(clock.monotonic(), milliseconds(took * restShare)), resolve) };
        await promise;
      };
      // The next one waits for the rest, whoever asked does not.
      return { same, rested: same.then(rest, rest) };
    });
    this.#lane = turn.then(({ rested }) => rested);
    try {
      return await (
        await turn
      ).same;
    } finally {
      this.#waiting -= 1;
    }
  }
}

function keep(digests: Set<string>, digest: string, most: number): void {
  digests.add(digest);
  const [oldest] = digests;
  if (digests.size > most && oldest !== undefined) digests.delete(oldest);
}
