/** The stages in words, the same in `plan`, `status` and the log: what is proposed, and which approval runs out. */
import { approvalAge, nextStep, type ApprovalEnd, type PlannedFamily } from "./stages.ts";
import type { DeviceId, Segment } from "./plan.ts";
import { wallMs, type WallMs } from "./units.ts";
import { dryRunSoak } from "./limits.ts";

/** One line: how far the family is on its way to approval, and what is proposed; undefined where nothing is. */
export function stepWords(
  family: PlannedFamily,
  now: WallMs,
  unwell: (device: DeviceId) => string | undefined = () => undefined,
): string | undefined {
  const step = nextStep(family, now, unwell);
  if (step === undefined) return undefined;
  const { id, stage, trial } = family;
  const where = stage === "dry-run" ? "in dry run" : `on trial with ${[...trial.keys()].join(", ")}`;
  const command =
    step.next === "trial" ? `watchkeeper approve ${id} --trial --devices … --covers …` : `watchkeeper approve ${id} --all-new --covers …`;
  if (step.ready) return `${id} is ${where} and has been long enough: next, ${command}`;
  const when = step.readyAt !== undefined && step.readyAt > now ? `; from ${minute(step.readyAt)} on ${command} is proposed` : "";
  return `${id} is ${where}: ${step.against.join("; ")}${when}`;
}

/** One line of a segment that is held back. */
export function segmentWords({ id, heldBack }: Segment, now: WallMs): string | undefined {
  if (heldBack === undefined) return undefined;
  const { stage, since } = heldBack;
  const command = `watchkeeper ${stage === "suspended" ? "suspend" : "dry-run"} --segment ${id} --end …`;
  if (stage === "suspended") return `segment ${id} is suspended since ${minute(since)}; once its cause is gone: ${command}`;
  const readyAt = wallMs(since + dryRunSoak);
  const next =
    now >= readyAt
      ? `and has been long enough: next, ${command}`
      : `since ${minute(since)}; from ${minute(readyAt)} on ${command} is proposed`;
  return `segment ${id} is in dry run ${next}`;
}

/** One line where an approval warns, is in its grace or has ended; undefined while it runs. */
export function endWords(id: string, end: ApprovalEnd, now: WallMs): string | undefined {
  const last = day(end.expires);
  switch (approvalAge(end, now)) {
    case "running":
      return undefined;
    case "expiring": {
      const grace = end.ends > end.expires ? "" : ", without grace";
      return `the approval of ${id} ends on ${last}, in ${Math.ceil((end.expires - now) / 86_400_000)} d${grace}: renew it`;
    }
    case "grace":
      return `the approval of ${id} EXPIRED on ${last}: renew it before ${day(end.ends)}, the last day on which it is asked`;
    case "ended":
      return `the approval of ${id} ended on ${day(end.ends)}: nothing of it is asked`;
  }
}

/** `2026-11-21 12:00 UTC` */
function minute(at: WallMs): string {
  return `${new Date(at).toISOString().slice(0, 16).replace("T", " ")} UTC`;
}

/** The day that ends at this moment. */
function day(end: WallMs): string {
  return new Date(end - 1).toISOString().slice(0, 10);
}
