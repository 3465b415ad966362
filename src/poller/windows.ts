/** Maintenance windows of a running poller: what people open and close, kept on disk, looked at with every pulse. */
import type { Clock } from "../domain/clock.ts";
import type { ControlHandlers, ControlReply, Signed, WindowStatus } from "../domain/control.ts";
import { instantWords } from "../domain/instant.ts";
import { pastPauseNamesMax, pastPausesMax, pauseLead } from "../domain/limits.ts";
import type { Fact } from "../domain/outcome.ts";
import type { Plan, PlannedDevice } from "../domain/plan.ts";
import { printable } from "../domain/printable.ts";
import { wallMs, type WallMs } from "../domain/units.ts";
import { covers, isWindowScope, type Window, type WindowChange } from "../domain/windows.ts";
import { instant } from "../exporters/control-status.ts";
import { Windows } from "../safety/windows.ts";
import type { HeartbeatGate } from "../safety/gate.ts";
import type { TrustedTime } from "../safety/trusted-time.ts";
import type { StoreJournal } from "../store/journal.ts";
import { writeWindows, type KeptWindows, type PastPause } from "../store/windows-file.ts";
import { refused } from "./replies.ts";
import { noSuchWindow, overlapping, stillOver } from "./window-words.ts";

export interface WindowKeeperParts {
  readonly clock: Clock;
  readonly time: TrustedTime;
  readonly journal: StoreJournal;
  readonly stateDir: string;
  readonly kept: KeptWindows;
  readonly plan: () => Plan;
  readonly gate: () => Pick<HeartbeatGate, "pausing">;
  readonly record: (fact: Fact) => void;
}

export type WindowCommand = "window-open" | "window-extend" | "window-close" | "window-list";
type Reply = ControlReply<"window-open">;
const wordsMax = 400;
const waitsForTrust = "it does not hold yet: in the minute after a start, or after the clock was set, the poller does not trust its clock";

export class WindowKeeper {
  readonly windows: Windows;
  readonly #parts: WindowKeeperParts;
  #next: number;
  /** Pauses that are over. */
  #past: readonly PastPause[];

  constructor(parts: WindowKeeperParts) {
    this.#parts = parts;
    this.#next = parts.kept.next;
    this.#past = parts.kept.past ?? [];
    const { clock, time } = parts;
    this.windows = new Windows(() => ({ wall: clock.wall(), trusted: time.highest, monotonic: clock.monotonic() }), parts.kept.windows);
    // The watchlist may have been edited while nothing ran; and a window of an earlier version may not say whom it covers.
    this.#hold(parts.plan());
  }

  /** To be called with every plan, in the tick in which it comes into force: what a pause covers by name or by place stays in it, whatever the next plan changes of the two. */
  adopt(plan: Plan): void {
    this.#hold(plan);
    // Who comes under a pause that has begun gives its connection back now.
    if (this.windows.all().some(({ kind }) => kind === "pause")) this.#parts.gate().pausing();
  }

  #hold(plan: Plan): void {
    // What could not be written holds for this run.
    if (this.windows.hold((window) => this.#held(window, plan))) this.#write();
  }

  /** To be called with every pulse; cheap while there is no window. */
  look(): void {
    const news = this.windows.look();
    for (const { change, window } of news) {
      this.#say(change, window, "poller");
      if (change === "ended") this.#over(window, window.until);
    }
    // What could not be written ends by its own time after the next start too.
    if (news.some(({ change }) => change === "ended")) this.#write();
    const giveWay = this.windows.nextPauseIn() <= pauseLead || this.windows.deepQueryOpen || news.length > 0;
    if (giveWay) this.#parts.gate().pausing();
  }

  status(): readonly WindowStatus[] {
    return this.windows.all().map((window) => this.#statusOf(window));
  }

  readonly handlers: Pick<ControlHandlers, WindowCommand> = {
    "window-open": (request) => this.#open(request),
    "window-extend": async ({ id, by, reason, until, forMs }) => {
      const window = this.windows.find(id);
      if (!window) return refused(this.#noSuch(id));
      const unwritable = this.#unwritable();
      if (unwritable !== undefined) return refused(unwritable);
      const end = until === undefined ? window.until + (forMs ?? 0) : Date.parse(until);
      if (end <= window.until)
        return refused(
          `${id}: found the end ${instantWords(wallMs(end), window.offsetMinutes)}, expected one after ${instantWords(window.until, window.offsetMinutes)}; to end it earlier, close it and open another`,
        );
      return this.#stands({ ...window, until: wallMs(end) }, "extended", { by, reason });
    },
    "window-close": async ({ id, by, reason }) => {
      const window = this.windows.find(id);
      if (!window) return refused(this.#noSuch(id));
      const unwritable = this.#unwritable();
      if (unwritable !== undefined) return refused(unwritable);
      this.windows.remove(id);
      this.#over(window, this.#parts.clock.wall());
      if (window.kind === "deep-query") this.#parts.gate().pausing();
      const problem = this.#write();
      this.#say("closed", inTheirWords(window, by, reason), by);
      await this.#parts.journal.settled();
      const warnings = [...stillOver(window, this.windows.all(), this.#covered(window, this.#parts.plan())), ...present(problem)];
      return { ok: true, result: { window: this.#statusOf(window), warnings } };
    },
    "window-list": () => Promise.resolve({ ok: true, result: { now: instant(this.windows.judged), windows: this.status() } }),
  };

  async #open(request: Parameters<ControlHandlers["window-open"]>[0]): Promise<Reply> {
    const { kind, scope, from, until, forMs, by, reason, change, offsetMinutes } = request;
    const unknown = this.#unknownScope(scope);
    if (unknown !== undefined || !isWindowScope(scope)) return refused(unknown ?? `${scope}: found no scope`);
    const now = this.windows.judged;
    // A pause that is to begin at once still gives the connections back first.
    const soonest = kind === "pause" ? now + pauseLead : now;
    const begins = from === undefined ? soonest : Math.max(soonest, Date.parse(from));
    const ends = until === undefined ? begins + (forMs ?? 0) : Date.parse(until);
    const window: Window = {
      id: `w${this.#next}`,
      kind,
      scope,
      from: wallMs(begins),
      until: wallMs(ends),
      offsetMinutes: offsetMinutes ?? 0,
      by: printable(by, 100),
      reason: printable(reason, wordsMax),
      ...(change !== undefined && { change: printable(change, 100) }),
    };
    const unwritable = this.#unwritable();
    // Asking less is allowed without a record, asking more never is.
    if (unwritable !== undefined && kind !== "pause") return refused(unwritable);
    return this.#stands(window, "opened", { by, reason });
  }

  async #stands(asked: Window, change: "opened" | "extended", { by, reason }: Signed): Promise<Reply> {
    const window = this.#held(asked, this.#parts.plan());
    const before = this.windows.find(window.id);
    const problem = this.windows.put(window);
    if (problem !== undefined) return refused(change === "opened" ? problem : `${window.id}: ${problem}`);
    if (!before) this.#next += 1;
    const unwritten = this.#write();
    if (unwritten !== undefined && window.kind !== "pause") {
      this.windows.remove(window.id);
      if (before) this.windows.put(before);
      return refused(unwritten);
    }
    this.#say(change, change === "opened" ? window : inTheirWords(window, by, reason), by);
    this.look();
    const unwritable = this.#unwritable();
    if (unwritable === undefined) await this.#parts.journal.settled();
    return {
      ok: true,
      result: { window: this.#statusOf(window), warnings: [...this.#warnings(window), ...present(unwritten, unwritable)] },
    };
  }

  /** Every device that it covers now, by name and by place as well: the next reload may rename its scope, or the device. A mute only marks alarms, and the site is never renamed. */
  #held(window: Window, plan: Plan): Window {
    if (window.kind === "mute" || window.scope === "site") return window;
    // A deep query never reaches further than when its window was opened.
    if (window.kind === "deep-query" && window.devices) return window;
    const covered = this.#covered(window, plan);
    const devices = new Set([...(window.devices ?? []), ...covered.map(({ id }) => id)]);
    const places = new Set([...(window.places ?? []), ...covered.flatMap((device) => device.places ?? [])]);
    if (devices.size === window.devices?.length && places.size === window.places?.length) return window;
    const now = this.#parts.clock.wall();
    const before = new Set<string>([...(window.devices ?? devices), ...(window.places ?? places)]);
    const later = now < window.from ? [] : [...devices, ...places].filter((name) => !before.has(name));
    const since = { ...window.since, ...Object.fromEntries(later.map((name) => [name, now])) };
    return { ...window, devices: [...devices], places: [...places], ...(Object.keys(since).length > 0 && { since }) };
  }

  /** A pause that never began was none. */
  #over(window: Window, at: WallMs): void {
    if (window.kind !== "pause" || at <= window.from) return;
    this.#past = lately([...this.#past, { ...window, until: at < window.until ? at : window.until }]);
  }

  #covered(window: Window, plan: Plan): readonly PlannedDevice[] {
    return [...plan.devices.values()].filter((device) => covers(window, device));
  }

  #warnings(window: Window): readonly string[] {
    const devices = this.#covered(window, this.#parts.plan());
    const behind = this.#parts.time.behind > 0;
    const waits = window.kind !== "pause" && window.from <= this.windows.judged && !this.windows.isOpen(window.id);
    return [
      ...(devices.length === 0 ? [`${window.scope}: no device of the watchlist is in it`] : []),
      ...overlapping(window, this.windows.all(), devices),
      ...(waits && !behind ? [waitsForTrust] : []),
      ...(behind
        ? ["the wall clock is suspect: a pause ends by the later of the two times, anything else by the earlier; see `watchkeeper status`"]
        : []),
    ];
  }

  #unknownScope(scope: string): string | undefined {
    if (scope === "site") return undefined;
    const plan = this.#parts.plan();
    const [kind, name] = [scope.slice(0, scope.indexOf(":")), scope.slice(scope.indexOf(":") + 1)];
    const devices = [...plan.devices.values()];
    const names: Readonly<Record<string, readonly string[]>> = {
      device: devices.map(({ id }) => id),
      segment: [...plan.segments.keys()],
      zone: devices.map(({ zone }) => zone),
      profile: devices.map(({ profile }) => profile),
    };
    const known = [...new Set(names[kind] ?? [])];
    if (known.includes(name)) return undefined;
    return `${scope}: found no ${kind} of that name, expected ${known.length > 20 ? `one of the watchlist's ${known.length}` : known.join(", ") || "one of the watchlist's"}`;
  }

  #statusOf(window: Window): WindowStatus {
    const { change, from, until, devices: _devices, places: _places, since: _since, ...rest } = window;
    const open = this.windows.isOpen(window.id);
    return { ...rest, from: instant(from), until: instant(until), change: change ?? null, open };
  }

  #noSuch(id: string): string {
    return noSuchWindow(
      id,
      this.windows.all().map((window) => window.id),
      this.#next,
    );
  }

  #write(): string | undefined {
    return writeWindows(this.#parts.stateDir, { next: this.#next, windows: this.windows.all(), past: this.#past })?.problem;
  }

  #unwritable(): string | undefined {
    const { problem, unwritableSince } = this.#parts.journal;
    return unwritableSince === undefined
      ? undefined
      : `the audit cannot be written (${problem ?? "unknown"}): see the disk of the state folder`;
  }

  #say(change: WindowChange, window: Window, by: string): void {
    this.#parts.record({ kind: "window", at: this.#parts.clock.monotonic(), change, window, by });
  }
}

/** For the record of who extends or closes it: whoever opened it gave another reason, and that is on record already. */
function inTheirWords(window: Window, by: string, reason: string): Window {
  return { ...window, by: printable(by, 100), reason: printable(reason, wordsMax) };
}

function present(...lines: readonly (string | undefined)[]): readonly string[] {
  return lines.filter((line) => line !== undefined);
}

/** The latest of them. A pause of a whole plant has thousands of names: where those do not fit, it is kept without, and says so. */
function lately(past: readonly PastPause[]): readonly PastPause[] {
  let names = 0;
  const kept = past
    .slice(-pastPausesMax)
    .toReversed()
    .map((pause): PastPause => {
      const { devices, places, since: _since, ...rest } = pause;
      const more = (devices?.length ?? 0) + (places?.length ?? 0);
      if (names + more > pastPauseNamesMax) return { ...rest, namesDropped: true };
      names += more;
      return pause;
    });
  return kept.toReversed();
}
