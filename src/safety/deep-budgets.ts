/** How often a deep query may ask: its own slower bucket for the whole site, and between two heartbeats of a device at most once, but then surely. */
import { deepQueryGap, deepQueryGapLab } from "../domain/limits.ts";
import type { Check, CheckId, DeviceId, LineId, Plan } from "../domain/plan.ts";
import { sliced, type Preparing } from "../domain/taking-over.ts";
import { after, later, milliseconds, seconds, type Milliseconds, type MonotonicMs } from "../domain/units.ts";
import { ComingBuckets } from "./coming-buckets.ts";
import { Leaving } from "./leaving.ts";
import type { TokenBucket } from "./token-bucket.ts";

/** Until the heartbeat has come, nobody can say when it will. */
const lookAgainIn: Milliseconds = seconds(1);

/**
 * Worked example: a device is asked every 60 s, with a floor of 30 s. Its heartbeat was asked at 0 s: a question of a deep query may go at
 * 30 s. The heartbeat of 60 s comes as always, for 30 s have gone by; the next question goes at 90 s. A heartbeat that had to wait for the
 * floor goes first: before it has been asked, no further question goes. So no deep query, however long, keeps a device from being watched.
 *
 * A device that is asked every 30 s with that floor has no room between two heartbeats. So the turn after a heartbeat is kept for a question
 * that waits for it: heartbeat at 0 s, question at 30 s, heartbeat at 60 s. It is kept from when the question may go, for half the floor at
 * most (a question that does not come, 45 s, costs the heartbeat no more), and once for each heartbeat.
 */
export class DeepBudgets {
  readonly #askedAt: (check: CheckId) => MonotonicMs | undefined;
  /** Of lines that deep queries may ask: between any two requests, whosoever. */
  #lines = new Map<LineId, TokenBucket>();
  /** Of lines that they may ask no more. */
  readonly #leaving = new Leaving<LineId>();
  /** There from the first plan on. */
  #site: TokenBucket | undefined;
  /** Heartbeats by device. */
  #beats: ReadonlyMap<DeviceId, readonly CheckId[]> = new Map();
  /** When a deep query last asked each device. */
  readonly #latest = new Map<DeviceId, MonotonicMs>();
  /** By `DeviceFloor.device`: the turn that is kept for a question, or was and has gone by; none once anything was asked since. */
  readonly #turns = new Map<string, { readonly from: MonotonicMs; readonly until: MonotonicMs }>();

  /** @param askedAt when a heartbeat of the plan last put a packet on the wire */
  constructor(askedAt: (check: CheckId) => MonotonicMs | undefined) {
    this.#askedAt = askedAt;
  }

  /** @throws RangeError where a check stands on no line */
  *preparing({ deep, devices, lines, lab }: Plan): Preparing {
    const coming = new ComingBuckets();
    const byLine = Map.groupBy(deep.values(), ({ line }) => line);
    const own = new Map<LineId, TokenBucket>();
    yield* sliced(byLine, ([id, checks]) => {
      const line = lines.get(id);
      if (!line) throw new RangeError(`budgets: a deep query on ${id}, which is no line`);
      const gap = milliseconds(Math.min(line.gap, ...checks.map(({ floor, interval }) => floor?.gap ?? interval)));
      own.set(id, coming.bucket(this.#lines.get(id), 1, gap));
    });
    const site = coming.bucket(this.#site, 1, lab ? deepQueryGapLab : deepQueryGap);
    const beats = new Map<DeviceId, readonly CheckId[]>();
    yield* sliced(devices.values(), ({ id, checks }) => void beats.set(id, checks));
    return (now) => {
      coming.takeOver(now);
      this.#leaving.adopt(this.#lines, byLine, now);
      this.#lines = own;
      this.#site = site;
      this.#beats = beats;
      this.#turns.clear();
    };
  }

  /** The buckets that the check takes from beside those of every check. */
  of({ deep, line }: Check, now: MonotonicMs): readonly TokenBucket[] {
    const own = this.#lines.get(line);
    return [...(own ? [own] : this.#leaving.of(line, now)), ...(deep ? [this.#site!] : [])];
  }

  /** When it is the deep query's turn at the device: now, unless no heartbeat was asked since the question before. */
  turnAt({ device }: Check, now: MonotonicMs): MonotonicMs {
    const latest = this.#latest.get(device);
    if (latest === undefined) return now;
    const beats = this.#beats.get(device)!.map((check) => this.#askedAt(check)!);
    return beats.some((askedAt) => askedAt > latest) ? now : after(now, lookAgainIn);
  }

  /** A question waits until `from`, when its turn comes unless a heartbeat is asked before. */
  waits(check: Check, from: MonotonicMs, now: MonotonicMs): void {
    const { floor, interval } = check;
    const turn = turnOf(check);
    if (this.turnAt(check, now) > now || this.#turns.has(turn)) return;
    this.#turns.set(turn, { from, until: after(from, milliseconds((floor?.gap ?? interval) / 2)) });
  }

  /** When a heartbeat may come that falls due now: at once, unless this turn is kept for a question. */
  beatAt(check: Check, now: MonotonicMs): MonotonicMs {
    const turn = this.#turns.get(turnOf(check));
    return turn && turn.from <= now ? later(turn.until, now) : now;
  }

  /** No question waits any more. */
  over(): void {
    this.#turns.clear();
  }

  /** Heartbeats and goodbyes too. */
  asked(check: Check, now: MonotonicMs): void {
    if (check.deep) this.#latest.set(check.device, now);
    this.#turns.delete(turnOf(check));
  }

  empty(now: MonotonicMs): void {
    for (const bucket of [...this.#lines.values(), this.#site!]) bucket.empty(now);
    this.#leaving.empty(now);
    this.#turns.clear();
  }
}

/** Whatever is one device takes the same turns. */
function turnOf({ floor, line }: Check): string {
  return floor?.device ?? line;
}
