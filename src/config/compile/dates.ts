/** Days as approvals write them, turned into moments: a day ends when it ends in UTC. */
import { approvalGrace, approvalMonthsMax } from "../../domain/limits.ts";
import { wallMs, type WallMs } from "../../domain/units.ts";
import type { Approval } from "../schema/approval.ts";
import type { IsoDate, IsoInstant } from "../schema/common.ts";

const dayMs = 86_400_000;
/** The day begins 14 h before UTC on the islands furthest east: what is signed there today is not "tomorrow". */
const earliestZoneMs = 14 * 3_600_000;

export function startOfDay(day: IsoDate): WallMs {
  return wallMs(Date.parse(`${day}T00:00:00Z`));
}

export function endOfDay(day: IsoDate): WallMs {
  return wallMs(startOfDay(day) + dayMs);
}

export function dayOf(moment: WallMs): IsoDate {
  return new Date(moment).toISOString().slice(0, 10);
}

/** `2026-11-21T12:00:00Z`, as commands write it into files. */
export function instantOf(moment: WallMs): IsoInstant {
  return `${new Date(moment).toISOString().slice(0, 19)}Z`;
}

/** The day that ends at `moment`: `expiresOn` as it was written. */
export function lastDayBefore(moment: WallMs): IsoDate {
  return dayOf(wallMs(moment - 1));
}

/** The same day so many months on; the last of the month where that has no such day. */
export function monthsLater(day: IsoDate, months: number): IsoDate {
  const date = new Date(startOfDay(day));
  const wanted = date.getUTCDate();
  date.setUTCDate(1);
  date.setUTCMonth(date.getUTCMonth() + months);
  const last = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate();
  date.setUTCDate(Math.min(wanted, last));
  return dayOf(wallMs(date.getTime()));
}

export function begins(approvedOn: IsoDate): WallMs {
  return wallMs(startOfDay(approvedOn) - earliestZoneMs);
}

export interface End {
  /** From here on it is expired, with an alarm. */
  readonly expires: WallMs;
  /** From here on nothing is asked. */
  readonly ends: WallMs;
}

/** Ordinary expiry has a grace of 90 days; the end of an accepted risk has none. Undefined for an approval that nobody has signed. */
export function endOf({ approvedOn, expiresOn, basis }: Partial<Pick<Approval, "approvedOn" | "expiresOn" | "basis">>): End | undefined {
  if (approvedOn === undefined || expiresOn === undefined || basis === undefined) return undefined;
  const latest = endOfDay(monthsLater(approvedOn, approvalMonthsMax));
  const ordinary = Math.min(endOfDay(expiresOn), latest);
  const until = basis.riskAcceptance?.until;
  const risk = until === undefined ? Number.POSITIVE_INFINITY : endOfDay(until);
  return { expires: wallMs(Math.min(ordinary, risk)), ends: wallMs(Math.min(ordinary + approvalGrace, risk)) };
}
