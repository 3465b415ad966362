/** What people and programs may make a running poller do: the handlers of the control socket, the web and the signals. */
import type { AuditEntry } from "../domain/board.ts";
import type { ControlHandlers, Signed } from "../domain/control.ts";
import { auditReserve } from "../domain/limits.ts";
import type { CheckId, DeviceId } from "../domain/plan.ts";
import type { MonotonicMs } from "../domain/units.ts";
import { instant, statusOf, tripStatus } from "../exporters/control-status.ts";
import { healthOf } from "../exporters/health-status.ts";
import type { WebActions } from "../exporters/web-routes.ts";
import { askNow } from "./ask-now.ts";
import { certificatesShown } from "./certificates-shown.ts";
import { reloadOnce, type ReloadParts } from "./reload.ts";
import { done, refused } from "./replies.ts";
import type { Vault } from "./vault.ts";
import type { DeepCommand } from "./deep-queries.ts";
import type { WindowCommand } from "./windows.ts";
import type { HeartbeatGate } from "../safety/gate.ts";
import type { TrustedTime } from "../safety/trusted-time.ts";
import type { Scheduler } from "../scheduler/scheduler.ts";
import type { StoreJournal } from "../store/journal.ts";
import { auditRecordsMax } from "../store/schema.ts";
import type { StopFile } from "../store/stop-file.ts";
import { detail } from "../store/tidy.ts";

export interface OperationsParts extends ReloadParts {
  readonly gate: HeartbeatGate;
  readonly journal: StoreJournal;
  readonly scheduler: Scheduler;
  readonly stopFile: StopFile;
  readonly vault: Vault;
  readonly time: TrustedTime;
  /** What keeps this poller from asking at all, in one line; undefined when its safeguards hold. */
  readonly unfit: () => Promise<string | undefined>;
}

const stoppersMax = 20;

export class Operations {
  readonly #parts: OperationsParts;
  #stopped: boolean;
  /** Who is changing the stop now; a change of the file by hand has no name. */
  #hand = "a change of the file STOP";
  #reload: { readonly running: Promise<readonly string[]>; next: Promise<readonly string[]> | undefined } | undefined;
  /** Who stopped the site while it was stopped. */
  readonly #stoppers = new Set<string>();
  #endings: (() => Promise<unknown>)[] = [];

  constructor(parts: OperationsParts) {
    this.#parts = parts;
    this.#stopped = parts.stopFile.inForce;
  }

  /** Looks at the file; a change takes effect here, whoever made it. */
  readStop(): void {
    const stopped = this.#parts.stopFile.read();
    if (stopped === this.#stopped) return;
    this.#stopped = stopped;
    if (stopped) void this.#parts.gate.stop();
    else this.#resumed();
    // Who wrote the file has put a name into it; who removed it by hand has not.
    const by = this.#parts.stopFile.record?.by || this.#hand;
    this.#parts.recorder.record({ kind: "stopped", at: this.#parts.clock.monotonic(), stopped, by });
  }

  /** In slots from here on: devices whose time had come during the stop would otherwise all be asked together. */
  #resumed(): void {
    this.#stoppers.clear();
    this.#parts.gate.resumed();
    this.#parts.scheduler.restart();
  }

  /** A sentence when the stop holds but could not be written. While the site is stopped it is another one, which no resumption under way lifts. */
  stop(by: string, reason: string): string | undefined {
    const another = this.#stopped;
    const problem = this.#parts.stopFile.write(by, reason)?.problem;
    this.#inTheNameOf(by);
    if (another) this.#stoppedAgain(by, reason);
    return problem;
  }

  /** Once for each name until the site is resumed: whoever repeats a stop does not fill the audit. */
  #stoppedAgain(by: string, reason: string): void {
    if (this.#stoppers.has(by) || this.#stoppers.size >= stoppersMax) return;
    this.#stoppers.add(by);
    this.#audit("stop", "stopped_again", reason, by);
  }

  auditGone(): boolean {
    const { unwritableFor } = this.#parts.journal;
    return unwritableFor !== undefined && unwritableFor > auditReserve;
  }

  /** Storms of requests come to one reload at a time and one more: the files as they were last are always read. */
  reload(by: string): Promise<readonly string[]> {
    const current = this.#reload;
    if (!current) {
      const running = reloadOnce(this.#parts, by).finally(() => (this.#reload = undefined));
      this.#reload = { running, next: undefined };
      return running;
    }
    current.next ??= current.running.then(() => this.reload(by));
    return current.next;
  }

  /** Loads what the plan speaks, before anything is asked: loading a package stands still for a tenth of a second. */
  async begin(): Promise<void> {
    const { plan } = this.#parts.board;
    await this.#parts.prepare(plan);
    this.#audit("lifecycle", "started", `plan ${plan.digest}: ${plan.checks.size} checks, ${plan.refused.size} refused`, "poller");
    this.#standing();
    this.#parts.log.write("info", "started", `checks asked: ${plan.checks.size}, not asked: ${plan.refused.size}`, { plan: plan.digest });
  }

  /** Whoever reads the audit of this run alone sees that it was stopped from its beginning, by whom, and until when. */
  #standing(): void {
    const { record } = this.#parts.stopFile;
    if (!this.#stopped || !record) return;
    const since = record.since === undefined ? "" : ` since ${record.since}`;
    const said = detail(`the site was stopped${since} when the poller began: ${record.reason}`);
    this.#audit("stop", "stopped", said, record.by || this.#hand);
  }

  onEnd(ending: () => Promise<unknown>): void {
    this.#endings = [...this.#endings, ending];
  }

  async ended(): Promise<void> {
    const { journal, log, recorder } = this.#parts;
    await Promise.all(this.#endings.map((ending) => ending()));
    recorder.finish();
    this.#audit("lifecycle", "ended", "drained and ended as asked", "poller");
    await journal.close();
    log.write("info", "ended", "every exchange has ended and every connection is closed");
    await log.close();
  }

  readonly web: WebActions = {
    notReady: () => undefined,
    reload: (by) => this.reload(by),
    restartFor: () => this.#parts.board.restartFor,
    stop: (by, reason) => this.stop(by, reason),
    settings: () => this.#parts.settings,
  };

  readonly handlers: Omit<ControlHandlers, WindowCommand | DeepCommand | "baseline-accept"> = {
    status: () => {
      const { board, clock, gate, journal, time } = this.#parts;
      return done(
        statusOf(
          board,
          clock,
          (check) => this.#dueAt(check),
          (scope) => gate.trialAt(scope),
          healthOf(journal, auditRecordsMax, time, clock.wall()),
        ),
      );
    },
    check: ({ device, method }) => askNow(this.#parts, device as DeviceId, method),
    certificates: ({ device }) => certificatesShown(this.#parts, device as DeviceId),
    stop: ({ by, reason }) => {
      const wasStopped = this.#stopped;
      const problem = this.stop(by, reason);
      return problem === undefined ? done({ wasStopped }) : refused(problem);
    },
    resume: (signed) => this.#resume(signed),
    reset: async ({ by, reason, scope }) => {
      const unwritable = this.#unwritable();
      if (unwritable) return refused(unwritable);
      const lifted = this.#parts.board.trips().filter((trip) => trip.scope === scope);
      if (!this.#parts.gate.reset(scope, by, reason))
        return refused(`${scope}: found no trip, expected one of those that \`status\` shows`);
      await this.#parts.journal.settled();
      return done({ lifted: lifted.map(tripStatus) });
    },
    reload: async ({ by }) => {
      const problems = await this.reload(by);
      const { board } = this.#parts;
      const { plan } = board;
      if (problems.length > 0) return { ok: false, problems };
      return done({
        planDigest: plan.digest,
        devices: plan.devices.size,
        checks: plan.checks.size,
        refused: plan.refused.size,
        restartFor: board.restartFor,
      });
    },
    clock: async ({ by, reason }) => {
      const { clock, journal, time } = this.#parts;
      const unwritable = this.#unwritable();
      if (unwritable) return refused(unwritable);
      const before = time.highest;
      this.#audit("command", "clock_accepted", `${reason} (the highest trusted time was ${instant(before)})`, by);
      time.accept();
      journal.noteTime(time.highest);
      await journal.settled();
      return done({ before: instant(before), now: instant(clock.wall()) });
    },
    audit: async (entry) => {
      const at = this.#parts.clock.wall();
      this.#parts.journal.audit({ ...entry, at });
      const unwritable = this.#unwritable();
      if (unwritable) return refused(unwritable);
      await this.#parts.journal.settled();
      return done({ at: instant(at) });
    },
  };

  /** A slot that comes while the gate would still refuse is no asking: then the time that the gate names. */
  #dueAt(id: CheckId): MonotonicMs | undefined {
    const { board, gate, scheduler } = this.#parts;
    const due = scheduler.dueAt(id);
    const check = board.plan.checks.get(id);
    const verdict = check && gate.preview(check);
    const retryAt = verdict && !verdict.admitted ? verdict.retryAt : undefined;
    return due !== undefined && retryAt !== undefined && retryAt > due ? retryAt : due;
  }

  async #resume({ by, reason }: Signed): ReturnType<ControlHandlers["resume"]> {
    const { journal, stopFile } = this.#parts;
    const unwritable = this.#unwritable();
    if (unwritable) return refused(unwritable);
    this.readStop();
    if (!this.#stopped) return done({ wasStopped: false });
    // The stop that this person has seen. The disk may take its time, and a stop that comes meanwhile is another.
    const { generation } = stopFile;
    const unfit = await this.#parts.unfit();
    if (unfit !== undefined) return refused(`the self-test failed, so the site stays stopped: ${unfit}`);
    this.#audit("stop", "resume", reason, by);
    await journal.settled();
    const problem = stopFile.lift(by, reason, generation)?.problem;
    this.#inTheNameOf(by);
    if (problem !== undefined) this.#audit("stop", "resume", problem, by, "failure");
    return problem === undefined ? done({ wasStopped: true }) : refused(problem);
  }

  #inTheNameOf(by: string): void {
    const hand = this.#hand;
    this.#hand = by;
    this.readStop();
    this.#hand = hand;
  }

  #unwritable(): string | undefined {
    const { problem, unwritableSince } = this.#parts.journal;
    if (unwritableSince === undefined) return undefined;
    return `the audit cannot be written (${problem ?? "unknown"}): nothing is changed until it can; see the disk of the state folder`;
  }

  #audit(category: AuditEntry["category"], type: string, detail: string, source: string, result: AuditEntry["result"] = "success"): void {
    this.#parts.journal.audit({ at: this.#parts.clock.wall(), source, category, type, result, detail });
  }
}
