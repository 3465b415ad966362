/** One log entry as a line for a person: time, level, what happened, and what else is known. */

/** Said in the message already, or of no use on a terminal. */
const silent: ReadonlySet<string> = new Set(["level", "time", "msg", "event", "site", "lab"]);

/** `2026-11-21T12:00:00.000Z WARN  plc: up > down, no answer in time  segment=hvac`, from pino's line of JSON. */
export function asText(json: string): string {
  const { level, time, msg, lab, ...rest } = JSON.parse(json) as Readonly<Record<string, unknown>>;
  const more = Object.entries(rest)
    .filter(([name, value]) => !silent.has(name) && value !== "" && value !== undefined)
    .map(([name, value]) => `${name}=${worded(value)}`);
  const said = [lab === true ? `[LAB] ${String(msg)}` : String(msg), ...more].join("  ");
  return `${String(time)} ${String(level).toUpperCase().padEnd(5)} ${said}\n`;
}

function worded(value: unknown): string {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return /^[\w.:/+-]+$/u.test(text) ? text : JSON.stringify(text);
}
