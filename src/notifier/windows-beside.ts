/** The maintenance windows as the poller left them in its file, judged by the clocks that are here. */
import type { Clock } from "../domain/clock.ts";
import { wallMs, type WallMs } from "../domain/units.ts";
import { Windows, type Moment } from "../safety/windows.ts";
import { readWindows } from "../store/windows-file.ts";

export class WindowsBeside {
  readonly #stateDir: string;
  readonly #warn: (text: string) => void;
  readonly #moment: () => Moment;
  #highest: WallMs = wallMs(0);
  #text = "";
  #windows: Windows;

  constructor(stateDir: string, clock: Clock, warn: (text: string) => void) {
    this.#stateDir = stateDir;
    this.#warn = warn;
    // The journal's time is up to a minute old: where the wall clock is ahead of it, that counts.
    this.#moment = () => ({ wall: clock.wall(), trusted: wallMs(Math.max(clock.wall(), this.#highest)), monotonic: clock.monotonic() });
    this.#windows = new Windows(this.#moment);
  }

  at(highest: WallMs): Windows {
    this.#highest = highest;
    const read = readWindows(this.#stateDir);
    const text = JSON.stringify(read);
    if (text === this.#text) return this.#windows;
    this.#text = text;
    if ("problem" in read) this.#warn(`${read.problem}; until then nothing is muted`);
    this.#windows = new Windows(this.#moment, "problem" in read ? [] : read.windows);
    return this.#windows;
  }
}
