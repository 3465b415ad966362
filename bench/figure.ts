/** What a bench says: one figure, what it is compared with in the same run, and whether it meets its aim. */

export type Unit = "µs" | "ms" | "bytes" | "MB";

export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: Unit;
  /** The same done without the product, in the same run. */
  readonly beside?: { readonly what: string; readonly value: number };
  /** `of: "beside"`: at most so many times what it is compared with; else at most so much in the figure's own unit. */
  readonly aim?: { readonly atMost: number; readonly of: "beside" | "unit" };
  /** How far the rounds lay apart, in words. */
  readonly noise?: string;
}

/** Undefined without an aim. @throws RangeError for an aim that compares with nothing. */
export function met({ value, beside, aim }: Figure): boolean | undefined {
  if (!aim) return undefined;
  if (aim.of === "unit") return value <= aim.atMost;
  if (!beside) throw new RangeError("figure: an aim beside nothing");
  return value <= aim.atMost * beside.value;
}

export function ratio({ value, beside }: Figure): number | undefined {
  return beside && beside.value > 0 ? value / beside.value : undefined;
}

/** A figure as `--json` gives it. */
export function withVerdict(figure: Figure): Figure & { readonly ratio?: number; readonly met?: boolean } {
  const times = ratio(figure);
  const verdict = met(figure);
  return { ...figure, ...(times !== undefined && { ratio: times }), ...(verdict !== undefined && { met: verdict }) };
}

export function table(figures: readonly Figure[]): string {
  const rows = [["figure", "product", "compared with", "ratio", "aim", "met", "noise"], ...figures.map(row)];
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((cells) => cells[column]!.length)));
  return rows
    .map(
      (cells) =>
        `${cells
          .map((cell, column) => cell.padEnd(widths[column]!))
          .join("  ")
          .trimEnd()}\n`,
    )
    .join("");
}

function row(figure: Figure): string[] {
  const { name, value, unit, beside, noise } = figure;
  const times = ratio(figure);
  return [
    name,
    shown(value, unit),
    beside ? `${shown(beside.value, unit)} ${beside.what}` : "",
    times === undefined ? "" : `${rounded(times)}x`,
    aimText(figure),
    { true: "yes", false: "NO", undefined: "" }[String(met(figure)) as "true"],
    noise ?? "",
  ];
}

function aimText({ aim, unit }: Figure): string {
  if (!aim) return "";
  return aim.of === "unit" ? `at most ${shown(aim.atMost, unit)}` : `at most ${aim.atMost}x`;
}

function shown(value: number, unit: Unit): string {
  return `${rounded(value)} ${unit}`;
}

/** Three digits say all that a bench knows. */
function rounded(value: number): number {
  return value >= 100 ? Math.round(value) : Number(value.toPrecision(3));
}
