/** What was last read of each register with an expectation: a driver keeps nothing, and whether a value moves only two readings can tell. */
import { unmet, weighed, type Reading } from "../domain/expectation.ts";
import { formatDuration } from "../domain/duration.ts";
import { milliseconds, type MonotonicMs } from "../domain/units.ts";
import { startedAnew, type UpTime } from "../domain/uptime.ts";
import type { Answer } from "../domain/outcome.ts";
import type { Check, CheckId, Plan } from "../domain/plan.ts";

interface Remembered {
  /** Of the check that read it: other bytes, or another place, read something else. */
  readonly digest: string;
  readonly reading: Reading;
}

export class Readings {
  readonly #last = new Map<CheckId, Remembered>();
  readonly #up = new Map<CheckId, UpTime>();

  adopt(plan: Plan): void {
    for (const id of this.#up.keys()) if (!plan.checks.has(id)) this.#up.delete(id);
    for (const [id, { digest }] of this.#last) if (plan.checks.get(id)?.digest !== digest) this.#last.delete(id);
  }

  forget(check: CheckId): void {
    this.#last.delete(check);
  }

  /** The answer, with a word of it where the device has started anew since the one before: what it says itself, nothing of its health. */
  #noticed({ id }: Check, answer: Answer, at: MonotonicMs): Answer {
    if (answer.said === "gateway_only" || answer.upHundredths === undefined) return answer;
    const now: UpTime = { hundredths: answer.upHundredths, at };
    const before = this.#up.get(id);
    this.#up.set(id, now);
    const ago = before && startedAnew(before, now);
    if (ago === undefined) return answer;
    const word = `started anew ${formatDuration(milliseconds(Math.floor(ago / 1000) * 1000))} ago`;
    return answer.said === "alive"
      ? { ...answer, note: answer.note === undefined ? word : `${word}; ${answer.note}` }
      : { ...answer, detail: `${answer.detail}; ${word}` };
  }

  /** The answer, degraded where the device lives and does not hold what is expected of it. */
  weigh(check: Check, said: Answer, at: MonotonicMs): Answer {
    const answer = this.#noticed(check, said, at);
    const { id, digest, expectedValue } = check;
    if (!expectedValue || answer.said !== "alive") return answer;
    const { value, identity } = answer;
    const named = identity && { identity };
    const failed = (detail: string): Answer => ({ said: "degraded", failure: "expectation_failed", detail, ...named });
    // A device that does not know the register is alive, and cannot hold in it what is expected.
    if (value === undefined) return failed(unmet(expectedValue, `no value (${answer.note ?? "none came"})`));
    const before = this.#last.get(id);
    const { reading, flaw } = weighed(expectedValue, before?.digest === digest ? before.reading : undefined, value, at);
    this.#last.set(id, { digest, reading });
    return flaw === undefined ? answer : failed(flaw);
  }
}
