/** Puts text into columns and lines that fit a terminal. */
import type { Instant } from "../domain/control.ts";

/** Breaks at spaces; a word longer than `width` stays whole, so that a path or digest can be copied. */
export function wrapped(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  for (const paragraph of text.split("\n")) {
    let line = "";
    for (const word of paragraph.split(" ")) {
      if (line !== "" && line.length + 1 + word.length > width) {
        lines.push(line);
        line = word;
      } else line = line === "" ? word : `${line} ${word}`;
    }
    lines.push(line);
  }
  return lines;
}

/**
 * Rows in columns two spaces apart. The last column takes what is left of `width` and breaks into lines under itself;
 * with less than 20 characters left it goes on below, indented by six.
 */
export function columns(rows: readonly (readonly string[])[], width: number): readonly string[] {
  const count = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: Math.max(0, count - 1) }, (_, at) => Math.max(0, ...rows.map((row) => visible(row[at] ?? ""))));
  const before = widths.reduce((sum, one) => sum + one + 2, 0);
  const below = width - before < 20;
  return rows.flatMap((row) => {
    const head = widths.map((one, at) => padded(row[at] ?? "", one)).join("  ");
    const tail = row[count - 1] ?? "";
    if (tail === "") return [head.trimEnd()];
    const lines = wrapped(tail, below ? width - 6 : width - before);
    if (below) return [head.trimEnd(), ...lines.map((line) => `      ${line}`)];
    return lines.map((line, at) => `${at === 0 ? `${head}${count > 1 ? "  " : ""}` : " ".repeat(before)}${line}`);
  });
}

export function padded(text: string, width: number): string {
  return text + " ".repeat(Math.max(0, width - visible(text)));
}

/** One sentence of plural: `1 device`, `2 devices`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

/** Colours of a terminal, which take no room. */
const escape = new RegExp(`${String.fromCharCode(27)}\\[[0-9;]*m`, "gu");

function visible(text: string): number {
  return text.replace(escape, "").length;
}

/** `2026-11-21 12:00:05 UTC` */
export function moment(at: Instant): string {
  return `${at.slice(0, 19).replace("T", " ")} UTC`;
}
