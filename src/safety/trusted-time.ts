/** By which time approvals, graces and windows end: the later of the wall clock and the highest time that this machine has reason to trust. */
import type { Clock } from "../domain/clock.ts";
import { clockJumpMin, clockSlewMax, clockTrustedAfter } from "../domain/limits.ts";
import { milliseconds, wallMs, type Milliseconds, type MonotonicMs, type WallMs } from "../domain/units.ts";

/** What the wall clock shows less the monotonic one: it stays the same as long as nobody sets the wall clock. */
type Line = number;

/**
 * The highest trusted time goes on with the monotonic clock, which nobody can set, and never back. It follows the wall clock:
 * at once where that is slewed, and after a minute on one line where it was set forward or the machine was off. A clock that shows a wrong
 * future for less leaves no trace; meanwhile what it shows counts, so that nothing runs longer than it may by any clock.
 *
 * A clock that shows less than the highest trusted time is suspect: then that time counts, and polling goes on, because every interval is
 * measured by the monotonic clock. It ends when the clock is right again, when a person says which is right, or by proof: back on the line
 * that it had left, which this process had run on for longer than on the other one. Worked example: 10 h on one line; a day forward for an
 * hour; back: the hour is measured by the monotonic clock, so it was the step that was wrong.
 *
 * Small steps back add up: whatever is done to the clock, a process goes no further back behind the line that it trusts than a time server
 * could have slewed it since, and one small step; beyond that the clock is suspect.
 */
export class TrustedTime {
  readonly #clock: Clock;
  /** The highest line followed so far, as it would stand at monotonic 0: from there it is let down as fast as a time server slews. */
  #top: number;
  /** The highest trusted time less the monotonic one. */
  #line: Line;
  /** Since when the wall clock shows it, in this process; undefined before it ever did. */
  #since: MonotonicMs | undefined;
  /** The line before, and for how long the wall clock had shown it. */
  #left: { readonly line: Line; readonly top: number; readonly ran: number } | undefined;
  /** Ahead of the highest trusted time, for less than a minute. */
  #ahead: { readonly line: Line; readonly since: MonotonicMs } | undefined;
  #highest: number;
  #behind = 0;

  /** `known`: the highest trusted time of earlier runs, and no earlier than the last record; 0 where there was none. */
  constructor(clock: Clock, known: WallMs) {
    this.#clock = clock;
    this.#line = known - clock.monotonic();
    this.#top = topOf(this.#line, clock.monotonic());
    this.#highest = known;
    this.look();
  }

  /** The one time by which anything expires. */
  readonly judged = (): WallMs => wallMs(Math.max(this.#clock.wall(), this.#line + this.#clock.monotonic()));

  /** To be written down now and then, and shown. */
  get highest(): WallMs {
    return wallMs(Math.max(this.#highest, this.#line + this.#clock.monotonic()));
  }

  /** By how much the wall clock is behind the highest trusted time; 0 while it is not suspect. */
  get behind(): Milliseconds {
    return milliseconds(this.#behind);
  }

  /** To be called with every pulse. */
  look(): void {
    const now = this.#clock.monotonic();
    const shown = this.#clock.wall() - now;
    const gap = shown - this.#line;
    this.#behind = 0;
    if (gap > clockJumpMin) this.#lookAhead(shown, now);
    else if (shown >= lowest(this.#top, now) || this.#isBack(shown, now)) this.#follow(shown, now);
    else this.#fallBehind(gap, now);
  }

  /** A person says that the wall clock is right: what was trusted before no longer counts. */
  accept(): void {
    const now = this.#clock.monotonic();
    const shown = this.#clock.wall() - now;
    this.#run(shown, topOf(shown, now), now, now);
  }

  #follow(shown: Line, now: MonotonicMs): void {
    this.#ahead = undefined;
    this.#since ??= now;
    // Slewed back, it stands still rather than go back.
    this.#line = Math.max(shown, this.#highest - now);
    this.#highest = this.#line + now;
    this.#top = Math.max(this.#top, topOf(this.#line, now));
  }

  #fallBehind(gap: number, now: MonotonicMs): void {
    this.#behind = -gap;
    this.#highest = this.#line + now;
  }

  #lookAhead(shown: Line, now: MonotonicMs): void {
    this.#highest = this.#line + now;
    const steady = this.#ahead && Math.abs(shown - this.#ahead.line) <= clockJumpMin;
    const since = steady && this.#ahead ? this.#ahead.since : now;
    this.#ahead = { line: shown, since };
    if (now - since < clockTrustedAfter) return;
    const left = this.#since === undefined ? undefined : { line: this.#line, top: this.#top, ran: since - this.#since };
    this.#run(shown, topOf(shown, now), since, now);
    this.#left = left;
  }

  #isBack(shown: Line, now: MonotonicMs): boolean {
    const left = this.#left;
    const elsewhere = now - (this.#since ?? now);
    if (!left || left.ran < elsewhere || shown < lowest(left.top, now)) return false;
    if (shown > left.line + clockJumpMin + elsewhere * clockSlewMax) return false;
    this.#run(shown, left.top, now, now);
    return true;
  }

  #run(line: Line, top: number, since: MonotonicMs, now: MonotonicMs): void {
    this.#line = line;
    this.#top = top;
    this.#highest = line + now;
    this.#since = since;
    this.#left = undefined;
    this.#ahead = undefined;
    this.#behind = 0;
  }
}

function topOf(line: Line, now: MonotonicMs): number {
  return line + now * clockSlewMax;
}

/** The lowest line that is followed now. */
function lowest(top: number, now: MonotonicMs): Line {
  return top - now * clockSlewMax - clockJumpMin;
}
