/** Notices that are not delivered yet, and what each target has in hand: kept in memory, mirrored to disk, bounded for each target. */
import type { Delivery, Notice, TargetRecord } from "../domain/notify.ts";
import type { WallMs } from "../domain/units.ts";
import type { Memory } from "./memory.ts";

/** For one target. The oldest makes room: what stands now matters more than what stood, and the newest message says how many alarms stand. */
export const deliveriesMax = 500;

/** The disk. A problem is a sentence; everything is tried again with the next save. */
export interface OutboxStore {
  save(change: OutboxChange): { readonly problem: string } | undefined;
}

export interface OutboxChange {
  readonly memory: Memory;
  readonly notices: readonly Notice[];
  readonly deliveries: readonly Delivery[];
  readonly records: readonly TargetRecord[];
}

export interface KeptOutbox {
  readonly notices: readonly Notice[];
  readonly deliveries: readonly Delivery[];
  readonly records: readonly TargetRecord[];
}

export class Outbox {
  readonly #store: OutboxStore;
  readonly #memory: Memory;
  readonly #notices: Map<number, Notice>;
  #deliveries: readonly Delivery[];
  readonly #records: Map<string, TargetRecord>;
  #unwritten = false;
  #problem: string | undefined;

  /** Deliveries to targets that are no longer named are given up. */
  constructor(store: OutboxStore, memory: Memory, kept: KeptOutbox, targets: readonly string[]) {
    this.#store = store;
    this.#memory = memory;
    this.#notices = new Map(kept.notices.map((notice) => [notice.number, notice]));
    this.#deliveries = kept.deliveries.filter(({ target }) => targets.includes(target));
    const records = new Map(kept.records.map((record) => [record.target, record]));
    this.#records = new Map(targets.map((target) => [target, records.get(target) ?? newRecord(target)]));
  }

  /** Why it could not be written; messages then go out from memory, and would be lost or sent twice at a kill. */
  get problem(): string | undefined {
    return this.#problem;
  }

  get records(): readonly TargetRecord[] {
    return [...this.#records.values()];
  }

  waiting(target: string): readonly Delivery[] {
    return this.#deliveries.filter((delivery) => delivery.target === target);
  }

  noticeOf({ number }: Delivery): Notice {
    const notice = this.#notices.get(number);
    if (!notice) throw new Error(`notice ${number} is to be delivered and is not there`);
    return notice;
  }

  /** In hand for each of the targets from here on. */
  add(notice: Notice, targets: readonly string[]): void {
    this.#unwritten = true;
    this.#notices.set(notice.number, notice);
    const added = targets.map((target): Delivery => ({ number: notice.number, target, attempts: 0, problem: "" }));
    this.#deliveries = [...this.#deliveries, ...added];
    for (const target of targets) {
      const surplus = this.waiting(target).slice(0, -deliveriesMax);
      for (const { number } of surplus) {
        this.#deliveries = this.#deliveries.filter((one) => one.number !== number || one.target !== target);
        this.#change(target, (record) => ({ ...record, dropped: record.dropped + 1 }));
      }
    }
  }

  delivered({ number, target }: Delivery, at: WallMs): void {
    this.#unwritten = true;
    this.#deliveries = this.#deliveries.filter((one) => one.number !== number || one.target !== target);
    this.#change(target, (record) => ({ ...record, delivered: record.delivered + 1, lastDeliveredAt: at, problem: "" }));
  }

  failed({ number, target }: Delivery, at: WallMs, problem: string): void {
    this.#unwritten = true;
    this.#deliveries = this.#deliveries.map((one) =>
      one.number === number && one.target === target ? { ...one, attempts: one.attempts + 1, problem } : one,
    );
    this.#change(target, (record) => ({ ...record, lastFailedAt: at, problem }));
  }

  /** The memory has changed. */
  touch(): void {
    this.#unwritten = true;
  }

  /** To disk, as a whole or not at all. To be called before anything of it is sent. */
  save(): void {
    const wanted = new Set(this.#deliveries.map(({ number }) => number));
    for (const number of this.#notices.keys()) if (!wanted.has(number)) this.#notices.delete(number);
    if (!this.#unwritten) return;
    const notices = [...this.#notices.values()];
    this.#problem = this.#store.save({ memory: this.#memory, notices, deliveries: this.#deliveries, records: this.records })?.problem;
    this.#unwritten = this.#problem !== undefined;
  }

  #change(target: string, changed: (record: TargetRecord) => TargetRecord): void {
    const record = this.#records.get(target);
    if (record) this.#records.set(target, changed(record));
  }
}

function newRecord(target: string): TargetRecord {
  return { target, delivered: 0, dropped: 0, lastDeliveredAt: null, lastFailedAt: null, problem: "" };
}
