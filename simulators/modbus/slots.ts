/** The connection slots of a device: how many it has, and what it does when one more client comes. */

export interface ConnectionLimit {
  readonly size: number;
  /** Closes the newcomer with FIN; closes the oldest, or the one unused for longest; or stops listening, so that the kernel refuses. */
  readonly overflow: "close-newcomer" | "evict-oldest" | "evict-idle" | "refuse";
  /** Whether the slot of a client that left without a FIN is free again, or lost until the device is switched off and on. */
  readonly ghosts: "reaped" | "never-reaped";
}

/** The smallest device there is: one client, the next one is turned away. */
export const oneConnectionOnly: ConnectionLimit = { size: 1, overflow: "close-newcomer", ghosts: "reaped" };

interface Holder {
  readonly lastUsedMs: number;
  readonly endedUncleanly: boolean;
}

export type Admission<H> = { readonly admitted: true; readonly evicted: readonly H[] } | { readonly admitted: false };

export class Slots<H extends Holder> {
  limit: ConnectionLimit | undefined;
  /** Oldest first. */
  readonly #holders = new Set<H>();
  #ghosts = 0;

  constructor(limit: ConnectionLimit | undefined) {
    this.limit = limit;
  }

  get ghosts(): number {
    return this.#ghosts;
  }

  /** A device that refuses when full does so by not listening. */
  get refuses(): boolean {
    return this.limit?.overflow === "refuse" && this.#taken() >= this.limit.size;
  }

  admit(newcomer: H): Admission<H> {
    const evicted: H[] = [];
    while (this.limit && this.#taken() >= this.limit.size) {
      const { overflow } = this.limit;
      if (overflow === "close-newcomer" || overflow === "refuse") return { admitted: false };
      // A ghost is the oldest of all: it goes first, and nobody notices.
      if (this.#ghosts > 0) {
        this.#ghosts -= 1;
        continue;
      }
      const victim = overflow === "evict-oldest" ? this.#oldest() : this.#longestUnused();
      if (!victim) return { admitted: false };
      this.#holders.delete(victim);
      evicted.push(victim);
    }
    this.#holders.add(newcomer);
    return { admitted: true, evicted };
  }

  leave(holder: H): void {
    const held = this.#holders.delete(holder);
    if (held && holder.endedUncleanly && this.limit?.ghosts === "never-reaped") this.#ghosts += 1;
  }

  /** A power cycle. */
  clear(): void {
    this.#holders.clear();
    this.#ghosts = 0;
  }

  #taken(): number {
    return this.#holders.size + this.#ghosts;
  }

  #oldest(): H | undefined {
    return this.#holders.values().next().value;
  }

  #longestUnused(): H | undefined {
    let found: H | undefined;
    for (const holder of this.#holders) if (!found || holder.lastUsedMs < found.lastUsedMs) found = holder;
    return found;
  }
}
