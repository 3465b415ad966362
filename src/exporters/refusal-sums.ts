/** Refusals of all checks together, by reason and segment. A reload takes checks out with their counts; a counter only goes up. */
import type { Board } from "../domain/board.ts";
import type { SegmentId } from "../domain/plan.ts";
import { passingReasons, withheldReasons, type PassingReason } from "../domain/reasons.ts";
import { counters, type SiteDefinition, type Value } from "./site-definitions.ts";

type Reason = PassingReason | "approval_expired";
const reasons: readonly Reason[] = [...(Object.keys(passingReasons) as PassingReason[]), "approval_expired"];
type Counts = Map<SegmentId, Map<Reason, number>>;

export class RefusalSums {
  /** Sums of the checks as they were at the last look. */
  #before: Counts = new Map();
  readonly #total: Counts = new Map();
  readonly families: readonly SiteDefinition[] = [
    this.#family(
      "refused",
      "Starts that the gate refused, all checks of a segment together. By check: watchkeeper_check_refused_total.",
      false,
    ),
    this.#family(
      "withheld",
      "Starts that ordinary life made needless, all checks of a segment together. By check: watchkeeper_check_withheld_total.",
      true,
    ),
  ];

  /** Once a scrape, before the families are read. */
  look(board: Board): void {
    const now = refusalsOf(board);
    for (const segment of board.plan.segments.keys()) if (!this.#total.has(segment)) this.#total.set(segment, new Map());
    for (const [segment, counts] of now) {
      const before = this.#before.get(segment);
      for (const [reason, count] of counts) add(this.#total, segment, reason, Math.max(0, count - (before?.get(reason) ?? 0)));
    }
    this.#before = now;
  }

  #family(name: string, help: string, withheld: boolean): SiteDefinition {
    const shown = reasons.filter((reason) => withheldReasons.has(reason) === withheld);
    return counters(name, help, ["segment", "reason"], () =>
      Array.from(this.#total).flatMap(([segment, counts]) => shown.map((reason): Value => [{ segment, reason }, counts.get(reason) ?? 0])),
    );
  }
}

function refusalsOf(board: Board): Counts {
  const sums: Counts = new Map();
  for (const { check, refused } of board.checks()) {
    if (refused.size === 0) continue;
    const segment = board.plan.devices.get(check.device)?.segment;
    if (segment === undefined) throw new RangeError(`plan: check ${check.id} belongs to no device`);
    for (const [reason, count] of refused) add(sums, segment, reason, count);
  }
  return sums;
}

function add(into: Counts, segment: SegmentId, reason: Reason, count: number): void {
  const counts = into.get(segment) ?? new Map<Reason, number>();
  into.set(segment, counts.set(reason, (counts.get(reason) ?? 0) + count));
}
