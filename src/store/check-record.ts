/** What the board keeps of one check: its last outcome, when it was asked, and counts that exist only once there is something to count. */
import type { CheckView } from "../domain/board.ts";
import type { Answered, Failed, Outcome, Refused } from "../domain/outcome.ts";
import type { Check } from "../domain/plan.ts";
import type { FailureKind } from "../domain/reasons.ts";
import type { Milliseconds, WallMs } from "../domain/units.ts";

/** Shared by every check that never failed or was never refused: most of 10,000 never are. */
const none: ReadonlyMap<never, number> = new Map<never, number>();

const waiting: ReadonlySet<Refused["reason"]> = new Set<Refused["reason"]>([
  "line_budget",
  "segment_budget",
  "site_budget",
  "gateway_hold",
]);

/** The view itself, so that 10,000 views cost no second object each. Only the board changes one. */
export class CheckRecord implements CheckView {
  check: Check;
  last: Outcome | undefined = undefined;
  lastRun: WallMs | undefined = undefined;
  lastSuccess: WallMs | undefined = undefined;
  lastTook: Milliseconds | undefined = undefined;
  answered = 0;
  failed: ReadonlyMap<FailureKind, number> = none;
  refused: ReadonlyMap<Refused["reason"], number> = none;

  constructor(check: Check) {
    this.check = check;
  }

  /** Counts one outcome; `wall` is the wall-clock time of its end. A refusal is no run, even where it cut one off. */
  add(outcome: Outcome, wall: WallMs): void {
    // A slot that waits a little for a budget says nothing beside the answer that was just had.
    if (!(outcome.kind === "refused" && waiting.has(outcome.reason) && this.last)) this.last = outcome;
    switch (outcome.kind) {
      case "refused":
        this.refused = counted(this.refused, outcome.reason);
        return;
      case "failed":
        this.lastRun = wall;
        this.failed = counted(this.failed, outcome.failure);
        return;
      case "answered":
        this.lastRun = wall;
        this.lastTook = outcome.took;
        this.#answered(outcome, wall);
    }
  }

  /** The same check in a new plan. The last outcome must not keep the old plan's frames in memory. */
  rebind(check: Check): void {
    this.check = check;
    if (this.last) this.last = { ...this.last, check };
  }

  #answered(outcome: Answered, wall: WallMs): void {
    const failure = failureOf(outcome);
    if (failure) this.failed = counted(this.failed, failure);
    else {
      this.answered += 1;
      this.lastSuccess = wall;
    }
  }
}

/** What is wrong with an outcome that came back from the wire; undefined when the device answered as it should. */
export function failureOf(outcome: Answered | Failed): FailureKind | undefined {
  if (outcome.kind === "failed") return outcome.failure;
  switch (outcome.answer.said) {
    case "alive":
      return undefined;
    case "degraded":
      return outcome.answer.failure;
    case "gateway_only":
      return "gateway_target_silent";
  }
}

/** Counts in place in a map of its own, made at the first count. */
function counted<Key>(counts: ReadonlyMap<Key, number>, key: Key): ReadonlyMap<Key, number> {
  const own = counts === none ? new Map<Key, number>() : (counts as Map<Key, number>);
  return own.set(key, (own.get(key) ?? 0) + 1);
}
