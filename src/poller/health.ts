/** Looks with every pulse at what people must hear of although no device has it: the clock, and whether the audit is written. */
import type { AuditHead } from "../domain/board.ts";
import type { Clock } from "../domain/clock.ts";
import { formatDuration } from "../domain/duration.ts";
import { auditReserve, clockNotedEvery } from "../domain/limits.ts";
import { after, seconds, type Milliseconds, type MonotonicMs } from "../domain/units.ts";
import type { EventLog } from "../exporters/event-log.ts";
import type { TrustedTime } from "../safety/trusted-time.ts";
import type { StoreJournal } from "../store/journal.ts";
import type { BoardRecorder } from "../store/recorder.ts";
import { auditRecordsMax, auditRecordsWarning } from "../store/schema.ts";

export interface HealthParts {
  readonly clock: Clock;
  readonly journal: StoreJournal;
  readonly log: Pick<EventLog, "write">;
  readonly recorder: Pick<BoardRecorder, "repeated">;
  readonly time: TrustedTime;
}

/** A changed head is a line of the log at most so often, and an unchanged one is said again after so long. */
const headSaidEvery: Milliseconds = seconds(5);
const headSaidAgain: Milliseconds = seconds(3600);

export class Health {
  readonly #parts: HealthParts;
  #suspect = false;
  #unwritable = false;
  #full = false;
  #timeNoted: MonotonicMs | undefined;
  #headSaid: { readonly at: MonotonicMs; readonly sequence: number } | undefined;

  constructor(parts: HealthParts) {
    this.#parts = parts;
  }

  /** Cheap while nothing changes. */
  look(): void {
    this.#parts.time.look();
    const now = this.#parts.clock.monotonic();
    this.#lookAtClock();
    this.#noteTime(now);
    this.#lookAtAudit();
    this.#sayHead(now, this.#parts.journal.auditHead);
  }

  #lookAtClock(): void {
    const { behind, highest } = this.#parts.time;
    if (behind > 0 === this.#suspect) return;
    this.#suspect = behind > 0;
    const detail = this.#suspect
      ? `the wall clock is ${formatDuration(behind)} behind the highest trusted time, ${new Date(highest).toISOString()}: approvals end by that time; set the clock right, or say that it is right: watchkeeper clock accept`
      : "the wall clock is no longer behind the highest trusted time";
    const type = this.#suspect ? "clock_suspect" : "clock_right";
    this.#parts.log.write(this.#suspect ? "error" : "warn", type, detail);
    const result = this.#suspect ? "failure" : "success";
    this.#parts.recorder.repeated(type, { source: "poller", category: "lifecycle", type, result, detail });
  }

  #noteTime(now: MonotonicMs): void {
    if (this.#timeNoted !== undefined && now < after(this.#timeNoted, clockNotedEvery)) return;
    this.#timeNoted = now;
    this.#parts.journal.noteTime(this.#parts.time.highest);
  }

  #lookAtAudit(): void {
    const { journal, log } = this.#parts;
    const unwritable = journal.unwritableFor !== undefined;
    if (unwritable !== this.#unwritable) {
      this.#unwritable = unwritable;
      if (unwritable)
        log.write(
          "error",
          "audit_unwritable",
          `the audit cannot be written (${journal.problem ?? "unknown"}): nothing can be changed but by stopping, and polling ends ${formatDuration(auditReserve)} after this began; make room on the disk of the state folder`,
        );
      else log.write("warn", "audit_writable", "the audit is written again; what waited for it is in it");
    }
    if (this.#full || journal.auditHead.sequence < auditRecordsWarning) return;
    this.#full = true;
    const detail = `the audit holds ${journal.auditHead.sequence} records of at most ${auditRecordsMax}: when it is full, polling ends ${formatDuration(auditReserve)} later; see docs/recovery.md`;
    log.write("error", "audit_nearly_full", detail);
  }

  /** Published outside, so that a tail that is cut off, or an older journal in its place, shows. */
  #sayHead(now: MonotonicMs, { sequence, hash }: AuditHead): void {
    const said = this.#headSaid;
    const wait = said?.sequence === sequence ? headSaidAgain : headSaidEvery;
    if (said && now < after(said.at, wait)) return;
    this.#headSaid = { at: now, sequence };
    this.#parts.log.write("info", "audit_head", `the audit ends at record ${sequence}`, { sequence, hash });
  }
}
