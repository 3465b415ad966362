/** Keeps what an attacker can trigger from filling the audit: at most one record of a kind and device a minute, with a count of the rest. */
import type { AuditEntry } from "../domain/board.ts";
import { after, seconds, type Milliseconds, type MonotonicMs, type WallMs } from "../domain/units.ts";

const span: Milliseconds = seconds(60);
/** More kinds and devices than any site has; what is above is counted together. */
const keysMax = 20_000;
const overflow = "others";

interface Held {
  /** The latest that was not written. */
  entry: AuditEntry;
  count: number;
  until: MonotonicMs;
}

export class FloodTally {
  readonly #held = new Map<string, Held>();

  /** The entry if it may be written now; undefined when it was counted instead. */
  admit(key: string, entry: AuditEntry, now: MonotonicMs): AuditEntry | undefined {
    const slot = this.#held.has(key) || this.#held.size < keysMax ? key : overflow;
    const held = this.#held.get(slot);
    if (held) {
      held.count += 1;
      held.entry = entry;
      return undefined;
    }
    this.#held.set(slot, { entry, count: 0, until: after(now, span) });
    return entry;
  }

  /** What was counted in minutes that are over: the latest of each kind, with the count. */
  due(now: MonotonicMs, wall: WallMs): readonly AuditEntry[] {
    const entries: AuditEntry[] = [];
    for (const [key, held] of this.#held) {
      if (held.until > now) continue;
      if (held.count === 0) this.#held.delete(key);
      else {
        entries.push(summed(held, wall));
        held.count = 0;
        held.until = after(now, span);
      }
    }
    return entries;
  }

  /** Everything that was counted, whether its minute is over or not; forgets it. */
  all(wall: WallMs): readonly AuditEntry[] {
    const entries = [...this.#held.values()].filter(({ count }) => count > 0).map((held) => summed(held, wall));
    this.#held.clear();
    return entries;
  }
}

function summed({ entry, count }: Held, at: WallMs): AuditEntry {
  if (count === 1) return entry;
  return { ...entry, at, detail: `${count} times within a minute, the last: ${entry.detail}` };
}
