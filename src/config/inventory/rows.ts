/** Reads the rows of an inventory, whatever separator, title lines and column names it has. */
import { csvSeparators, readCsv, type CsvRow, type CsvSeparator } from "../csv.ts";
import { quote } from "../problem.ts";
import { inventoryFieldOf, type InventoryField } from "./columns.ts";

/** One line of the inventory; absent cells are empty texts, and line breaks within a cell are spaces. */
export interface InventoryRow {
  /** Counted from 1, as editors and spreadsheets do. */
  readonly line: number;
  readonly of: (field: InventoryField) => string;
}

export interface Inventory {
  readonly rows: readonly InventoryRow[];
  /** Heads of the columns that mean nothing here, or stand there a second time. */
  readonly unused: readonly string[];
}

/** The head may stand below a title, a date and an empty line. */
const linesAboveHeadMax = 20;
const rowsMax = 20_000;

/** @param file the name that the problem carries */
export function readInventory(file: string, text: string): Inventory | { readonly problem: string } {
  const { text: body, separator } = withoutMark(text);
  const tries = (separator === undefined ? csvSeparators : [separator]).map((one) => tried(body, one));
  const best = tries.toSorted((a, b) => b.known - a.known)[0]!;
  if (best.broken !== undefined && best.known === 0)
    return { problem: `${file}:${best.broken.line}: found ${best.broken.found}, expected a table as a spreadsheet saves it as CSV` };
  if (best.head === undefined) {
    const expected = "a line of column names, such as name;ip address;mac;manufacturer;model;firmware;serial number;location;category;zone";
    return { problem: `${file}:1: found no line with a column for names or addresses, expected ${expected}` };
  }
  if (best.broken !== undefined) return { problem: `${file}:${best.broken.line}: found ${best.broken.found}, expected quotes around it` };
  const under = best.rows.slice(best.rows.indexOf(best.head) + 1);
  if (under.length > rowsMax) return { problem: `${file}: found ${under.length} rows, expected at most ${rowsMax}` };
  return { rows: rowsOf(best.head, under), unused: unusedOf(best.head) };
}

/** Excel's own line `sep=;` says which separator follows. Its line break stays, so that lines keep their numbers. */
function withoutMark(text: string): { readonly text: string; readonly separator?: CsvSeparator } {
  const body = text.replace(/^\uFEFF/u, "");
  const [line, sign] = /^"?sep=(.)"?(?=\r?\n)/iu.exec(body) ?? [];
  const separator = csvSeparators.find((one) => one === sign);
  return line === undefined || separator === undefined ? { text: body } : { text: body.slice(line.length), separator };
}

interface Tried {
  readonly rows: readonly CsvRow[];
  readonly head: CsvRow | undefined;
  readonly known: number;
  readonly broken: { readonly line: number; readonly found: string } | undefined;
}

function tried(text: string, separator: CsvSeparator): Tried {
  const read = readCsv(text, separator);
  if ("found" in read) {
    const above = readCsv(text.split(/\r?\n/u).slice(0, linesAboveHeadMax).join("\n"), separator);
    return { ...headIn("found" in above ? [] : above), broken: read };
  }
  return { ...headIn(read), broken: undefined };
}

function headIn(rows: readonly CsvRow[]): Omit<Tried, "broken"> {
  const heads = rows.slice(0, linesAboveHeadMax).map((row) => ({ row, fields: new Set(row.cells.map(inventoryFieldOf)) }));
  const counted = heads.map(({ row, fields }) => {
    fields.delete(undefined);
    const names = fields.has("name") || fields.has("address") || fields.has("id");
    return { row, known: names ? fields.size : 0 };
  });
  const best = counted.toSorted((a, b) => b.known - a.known)[0];
  return best === undefined || best.known === 0 ? { rows, head: undefined, known: 0 } : { rows, head: best.row, known: best.known };
}

function rowsOf(head: CsvRow, body: readonly CsvRow[]): readonly InventoryRow[] {
  const at = new Map<InventoryField, number>();
  head.cells.forEach((cell, index) => {
    const field = inventoryFieldOf(cell);
    if (field !== undefined && !at.has(field)) at.set(field, index);
  });
  return body.map(({ line, cells }) => ({ line, of: (field) => oneLine(cells[at.get(field) ?? -1] ?? "") }));
}

function unusedOf({ cells }: CsvRow): readonly string[] {
  const seen = new Set<InventoryField>();
  return cells.flatMap((cell) => {
    const field = inventoryFieldOf(cell);
    const unused = cell !== "" && (field === undefined || seen.has(field));
    if (field !== undefined) seen.add(field);
    return unused ? [quote(cell)] : [];
  });
}

/** Of what a spreadsheet puts in: no-break spaces, line breaks and direction marks say nothing here. `-` and `n/a` are empty. */
function oneLine(cell: string): string {
  const text = cell
    .replaceAll(/[\p{Cc}\p{Zl}\p{Zp}\p{Zs}]+/gu, " ")
    .replaceAll(/[\p{Cf}\p{Cs}]/gu, "")
    .trim();
  return /^(?:-+|n\/?a|none|keine?|unbekannt|unknown|tbd|\?+)$/iu.test(text) ? "" : text;
}
