/** A notebook in memory: what a run noted can be handed to the next one, on the same boot or another. */
import type { Noted, Notebook } from "../../src/domain/gate.ts";
import { milliseconds } from "../../src/domain/units.ts";

export class MemoryNotebook implements Notebook {
  /** What would be on disk, as JSON. */
  readonly pages: Map<string, string>;
  readonly #before: Map<string, string>;
  readonly #sameBoot: boolean;
  readonly #ageMs: number;

  constructor({
    pages = new Map(),
    sameBoot = true,
    ageMs = 0,
  }: { pages?: ReadonlyMap<string, string>; sameBoot?: boolean; ageMs?: number } = {}) {
    this.pages = new Map(pages);
    this.#before = new Map(pages);
    this.#sameBoot = sameBoot;
    this.#ageMs = ageMs;
  }

  recall(key: string): Noted | undefined {
    const text = this.#before.get(key);
    this.#before.delete(key);
    return text === undefined ? undefined : { value: JSON.parse(text), sameBoot: this.#sameBoot, age: milliseconds(this.#ageMs) };
  }

  note(key: string, value: unknown): void {
    for (const pages of [this.pages, this.#before]) {
      if (value === undefined) pages.delete(key);
      else pages.set(key, JSON.stringify(value));
    }
  }
}
