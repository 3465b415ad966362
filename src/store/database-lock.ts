/** One poller a state folder, also across network namespaces and containers: a lock that the kernel lets go with the process. */
import { closeSync, openSync, readFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Clock } from "../domain/clock.ts";
import { printable } from "../domain/printable.ts";
import { after, milliseconds } from "../domain/units.ts";
import { isDatabaseError, type Unusable } from "./database.ts";
import { isFileError, writeDurably } from "./durable-file.ts";

export const lockFileName = "lock.sqlite";
/** What one process of a kind holds: its lock, and beside it who holds it, for a person; that decides nothing. */
interface LockKind {
  readonly lock: string;
  readonly holder: string;
  readonly who: string;
}
const poller: LockKind = { lock: lockFileName, holder: "lock.json", who: "another poller" };
const notifier: LockKind = { lock: "notify-lock.sqlite", holder: "notify-lock.json", who: "another notifier" };
/** SQLITE_BUSY: another process holds it. */
const busy = 5;

export interface StateLock {
  release(): void;
}

/** It is held. `gone`: whoever is noted does not run any more, so that who has it has not written its own name yet. */
interface Taken extends Unusable {
  readonly gone: boolean;
}

/** Of two that start at once the one has the lock some milliseconds before its name is on the disk. */
const nameLookedForEvery = milliseconds(100);
const nameLookedForTimes = 10;

/**
 * Takes the lock or says in one sentence who has it. SQLite holds it as a lock of the file (fcntl), so nothing else in this process may ever
 * open `lock.sqlite`: closing any descriptor of it would let the lock go.
 */
export function claimStateFolder(folder: string, clock: Clock): StateLock | Unusable {
  return claim(folder, clock, poller);
}

/** The same for one that starts beside others: where the note still names one that has ended, it looks again for up to a second. */
export async function claimBesideOthers(folder: string, clock: Clock): Promise<StateLock | Unusable> {
  for (let looked = 0; ; looked += 1) {
    const claimed = claim(folder, clock, poller);
    if (!("gone" in claimed) || !claimed.gone || looked === nameLookedForTimes) return claimed;
    await new Promise<void>((resolve) => void clock.at(after(clock.monotonic(), nameLookedForEvery), resolve));
  }
}

/** One notifier a state folder, or every message would come twice. */
export function claimOutbox(folder: string, clock: Clock): StateLock | Unusable {
  return claim(folder, clock, notifier);
}

function claim(folder: string, clock: Clock, kind: LockKind): StateLock | Taken | Unusable {
  const path = join(folder, kind.lock);
  try {
    makeOnce(path);
    const db = new DatabaseSync(path, { timeout: 0, allowExtension: false });
    try {
      // Held until release: the transaction is never ended. Nothing is written, so that no journal need lie beside it.
      db.exec("PRAGMA journal_mode = MEMORY; PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE");
    } catch (error) {
      db.close();
      throw error;
    }
    note(join(folder, kind.holder), clock);
    return { release: () => db.close() };
  } catch (error) {
    if (!isDatabaseError(error)) throw error;
    if ("errcode" in error && error.errcode === busy) return taken(folder, kind);
    return { problem: `${path}: the lock of the state folder cannot be had (${error.message}); see that this user may write there` };
  }
}

function makeOnce(path: string): void {
  try {
    closeSync(openSync(path, "wx", 0o600));
  } catch (error) {
    if (!isFileError(error) || error.code !== "EEXIST") throw error;
  }
}

function note(path: string, clock: Clock): void {
  const holder = { pid: process.pid, host: hostname(), since: new Date(clock.wall()).toISOString() };
  try {
    writeDurably(path, `${JSON.stringify(holder)}\n`);
  } catch (error) {
    // A full disk: the lock holds all the same.
    if (!isFileError(error)) throw error;
  }
}

function taken(folder: string, { holder, who }: LockKind): Taken {
  const { words, gone } = holderIn(join(folder, holder));
  const problem = `${folder}: found ${who} at work in this state folder (${words}), expected none; end that one first, or give this one a state folder of its own`;
  return { problem, gone };
}

function holderIn(path: string): { readonly words: string; readonly gone: boolean } {
  const unknown = "which one is not known";
  try {
    const holder = JSON.parse(readFileSync(path, "utf8")) as Readonly<Record<string, unknown>> | null;
    const { pid, host, since } = { pid: holder?.["pid"], host: holder?.["host"], since: holder?.["since"] };
    // Of another host, or another container, nobody here can tell.
    if (host === hostname() && hasEnded(pid)) return { words: unknown, gone: true };
    return { words: printable(`process ${String(pid)} on ${String(host)} since ${String(since)}`, 200), gone: false };
  } catch (error) {
    if (!isFileError(error) && !(error instanceof SyntaxError)) throw error;
    return { words: unknown, gone: false };
  }
}

function hasEnded(pid: unknown): boolean {
  if (typeof pid !== "number" || !Number.isInteger(pid) || pid < 1) return false;
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    if (!isFileError(error)) throw error;
    return error.code === "ESRCH";
  }
}
