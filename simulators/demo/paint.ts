/** Colours, and text that fits a width. */
import type { State } from "./rows.ts";

export interface Paint {
  readonly strong: (text: string) => string;
  readonly faint: (text: string) => string;
  readonly good: (text: string) => string;
  readonly bad: (text: string) => string;
  readonly doubtful: (text: string) => string;
}

const wrapIn =
  (on: number, off: number) =>
  (text: string): string =>
    `\x1b[${on}m${text}\x1b[${off}m`;
const asIs = (text: string): string => text;

export const coloured: Paint = {
  strong: wrapIn(1, 22),
  faint: wrapIn(2, 22),
  good: wrapIn(32, 39),
  bad: wrapIn(31, 39),
  doubtful: wrapIn(33, 39),
};
export const plain: Paint = { strong: asIs, faint: asIs, good: asIs, bad: asIs, doubtful: asIs };

export function painted(state: State, paint: Paint): (text: string) => string {
  switch (state) {
    case "up":
      return paint.good;
    case "degraded":
      return paint.doubtful;
    case "down":
      return (text) => paint.strong(paint.bad(text));
    case "unknown":
    case "not asked":
      return paint.faint;
  }
}

/** Cut to the width, the last character then a dot dot dot, or padded to it. */
export function cell(text: string, width: number): string {
  return (text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`).padEnd(width);
}

/** Broken at blanks. A word that is longer than a line stands alone and is left whole, so that an address can be copied. */
export function wrapped(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}

/** `0:07` */
export function stamp(elapsedMs: number): string {
  const seconds = Math.floor(elapsedMs / 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}
