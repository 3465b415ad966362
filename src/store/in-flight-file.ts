/**
 * Which checks are being asked, and which connections devices may still count for ours, in a fixed file of the state folder: one short write each way, without waiting for the disk. It outlives the
 * process, not the machine. A reply that kills the process would otherwise be asked for again at every restart.
 */
import { createHash } from "node:crypto";
import { closeSync, openSync, readFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { InFlight } from "../domain/gate.ts";
import type { Check, CheckId, LineId } from "../domain/plan.ts";
import { monotonicMs, type MonotonicMs } from "../domain/units.ts";
import { bootOfMachine } from "./boot.ts";
import type { Unusable } from "./database.ts";
import { isFileError } from "./durable-file.ts";

export const inFlightFileName = "inflight";
/** Lines of one length, so that each can be written by itself: a mark, a space, the check's name and its place, spaces, a line feed. */
const lineBytes = 512;
/** A longer place is known by its digest; a serial port's longest name in /dev/serial/by-id, with its unit, is 290. */
const placeMax = 320;
/** Room for so many from the beginning; more are added where more are asked at once. */
const linesMin = 256;
const free = " ";
const asked = "!";
/** Was asked to its end in vain, and that may not be noted yet; or its asking was cut off by the end of the run before, and that may not be. */
const unnoted = "=";
/** A line to whose end a connection is kept. */
const kept = "+";
/** A line, and until when (CLOCK_MONOTONIC in ms) its device may count a connection of ours whose end it has not seen. */
const counted = "~";
/** Was being asked when the run before was ended, and has not been asked to the end since. */
const suspect = "?";

/** A check, and where its device stood: what stands there under another name is the same. Empty where nobody could say. */
export interface AskedThere {
  readonly check: CheckId;
  readonly place: string;
  /** Its asking was over: no connection of it is open, and no answer to it ended anything. */
  readonly ended?: true;
}

/** What a run that did not end cleanly may have left at devices; of a clean one, what had not passed yet. */
export interface LeftBehind {
  /** Were being asked, or were asked in vain and nobody may have noted it. */
  readonly checks: readonly AskedThere[];
  /** Had a connection that was kept, or whose time this boot cannot tell. */
  readonly lines: readonly LineId[];
  readonly counted: readonly (readonly [LineId, MonotonicMs])[];
}

export interface InFlightOptions {
  /** Names this run of the machine; the default reads the kernel's. After another one the file says nothing: its last pages may never have been written. */
  readonly boot?: string;
  /** Where the device of a check stands, in one line; without it checks are known by their names alone. */
  readonly placeOf?: (check: Check) => string;
  /** Resolves when everything is on disk that was noted elsewhere up to now, rejects when it never will be; without it that is at once. */
  readonly written?: () => Promise<void>;
}

export class InFlightFile implements InFlight {
  readonly #path: string;
  readonly #boot: string;
  #file: number | undefined;
  readonly #placeOf: (check: Check) => string;
  readonly #written: () => Promise<void>;
  readonly #lines = new Map<CheckId, number>();
  /** By what they are known. */
  readonly #suspects = new Map<string, number>();
  readonly #kept = new Map<LineId, number>();
  readonly #counted = new Map<LineId, readonly number[]>();
  /** Lines of what the run before left unnoted. */
  readonly #inherited: number[] = [];
  #left: LeftBehind = { checks: [], lines: [], counted: [] };
  #unused: number[] = [];
  /** The first line that was never used. */
  #next = 1;

  constructor(stateFolder: string, options: InFlightOptions = {}) {
    this.#path = join(stateFolder, inFlightFileName);
    this.#boot = options.boot ?? bootOfMachine();
    const { placeOf } = options;
    this.#placeOf = placeOf ? (check) => placeNoted(placeOf(check)) : () => "";
    this.#written = options.written ?? (() => Promise.resolve());
  }

  /** Begins a run; before it nothing is noted. Returns the checks that were being asked at both of the last two ends, if neither was clean. */
  start(): readonly AskedThere[] | Unusable {
    try {
      closeSync(openSync(this.#path, "a", 0o600));
      const before = readFileSync(this.#path, "utf8");
      const { marked, lines, left } = read(before, this.#boot);
      this.#left = left;
      const now = marked(asked).map(there);
      const suspects = new Map(
        marked(suspect)
          .map(there)
          .map((one) => [knownBy(one), one]),
      );
      const poisoned = now.filter((one) => suspects.has(knownBy(one)));
      for (const one of now) suspects.set(knownBy(one), one);
      // A trip holds those from here on, and after its reset they begin anew.
      for (const one of poisoned) suspects.delete(knownBy(one));
      for (const name of suspects.keys()) this.#suspects.set(name, this.#next++);
      for (const _ of left.checks) this.#inherited.push(this.#next++);
      const kept = [
        lineOf("boot", this.#boot),
        ...[...suspects.values()].map((one) => lineOf(suspect, inWords(one))),
        ...left.checks.map((one) => lineOf(unnoted, inWords(one))),
      ];
      const blank = Array<string>(Math.max(lines, linesMin) - kept.length).fill(lineOf(free, ""));
      this.#file = openSync(this.#path, "r+");
      writeSync(this.#file, [...kept, ...blank].join(""), 0);
      return poisoned;
    } catch (error) {
      if (!isFileError(error)) throw error;
      return { problem: `${this.#path}: what is being asked cannot be noted (${error.message}); see that this user may write there` };
    }
  }

  /** Of the run before; known once this one has begun. */
  get left(): LeftBehind {
    return this.#left;
  }

  /** To be called when what the run before left unnoted is noted. */
  takenOver(): void {
    this.#freeOnceWritten(this.#inherited.splice(0));
  }

  begin(check: Check): void {
    const line = this.#free();
    this.#lines.set(check.id, line);
    this.#put(line, lineOf(asked, inWords(this.#there(check))));
  }

  end(check: Check, missed?: boolean): void {
    const line = this.#lines.get(check.id);
    if (missed && line !== undefined) {
      this.#lines.delete(check.id);
      this.#put(line, lineOf(unnoted, inWords(this.#there(check))));
      this.#freeOnceWritten([line]);
    } else this.#release(this.#lines, check.id);
    // It was asked to its end, so it is not what ended the run before.
    if (this.#suspects.size > 0) this.#release(this.#suspects, knownBy(this.#there(check)));
  }

  kept(line: LineId, stands: boolean): void {
    if (!stands) return this.#release(this.#kept, line);
    if (this.#kept.has(line)) return;
    const at = this.#free();
    this.#kept.set(line, at);
    this.#put(at, lineOf(kept, line));
  }

  counted(line: LineId, until: readonly MonotonicMs[]): void {
    const before = this.#counted.get(line) ?? [];
    const places = until.map((moment, index) => {
      const at = before[index] ?? this.#free();
      this.#put(at, lineOf(counted, `${line} ${moment}`));
      return at;
    });
    for (const at of before.slice(until.length)) this.#giveBack(at);
    this.#counted.set(line, places);
  }

  /** A clean end: nothing was being asked. What could not be noted stays. */
  close(): void {
    for (const id of this.#lines.keys()) this.#release(this.#lines, id);
    for (const id of this.#suspects.keys()) this.#release(this.#suspects, id);
    for (const line of this.#kept.keys()) this.#release(this.#kept, line);
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }

  #release<Id>(lines: Map<Id, number>, id: Id): void {
    const line = lines.get(id);
    if (line === undefined) return;
    lines.delete(id);
    this.#giveBack(line);
  }

  #there(check: Check): AskedThere {
    return { check: check.id, place: this.#placeOf(check) };
  }

  /** What will never be written stays here for the next run. */
  #freeOnceWritten(lines: readonly number[]): void {
    if (lines.length === 0) return;
    void this.#written().then(
      () => lines.forEach((line) => this.#giveBack(line)),
      () => undefined,
    );
  }

  #free(): number {
    return this.#unused.pop() ?? this.#next++;
  }

  #giveBack(line: number): void {
    this.#unused.push(line);
    this.#put(line, lineOf(free, ""));
  }

  #put(line: number, text: string): void {
    if (this.#file === undefined) return;
    try {
      writeSync(this.#file, text, line * lineBytes);
    } catch (error) {
      // Asking goes on without the note: it guards against one rare thing, and the journal says what is wrong with the disk.
      if (!isFileError(error)) throw error;
    }
  }
}

function lineOf(mark: string, text: string): string {
  return `${`${mark} ${text}`.padEnd(lineBytes - 1).slice(0, lineBytes - 1)}\n`;
}

function there(text: string): AskedThere {
  const [check = "", ...place] = text.split(" ");
  return { check: check as CheckId, place: place.join(" ") };
}

function inWords({ check, place }: AskedThere): string {
  return `${check} ${place}`;
}

/** The place as the file holds it: one of any length is told from every other. */
export function placeNoted(place: string): string {
  return place.length <= placeMax ? place : `sha256:${createHash("sha256").update(place).digest("hex")}`;
}

/** By the place and which check of its device it is; by its name where the place is not known. */
function knownBy({ check, place }: AskedThere): string {
  return place === "" ? check : `${place} ${check.slice(check.lastIndexOf("/"))}`;
}

interface Read {
  readonly marked: (mark: string) => readonly string[];
  readonly lines: number;
  readonly left: LeftBehind;
}

function read(text: string, boot: string): Read {
  const lines = text.split("\n").filter((line) => line !== "");
  const same = lines[0]?.trimEnd() === `boot ${boot}`;
  const marked = (mark: string): string[] => lines.filter((line) => line.startsWith(`${mark} `)).map((line) => line.slice(2).trimEnd());
  const pairs = marked(counted).map((words) => words.split(" ") as [LineId, string]);
  const over = marked(unnoted).map((words): AskedThere => ({ ...there(words), ended: true }));
  const checks = [...marked(asked).map(there), ...over];
  // Another boot's clock says nothing to this one, and its last pages may be missing; what is there may still stand at the device.
  const left: LeftBehind = {
    checks,
    lines: [...(marked(kept) as LineId[]), ...(same ? [] : pairs.map(([line]) => line))],
    counted: same ? pairs.map(([line, until]): [LineId, MonotonicMs] => [line, momentOf(until)]) : [],
  };
  return { lines: lines.length, left, marked: (mark) => (same ? marked(mark) : []) };
}

/** What is damaged counts as long as nothing: the next unclean end is noted anew. */
function momentOf(text: string): MonotonicMs {
  const value = Number(text);
  return monotonicMs(Number.isFinite(value) && value >= 0 ? value : 0);
}
