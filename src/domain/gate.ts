/** The one call through which anything is asked, and what it must know and does not own. */
import type { Outcome } from "./outcome.ts";
import type { Check, CheckId, DeviceId, LineId, Plan, PlannedDevice, Target, Trigger } from "./plan.ts";
import type { PassingReason } from "./reasons.ts";
import type { Milliseconds, MonotonicMs } from "./units.ts";
import type { DeepQueryLeave, PauseAhead } from "./windows.ts";

export type { Trigger } from "./plan.ts";

export interface Gate {
  /**
   * Waits for the line, decides, converses, releases: one call, so that no permit can be kept, forgotten or grow stale.
   * Settles when the wire is quiet. Never rejects for anything a device or a driver did.
   * @param from where a divided answer goes on, for a deep query: each part has a permit of its own
   */
  exchange(check: CheckId, trigger: Trigger, from?: number): Promise<Outcome | undefined>;
  /** The decision alone, changing nothing: for `explain`. */
  preview(check: Check): Verdict;
  /** Swaps the plan in one tick. In-flight exchanges whose check changed are aborted; kept sessions whose digest is gone are closed. */
  adopt(plan: Plan): void;
}

export type Verdict =
  | { readonly admitted: true }
  | { readonly admitted: false; readonly reason: PassingReason | "approval_expired"; readonly retryAt: MonotonicMs | undefined };

/** Synchronous reads of memory. Everything is answered for this very moment. */
export interface Circumstances {
  stopped(): boolean;
  /** Until when the device's own voice makes asking needless; undefined when it was not heard. */
  heardUntil(device: DeviceId, interval: Milliseconds): MonotonicMs | undefined;
  /** Until when a link-down report withholds the check; undefined when the link is up or unknown. */
  linkDownUntil(device: DeviceId): MonotonicMs | undefined;
  /** The pause that covers the device now or next; undefined when none does. */
  pause(device: PlannedDevice): PauseAhead | undefined;
  /** Whether a window lets a deep query ask the device. */
  deepQuery(device: PlannedDevice): DeepQueryLeave;
  /** Whether a person's deep query is under way that was begun with this very question, its bytes and its place: without one no leave helps. */
  deepQueryRuns(check: Check): boolean;
  /** Why a packet to the target would leave by another interface than its segment's, in one line; undefined when it would not. */
  cutOff(target: Target): string | undefined;
  auditWritable(): boolean;
  leading(): boolean;
}

/** What an earlier run noted under a key. */
export interface Noted {
  readonly value: unknown;
  /** Its moments are of this boot's monotonic clock; otherwise they mean nothing here. */
  readonly sameBoot: boolean;
  /** Since it was noted, by the highest trusted time; at most what it really is. */
  readonly age: Milliseconds;
}

/** What was learnt of devices and must outlive the process, as JSON by key. Calls return at once and never throw for anything a disk does. */
export interface Notebook {
  /** Each is told once, and again once it was noted anew: from then on whoever asked keeps it. */
  recall(key: string): Noted | undefined;
  /** Undefined: it is forgotten. */
  note(key: string, value: unknown): void;
}

/** What is being asked at this moment, noted so that it outlives the process. Called in the tick before the first packet may leave, and when everybody knows what came of it. Never throws for anything a disk does. */
export interface InFlight {
  begin(check: Check): void;
  /** `missed`: in vain, and so that it counts; what was noted of it in a notebook may not be on disk yet. */
  end(check: Check, missed?: boolean): void;
  /** Whether a connection to the end of the line stands between two askings. */
  kept(line: LineId, stands: boolean): void;
  /** Connections that the device may still count for ours, and until when, soonest first. */
  counted(line: LineId, until: readonly MonotonicMs[]): void;
}
