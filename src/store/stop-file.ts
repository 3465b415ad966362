/** The site's stop: the file STOP in the state folder is the one truth, whoever wrote it, and it outlives every process. */
import {
  closeSync,
  linkSync,
  lstatSync,
  lutimesSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  type BigIntStats,
  type Stats,
} from "node:fs";
import { dirname, join } from "node:path";
import type { Clock } from "../domain/clock.ts";
import { detail, shortName } from "./tidy.ts";
import { isFileError, syncFolder, writeDurably } from "./durable-file.ts";
import type { Unusable } from "./database.ts";

export const stopFileName = "STOP";
/** What we write is far shorter; more is odd, and odd is a stop. */
const bytesMax = 16_384;

/** Who stopped the site, and why. `by` is empty where the file does not say, `since` undefined. */
export interface StopRecord {
  readonly by: string;
  readonly reason: string;
  /** ISO 8601 in UTC. */
  readonly since: string | undefined;
}

export class StopFile {
  readonly #path: string;
  readonly #clock: Clock;
  /** The folder as it was at the start: one that was replaced or unmounted cannot say that the site runs. */
  readonly #folder: Stats | undefined;
  #record: StopRecord | undefined;
  /** A stop that could not be written holds in memory until it is lifted: the file's absence says nothing then. */
  #unwritten = false;
  /** Whether anything of that name was there at the last read. */
  #present = false;
  #generation = 0;
  /** Inode and change time of what was read last, so that an unchanged file is not read five times a second. */
  #seen = "";

  constructor(stateFolder: string, clock: Clock) {
    this.#path = join(stateFolder, stopFileName);
    this.#clock = clock;
    this.#folder = folderAt(stateFolder);
    this.read();
  }

  /** Memory: what the last read, write or lift came to. */
  get inForce(): boolean {
    return this.#record !== undefined;
  }

  /** Who and why, while in force. */
  get record(): StopRecord | undefined {
    return this.#record;
  }

  /** Goes up with every stop (also while one is in force), every lift and every change of the file: what was allowed under another generation no longer is. */
  get generation(): number {
    return this.#generation;
  }

  /** Looks at the file again and returns whether the site is stopped. Whatever is there and cannot be understood is a stop. */
  read(): boolean {
    const { seen, record, present } = this.#look();
    this.#present = present;
    if (seen !== this.#seen) {
      this.#seen = seen;
      this.#generation += 1;
    }
    if (!this.#unwritten) this.#record = record;
    return this.inForce;
  }

  /**
   * Stops the site: in memory first, then on disk. With a problem the stop holds for this process only. Where one is in force already, this
   * is another: a resumption that is under way must not lift it. The record keeps who stopped first, and why.
   */
  write(by: string, reason: string): Unusable | undefined {
    this.read();
    const record = { by: shortName(by), reason: detail(reason), since: new Date(this.#clock.wall()).toISOString() };
    const first = this.#present ? this.#record : undefined;
    this.#record = first ?? record;
    this.#unwritten = true;
    this.#generation += 1;
    try {
      if (first) this.#putAgain(first, record);
      else this.#put(record);
    } catch (error) {
      if (!isFileError(error)) throw error;
      return {
        problem: `${this.#path}: the stop could not be written (${error.message}): this process is stopped, but would not be after a restart; make room and stop again`,
      };
    }
    this.#unwritten = false;
    this.read();
    return undefined;
  }

  /**
   * Lets the site run again: on disk first, then in memory. With a problem it stays stopped. `generation` is the one at which the person
   * decided; a stop that came since is another and stays. Where nothing is stopped it lifts nothing. The caller has written `by` and
   * `reason` to the audit.
   */
  lift(by: string, reason: string, generation: number): Unusable | undefined {
    if (by.trim() === "" || reason.trim() === "")
      return { problem: "resume: found no name or no reason, expected who lets the site run again, and why" };
    this.read();
    if (generation !== this.#generation) return { problem: anotherStop };
    if (!this.inForce) return undefined;
    try {
      if (!this.#takeAway()) return { problem: anotherStop };
    } catch (error) {
      if (!isFileError(error)) throw error;
      return { problem: `${this.#path}: cannot be removed (${error.message}); the site stays stopped. Remove it by hand` };
    }
    this.#unwritten = false;
    return this.read() ? { problem: `${this.#path}: the site stays stopped (${this.#record?.reason ?? ""})` } : undefined;
  }

  /** False when the file is another than the one that was read last: then it is there still. */
  #takeAway(): boolean {
    const found = lstatSync(this.#path, { bigint: true, throwIfNoEntry: false });
    if (!found) return true;
    if (markOf(found) !== this.#seen) return false;
    // A folder is not ours to remove, and what is in it may matter.
    if (found.isDirectory()) return true;
    // Taken aside first: another process may have put its stop in the place between the look above and this.
    const aside = `${this.#path}.lifted-${process.pid}`;
    renameSync(this.#path, aside);
    const taken = lstatSync(aside, { bigint: true });
    const same = taken.ino === found.ino && taken.mtimeNs === found.mtimeNs;
    // Fails where yet another stop lies there by now, which is as good.
    if (!same) putBack(aside, this.#path);
    rmSync(aside, { force: true });
    syncFolder(dirname(this.#path));
    return same;
  }

  #put(record: StopRecord): void {
    try {
      writeDurably(this.#path, `${JSON.stringify(record)}\n`);
    } catch (error) {
      if (!isFileError(error)) throw error;
      // On a full disk a name without content may still fit, and a name is enough.
      closeSync(openSync(this.#path, "a", 0o600));
      syncFolder(dirname(this.#path));
    }
  }

  /** Makes the file another one to everybody who has read it. What is not ours, or finds no room, keeps its content and gets a new time. */
  #putAgain(first: StopRecord, latest: StopRecord): void {
    try {
      if (first.by !== "") return writeDurably(this.#path, `${JSON.stringify({ ...first, latest })}\n`);
    } catch (error) {
      if (!isFileError(error)) throw error;
    }
    try {
      const now = this.#clock.wall() / 1000;
      lutimesSync(this.#path, now, now);
    } catch (error) {
      if (!isFileError(error) || error.code !== "ENOENT") throw error;
      // Lifted by another process in this very moment: that was the stop before.
      this.#put(latest);
    }
  }

  #look(): Look {
    try {
      const found = lstatSync(this.#path, { bigint: true, throwIfNoEntry: false });
      if (!found) return this.#absent();
      const seen = markOf(found);
      if (seen === this.#seen && this.#record) return { seen, record: this.#record, present: true };
      return { seen, record: recordIn(this.#path, found), present: true };
    } catch (error) {
      if (!isFileError(error)) throw error;
      return { seen: `error ${error.code ?? ""}`, record: odd(`the file STOP cannot be read (${error.message})`), present: false };
    }
  }

  #absent(): Look {
    const folder = folderAt(dirname(this.#path));
    const same = folder !== undefined && folder.ino === this.#folder?.ino && folder.dev === this.#folder.dev;
    if (same) return { seen: "", record: undefined, present: false };
    const record = odd("the state folder is gone or was replaced: whether the site is stopped cannot be known");
    return { seen: "no folder", record, present: false };
  }
}

/** What stands in a state folder that may be a copy, for a reader who decides nothing by it; undefined: no stop. @throws what the file system refuses. */
export function standingStop(stateFolder: string): StopRecord | undefined {
  const path = join(stateFolder, stopFileName);
  const found = lstatSync(path, { bigint: true, throwIfNoEntry: false });
  return found && recordIn(path, found);
}

interface Look {
  readonly seen: string;
  readonly record: StopRecord | undefined;
  readonly present: boolean;
}

const anotherStop = "resume: found another stop than the one that was to be lifted, so the site stays stopped; look at it and resume again";

/** Another one for every file that was ever written there, and after every change. */
function markOf({ ino, ctimeNs, size }: BigIntStats): string {
  return `${ino} ${ctimeNs} ${size}`;
}

function putBack(aside: string, path: string): void {
  try {
    linkSync(aside, path);
  } catch (error) {
    if (!isFileError(error) || error.code !== "EEXIST") throw error;
  }
}

function recordIn(path: string, found: BigIntStats): StopRecord {
  // Opening anything but a file could wait for ever, as a pipe does.
  if (!found.isFile()) return odd("found something other than a file under the name STOP");
  return found.size > bytesMax ? odd("the file STOP is too long to be read") : understood(readFileSync(path, "utf8"));
}

function folderAt(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch (error) {
    if (!isFileError(error)) throw error;
    return undefined;
  }
}

function understood(text: string): StopRecord {
  try {
    const value: unknown = JSON.parse(text);
    const { by, reason, since } = (typeof value === "object" && value !== null ? value : {}) as Readonly<Record<string, unknown>>;
    const words = (word: unknown): string => (typeof word === "string" ? word : "");
    const when = typeof since === "string" && Number.isFinite(Date.parse(since)) ? since : undefined;
    return { by: shortName(words(by)), reason: detail(words(reason)), since: when };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return odd("the file STOP does not say why");
  }
}

function odd(reason: string): StopRecord {
  return { by: "", reason, since: undefined };
}
