/** What is wrong in a file: where it stands, what was found, what is expected and what to do, in one line a person can act on. */

/** Keys and list positions from the file's root: `["devices", 2, "address"]`. */
export type Path = readonly (string | number)[];

export interface Problem {
  /** As the operator knows it: relative to the settings file's folder. */
  readonly file: string;
  /** As editors count, from 1. */
  readonly line: number;
  /** `devices[2].address`; empty for the file as a whole. */
  readonly path: string;
  /** What stands there, already quoted: `"10.20.1.0/24"`, `nothing`, `the tag !!binary`. */
  readonly found: string;
  /** A noun phrase: `one literal unicast address`. */
  readonly expected: string;
  /** What to do, where it is not plain from `expected`. */
  readonly hint?: string;
}

/** A file as problems name it, and the lines of what stands in it. */
export interface Source {
  readonly file: string;
  readonly lines: LineIndex;
}

/** Where the parts of a file stand. */
export interface LineIndex {
  /** The line of the value at `path`, or of the nearest part above it that is there; 1 in an empty file. */
  lineOf(path: Path): number;
}

/** What a file holds, with the way back to its lines and the text as it was read. */
export interface Loaded<Value> extends Source {
  /** Absolute. */
  readonly location: string;
  readonly text: string;
  readonly value: Value;
}

export type Complaint = Pick<Problem, "found" | "expected"> & { readonly hint?: string | undefined };

export function problemAt({ file, lines }: Source, path: Path, { found, expected, hint }: Complaint): Problem {
  return { file, line: lines.lineOf(path), path: formatPath(path), found, expected, ...(hint === undefined ? {} : { hint }) };
}

/** `watchlist.yaml:14: devices[2].address: found "10.20.1.0/24", expected one literal unicast address (hint: name each device)` */
export function formatProblem({ file, line, path, found, expected, hint }: Problem): string {
  const where = path === "" ? `${file}:${line}` : `${file}:${line}: ${path}`;
  return `${where}: found ${found}, expected ${expected}${hint === undefined ? "" : ` (hint: ${hint})`}`;
}

export function formatPath(path: Path): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === "number") return `${text}[${part}]`;
    if (!/^[\w-]+$/u.test(part)) return `${text}[${quote(part)}]`;
    return text === "" ? part : `${text}.${part}`;
  }, "");
}

/** By file, then line, then path. */
export function sortProblems(problems: readonly Problem[]): readonly Problem[] {
  const order = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
  return problems.toSorted((a, b) => order(a.file, b.file) || a.line - b.line || order(a.path, b.path) || order(a.found, b.found));
}

const quotedCharactersMax = 80;

/** A value from a file as a message shows it: short, on one line, with invisible characters spelled out. */
export function quote(value: unknown): string {
  if (typeof value === "string") {
    const short = value.length > quotedCharactersMax ? `${value.slice(0, quotedCharactersMax)}…` : value;
    return JSON.stringify(short).replaceAll(/[\p{Cc}\p{Cf}\p{Co}\p{Cs}\u2028\u2029]/gu, codePoint);
  }
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  if (value === undefined) return "nothing";
  if (value === null) return "an empty value";
  if (Array.isArray(value)) return value.length === 0 ? "an empty list" : `a list of ${value.length}`;
  return "a group of keys";
}

/** `U+0430`, the way Unicode names a character. */
export function codePoint(character: string): string {
  return `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}`;
}
