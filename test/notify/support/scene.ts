/** A notifier's memory with a day that is moved by hand: records go in, messages come out. */
import type { AuditEntry, Transition } from "../../../src/domain/board.ts";
import type { Cause, Liveness } from "../../../src/domain/liveness.ts";
import type { JournalNews, Notice, NoticeItem, NotifyRules } from "../../../src/domain/notify.ts";
import type { DeviceId } from "../../../src/domain/plan.ts";
import { milliseconds, seconds, wallMs, type WallMs } from "../../../src/domain/units.ts";
import type { Circumstances } from "../../../src/notify/conditions.ts";
import { foldNews, newMemory, type Memory } from "../../../src/notify/memory.ts";
import { lookAround, nextNotice } from "../../../src/notify/notices.ts";

export const rules: NotifyRules = { groupWait: seconds(30), groupInterval: seconds(300), silentAfter: seconds(180) };

export class Scene {
  now: WallMs = wallMs(Date.parse("2026-11-22T12:00:00Z"));
  memory: Memory = newMemory(this.now, { transitions: 0, audit: 0 });
  readonly devices: Map<string, { readonly name: string }> = new Map();
  readonly muted: Set<string> = new Set();
  trips: JournalNews["trips"] = [];
  stop: Circumstances["stop"];
  endings: Circumstances["endings"] = [];
  pollerSays: string | undefined;
  unreadable: string | undefined;
  /** For how long the journal has not moved; 0: it has just moved. */
  stillForMs = 0;
  #transitions: JournalNews["transitions"] = [];
  #audit: JournalNews["audit"] = [];
  #rows = 0;

  constructor(...devices: readonly string[]) {
    for (const id of devices) this.devices.set(id, { name: `Device ${id}` });
  }

  turns(device: string, to: Liveness, cause: Cause, detail = ""): void {
    this.#rows += 1;
    const row: Transition = { device: device as DeviceId, at: this.now, from: "up", to, cause, detail };
    this.#transitions = [...this.#transitions, { ...row, sequence: this.#rows }];
  }

  records(type: string, detail = "", changes: Partial<AuditEntry> = {}): void {
    this.#rows += 1;
    const row: AuditEntry = { at: this.now, source: "poller", category: "lifecycle", type, result: "success", detail, ...changes };
    this.#audit = [...this.#audit, { ...row, sequence: this.#rows }];
  }

  /** A look, as the notifier takes one every 5 s. */
  look(): Notice | undefined {
    const advanced = this.stillForMs === 0;
    const news = {
      transitions: this.#transitions,
      audit: this.#audit,
      mark: advanced ? `mark ${this.#rows} ${this.now}` : this.memory.mark,
    };
    const folded = foldNews(this.memory, news);
    [this.#transitions, this.#audit] = [[], []];
    const { now, devices, trips, stop, endings, pollerSays, unreadable } = this;
    const here = { now, site: "mv-aurora", lab: false };
    const beside = { devices, trips, stop, endings, pollerAsked: true, pollerSays, unreadable, advanced };
    const patience = { stillFor: milliseconds(this.stillForMs), silentAfter: rules.silentAfter };
    lookAround(this.memory, folded, { ...here, ...beside, ...patience, muted: (device) => this.muted.has(device) });
    return nextNotice(this.memory, rules, here);
  }

  /** Looks every 5 s for so long, and returns what was said. */
  wait(forSeconds: number): readonly Notice[] {
    const said: Notice[] = [];
    for (let waited = 0; waited < forSeconds; waited += 5) {
      this.now = wallMs(this.now + 5000);
      const notice = this.look();
      if (notice) said.push(notice);
    }
    return said;
  }

  /** As a kill and a new start leave it. */
  restart(): void {
    this.memory = JSON.parse(JSON.stringify(this.memory)) as Memory;
  }
}

/** `raised WatchkeeperDeviceDown plc-1` */
export function inShort({ state, alarm, subject }: NoticeItem): string {
  return `${state} ${alarm} ${subject}`;
}

export function noticeWith(items: readonly NoticeItem[], changes: Partial<Notice> = {}): Notice {
  return {
    id: "abc-1",
    number: 1,
    site: "mv-aurora",
    lab: false,
    at: wallMs(Date.parse("2026-11-22T12:00:30Z")),
    items,
    standing: 1,
    ...changes,
  };
}

export function itemWith(changes: Partial<NoticeItem> = {}): NoticeItem {
  const since: WallMs = wallMs(Date.parse("2026-11-22T12:00:00Z"));
  return {
    alarm: "WatchkeeperDeviceDown",
    state: "raised",
    subject: "plc-1",
    name: "Fresh water PLC",
    since,
    detail: "no answer in time",
    ...changes,
  };
}
