/** What was learnt of devices, kept in the journal: read at the start, written at each change. */
import type { Noted, Notebook } from "../domain/gate.ts";
import { milliseconds, type WallMs } from "../domain/units.ts";
import type { StoreJournal } from "./journal.ts";
import type { LearntRow } from "./journal-rows.ts";

export interface NotebookParts {
  readonly journal: Pick<StoreJournal, "learnt">;
  /** Of earlier runs. */
  readonly learnt: readonly LearntRow[];
  /** Names this run of the machine. */
  readonly boot: string;
  /** The highest trusted time. */
  readonly now: () => WallMs;
}

export class JournalNotebook implements Notebook {
  readonly #parts: NotebookParts;
  /** Of this run and those before it, until it is told. */
  readonly #before: Map<string, LearntRow>;

  constructor(parts: NotebookParts) {
    this.#parts = parts;
    this.#before = new Map(parts.learnt.map((row) => [row.key, row]));
  }

  recall(key: string): Noted | undefined {
    const row = this.#before.get(key);
    if (!row) return undefined;
    this.#before.delete(key);
    const age = milliseconds(Math.max(0, this.#parts.now() - row.at));
    return { value: understood(row.value), sameBoot: row.boot === this.#parts.boot, age };
  }

  note(key: string, value: unknown): void {
    const { boot, journal, now } = this.#parts;
    const row: LearntRow = { key, value: value === undefined ? "" : JSON.stringify(value), boot, at: now() };
    // Whoever asked forgets it where a reload takes its device out, and asks again where one brings it back.
    if (value === undefined) this.#before.delete(key);
    else this.#before.set(key, row);
    journal.learnt(row);
  }
}

/** Only `note` writes them; what is damaged all the same is learnt anew. */
function understood(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return undefined;
  }
}
