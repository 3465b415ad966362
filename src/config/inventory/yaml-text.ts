/** Writes an entry of a watchlist as a person would, with its comments above it. */

export type Flow = string | number | boolean | null | readonly Flow[] | { readonly [key: string]: Flow | undefined };

/** One key a line; groups and lists within a line. `indent` is where the dash stands. */
export function entryText(entry: Readonly<Record<string, Flow | undefined>>, comments: readonly string[], indent: number): string {
  const space = " ".repeat(indent);
  const keys = Object.entries(entry).flatMap(([key, value]) => (value === undefined ? [] : [`${key}: ${flowText(value)}`]));
  return [
    ...comments.map((comment) => `${space}# ${comment}`),
    ...keys.map((line, at) => `${space}${at === 0 ? "- " : "  "}${line}`),
    "",
  ].join("\n");
}

function flowText(value: Flow): string {
  if (typeof value === "string") return scalar(value);
  if (value === null || typeof value !== "object") return String(value);
  if (isList(value)) return `[${value.map(flowText).join(", ")}]`;
  const parts = Object.entries(value).flatMap(([key, one]) => (one === undefined ? [] : [`${key}: ${flowText(one)}`]));
  return `{${parts.join(", ")}}`;
}

function isList(value: object): value is readonly Flow[] {
  return Array.isArray(value);
}

/** Plain where nobody could read anything else into it; else in quotes, in which YAML 1.2 reads what JSON writes. */
function scalar(text: string): string {
  const plain = /^[A-Za-z][A-Za-z0-9_./ -]*[A-Za-z0-9_./-]$/u.test(text) || /^(?:\d{1,3}\.){3}\d{1,3}$/u.test(text) || /^\d+s$/u.test(text);
  const meansElse = /^(?:true|false|yes|no|on|off|null|nan|inf)$/iu.test(text);
  return plain && !meansElse ? text : JSON.stringify(text);
}
