/** Trips that the journal does not hold yet, in a small file beside it, written in the very tick in which they happen: no kill loses one. */
import { closeSync, fsync, openSync, readFileSync, statSync, writeSync } from "node:fs";
import type { StandingTrip } from "./board.ts";
import type { Unusable } from "./database.ts";
import { isFileError, writeDurably } from "./durable-file.ts";

export const tripsFileName = "trips.json";
/** Taken from the disk once and for ever: the disk that has no room for the journal has this. About 200 trips. */
const bytesMax = 65_536;

export class TripsBeside {
  /** Of an earlier run, which ended before the journal had them. */
  readonly found: readonly StandingTrip[];
  readonly #file: number;
  /** Each as often as it happened: after a reset a scope may trip again before the journal has the first. */
  readonly #waiting = new Set<StandingTrip>();
  #bytesWritten: number;
  #syncing: "no" | "yes" | "again" = "no";
  #closed = false;

  private constructor(file: number, found: readonly StandingTrip[], bytes: number) {
    this.#file = file;
    this.found = found;
    this.#bytesWritten = bytes;
  }

  /** What cannot be read may be a device that must not be asked: then nothing starts. */
  static open(path: string): TripsBeside | Unusable {
    try {
      if (!statSync(path, { throwIfNoEntry: false })) writeDurably(path, "[]".padEnd(bytesMax));
      const text = readFileSync(path, "utf8");
      const found = understood(text);
      if (!found) return { problem: unreadable(path) };
      return new TripsBeside(openSync(path, "r+"), found, Buffer.byteLength(text.trimEnd()));
    } catch (error) {
      if (!isFileError(error)) throw error;
      return { problem: `${path}: the trips beside the journal cannot be used (${error.message}); see that this user may write there` };
    }
  }

  add(trips: readonly StandingTrip[]): void {
    for (const trip of trips) this.#waiting.add(trip);
    if (trips.length > 0) this.#write();
  }

  /** The journal has them now, or a person has reset them. */
  remove(gone: (trip: StandingTrip) => boolean): void {
    const before = this.#waiting.size;
    for (const trip of this.#waiting) if (gone(trip)) this.#waiting.delete(trip);
    if (this.#waiting.size !== before) this.#write();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#syncing === "no") closeSync(this.#file);
  }

  /** Into the page cache at once, which outlives the process, and to the disk without waiting: a disk that hangs must not hold up polling. */
  #write(): void {
    if (this.#closed) return;
    const content = contentOf([...this.#waiting]);
    // In place, over what was there: a new file would need room.
    const padded = Buffer.alloc(Math.max(content.length, this.#bytesWritten), " ");
    padded.set(content);
    try {
      writeSync(this.#file, padded, 0, padded.length, 0);
      this.#bytesWritten = content.length;
    } catch (error) {
      // The trip holds in memory, and the journal goes on trying and says what is wrong with the disk.
      if (!isFileError(error)) throw error;
    }
    this.#sync();
  }

  #sync(): void {
    if (this.#syncing !== "no") {
      this.#syncing = "again";
      return;
    }
    this.#syncing = "yes";
    fsync(this.#file, () => {
      const again = this.#syncing === "again";
      this.#syncing = "no";
      if (again) this.#sync();
      else if (this.#closed) closeSync(this.#file);
    });
  }
}

function contentOf(trips: readonly StandingTrip[]): Buffer {
  const content = Buffer.from(JSON.stringify(trips.map(({ scope, cause, detail, since }) => ({ scope, cause, detail, since }))));
  const [first] = trips;
  if (content.length <= bytesMax || !first) return content;
  const detail = `${trips.length} trips found no room while the journal could not be written; the first was of ${first.scope}`;
  return Buffer.from(JSON.stringify([{ scope: "site", cause: first.cause, detail, since: first.since } satisfies StandingTrip]));
}

function understood(text: string): readonly StandingTrip[] | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) && value.every(isTrip) ? value : undefined;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return undefined;
  }
}

/** Only `add` writes the file, from typed trips; what is looked at is whether it still is one. */
function isTrip(value: unknown): value is StandingTrip {
  if (typeof value !== "object" || value === null) return false;
  const { scope, cause, detail, since } = value as Readonly<Record<string, unknown>>;
  const named = typeof scope === "string" && /^(site|(device|segment|profile):.+)$/u.test(scope);
  return named && typeof cause === "string" && typeof detail === "string" && typeof since === "number";
}

function unreadable(path: string): string {
  return `${path}: found something other than a list of trips: a device that must not be asked may be in it; look at it, exclude or suspend what it names, then write [] into it`;
}
