/** Colours, on a terminal only, and never the only sign of anything: a word always says the same. */
import type { Context } from "./command.ts";

export interface Style {
  readonly good: (text: string) => string;
  readonly bad: (text: string) => string;
  readonly doubtful: (text: string) => string;
  readonly strong: (text: string) => string;
  readonly faint: (text: string) => string;
}

const escape = String.fromCharCode(27);
const coloured =
  (code: number) =>
  (text: string): string =>
    `${escape}[${code}m${text}${escape}[0m`;
const asItIs = (text: string): string => text;

export const plain: Style = { good: asItIs, bad: asItIs, doubtful: asItIs, strong: asItIs, faint: asItIs };
export const colours: Style = { good: coloured(32), bad: coloured(31), doubtful: coloured(33), strong: coloured(1), faint: coloured(2) };

/** NO_COLOR (https://no-color.org) and a dumb terminal are respected. */
export function styleFor({ stdout, env }: Pick<Context, "stdout" | "env">): Style {
  const wanted = stdout.isTerminal && !env["NO_COLOR"] && env["TERM"] !== "dumb";
  return wanted ? colours : plain;
}

/** What a person's terminal is wide; 120 where there is none, so that a log shows all columns. */
export function widthFor({ stdout }: Pick<Context, "stdout">): number {
  return Math.min(200, Math.max(60, stdout.columns ?? 120));
}
