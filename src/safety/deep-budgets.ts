/** How often a deep query may ask: its own slower bucket for the whole site, and between two heartbeats of a device at most once. */
import { deepQueryGap, deepQueryGapLab } from "../domain/limits.ts";
import type { Check, CheckId, DeviceId, LineId, Plan } from "../domain/plan.ts";
import { sliced, type Preparing } from "../domain/taking-over.ts";
import { after, milliseconds, seconds, type Milliseconds, type MonotonicMs } from "../domain/units.ts";
import { ComingBuckets } from "./coming-buckets.ts";
import { Leaving } from "./leaving.ts";
import type { TokenBucket } from "./token-bucket.ts";

/** Until the heartbeat has come, nobody can say when it will. */
const lookAgainIn: Milliseconds = seconds(1);

/**
 * Worked example: a device is asked every 60 s, with a floor of 30 s. Its heartbeat was asked at 0 s: a question of a deep query may go at
 * 30 s. The heartbeat of 60 s comes as always, for 30 s have gone by; the next question goes at 90 s. A heartbeat that had to wait for the
 * floor goes first: before it has been asked, no further question goes. So no deep query, however long, keeps a device from being watched.
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

  asked({ deep, device }: Check, now: MonotonicMs): void {
    if (deep) this.#latest.set(device, now);
  }

  empty(now: MonotonicMs): void {
    for (const bucket of [...this.#lines.values(), this.#site!]) bucket.empty(now);
    this.#leaving.empty(now);
  }
}
