/** Tables as RFC 4180 has them, and as spreadsheets write them: read strictly, written so that a cell is never taken for a formula. */

/** Spreadsheets run what begins with one of these; what looks as if it were guarded already is guarded too, so that it reads back. */
const formula = /^'*[=+\-@\t\r]/u;
export const csvSeparators = [";", ",", "\t"] as const;
export type CsvSeparator = (typeof csvSeparators)[number];

/** With a byte order mark, by which Excel knows UTF-8, semicolons and CRLF. A cell that looks like a formula gets an apostrophe before it. */
export function csvText(rows: readonly (readonly string[])[]): string {
  const cell = (text: string): string => `"${(formula.test(text) ? `'${text}` : text).replaceAll('"', '""')}"`;
  return `\uFEFF${rows.map((row) => row.map(cell).join(";")).join("\r\n")}\r\n`;
}

export interface CsvRow {
  /** Of its first character, counted from 1. */
  readonly line: number;
  readonly cells: readonly string[];
}

/** Rows without the empty ones, or one sentence about where the table breaks. Unless it is given, the separator is the one that the first line has most of. */
export function readCsv(text: string, given?: CsvSeparator): readonly CsvRow[] | { readonly line: number; readonly found: string } {
  const body = text.startsWith("\uFEFF") ? text.slice(1) : text;
  const separator = given ?? separatorOf(body);
  const rows: CsvRow[] = [];
  let cells: string[] = [];
  let line = 1;
  let begun = 1;
  let at = 0;
  const endRow = (): void => {
    if (cells.some((cell) => cell !== "")) rows.push({ line: begun, cells });
    cells = [];
    begun = line;
  };
  while (at < body.length) {
    const quoted = body[at] === '"';
    const end = quoted ? closingQuote(body, at + 1) : endOfPlain(body, at, separator);
    if (end < 0) return { line: begun, found: "a quote that is never closed" };
    const raw = quoted ? body.slice(at + 1, end).replaceAll('""', '"') : body.slice(at, end);
    if (!quoted && raw.includes('"')) return { line, found: `a quote in the middle of a cell (${raw.slice(0, 40)})` };
    cells.push(unguarded(raw.trim()));
    line += raw.split("\n").length - 1;
    at = quoted ? end + 1 : end;
    const after = body[at];
    if (after === separator) {
      at += 1;
      if (at === body.length) cells.push("");
      continue;
    }
    if (after !== undefined && after !== "\r" && after !== "\n") return { line, found: "text after a closing quote" };
    at += body.startsWith("\r\n", at) ? 2 : 1;
    line += 1;
    endRow();
  }
  endRow();
  return rows;
}

function separatorOf(text: string): string {
  const first = text.slice(0, text.search(/[\r\n]|$/u));
  const counts = csvSeparators.map((one) => first.split(one).length);
  return csvSeparators[counts.indexOf(Math.max(...counts))] ?? ";";
}

function closingQuote(text: string, from: number): number {
  for (let at = text.indexOf('"', from); at >= 0; at = text.indexOf('"', at + 2)) if (text[at + 1] !== '"') return at;
  return -1;
}

function endOfPlain(text: string, from: number, separator: string): number {
  for (let at = from; at < text.length; at++) if (text[at] === separator || text[at] === "\r" || text[at] === "\n") return at;
  return text.length;
}

function unguarded(cell: string): string {
  return cell.startsWith("'") && formula.test(cell.slice(1)) ? cell.slice(1) : cell;
}
