/** One poller a state folder, also across network namespaces and containers: a lock that the kernel lets go with the process. */
import { closeSync, openSync, readFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Clock } from "../domain/clock.ts";
import { printable } from "../domain/printable.ts";
import { isDatabaseError, type Unusable } from "./database.ts";
import { isFileError, writeDurably } from "./durable-file.ts";

export const lockFileName = "lock.sqlite";
/** Who holds the lock, for a person; it decides nothing. */
const holderFileName = "lock.json";
/** SQLITE_BUSY: another process holds it. */
const busy = 5;

export interface StateLock {
  release(): void;
}

/**
 * Takes the lock or says in one sentence who has it. SQLite holds it as a lock of the file (fcntl), so nothing else in this process may ever
 * open `lock.sqlite`: closing any descriptor of it would let the lock go.
 */
export function claimStateFolder(folder: string, clock: Clock): StateLock | Unusable {
  const path = join(folder, lockFileName);
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
    note(join(folder, holderFileName), clock);
    return { release: () => db.close() };
  } catch (error) {
    if (!isDatabaseError(error)) throw error;
    if ("errcode" in error && error.errcode === busy) return { problem: taken(folder) };
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

function taken(folder: string): string {
  return `${folder}: found another poller at work in this state folder (${holderIn(folder)}), expected none; end that one first, or give this one a state folder of its own`;
}

function holderIn(folder: string): string {
  try {
    const holder = JSON.parse(readFileSync(join(folder, holderFileName), "utf8")) as Readonly<Record<string, unknown>> | null;
    return printable(`process ${String(holder?.["pid"])} on ${String(holder?.["host"])} since ${String(holder?.["since"])}`, 200);
  } catch (error) {
    if (!isFileError(error) && !(error instanceof SyntaxError)) throw error;
    return "which one is not known";
  }
}
