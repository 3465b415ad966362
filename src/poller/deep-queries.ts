/** Deep queries of a running poller: one at a time, asked for by a person who watches, and on record before and after. */
import { digestOf } from "../config/compile/digest.ts";
import type { Clock } from "../domain/clock.ts";
import type { ControlHandlers, ControlReply } from "../domain/control.ts";
import type { DeepQueryStatus } from "../domain/deep-control.ts";
import type { Beat, DeepNews } from "../domain/deep-query.ts";
import { deepRecord, type DeepOrder, type DeepRecord } from "../domain/deep-record.ts";
import { deepQueryCutsBefore, deepQueryWatchedWithin } from "../domain/limits.ts";
import type { Check, DeviceId, PlannedDevice } from "../domain/plan.ts";
import { printable } from "../domain/printable.ts";
import { after, type MonotonicMs, type WallMs } from "../domain/units.ts";
import { instant } from "../exporters/control-status.ts";
import type { DeepOutcome } from "../exporters/deep-query-families.ts";
import { deepQueryHtml } from "../exporters/deep-query-html.ts";
import type { EventLog } from "../exporters/event-log.ts";
import type { HeartbeatGate } from "../safety/gate.ts";
import { DeepQuery } from "../scheduler/deep-query.ts";
import type { MemoryBoard } from "../store/board.ts";
import { deepFolderReady, hasDeepRecord, writeDeepRecord } from "../store/deep-records.ts";
import type { StoreJournal } from "../store/journal.ts";
import { deepObjections, leftOut } from "./deep-objections.ts";
import { refused } from "./replies.ts";
import type { WindowKeeper } from "./windows.ts";

export interface DeepQueriesParts {
  readonly clock: Clock;
  readonly board: MemoryBoard;
  readonly journal: StoreJournal;
  readonly stateDir: string;
  readonly version: string;
  readonly windows: WindowKeeper;
  readonly gate: () => Pick<HeartbeatGate, "exchange" | "endDeepQuery">;
  readonly log: Pick<EventLog, "bug">;
}

export type DeepCommand = "deep-query" | "deep-query-look" | "deep-query-end";

interface Running {
  readonly id: string;
  readonly order: DeepOrder;
  readonly startedAt: WallMs;
  readonly devices: readonly PlannedDevice[];
  readonly query: DeepQuery;
  readonly news: DeepNews[];
  readonly tell: (text: string) => void;
  /** Resolves when its record is written. */
  done: Promise<void>;
  lookedAt: MonotonicMs;
  record: string | undefined;
  problem: string | undefined;
  cutShort: string | undefined;
  running: boolean;
  complete: boolean;
}

const wordsMax = 400;

export class DeepQueries {
  readonly #parts: DeepQueriesParts;
  /** The latest, running or not. */
  #latest: Running | undefined;
  /** For the metrics: how those of this run of the poller ended, and when the last did. */
  readonly ended: Record<DeepOutcome, number> = { complete: 0, incomplete: 0, cut_short: 0 };
  lastEnded: WallMs | undefined = undefined;

  constructor(parts: DeepQueriesParts) {
    this.#parts = parts;
  }

  /** Whether one may be asking now: not from the moment on at which it was ended, though what was out then has not come back yet. */
  get runs(): boolean {
    return this.#latest?.running === true && !this.#latest.query.ended;
  }

  /** The one under way, for whoever wonders why a device is asked more; null where none is. */
  get status(): DeepQueryStatus | null {
    if (!this.#latest?.running) return null;
    const { id, order, devices, startedAt } = this.#latest;
    return { id, by: order.by, reason: order.reason, since: instant(startedAt), devices: devices.map((device) => device.id) };
  }

  /** Whether this is a question of the one that runs, with the bytes and to the place that it was begun with. */
  asks(check: Pick<Check, "id" | "digest">): boolean {
    return this.runs && this.#latest!.query.asks(check);
  }

  /** To be called with every pulse: a stop, the end of the window and a person who is gone end it. */
  look(): void {
    const running = this.#latest;
    if (!running?.running) return;
    const { board, clock, windows } = this.#parts;
    if (board.stopped) return this.#end(running, "the site was stopped");
    const uncovered = running.devices.find((device) => {
      const leave = windows.windows.deepQuery(device);
      return leave.leave !== "open" || leave.endsIn <= deepQueryCutsBefore;
    });
    if (uncovered) return this.#end(running, `the window that covers ${uncovered.id} ended or was closed`);
    if (clock.monotonic() > after(running.lookedAt, deepQueryWatchedWithin)) this.#end(running, "whoever began it no longer watches it");
  }

  /** When the poller ends: what is under way ends with it, and its record is written. */
  async close(): Promise<void> {
    const running = this.#latest;
    if (!running) return;
    this.#end(running, "the poller was ended");
    await running.done;
  }

  readonly handlers: Pick<ControlHandlers, DeepCommand> = {
    "deep-query": (request) => this.#begin(request),
    "deep-query-look": async ({ id, seen }) => {
      const found = this.#latest;
      if (found?.id !== id) return refused(`${id}: found no such deep query, expected ${found?.id ?? "one that was begun; there is none"}`);
      const { clock } = this.#parts;
      found.lookedAt = clock.monotonic();
      const news = found.news.slice(seen).map(({ at, text }) => ({ at: instant(at), text }));
      const { record = null, problem = null, cutShort = null, running, complete } = found;
      return { ok: true, result: { running, complete, news, record, problem, cutShort } };
    },
    "deep-query-end": async ({ id, by }) => {
      const found = this.#latest;
      if (found?.id !== id || !found.running) return refused(`${id}: found no such deep query under way`);
      this.#end(found, `ended by ${printable(by, 100)}`);
      await found.done;
      return { ok: true, result: { record: found.record ?? null } };
    },
  };

  async #begin(request: Parameters<ControlHandlers["deep-query"]>[0]): Promise<ControlReply<"deep-query">> {
    const { board, journal, stateDir, windows, clock } = this.#parts;
    const { plan } = board;
    const { problem, unwritableSince } = journal;
    const first = !hasDeepRecord(stateDir);
    const objections = deepObjections({
      asked: request.devices,
      plan,
      now: windows.windows.judged,
      windows: windows.windows.all().map((window) => ({ window, open: windows.windows.isOpen(window.id) })),
      leave: (device) => windows.windows.deepQuery(device).leave,
      stopped: board.stopped,
      trips: board.trips(),
      beaten: ({ id }) => board.checksOf(id).some(({ lastRun }) => lastRun !== undefined),
      running: this.#latest?.running ? this.#latest.id : undefined,
      unacknowledged: first && !request.acknowledged,
      unwritable: unwritableSince === undefined ? undefined : (problem ?? "unknown"),
    });
    if (objections.length > 0) return { ok: false, problems: objections };
    const devices = request.devices.flatMap((id) => plan.devices.get(id as DeviceId) ?? []);
    const order: DeepOrder = {
      by: printable(request.by, 100),
      reason: printable(request.reason, wordsMax),
      ...(request.change !== undefined && { change: printable(request.change, 100) }),
      differences: printable(request.differences, wordsMax),
    };
    const running = this.#running(devices, order);
    const unready = deepFolderReady(stateDir, running.id);
    if (unready) return refused(unready.problem);
    // Whoever asks in the same moment finds it under way, though nothing is asked before it is on record.
    this.#latest = running;
    const covering = new Set(devices.map((device) => windows.windows.deepQueryWindow(device)?.id));
    const inForce = windows.status().filter(({ id }) => covering.has(id));
    const words = `${running.id}: ${devices.map(({ id }) => id).join(", ")}; window ${inForce.map(({ id }) => id).join(", ")}: ${order.reason}`;
    this.#audit("deep_query_began", words, order.by);
    const recorded = await journal.settled().then(
      () => true,
      () => false,
    );
    if (!recorded) {
      running.running = false;
      return refused("the audit could not be written: nothing was asked; see the disk of the state folder");
    }
    running.done = this.#run(running, order, inForce, clock.wall()).catch((error: unknown) => {
      running.running = false;
      running.problem = "a mistake in the poller itself ended it; its log says more";
      this.#parts.log.bug(error);
    });
    const questions = [...plan.deep.values()].filter(({ device }) => devices.some(({ id }) => id === device)).length;
    return { ok: true, result: { id: running.id, questions, windows: inForce } };
  }

  #running(devices: readonly PlannedDevice[], order: DeepOrder): Running {
    const { board, clock } = this.#parts;
    const news: DeepNews[] = [];
    const tell = (text: string): void => void news.push({ at: clock.wall(), text: printable(text, wordsMax) });
    const parts = { clock, gate: this.#parts.gate(), plan: () => board.plan, beat: (id: DeviceId) => this.#beat(id), tell };
    const id = `dq-${instant(clock.wall()).replaceAll(/[-:]|\.\d+/gu, "")}`;
    const query = new DeepQuery(parts, devices);
    const state = { record: undefined, problem: undefined, cutShort: undefined, running: true, complete: false };
    return {
      id,
      order,
      startedAt: clock.wall(),
      devices,
      query,
      news,
      tell,
      done: Promise.resolve(),
      lookedAt: clock.monotonic(),
      ...state,
    };
  }

  async #run(running: Running, order: DeepOrder, windows: DeepRecord["windows"], startedAt: WallMs): Promise<void> {
    const { board, clock, stateDir, version } = this.#parts;
    const { devices, id, query } = running;
    const { plan } = board;
    const omitted = leftOut(plan, devices);
    for (const words of omitted) running.tell(`not asked: ${words}`);
    const run = await query.run();
    const bare = deepRecord({ id, order, plan, version, windows, leftOut: omitted, startedAt, endedAt: clock.wall() }, run);
    const record: DeepRecord = { ...bare, digest: digestOf(bare) };
    const files = writeDeepRecord(stateDir, id, { json: `${JSON.stringify(record, undefined, 2)}\n`, html: deepQueryHtml(record) });
    const { asked, answered } = record.totals;
    const end = run.cutShort === undefined ? "ran to its end" : `cut short (${run.cutShort})`;
    this.#audit("deep_query_ended", `${id}: ${end}; ${asked} asked, ${answered} answered; record ${record.digest}`, order.by);
    running.cutShort = run.cutShort;
    running.complete = run.devices.every((one) => one.ended === "complete");
    for (const { device, ended: came, why } of run.devices)
      if (why !== undefined) running.tell(`${device}: ${came.replace("_", " ")}: ${why}`);
    this.ended[run.cutShort !== undefined ? "cut_short" : running.complete ? "complete" : "incomplete"] += 1;
    this.lastEnded = clock.wall();
    if ("problem" in files) running.problem = files.problem;
    else running.record = files.html;
    running.running = false;
  }

  /** Nothing leaves after this. */
  #end(running: Running, why: string): void {
    running.query.end(why);
    this.#parts.gate().endDeepQuery();
  }

  /** Of the heartbeat that came last; undefined where it was not answered. */
  #beat(id: DeviceId): Beat | undefined {
    const asked = this.#parts.board.checksOf(id).filter(({ lastRun }) => lastRun !== undefined);
    const [latest] = asked.toSorted((a, b) => b.lastRun! - a.lastRun!);
    if (latest?.lastTook === undefined || latest.last?.kind === "failed") return undefined;
    return { at: latest.lastRun!, took: latest.lastTook };
  }

  #audit(type: string, detail: string, source: string): void {
    this.#parts.journal.audit({ at: this.#parts.clock.wall(), source, category: "command", type, result: "success", detail });
  }
}
