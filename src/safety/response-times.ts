/** Notices a device that has become slower than it used to be: three times and 200 ms above its own baseline, ten times in a row. */
import type { Notebook } from "../domain/gate.ts";
import { baselineAnswers, slowerBy, slowerChecksToTrip, slowerTimes } from "../domain/limits.ts";
import type { MethodId } from "../domain/operations.ts";
import type { Check, CheckId, Plan } from "../domain/plan.ts";
import { milliseconds, type Milliseconds } from "../domain/units.ts";

/** Their answer comes when the server has waited long enough: its time is the server's own setting. */
const unhurried: ReadonlySet<MethodId> = new Set<MethodId>(["opcua-keepalive"]);

interface Pace {
  /** Of the check that was timed: other bytes, or another place, take another time. */
  readonly digest: string;
  /** The first answers, until there are enough for a baseline. */
  readonly learning: readonly Milliseconds[];
  /** Their median: a few answers in bad company do not move it. */
  readonly baseline: Milliseconds | undefined;
  readonly slowInARow: number;
}

/** Slower than it used to be, in one line for a person. */
export interface Slower {
  readonly detail: string;
}

export class ResponseTimes {
  readonly #paces = new Map<CheckId, Pace>();
  readonly #notes: Notebook;
  #measured = 0;
  #slow = 0;

  /** `notes`: what earlier runs learnt; a restart is no reason to begin anew. */
  constructor(notes: Notebook) {
    this.#notes = notes;
  }

  /** `fresh`: the checks that the plan before did not have. */
  adopt(plan: Plan, fresh: Iterable<Check>): void {
    for (const [id, { digest }] of this.#paces) if (plan.checks.get(id)?.digest !== digest) this.forget(id);
    for (const { id, digest } of fresh) {
      const pace = this.#paces.has(id) ? undefined : paceFrom(this.#notes.recall(keyOf(id))?.value, digest);
      if (pace) this.#keep(id, pace);
    }
  }

  forget(check: CheckId): void {
    const pace = this.#paces.get(check);
    if (!pace) return;
    this.#count(pace, -1);
    this.#paces.delete(check);
    this.#notes.note(keyOf(check), undefined);
  }

  /** When half of what is timed besides is slow too, the poller or the network is slow: then nobody is blamed, and the count goes on. */
  answered({ id, digest, method }: Check, took: Milliseconds): Slower | undefined {
    if (unhurried.has(method)) return undefined;
    const known = this.#paces.get(id);
    const before = known?.digest === digest ? known : { digest, learning: [], baseline: undefined, slowInARow: 0 };
    const pace = after(before, took);
    if (known) this.#count(known, -1);
    this.#keep(id, pace);
    if (pace.baseline !== before.baseline || pace.learning !== before.learning || pace.slowInARow !== before.slowInARow)
      this.#notes.note(keyOf(id), pace);
    if (pace.baseline === undefined || pace.slowInARow < slowerChecksToTrip || this.#othersAreSlow()) return undefined;
    const [last, usually] = [Math.round(took), Math.round(pace.baseline)];
    return { detail: `${pace.slowInARow} answers in a row took far longer than usual: the last one ${last} ms, usually ${usually} ms` };
  }

  /** Called for a check that is slow itself. */
  #othersAreSlow(): boolean {
    const others = this.#measured - 1;
    return others > 0 && (this.#slow - 1) * 2 >= others;
  }

  #keep(id: CheckId, pace: Pace): void {
    this.#paces.set(id, pace);
    this.#count(pace, 1);
  }

  #count({ baseline, slowInARow }: Pace, by: 1 | -1): void {
    if (baseline !== undefined) this.#measured += by;
    if (slowInARow > 0) this.#slow += by;
  }
}

function after(pace: Pace, took: Milliseconds): Pace {
  const { baseline, learning } = pace;
  if (baseline === undefined) {
    const all = [...learning, took];
    return all.length < baselineAnswers ? { ...pace, learning: all } : { ...pace, learning: [], baseline: median(all) };
  }
  const slow = took > baseline * slowerTimes && took > baseline + slowerBy;
  return { ...pace, slowInARow: slow ? pace.slowInARow + 1 : 0 };
}

function keyOf(check: CheckId): string {
  return `pace ${check}`;
}

/** What an earlier run noted, if it is of this very check and whole; anything else is learnt anew. */
function paceFrom(noted: unknown, digest: string): Pace | undefined {
  const { learning, baseline, slowInARow, ...rest } = (noted ?? {}) as Readonly<Record<keyof Pace, unknown>>;
  if (rest.digest !== digest || !Array.isArray(learning) || learning.length >= baselineAnswers) return undefined;
  if (!learning.every(isSpan) || !(baseline === undefined || isSpan(baseline)) || !isSpan(slowInARow)) return undefined;
  return { digest, learning, baseline, slowInARow };
}

function isSpan(value: unknown): value is Milliseconds {
  return typeof value === "number" && value >= 0;
}

/** Of at least one: the middle one, of an even number the lower of the two in the middle. */
function median(times: readonly Milliseconds[]): Milliseconds {
  const sorted = times.toSorted((a, b) => a - b);
  return milliseconds(sorted[Math.floor((sorted.length - 1) / 2)]!);
}
