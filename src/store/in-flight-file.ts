/**
 * Which checks are being asked, in a fixed file of the state folder: one short write each way, without waiting for the disk. It outlives the
 * process, not the machine. A reply that kills the process would otherwise be asked for again at every restart.
 */
import { closeSync, openSync, readFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { InFlight } from "../domain/gate.ts";
import type { Check, CheckId } from "../domain/plan.ts";
import type { Unusable } from "./database.ts";
import { isFileError } from "./durable-file.ts";

export const inFlightFileName = "inflight";
/** Lines of one length, so that each can be written by itself: a mark, a space, the check's name, spaces, a line feed. */
const lineBytes = 128;
/** Room for so many from the beginning; more are added where more are asked at once. */
const linesMin = 256;
const free = " ";
const asked = "!";
/** Was being asked when the run before was ended, and has not been asked to the end since. */
const suspect = "?";

export interface InFlightOptions {
  /** Names this run of the machine; the default reads the kernel's. After another one the file says nothing: its last pages may never have been written. */
  readonly boot?: string;
}

export class InFlightFile implements InFlight {
  readonly #path: string;
  readonly #boot: string;
  #file: number | undefined;
  readonly #lines = new Map<CheckId, number>();
  readonly #suspects = new Map<CheckId, number>();
  #unused: number[] = [];
  /** The first line that was never used. */
  #next = 1;

  constructor(stateFolder: string, options: InFlightOptions = {}) {
    this.#path = join(stateFolder, inFlightFileName);
    this.#boot = options.boot ?? bootOfMachine();
  }

  /** Begins a run; before it nothing is noted. Returns the checks that were being asked at both of the last two ends, if neither was clean. */
  start(): readonly CheckId[] | Unusable {
    try {
      closeSync(openSync(this.#path, "a", 0o600));
      const before = readFileSync(this.#path, "utf8");
      const { marked, lines } = read(before, this.#boot);
      const now = marked(asked);
      const earlier = new Set(marked(suspect));
      const poisoned = now.filter((check) => earlier.has(check));
      // A trip holds those from here on, and after its reset they begin anew.
      for (const check of now) if (!earlier.has(check)) this.#suspects.set(check, this.#next++);
      const kept = [lineOf("boot", this.#boot), ...Array.from(this.#suspects.keys(), (check) => lineOf(suspect, check))];
      const blank = Array<string>(Math.max(lines, linesMin) - kept.length).fill(lineOf(free, ""));
      this.#file = openSync(this.#path, "r+");
      writeSync(this.#file, [...kept, ...blank].join(""), 0);
      return poisoned;
    } catch (error) {
      if (!isFileError(error)) throw error;
      return { problem: `${this.#path}: what is being asked cannot be noted (${error.message}); see that this user may write there` };
    }
  }

  begin({ id }: Check): void {
    const line = this.#unused.pop() ?? this.#next++;
    this.#lines.set(id, line);
    this.#put(line, lineOf(asked, id));
  }

  end({ id }: Check): void {
    this.#release(this.#lines, id);
    // It was asked to its end, so it is not what ended the run before.
    if (this.#suspects.size > 0) this.#release(this.#suspects, id);
  }

  /** A clean end: nothing was being asked. */
  close(): void {
    for (const id of this.#lines.keys()) this.#release(this.#lines, id);
    for (const id of this.#suspects.keys()) this.#release(this.#suspects, id);
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }

  #release(lines: Map<CheckId, number>, id: CheckId): void {
    const line = lines.get(id);
    if (line === undefined) return;
    lines.delete(id);
    this.#unused.push(line);
    this.#put(line, free);
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

function read(text: string, boot: string): { readonly marked: (mark: string) => readonly CheckId[]; readonly lines: number } {
  const lines = text.split("\n").filter((line) => line !== "");
  const same = lines[0]?.trimEnd() === `boot ${boot}`;
  return {
    lines: lines.length,
    marked: (mark) => (same ? lines.filter((line) => line.startsWith(`${mark} `)).map((line) => line.slice(2).trimEnd() as CheckId) : []),
  };
}

/** Random at every boot (random(4)); in containers the machine's. */
function bootOfMachine(): string {
  try {
    return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  } catch (error) {
    if (!isFileError(error)) throw error;
    return "unknown";
  }
}
