/** What was last found of the kernel fence: written by `fence check --record`, which may list it, and read by the poller, which may not. */
import type { Milliseconds, WallMs } from "./units.ts";
import { milliseconds, wallMs } from "./units.ts";

export const fenceStates = ["present", "absent", "stale", "unknown"] as const;
export type FenceState = (typeof fenceStates)[number];

/** In the state folder. */
export const fenceRecordName = "fence.json";

export interface FenceRecord {
  readonly state: Exclude<FenceState, "unknown">;
  /** Digest of the plan that it was compared with. */
  readonly plan: string;
  readonly at: WallMs;
}

/** A comparison older than this says nothing any more: whatever makes it has stopped. */
export const fenceRecordLasts: Milliseconds = milliseconds(24 * 3_600_000);
/** Clocks are set back a little now and then; a record from further ahead would be believed until that day, and a day more. */
export const fenceRecordAhead: Milliseconds = milliseconds(5 * 60_000);

export function fenceRecordText({ state, plan, at }: FenceRecord): string {
  return `${JSON.stringify({ schema: "fence-record/v1", state, plan, at: new Date(at).toISOString() })}\n`;
}

/** Undefined for anything that was not written so. */
export function parseFenceRecord(text: string): FenceRecord | undefined {
  const [, state, plan, at] =
    /^\{"schema":"fence-record\/v1","state":"(present|absent|stale)","plan":"(sha256:[0-9a-f]{64})","at":"([\dTZ:.-]{24})"\}\n$/u.exec(
      text,
    ) ?? [];
  const moment = Date.parse(at ?? "");
  if (state === undefined || plan === undefined || Number.isNaN(moment)) return undefined;
  return { state: state as FenceRecord["state"], plan, at: wallMs(moment) };
}

/** A fence that was right for another plan is stale until somebody has looked again. */
export function fenceStateNow(record: FenceRecord | undefined, plan: string, now: WallMs): FenceState {
  if (record === undefined || now - record.at > fenceRecordLasts || record.at - now > fenceRecordAhead) return "unknown";
  return record.state === "present" && record.plan !== plan ? "stale" : record.state;
}
