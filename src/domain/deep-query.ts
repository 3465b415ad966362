/** What came of a deep query: each question with its answer, and what the device was like before and after. */
import type { DeepReadId } from "./deep-reads.ts";
import type { Identity, SaidFact, Sent } from "./outcome.ts";
import type { CheckId, DeviceId } from "./plan.ts";
import type { FailureKind, PassingReason } from "./reasons.ts";
import type { Milliseconds, WallMs } from "./units.ts";

/** One request and what came of it. */
export interface DeepQuestion {
  readonly check: CheckId;
  readonly read: DeepReadId;
  /** Of a slot or an interface. */
  readonly number?: number;
  /** Where a divided answer went on; absent: at its beginning. */
  readonly from?: number;
  readonly at: WallMs;
  readonly came:
    | {
        readonly kind: "answered";
        readonly took: Milliseconds;
        /** An error of the protocol is an answer too; its words are here. */
        readonly note: string | undefined;
        readonly facts: readonly SaidFact[];
        readonly identity: Identity | undefined;
        /** By which number the device would go on; undefined where it has said everything. */
        readonly next: number | undefined;
      }
    | { readonly kind: "failed"; readonly failure: FailureKind; readonly detail: string }
    | { readonly kind: "refused"; readonly reason: PassingReason | "approval_expired" };
  readonly sent: Sent;
}

/** `complete`: every question was asked and answered. `partly`: some were. `not_asked`: nothing was sent. */
export type DeepEnd = "complete" | "partly" | "not_asked";

export interface DeepDevice {
  readonly device: DeviceId;
  readonly ended: DeepEnd;
  /** Why it is not complete, in one line. */
  readonly why: string | undefined;
  /** Of its heartbeat, before the first question and after the last; undefined where none was answered. */
  readonly tookBefore: Milliseconds | undefined;
  readonly tookAfter: Milliseconds | undefined;
  readonly questions: readonly DeepQuestion[];
}

export interface DeepRun {
  /** Why it ended before everything was asked: a person, a stop, the end of the window. Undefined: it ran to its end. */
  readonly cutShort: string | undefined;
  readonly devices: readonly DeepDevice[];
}

/** The latest answer to a heartbeat of the device. */
export interface Beat {
  readonly at: WallMs;
  readonly took: Milliseconds;
}

/** A line for the person who watches. */
export interface DeepNews {
  readonly at: WallMs;
  readonly text: string;
}
