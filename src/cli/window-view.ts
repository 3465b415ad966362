/** A maintenance window as `window list` and `status` show it. */
import type { WindowStatus } from "../domain/control.ts";
import { instantWords } from "../domain/instant.ts";
import { printable } from "../domain/printable.ts";
import { wallMs } from "../domain/units.ts";

/** One window in one line, with its times as its owner reads a clock, UTC beside them. */
export function windowLine({ id, kind, scope, from, until, offsetMinutes, open, by, reason, change }: WindowStatus): string {
  const at = (time: string): string => instantWords(wallMs(Date.parse(time)), offsetMinutes);
  const reference = change === null ? "" : `, change ${change}`;
  const text = `${id}  ${kind}  ${scope}  ${open ? "open" : `begins ${at(from)},`} until ${at(until)}, by ${by}: ${reason}${reference}`;
  return printable(text, 1000);
}
