/** Which way is conservative, for every field that two files may both set: merging takes the tightest, an approval refuses the looser. */
import type { DeviceKind, OwnerStatement } from "../schema/profile.ts";
import type { Overflow, WatchdogMode } from "../schema/statements.ts";

export interface Comparison<Value> {
  /** For people: which way, and why that way spares the device. */
  readonly why: string;
  /** True when `a` allows something that `b` does not. */
  readonly looser: (a: Value, b: Value) => boolean;
}

export interface Direction<Value> extends Comparison<Value> {
  readonly tightest: (first: Value, ...others: readonly Value[]) => Value;
}

const larger = (why: string): Direction<number> => ({ why, looser: (a, b) => a < b, tightest: Math.max });
const smaller = (why: string): Direction<number> => ({ why, looser: (a, b) => a > b, tightest: Math.min });

/** `words` from the loosest to the tightest. */
function ranked<const Word extends string | boolean>(words: readonly Word[], why: string): Direction<Word> {
  const rank = (word: Word): number => words.indexOf(word);
  return {
    why,
    looser: (a, b) => rank(a) < rank(b),
    tightest: (first, ...others) => others.reduce((best, word) => (rank(word) > rank(best) ? word : best), first),
  };
}

/** Each entry forbids or demands something: the union is the tightest. */
function demands<Word extends string>(why: string): Direction<readonly Word[]> {
  return {
    why,
    looser: (a, b) => b.some((word) => !a.includes(word)),
    tightest: (first, ...others) => [...new Set([first, ...others].flat())].toSorted(),
  };
}

/**
 * Each entry admits an answerer; an empty list admits anyone. Either the shipped profile sets it or the site does: two lists that have
 * nobody in common could not be merged, for no list says "nobody".
 */
function admits(why: string): Comparison<readonly string[]> {
  return { why, looser: (a, b) => b.length > 0 && (a.length === 0 || a.some((name) => !b.includes(name))) };
}

/** `plc` and the like may be asked while their watchdog is unknown; the others may not (H17). */
export const strictKinds: ReadonlySet<DeviceKind> = new Set<DeviceKind>([
  "drive",
  "io-coupler",
  "serial-device",
  "generic",
  "safety",
  "protection",
  "navigation",
]);

/** Never asked, whatever a profile of theirs says of its methods: as the devices of such a function are not. */
export const heardOnlyKinds: ReadonlySet<DeviceKind> = new Set<DeviceKind>(["safety", "protection", "navigation"]);

export const closingFaults = ["no", "unknown", "yes"] as const;
/** Whether the end of a connection can trip a device (H17b). */
export type ClosingFault = (typeof closingFaults)[number];

export interface Directions {
  readonly intervalMinMs: Direction<number>;
  readonly connectWithinMs: Direction<number>;
  readonly answerWithinMs: Direction<number>;
  readonly missesToDown: Direction<number>;
  readonly decision: Direction<"allow" | "ask" | "forbid">;
  readonly mode: Direction<"kept" | "fresh">;
  readonly idleTimeoutMs: Direction<number>;
  readonly poolSize: Direction<number>;
  readonly overflow: Direction<Overflow>;
  readonly reserve: Direction<number>;
  readonly fedBy: Direction<WatchdogMode>;
  readonly closeCausesFault: Direction<ClosingFault>;
  readonly strictKind: Direction<boolean>;
  readonly ownerMustState: Direction<readonly OwnerStatement[]>;
  readonly forbidden: Direction<readonly string[]>;
  readonly demands: Direction<readonly string[]>;
  readonly identification: Comparison<readonly string[]>;
}

export const directions: Directions = Object.freeze({
  intervalMinMs: larger("longer: the device is asked less often"),
  connectWithinMs: smaller("shorter: the kernel repeats an unanswered SYN every second while we wait"),
  answerWithinMs: smaller("shorter: the kernel repeats an unacknowledged request while we wait, and the connection is held"),
  missesToDown: smaller("fewer: once down, a device is asked more and more rarely"),
  decision: ranked(["allow", "ask", "forbid"], "forbid before ask before allow"),
  mode: ranked(
    ["kept", "fresh"],
    "fresh: nothing is held between two checks, and a kept connection opens afresh after every failure anyway",
  ),
  idleTimeoutMs: smaller("shorter: fewer intervals fit below it, so fewer connections are kept"),
  poolSize: smaller("fewer: connections that are not there cannot be taken"),
  overflow: ranked(["rejects", "evicts-idle", "evicts-oldest", "unknown"], "the policy that hurts another client most"),
  reserve: larger("more: they stay free for others"),
  fedBy: ranked(
    ["none", "write-only", "owner-only", "function-code-mask", "unknown", "any-telegram"],
    "the mode in which a read of ours could hide the loss of the real master",
  ),
  closeCausesFault: ranked(closingFaults, "yes: then no connection is opened at all; unknown: only where the owner has stated it"),
  strictKind: ranked([false, true], "true: drives, I/O couplers, serial devices and what is not known are asked only once the watchdog is"),
  ownerMustState: demands<OwnerStatement>("the union: every statement that any file wants"),
  forbidden: demands<string>("the union: nothing that any file forbids is asked"),
  demands: demands<string>("the union: what an advisory or a device with one master demands stays demanded"),
  identification: admits("fewer names: a stranger trips the device"),
});
