/** Which windows there are and what each means at this moment; by whichever clock is the more careful, so that no clock step helps anybody. */
import { windowsMax } from "../domain/limits.ts";
import type { PlannedDevice } from "../domain/plan.ts";
import { milliseconds, type MonotonicMs, type WallMs } from "../domain/units.ts";
import { covers, problemWithTimes, type DeepQueryLeave, type PauseAhead, type Window } from "../domain/windows.ts";

/** One moment by every clock there is. */
export interface Moment {
  readonly wall: WallMs;
  /** The highest trusted time. */
  readonly trusted: WallMs;
  readonly monotonic: MonotonicMs;
}

/** What the monotonic clock will show at its beginning and its end, were no other clock set meanwhile. */
interface Standing {
  readonly window: Window;
  readonly from: number;
  readonly until: number;
  begun: boolean;
}

export interface WindowNews {
  readonly change: "began" | "ended";
  readonly window: Window;
}

/**
 * A pause begins when the first of wall clock, highest trusted time and monotonic clock says so, and ends with the last. A mute and a deep
 * query begin with the last and end with the first. Worked example: a pause for 2 h, and after 10 min the wall clock is set forward by a
 * day: the pause lasts 110 min more, as the monotonic clock counts them. Set back by a day: it lasts a day longer unless a person closes it,
 * and a deep query still ends after its 2 h.
 */
export class Windows {
  readonly #now: () => Moment;
  readonly #standing = new Map<string, Standing>();

  /** `earlier`: of earlier runs. */
  constructor(now: () => Moment, earlier: Iterable<Window> = []) {
    this.#now = now;
    for (const window of earlier) this.#anchor(window);
  }

  /** By which new windows are judged: the later of wall clock and highest trusted time. */
  get judged(): WallMs {
    return later(this.#now());
  }

  all(): readonly Window[] {
    return Array.from(this.#standing.values(), ({ window }) => window);
  }

  find(id: string): Window | undefined {
    return this.#standing.get(id)?.window;
  }

  /** Why it cannot be, in one line; undefined when it stands now. Also for an extension, which is the same window with another end. */
  put(window: Window): string | undefined {
    const full = this.#standing.size >= windowsMax && !this.#standing.has(window.id);
    if (full) return `found ${windowsMax} windows, expected fewer: close what is no longer needed`;
    const problem = problemWithTimes(window, this.judged);
    if (problem === undefined) this.#anchor(window);
    return problem;
  }

  /** Each as `held` has it now, with its times as they were anchored: no clock that was set meanwhile moves an end. True where one is another. */
  hold(held: (window: Window) => Window): boolean {
    let changed = false;
    for (const standing of this.#standing.values()) {
      const window = held(standing.window);
      if (window === standing.window) continue;
      this.#standing.set(window.id, { ...standing, window });
      changed = true;
    }
    return changed;
  }

  /** The window that was taken away. */
  remove(id: string): Window | undefined {
    const window = this.find(id);
    this.#standing.delete(id);
    return window;
  }

  /** What began or ended since the last look; what has ended is gone for good, whatever a clock shows later. */
  look(): readonly WindowNews[] {
    const now = this.#now();
    const news: WindowNews[] = [];
    for (const standing of this.#standing.values()) {
      const { beginsIn, endsIn } = spanTo(standing, now);
      const { window } = standing;
      if (endsIn <= 0) {
        this.#standing.delete(window.id);
        news.push({ change: "ended", window });
      } else if (beginsIn <= 0 && !standing.begun) {
        standing.begun = true;
        news.push({ change: "began", window });
      }
    }
    return news;
  }

  isOpen(id: string): boolean {
    const standing = this.#standing.get(id);
    return standing !== undefined && isOpen(standing, this.#now());
  }

  /** The pause that covers the device now, with the end of the last of several; or else the next. */
  pause(device: PlannedDevice): PauseAhead | undefined {
    if (this.#standing.size === 0) return undefined;
    const now = this.#now();
    const spans = this.#of("pause", device).map((standing) => spanTo(standing, now));
    const standing = spans.filter(({ beginsIn, endsIn }) => beginsIn <= 0 && endsIn > 0);
    const ahead = spans.filter(({ beginsIn }) => beginsIn > 0).toSorted((a, b) => a.beginsIn - b.beginsIn);
    const [next] = ahead;
    if (standing.length > 0) return { beginsIn: milliseconds(0), endsIn: milliseconds(Math.max(...standing.map(({ endsIn }) => endsIn))) };
    return next && { beginsIn: milliseconds(next.beginsIn), endsIn: milliseconds(next.endsIn) };
  }

  deepQuery(device: PlannedDevice): DeepQueryLeave {
    const now = this.#now();
    const open = [...this.#standing.values()].filter((one) => one.window.kind === "deep-query" && isOpen(one, now));
    const ends = open.filter(({ window }) => covers(window, device)).map((standing) => spanTo(standing, now).endsIn);
    if (ends.length > 0) return { leave: "open", endsIn: milliseconds(Math.max(...ends)) };
    return { leave: open.length > 0 ? "elsewhere" : "none" };
  }

  /** Whether any deep-query window is open. */
  get deepQueryOpen(): boolean {
    return [...this.#standing.values()].some((one) => one.window.kind === "deep-query" && isOpen(one, this.#now()));
  }

  /** The deep-query window that covers the device, where one is open; of several the one that lasts longest. */
  deepQueryWindow(device: PlannedDevice): Window | undefined {
    const now = this.#now();
    const open = this.#of("deep-query", device).filter((standing) => isOpen(standing, now));
    return open.toSorted((a, b) => b.until - a.until)[0]?.window;
  }

  muted(device: PlannedDevice): boolean {
    if (this.#standing.size === 0) return false;
    const now = this.#now();
    return this.#of("mute", device).some((standing) => isOpen(standing, now));
  }

  /** How soon the next pause of any device begins, in milliseconds; Infinity when none is planned. */
  nextPauseIn(): number {
    const now = this.#now();
    const pauses = [...this.#standing.values()].filter(({ window, begun }) => window.kind === "pause" && !begun);
    return Math.min(...pauses.map((standing) => spanTo(standing, now).beginsIn));
  }

  #of(kind: Window["kind"], device: PlannedDevice): readonly Standing[] {
    return [...this.#standing.values()].filter(({ window }) => window.kind === kind && covers(window, device));
  }

  #anchor(window: Window): void {
    const now = this.#now();
    const at = later(now);
    const begun = this.#standing.get(window.id)?.begun ?? false;
    const anchored = { from: now.monotonic + (window.from - at), until: now.monotonic + (window.until - at) };
    this.#standing.set(window.id, { window, ...anchored, begun });
  }
}

function later({ wall, trusted }: Moment): WallMs {
  return wall > trusted ? wall : trusted;
}

/** By the more careful clock; negative for what is past. */
function spanTo({ window, from, until }: Standing, now: Moment): { readonly beginsIn: number; readonly endsIn: number } {
  const begins = [window.from - now.wall, window.from - now.trusted, from - now.monotonic];
  const ends = [window.until - now.wall, window.until - now.trusted, until - now.monotonic];
  if (window.kind === "pause") return { beginsIn: Math.min(...begins), endsIn: Math.max(...ends) };
  return { beginsIn: Math.max(...begins), endsIn: Math.min(...ends) };
}

function isOpen(standing: Standing, now: Moment): boolean {
  const { beginsIn, endsIn } = spanTo(standing, now);
  return beginsIn <= 0 && endsIn > 0;
}
