/** Counts exchanges of each check and line: which frame belongs to which, and whether it came too early. */
import { fits, type Approved, type ApprovedCheck, type ApprovedFrame } from "./approved.ts";
import type { CheckFigures, LineFigures, ViolationKind } from "./judgement.ts";

/** What was said over one connection, or with datagrams to one place. */
export interface Talk {
  opened: number;
  closed: number;
  exchanges: number;
  /** Its SYN was captured, and weighed against the line. */
  readonly connected: boolean;
  /** One that looks like a question was taken for its goodbye. */
  left?: true;
}

export interface Fault {
  readonly kind: ViolationKind;
  readonly detail: string;
}

interface Asked {
  requests: number;
  smallestGapMs: number | undefined;
  startNs: bigint | undefined;
  latestNs: bigint | undefined;
  /** Before the connection that was begun last. */
  beforeNs: bigint | undefined;
  /** Of the running exchange. */
  used: ApprovedFrame[];
  talk: Talk | undefined;
}

const nothingAsked = (): Asked => ({
  requests: 0,
  smallestGapMs: undefined,
  startNs: undefined,
  latestNs: undefined,
  beforeNs: undefined,
  used: [],
  talk: undefined,
});

export class Askings {
  readonly #approved: Approved;
  readonly #checks = new Map<ApprovedCheck, Asked>();
  readonly #lines = new Map<string, Asked>();
  /** Lines that deep queries may ask: any request and any connection, whosesoever. */
  readonly #anybody = new Map<string, { readonly asked: Asked; readonly gapMs: number }>();
  /** Devices of several checks. */
  readonly #devices = new Map<string, { readonly asked: Asked; readonly gapMs: number }>();

  constructor(approved: Approved) {
    this.#approved = approved;
    for (const check of approved.checks) {
      this.#checks.set(check, nothingAsked());
      if (!check.floor) continue;
      const { device, gapMs } = check.floor;
      // Of several plans the looser one, as for a line.
      this.#devices.set(device, { asked: nothingAsked(), gapMs: Math.min(gapMs, this.#devices.get(device)?.gapMs ?? gapMs) });
    }
    for (const line of approved.lineGapMs.keys()) this.#lines.set(line, nothingAsked());
    for (const { deep, floor, intervalMs, line } of approved.checks) {
      const gapsMs = [floor?.gapMs ?? intervalMs, approved.lineGapMs.get(line) ?? 0, this.#anybody.get(line)?.gapMs ?? Infinity];
      if (deep) this.#anybody.set(line, { asked: nothingAsked(), gapMs: Math.min(...gapsMs) });
    }
  }

  /** Takes one frame that left; what is wrong with it, or undefined. */
  take(candidates: readonly ApprovedCheck[], talk: Talk, frame: Uint8Array, atNs: bigint): Fault | undefined {
    const template = (frames: readonly ApprovedFrame[]): ApprovedFrame | undefined => frames.find((each) => fits(each, frame));
    const openingMax = Math.max(...candidates.map(({ opening }) => (template(opening.frames) ? opening.requestsMax : 0)));
    if (talk.opened < openingMax && talk.exchanges === 0) {
      talk.opened += 1;
      return undefined;
    }
    const asks = candidates.flatMap((check) => {
      const found = template(check.asking.frames);
      return found ? [{ check, found }] : [];
    });
    const running = asks.find(({ check, found }) => this.#continues(check, found, talk, atNs));
    if (running) {
      const asked = this.#checks.get(running.check)!;
      asked.used.push(running.found);
      for (const each of [asked, ...this.#around(running.check)]) each.latestNs = atNs;
      return undefined;
    }
    // Of two checks with the same bytes, the one that waited longer: the reading that accuses nobody wrongly.
    const [next] = asks.toSorted((a, b) => Number((this.#latest(a.check) ?? -1n) - (this.#latest(b.check) ?? -1n)));
    const closingMax = Math.max(...candidates.map(({ closing }) => (template(closing.frames) ? closing.requestsMax : 0)));
    if (next) {
      if (talk.left) return { kind: "too-many-requests", detail: "asked once more over a connection after its goodbye" };
      // Encrypted, the two look alike: what comes too early to be a question is a goodbye, once, if nothing is asked after it.
      if (talk.closed >= closingMax || !this.#isEarly(next.check, atNs)) return this.#begin(next.check, next.found, talk, atNs);
      talk.left = true;
    }
    if (closingMax > 0) {
      talk.closed += 1;
      if (talk.closed <= closingMax) return undefined;
      return { kind: "too-many-requests", detail: `${talk.closed} goodbyes over one connection; ${closingMax} approved` };
    }
    if (openingMax > 0)
      return {
        kind: "too-many-requests",
        detail: `one more request to open a connection; ${openingMax} approved, before anything is asked`,
      };
    return { kind: "payload-not-approved", detail: `${hex(frame)}: no approved operation has these bytes` };
  }

  /**
   * A connection was begun: what a device that does not answer gets instead of a request. In the run of a deep query (`candidates` has its
   * checks) it may be that one's, which comes between two heartbeats and waits for the device's floor alone. That one counts from whatever
   * was last asked there, a question of the deep query's too, so that none has a further connection behind it.
   */
  connecting(line: string, atNs: bigint, candidates: readonly ApprovedCheck[]): Fault | undefined {
    const asked = this.#lines.get(line);
    if (!asked) return undefined;
    const gapMs = this.#approved.lineGapMs.get(line) ?? 0;
    const inRun = candidates.some(({ deep }) => deep);
    const anybody = this.#anybody.get(line);
    const faults = [
      inRun ? undefined : tooEarly(asked, gapMs, atNs, `line ${line}: connected`),
      anybody && tooEarly(anybody.asked, anybody.gapMs, atNs, `line ${line}: connected ${inRun ? "in" : "after"} a deep query`),
    ];
    if (anybody) anybody.asked.latestNs = atNs;
    asked.beforeNs = asked.latestNs;
    asked.latestNs = atNs;
    return faults.find((fault) => fault !== undefined);
  }

  checks(): readonly CheckFigures[] {
    return [...this.#checks].map(([{ id, line, intervalMs }, { requests, smallestGapMs }]) => ({
      check: id,
      line,
      requests,
      intervalMs,
      smallestGapMs,
    }));
  }

  lines(): readonly Omit<LineFigures, "connections" | "connectionsAtOnceMost">[] {
    return [...this.#lines].map(([line, { requests, smallestGapMs }]) => ({
      line,
      requests,
      gapMs: this.#approved.lineGapMs.get(line) ?? 0,
      smallestGapMs,
    }));
  }

  /** The check's line, but for what a deep query asks between two heartbeats; what anybody asks there; and its device where that has several checks. */
  #around({ deep, line, floor }: ApprovedCheck): readonly Asked[] {
    const anybody = this.#anybody.get(line);
    return [
      ...(deep ? [] : [this.#lines.get(line)!]),
      ...(anybody ? [anybody.asked] : []),
      ...(floor ? [this.#devices.get(floor.device)!.asked] : []),
    ];
  }

  #latest(check: ApprovedCheck): bigint | undefined {
    return this.#checks.get(check)?.latestNs;
  }

  /** A further request of the exchange that is under way: over the same connection, in its time, each template once. */
  #continues(check: ApprovedCheck, template: ApprovedFrame, talk: Talk, atNs: bigint): boolean {
    const { startNs, used, talk: before } = this.#checks.get(check)!;
    if (startNs === undefined || before !== talk || used.length >= check.asking.requestsMax || used.includes(template)) return false;
    return ms(atNs - startNs) <= check.answerWithinMs;
  }

  #isEarly(check: ApprovedCheck, atNs: bigint): boolean {
    const device = check.floor && this.#devices.get(check.floor.device);
    const early = (one: Asked, leastMs: number): boolean => tooEarly({ ...one }, leastMs, atNs, "") !== undefined;
    return early(this.#checks.get(check)!, check.intervalMs) || (device !== undefined && early(device.asked, device.gapMs));
  }

  #begin(check: ApprovedCheck, template: ApprovedFrame, talk: Talk, atNs: bigint): Fault | undefined {
    const asked = this.#checks.get(check)!;
    const line = this.#lines.get(check.line)!;
    const device = check.floor && this.#devices.get(check.floor.device);
    const anybody = this.#anybody.get(check.line);
    const opened = talk.exchanges === 0 && talk.connected;
    // The connection that was begun for this very request has been weighed against the line already.
    const faults = [
      tooEarly(asked, check.intervalMs, atNs, `check ${check.id}: asked`),
      opened || check.deep ? undefined : tooEarly(line, this.#approved.lineGapMs.get(check.line) ?? 0, atNs, `line ${check.line}: asked`),
      device && tooEarly(device.asked, device.gapMs, atNs, `device ${check.floor!.device}: asked`),
      opened || !anybody ? undefined : tooEarly(anybody.asked, anybody.gapMs, atNs, `line ${check.line}: asked beside a deep query`),
    ];
    talk.exchanges += 1;
    // The connection was the deep query's: the line goes on counting from the heartbeat before it.
    if (opened && check.deep) line.latestNs = line.beforeNs;
    for (const each of [asked, ...this.#around(check)]) {
      each.requests += 1;
      each.latestNs = atNs;
    }
    asked.startNs = atNs;
    asked.used = [template];
    asked.talk = talk;
    return faults.find((fault) => fault !== undefined);
  }
}

function tooEarly(asked: Asked, leastMs: number, atNs: bigint, what: string): Fault | undefined {
  if (asked.latestNs === undefined) return undefined;
  const gapMs = ms(atNs - asked.latestNs);
  asked.smallestGapMs = Math.min(gapMs, asked.smallestGapMs ?? gapMs);
  if (gapMs >= leastMs) return undefined;
  return { kind: "too-early", detail: `${what} ${gapMs.toFixed(3)} ms after the time before; at least ${leastMs} ms` };
}

function ms(span: bigint): number {
  return Number(span) / 1e6;
}

function hex(bytes: Uint8Array): string {
  const shown = Array.from(bytes.subarray(0, 32), (byte) => byte.toString(16).padStart(2, "0")).join("");
  return bytes.length > 32 ? `${shown}… (${bytes.length} bytes)` : shown;
}
