/** How metrics are written: Prometheus text format 0.0.4 and OpenMetrics 1.0.0, byte for byte as prom-client writes them. */

export type Format = "text" | "openmetrics";

export const contentTypes: Readonly<Record<Format, string>> = {
  text: "text/plain; version=0.0.4; charset=utf-8",
  openmetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8",
};

/** Counters carry their `_total`; OpenMetrics leaves it off the family's name and keeps it on the samples. */
export interface FamilyHead {
  readonly name: string;
  readonly help: string;
  readonly type: "gauge" | "counter" | "histogram";
}

/** HELP and TYPE, with an end of line. */
export function head({ name, help, type }: FamilyHead, format: Format): string {
  const family = format === "openmetrics" && type === "counter" ? name.replace(/_total$/u, "") : name;
  return `# HELP ${family} ${escapedHelp(help)}\n# TYPE ${family} ${type}\n`;
}

/** What stands between two families, and after the last. */
export const between: Readonly<Record<Format, string>> = { text: "\n", openmetrics: "" };
export const end: Readonly<Record<Format, string>> = { text: "", openmetrics: "# EOF\n" };

/** One sample with its end of line; `labels` as `labels()` makes them, or empty. */
export function sample(name: string, labels: string, value: number): string {
  return labels === "" ? `${name} ${number(value)}\n` : `${name}{${labels}} ${number(value)}\n`;
}

/** `device="plc",check="modbus-fc43"`, in the order given. */
export function labels(pairs: readonly (readonly [name: string, value: string])[]): string {
  return pairs.map(([name, value]) => `${name}="${escaped(value)}"`).join(",");
}

/** A label's value: backslash, quote and end of line written as two characters. */
export function escaped(value: string): string {
  return plain.test(value) ? value : value.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll('"', '\\"');
}
/** Most names need nothing; one test is cheaper than three replacements. */
const plain = /^[\w ./:#@-]*$/u;

function escapedHelp(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
}

function number(value: number): string {
  if (Number.isFinite(value)) return String(value);
  if (Number.isNaN(value)) return "NaN";
  return value > 0 ? "+Inf" : "-Inf";
}
