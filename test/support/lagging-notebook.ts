/** A notebook whose notes reach the disk as late as the journal writes them: gathered for a while, and with a hold at once. */
import { MemoryNotebook } from "./memory-notebook.ts";

/** Gathering, the way to the thread, and its commit. */
const gatheredMs = 250;
const urgentMs = 30;

export class LaggingNotebook extends MemoryNotebook {
  readonly #first: ReadonlyMap<string, string>;
  readonly #now: () => number;
  readonly #noted: { readonly at: number; readonly key: string; readonly value: unknown }[] = [];

  constructor(now: () => number, pages: ReadonlyMap<string, string>) {
    super({ pages });
    this.#first = new Map(pages);
    this.#now = now;
  }

  override note(key: string, value: unknown): void {
    super.note(key, value);
    this.#noted.push({ at: this.#now(), key, value });
  }

  /** Whether what was noted then is on disk. What is urgent takes everything before it along. */
  isWritten(at: number): boolean {
    const now = this.#now();
    const taken = this.#noted.some((note) => note.key.startsWith("held ") && note.at >= at && note.at + urgentMs <= now);
    return at + gatheredMs <= now || taken;
  }

  /** What a run that begins now would find. */
  onDisk(): ReadonlyMap<string, string> {
    const disk = new MemoryNotebook({ pages: this.#first });
    for (const { at, key, value } of this.#noted) if (this.isWritten(at)) disk.note(key, value);
    return disk.pages;
  }
}
