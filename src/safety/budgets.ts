/** Who may be asked how often: one bucket a line, a device of several checks, a segment and the site, and each check's own interval; taken from all or from none. */
import type { Check, CheckId, LineId, Plan, SegmentId } from "../domain/plan.ts";
import { atOnce, sliced, type Preparing } from "../domain/taking-over.ts";
import { after, later, milliseconds, monotonicMs, type Milliseconds, type MonotonicMs } from "../domain/units.ts";
import { ComingBuckets } from "./coming-buckets.ts";
import { DeepBudgets } from "./deep-budgets.ts";
import { Leaving } from "./leaving.ts";
import type { TokenBucket } from "./token-bucket.ts";

/** A tenth of a second's worth may start together: at 10/s one by one, at 300/s thirty, so that a late timer costs no throughput. */
function capacityOf(startsPerSecond: number): number {
  return Math.max(1, Math.ceil(startsPerSecond / 10));
}

interface Asked {
  /** Of the check that was asked. */
  readonly digest: string;
  at: MonotonicMs;
}

export class Budgets {
  #lines = new Map<LineId, TokenBucket>();
  /** By `DeviceFloor.device`: of the devices of several checks. */
  #devices = new Map<string, TokenBucket>();
  /** The same by check. */
  #floors: ReadonlyMap<CheckId, TokenBucket> = new Map();
  /** Floors that the latest plans no longer have. */
  readonly #leaving = new Leaving<CheckId>();
  #segments = new Map<SegmentId, TokenBucket>();
  #site: TokenBucket | undefined;
  readonly #deep = new DeepBudgets((id) => this.#askedAt.get(id)?.at);
  /** When each check last put a packet on the wire, or was first seen: its interval counts from there. */
  #askedAt = new Map<CheckId, Asked>();

  /** In one go, see `preparing`. */
  adopt(plan: Plan, now: MonotonicMs): void {
    atOnce(this.preparing(plan))(now);
  }

  /**
   * What stays keeps its level; what is new starts empty as of the take-over: nothing is asked within its first interval.
   * Everything is worked out before anything is taken over: a plan that cannot be adopted throws here and changes nothing.
   */
  *preparing(plan: Plan): Preparing {
    const coming = new ComingBuckets();
    const lines = new Map<LineId, TokenBucket>();
    yield* sliced(plan.lines.values(), ({ id, gap }) => void lines.set(id, coming.bucket(this.#lines.get(id), 1, gap)));
    const [devices, floors] = [new Map<string, TokenBucket>(), new Map<CheckId, TokenBucket>()];
    const askedAt = new Map<CheckId, Asked>();
    const fresh: Asked[] = [];
    const seen = ({ id, digest, floor }: Check): void => {
      const before = this.#askedAt.get(id);
      // A name alone says nothing: checks of one method are numbered, and lines of a file change places.
      const asked = before?.digest === digest ? before : { digest, at: monotonicMs(0) };
      if (asked !== before) fresh.push(asked);
      askedAt.set(id, asked);
      if (!floor) return;
      const bucket = devices.get(floor.device) ?? coming.bucket(this.#devices.get(floor.device), 1, floor.gap);
      devices.set(floor.device, bucket);
      floors.set(id, bucket);
    };
    yield* sliced(plan.checks.values(), seen);
    yield* sliced(plan.deep.values(), seen);
    const segments = new Map<SegmentId, TokenBucket>();
    for (const { id, startsPerSecondMax } of plan.segments.values())
      segments.set(id, coming.bucket(this.#segments.get(id), capacityOf(startsPerSecondMax), msPerToken(startsPerSecondMax)));
    const rate = plan.siteStartsPerSecondMax;
    const site = coming.bucket(this.#site, capacityOf(rate), msPerToken(rate));
    const deep = yield* this.#deep.preparing(plan);
    return (now) => {
      coming.takeOver(now);
      for (const asked of fresh) asked.at = now;
      deep(now);
      this.#leaving.adopt(this.#floors, floors, now);
      this.#lines = lines;
      this.#devices = devices;
      this.#floors = floors;
      this.#segments = segments;
      this.#site = site;
      this.#askedAt = askedAt;
    };
  }

  /** When this check's own line and device are free for it; now or earlier means at once. */
  lineReadyAt(check: Check, now: MonotonicMs): MonotonicMs {
    const own = after(this.askedAt(check, now), check.interval);
    const ready = this.#own(check, now).reduce((soonest, bucket) => later(soonest, bucket.readyAt(now)), own);
    return later(ready, check.deep ? this.#deep.turnAt(check, now) : this.#deep.beatAt(check, now));
  }

  /** A question of a deep query has to wait for its line until then: its turn is kept for it, see `DeepBudgets`. */
  keepTurn(check: Check, from: MonotonicMs, now: MonotonicMs): void {
    this.#deep.waits(check, from, now);
  }

  /** No deep query asks any more. */
  freeTurns(): void {
    this.#deep.over();
  }

  /** When the check last put a packet on the wire, or was first seen; a check of no plan is seen now. */
  askedAt({ id }: Check, now: MonotonicMs): MonotonicMs {
    return this.#askedAt.get(id)?.at ?? now;
  }

  segmentReadyAt(segment: SegmentId, now: MonotonicMs): MonotonicMs {
    return this.#segment(segment).readyAt(now);
  }

  siteReadyAt(now: MonotonicMs): MonotonicMs {
    return this.#whole().readyAt(now);
  }

  /** Takes one start. The gate has asked them all in this very tick; a missing token is a bug and throws before any is taken. */
  take(check: Check, segment: SegmentId, now: MonotonicMs): void {
    const buckets = [...this.#own(check, now), this.#segment(segment), this.#whole()];
    if (buckets.some((bucket) => bucket.readyAt(now) > now)) throw new RangeError(`budgets: ${check.id} taken from an empty bucket`);
    for (const bucket of buckets) bucket.take(now);
    this.#asked(check.id, now);
    this.#deep.asked(check, now);
  }

  /** A packet left at this moment: the interval counts from the latest one, so that a slow connect cannot shorten it. One that is learnt of later counts too. */
  sent(check: Check, now: MonotonicMs): void {
    const line = check.deep ? undefined : this.#lines.get(check.line);
    const floor = check.floor && this.#devices.get(check.floor.device);
    for (const bucket of [line, floor, ...this.#leaving.of(check.id, now), ...this.#deep.of(check, now)]) bucket?.empty(now);
    this.#asked(check.id, now);
    this.#deep.asked(check, now);
  }

  /** Time jumped or stood still: nobody knows what was sent when, so everybody waits a full interval. */
  empty(now: MonotonicMs): void {
    for (const bucket of [...this.#lines.values(), ...this.#devices.values(), ...this.#segments.values(), this.#whole()]) bucket.empty(now);
    this.#leaving.empty(now);
    this.#deep.empty(now);
    for (const asked of this.#askedAt.values()) asked.at = later(asked.at, now);
  }

  #asked(id: CheckId, at: MonotonicMs): void {
    const asked = this.#askedAt.get(id);
    if (asked) asked.at = later(asked.at, at);
  }

  /** A question of a deep query takes nothing from its line's heartbeats: it comes between two of them. */
  #own(check: Check, now: MonotonicMs): readonly TokenBucket[] {
    const line = check.deep ? [] : [this.#line(check)];
    return [...line, ...this.#device(check), ...this.#leaving.of(check.id, now), ...this.#deep.of(check, now)];
  }
  #line(check: Check): TokenBucket {
    return known(this.#lines.get(check.line), check.line);
  }
  /** None where this is the device's only check: its interval is longer than any floor. */
  #device({ floor }: Check): readonly TokenBucket[] {
    return floor ? [known(this.#devices.get(floor.device), floor.device)] : [];
  }
  #segment(id: SegmentId): TokenBucket {
    return known(this.#segments.get(id), id);
  }
  #whole(): TokenBucket {
    return known(this.#site, "site");
  }
}

function msPerToken(startsPerSecond: number): Milliseconds {
  return milliseconds(1000 / startsPerSecond);
}

/** A plan whose check names a line or segment that it does not hold is a bug of the compiler, never a way round a budget. */
function known(bucket: TokenBucket | undefined, name: string): TokenBucket {
  if (!bucket) throw new RangeError(`budgets: no bucket for ${name}`);
  return bucket;
}
