/** Maintenance windows in a file beside the journal: a restart ends none, and forgets none that is planned. */
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { wallMs } from "../domain/units.ts";
import { isWindowKind, isWindowScope, type Window } from "../domain/windows.ts";
import type { Unusable } from "./database.ts";
import { isFileError, writeDurably } from "./durable-file.ts";

export const windowsFileName = "windows.json";

export interface KeptWindows {
  /** The number of the next window. */
  readonly next: number;
  readonly windows: readonly Window[];
  /** Pauses that are over, each as long as it was, the oldest first: by them a capture is judged. Absent: none. */
  readonly past?: readonly PastPause[];
}

export interface PastPause extends Window {
  /** Whom it covered was too much to keep: no capture of its time can be judged by it. */
  readonly namesDropped?: true;
}

const none: KeptWindows = { next: 1, windows: [] };

/** What cannot be read may be a pause: then nothing starts. */
export function readWindows(stateFolder: string): KeptWindows | Unusable {
  const path = join(stateFolder, windowsFileName);
  try {
    if (!statSync(path, { throwIfNoEntry: false })) return none;
    return understood(readFileSync(path, "utf8")) ?? { problem: unreadable(path) };
  } catch (error) {
    if (!isFileError(error)) throw error;
    return { problem: `${path}: the maintenance windows cannot be read (${error.message}); see that this user may read it` };
  }
}

/** As a whole or not at all. */
export function writeWindows(stateFolder: string, { next, windows, past = [] }: KeptWindows): Unusable | undefined {
  const path = join(stateFolder, windowsFileName);
  try {
    writeDurably(path, `${JSON.stringify({ schema: "windows/v1", next, windows, ...(past.length > 0 && { past }) }, undefined, 2)}\n`);
    return undefined;
  } catch (error) {
    if (!isFileError(error)) throw error;
    return { problem: `${path}: the maintenance windows cannot be written (${error.message}); make room on the disk of the state folder` };
  }
}

function understood(text: string): KeptWindows | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== "object" || value === null) return undefined;
    const { schema, next, windows, past = [] } = value as Readonly<Record<string, unknown>>;
    if (schema !== "windows/v1" || !Number.isSafeInteger(next) || !areWindows(windows) || !areWindows(past)) return undefined;
    return { next: next as number, windows, ...(past.length > 0 && { past }) };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return undefined;
  }
}

function areWindows(value: unknown): value is readonly Window[] {
  return Array.isArray(value) && value.every(isWindow);
}

/** Only `writeWindows` writes the file, from typed windows; what is looked at is whether it still is one. */
function isWindow(value: unknown): value is Window {
  if (typeof value !== "object" || value === null) return false;
  const {
    id,
    kind,
    scope,
    from,
    until,
    offsetMinutes,
    by,
    reason,
    change,
    devices = [],
    places = [],
    since = {},
  } = value as Readonly<Record<string, unknown>>;
  if (!Array.isArray(devices) || !Array.isArray(places) || typeof since !== "object" || since === null) return false;
  if (!Object.values(since).every(isMoment)) return false;
  const worded = [...devices, ...places, id, kind, scope, by, reason, change ?? ""].every((word) => typeof word === "string");
  const known = worded && isWindowKind(kind as string) && isWindowScope(scope as string);
  return known && isMoment(from) && isMoment(until) && Number.isInteger(offsetMinutes);
}

function isMoment(value: unknown): boolean {
  return typeof value === "number" && Number.isFinite(value) && value >= 0 && wallMs(value) <= 8.64e15;
}

function unreadable(path: string): string {
  return `${path}: found something other than a list of maintenance windows: a pause that still holds may be in it; look at it, stop the site if you cannot tell, then move it away and open the windows again`;
}
