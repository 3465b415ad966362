/** Tells the story: as a picture that is drawn again and again on a terminal, or as lines that are appended where there is none. */
import type { WriteStream } from "node:tty";
import { Timers, monotonicMs } from "../timers.ts";
import { frame, type Picture, type Told, toldLines } from "./frame.ts";
import { coloured, plain } from "./paint.ts";
import type { Row } from "./rows.ts";

export interface Teller {
  /** What happens now, and what to look at. */
  scene(text: string): void;
  /** One thing that happened. */
  say(text: string): void;
  /** Gives the screen back; what was told stays readable above the prompt. */
  close(): void;
}

export interface Sources {
  readonly rows: () => readonly Row[];
  readonly foot: Picture["foot"];
}

const columnsPlain = 80;
const drawEveryMs = 250;

export function appending(out: NodeJS.WritableStream): Teller {
  const startMs = monotonicMs();
  const tell = (text: string, scene: boolean): void => {
    const lines = toldLines({ atMs: monotonicMs() - startMs, text, scene }, columnsPlain, plain);
    out.write(`${scene ? "\n" : ""}${lines.join("\n")}\n`);
  };
  return { scene: (text) => tell(text, true), say: (text) => tell(text, false), close: () => {} };
}

/** On the terminal's second screen, so that what stood there before comes back. */
export function drawing(out: WriteStream, { rows, foot }: Sources): Teller {
  const paint = process.env["NO_COLOR"] ? plain : coloured;
  const startMs = monotonicMs();
  const told: Told[] = [];
  const timers = new Timers();
  const draw = (): void => {
    const size = { columns: Math.max(40, out.columns), rows: Math.max(12, out.rows) };
    const lines = frame({ rows: rows(), told, elapsedMs: monotonicMs() - startMs, foot }, size, paint);
    // From the top, each line cleared to its end and the rest below: nothing flickers.
    out.write(`\x1b[H${lines.map((line) => `${line}\x1b[K`).join("\r\n")}\x1b[J`);
  };
  const again = (): void => {
    draw();
    timers.after(drawEveryMs, again);
  };
  const tell = (text: string, scene: boolean): void => {
    told.push({ atMs: monotonicMs() - startMs, text, scene });
    draw();
  };
  // Without the cursor, and without wrapping: what is too long for a narrow terminal must not push the rest down.
  out.write("\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[2J");
  again();
  return {
    scene: (text) => tell(text, true),
    say: (text) => tell(text, false),
    close() {
      timers.clear();
      out.write("\x1b[?7h\x1b[?25h\x1b[?1049l");
      const width = Math.max(40, out.columns) - 1;
      out.write(`${told.flatMap((one) => [...(one.scene ? [""] : []), ...toldLines(one, width, paint)]).join("\n")}\n`);
    },
  };
}
