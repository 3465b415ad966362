/** What `import` tells a person: how much was placed, then what needs somebody, the same trouble of many lines once. */
import type { Imported } from "../config/inventory/import-inventory.ts";
import { printable } from "../domain/printable.ts";
import type { Style } from "./style.ts";
import { columns, counted } from "./text.ts";

export interface ImportView {
  /** The watchlist's name. */
  readonly watchlist: string;
  readonly dry: boolean;
  readonly width: number;
  readonly style: Style;
}

/** More devices are counted by profile. */
const eachMax = 25;
const linesMax = 200;
const numbersMax = 5;
const namesMax = 3;

type Row = readonly string[];

export function importView(imported: Imported, { watchlist, dry, width, style }: ImportView): readonly string[] {
  const { placed, already, unplaced, unusedColumns, rows } = imported;
  const list = (title: string, entries: readonly Row[]): readonly string[] =>
    entries.length === 0 ? [] : ["", style.strong(title), ...shown(entries, width)];
  const notes = placed.flatMap((one) => one.notes.map((note) => ({ line: one.line, name: one.id, detail: note })));
  const troubles = unplaced.map(({ line, name, kind, detail }) => ({ line, name, detail: `${kind}: ${detail}` }));
  const added = dry ? "Would be added" : "Added";
  return [
    `${counted(rows, "line")} read: ${counted(placed.length, "device")} ${dry ? "to be added" : "added"} to ${watchlist}, ` +
      `${already.length} there already, ${unplaced.length} not placed. Nothing is approved.`,
    ...(placed.length > eachMax ? list(`${added}, by profile`, byProfile(imported)) : list(added, each(imported))),
    ...list(
      "Never asked, by their function",
      placed.filter(({ never }) => never).map((one) => [`  line ${one.line}`, one.id, one.function]),
    ),
    ...list("To be looked at", together(notes)),
    ...list("Could not be placed", together(troubles)),
    ...(unplaced.some(({ kind }) => kind === "no segment") ? segmentHelp(watchlist) : []),
    ...(unusedColumns.length === 0 ? [] : ["", `Columns that are not used: ${unusedColumns.join(", ")}`]),
    ...(placed.length === 0 || dry
      ? []
      : ["", "Next: look at each new entry and its comments, state what it asks for, then `watchkeeper plan`."]),
  ].map((line) => printable(line, 4000));
}

function each({ placed }: Imported): readonly Row[] {
  return placed.map(({ line, id, address, via, profile }) => [`  line ${line}`, id, address ?? `via ${via ?? ""}`, profile]);
}

function byProfile({ placed }: Imported): readonly Row[] {
  const groups = [...Map.groupBy(placed, ({ profile }) => profile)].toSorted(([, a], [, b]) => b.length - a.length);
  return groups.map(([profile, devices]) => [
    `  ${profile}`,
    String(devices.length),
    some(
      devices.map(({ id }) => id),
      namesMax,
    ),
  ]);
}

interface Trouble {
  readonly line: number;
  readonly name: string;
  readonly detail: string;
}

/** What is said of many lines in the same words is one entry, where the first of them stands. */
function together(troubles: readonly Trouble[]): readonly Row[] {
  return [...Map.groupBy(troubles, ({ detail }) => detail)].map(([detail, all]) => [
    `  ${all.length === 1 ? "line" : "lines"} ${some(
      all.map(({ line }) => String(line)),
      numbersMax,
    )}`,
    some(
      all.map(({ name }) => name),
      1,
    ),
    detail,
  ]);
}

function some(texts: readonly string[], most: number): string {
  const more = texts.length - most;
  return `${texts.slice(0, most).join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}

function segmentHelp(watchlist: string): readonly string[] {
  return [
    "",
    `A segment is one subnet with this computer's own address on it. Add it to ${watchlist}, then import again:`,
    "  segments:",
    "    - {id: hvac, zone: OT-1, subnet: 10.20.1.0/24, localAddress: 10.20.1.5}",
  ];
}

function shown(entries: readonly Row[], width: number): readonly string[] {
  const more = entries.length - linesMax;
  return [...columns(entries.slice(0, linesMax), width), ...(more > 0 ? [`  and ${more} more: see --json`] : [])];
}
