/** One picture of the demo for a terminal: the table, what happens now, what happened, and what to do. */
import { cell, type Paint, painted, stamp, wrapped } from "./paint.ts";
import type { Row, State } from "./rows.ts";

export interface Told {
  readonly atMs: number;
  readonly text: string;
  readonly scene: boolean;
}

export interface Picture {
  readonly rows: readonly Row[];
  readonly told: readonly Told[];
  readonly elapsedMs: number;
  /** Pairs of a word and what it is about: where the metrics are, how to look by hand, how to stop. */
  readonly foot: readonly (readonly [string, string])[];
}

export interface Size {
  readonly columns: number;
  readonly rows: number;
}

const marks: Readonly<Record<State, string>> = { up: "●", degraded: "◐", down: "✖", unknown: "○", "not asked": "–" };
const noteFromColumns = 104;
const noteWidth = 19;
const indent = 7;
/** A line that ends in the last column makes some terminals wrap. */
const edge = 1;

/** At most `size.rows` lines; the oldest of what happened goes first when there is no room. */
export function frame({ rows, told, elapsedMs, foot }: Picture, size: Size, paint: Paint): readonly string[] {
  const width = size.columns - edge;
  const title = "Watchkeeper demo";
  const about = "  simulated devices on this computer, no plant";
  const time = `  ${stamp(elapsedMs)}`;
  const head = `${paint.strong(title)}${paint.faint(cell(about, Math.max(0, width - title.length - time.length)))}${time}`;
  const top = [head, "", ...table(rows, width, paint), ""];
  const bottom = ["", ...foot.map(([word, what]) => `${paint.faint(word.padEnd(9))}${what}`)];
  const room = Math.max(0, size.rows - top.length - bottom.length);
  return [...top, ...story(told, width, room, paint), ...bottom].slice(0, size.rows);
}

export function table(rows: readonly Row[], width: number, paint: Paint): readonly string[] {
  const noted = width >= noteFromColumns;
  const fixed = 2 + 14 + 11 + (noted ? noteWidth + 2 : 0) + 2 + 7 + 7 + 5;
  const why = Math.max(8, Math.min(46, width - fixed));
  const line = (mark: string, device: string, note: string, state: string, reason: string, rest: string): string =>
    `${mark} ${cell(device, 14)}${noted ? cell(note, noteWidth + 2) : ""}${state}${cell(reason, why)}  ${rest}`;
  const last = (heard: string, next: string, got: string): string => `${heard.padStart(5)}  ${next.padStart(5)}  ${got.padStart(5)}`;
  return [
    paint.faint(line(" ", "DEVICE", "SIMULATES", cell("STATE", 11), "WHY", last("HEARD", "NEXT", "GOT"))),
    ...rows.map(({ device, note, state, why: reason, heard, next, got }) => {
      const colour = painted(state, paint);
      const word = state === "down" || state === "degraded" ? state.toUpperCase() : state;
      const reached = String(got).padStart(5);
      const count = state === "not asked" ? (got === 0 ? paint.good : paint.bad)(reached) : reached;
      return line(colour(marks[state]), device, note, colour(cell(word, 11)), reason, last(heard, next, count));
    }),
  ];
}

/** The latest that fit as wholes, and always the heading of the scene that is on. With room to spare a blank line goes before each scene. */
function story(told: readonly Told[], width: number, room: number, paint: Paint): readonly string[] {
  const sceneAt = told.findLastIndex(({ scene }) => scene);
  const heading = told.slice(sceneAt, sceneAt + 1).flatMap((one) => toldLines(one, width, paint));
  const shown: string[] = [];
  let index = told.length - 1;
  for (; index > sceneAt; index--) {
    const lines = toldLines(told[index]!, width, paint);
    if (heading.length + shown.length + lines.length > room) break;
    shown.unshift(...lines);
  }
  shown.unshift(...heading);
  for (index = Math.min(index, sceneAt - 1); index >= 0; index--) {
    const after = told[index + 1]!.scene ? [""] : [];
    const lines = [...toldLines(told[index]!, width, paint), ...after];
    if (shown.length + lines.length > room) break;
    shown.unshift(...lines);
  }
  return [...shown.slice(0, room), ...blank(room - shown.length)];
}

/** The moment, then the text beside it. Scenes stand out. */
export function toldLines({ atMs, text, scene }: Told, width: number, paint: Paint): readonly string[] {
  return wrapped(text, width - indent).map((line, index) => {
    const left =
      index === 0
        ? stamp(atMs)
            .padStart(indent - 2)
            .padEnd(indent)
        : " ".repeat(indent);
    return `${paint.faint(left)}${scene ? paint.strong(line) : line}`;
  });
}

function blank(count: number): readonly string[] {
  return Array.from({ length: Math.max(0, count) }, () => "");
}
