/** A maintenance window as `window list` and `status` show it. */
import type { WindowStatus } from "../domain/control.ts";
import type { DeepQueryStatus } from "../domain/deep-control.ts";
import { instantWords } from "../domain/instant.ts";
import { printable } from "../domain/printable.ts";
import { wallMs } from "../domain/units.ts";
import { moment } from "./text.ts";

/** The deep query that is under way: who asks whom, since when. */
export function deepQueryLine({ id, by, reason, since, devices }: DeepQueryStatus): string {
  return printable(`DEEP QUERY ${id} asks ${devices.join(", ")} since ${moment(since)}, by ${by}: ${reason}`, 1500);
}

/**
 * One window in one line, with its times as its owner reads a clock, UTC beside them.
 * @param now by which one that should be open and is not waits for the poller's clock; absent where it was opened in this moment
 */
export function windowLine(
  { id, kind, scope, from, until, offsetMinutes, open, by, reason, change }: WindowStatus,
  now: string | undefined,
): string {
  const at = (time: string): string => instantWords(wallMs(Date.parse(time)), offsetMinutes);
  const reference = change === null ? "" : `, change ${change}`;
  const waits = now !== undefined && Date.parse(from) <= Date.parse(now);
  const begins = waits ? `begins once the poller trusts its clock (planned for ${at(from)}),` : `begins ${at(from)},`;
  const text = `${id}  ${kind}  ${scope}  ${open ? "open" : begins} until ${at(until)}, by ${by}: ${reason}${reference}`;
  return printable(text, 1000);
}
