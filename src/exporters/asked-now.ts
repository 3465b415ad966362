/** What is out at this moment, seen by listening to the notes that the gate makes for its file: how many, how old, and what connections a line still has. */
import type { Clock } from "../domain/clock.ts";
import type { InFlight } from "../domain/gate.ts";
import type { Check, CheckId, Line, LineId } from "../domain/plan.ts";
import { between, milliseconds, type Milliseconds, type MonotonicMs } from "../domain/units.ts";

/** What the metrics page wants to know of exchanges that are out. */
export interface Outstanding {
  readonly count: number;
  /** Age of the oldest; zero when nothing is out. */
  readonly oldest: Milliseconds;
  /** Connections that we might open to the end of this line now, beside those that stand and those that the device may still count for ours. */
  connectionsFree(line: Line): number;
}

export class AskedNow implements InFlight, Outstanding {
  readonly #clock: Pick<Clock, "monotonic">;
  readonly #notes: InFlight;
  /** In the order of their beginning: the first is the oldest. */
  readonly #begun = new Map<CheckId, { readonly at: MonotonicMs; readonly line: LineId }>();
  readonly #kept = new Set<LineId>();
  readonly #counted = new Map<LineId, readonly MonotonicMs[]>();

  constructor(clock: Pick<Clock, "monotonic">, notes: InFlight) {
    this.#clock = clock;
    this.#notes = notes;
  }

  begin(check: Check): void {
    this.#begun.set(check.id, { at: this.#clock.monotonic(), line: check.line });
    this.#notes.begin(check);
  }

  end(check: Check, ...missed: readonly [missed?: boolean]): void {
    this.#begun.delete(check.id);
    this.#notes.end(check, ...missed);
  }

  kept(line: LineId, stands: boolean): void {
    if (stands) this.#kept.add(line);
    else this.#kept.delete(line);
    this.#notes.kept(line, stands);
  }

  counted(line: LineId, until: readonly MonotonicMs[]): void {
    this.#counted.set(line, until);
    this.#notes.counted(line, until);
  }

  get count(): number {
    return this.#begun.size;
  }

  get oldest(): Milliseconds {
    const [first] = this.#begun.values();
    return first ? between(first.at, this.#clock.monotonic()) : milliseconds(0);
  }

  connectionsFree({ id, connections }: Line): number {
    const now = this.#clock.monotonic();
    const counted = (this.#counted.get(id) ?? []).filter((until) => until > now).length;
    const standing = this.#kept.has(id) || this.#busy(id) ? 1 : 0;
    return Math.max(0, connections.free - counted - standing);
  }

  /** Exchanges that are out are few: as many as lines, and at most as many as start within the longest answer. */
  #busy(line: LineId): boolean {
    for (const begun of this.#begun.values()) if (begun.line === line) return true;
    return false;
  }
}
