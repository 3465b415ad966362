/** Connections that a device may still count for ours after an unclean end, and whether its pool has room for another one. */
import type { InFlight } from "../domain/gate.ts";
import { countedForGood } from "../domain/limits.ts";
import type { Check, LineId, Plan } from "../domain/plan.ts";
import { after, monotonicMs, type MonotonicMs } from "../domain/units.ts";
import type { Closed } from "../domain/wire.ts";

/**
 * Worked example: of 4 connections SCADA holds none and 2 stay free, so 2 are ours. After one unclean end there is room for one; after a
 * second none, until the first is surely gone. A device that closes its oldest connection for a newcomer therefore never has to.
 */
export class Connections {
  readonly #counted = new Map<LineId, readonly MonotonicMs[]>();
  readonly #notes: Pick<InFlight, "counted">;
  #plan: Plan | undefined;

  constructor(notes: Pick<InFlight, "counted">) {
    this.#notes = notes;
  }

  adopt(plan: Plan): void {
    this.#plan = plan;
  }

  /** Of an earlier run. */
  restore(line: LineId, until: MonotonicMs): void {
    this.#add(line, until, monotonicMs(0));
  }

  /** Of an earlier run that ended while this one stood: nobody knows what the device saw of its end. */
  lost(line: LineId, now: MonotonicMs): void {
    const lasts = this.#plan?.lines.get(line)?.connections.countedAfterLoss;
    if (lasts !== undefined) this.#add(line, after(now, lasts), now);
  }

  /** A way to the device has ended. FIN both ways, or the device's own end of it, leaves nothing behind; where nothing was opened, nothing is. */
  closed({ line, opening }: Check, { failure, acknowledged }: Closed, now: MonotonicMs): void {
    if (opening.connectionsMax === 0 || failure === undefined || failure === "reset" || failure === "refused") return;
    const lasts = this.#plan?.lines.get(line)?.connections;
    if (!lasts) return;
    // It had just spoken or acknowledged: it is there, and has seen the reset.
    const seen = acknowledged === true || failure === "malformed";
    this.#add(line, after(now, seen ? lasts.countedAfterReset : lasts.countedAfterLoss), now);
  }

  /** Of a device that closes no silent connection: as many were lost as may be open, and no time mends it. */
  usedUp(line: LineId, now: MonotonicMs): boolean {
    const connections = this.#plan?.lines.get(line)?.connections;
    if (connections?.countedAfterLoss !== countedForGood) return false;
    const lost = this.#standing(line, now).filter((until) => until - now > countedForGood / 2);
    return lost.length > 0 && lost.length >= connections.free;
  }

  /** A person has restarted the device. */
  forget(line: LineId): void {
    this.#counted.delete(line);
    this.#notes.counted(line, []);
  }

  /** When another connection may be opened; now or earlier means at once, "never" that only another plan makes room. Undefined for a check that opens none. */
  freeAt(check: Check, now: MonotonicMs): MonotonicMs | "never" | undefined {
    if (check.opening.connectionsMax === 0) return undefined;
    const free = this.#plan?.lines.get(check.line)?.connections.free ?? 0;
    const counted = this.#standing(check.line, now);
    if (counted.length < free) return now;
    return counted[counted.length - free] ?? "never";
  }

  #standing(line: LineId, now: MonotonicMs): readonly MonotonicMs[] {
    return (this.#counted.get(line) ?? []).filter((until) => until > now);
  }

  /** Sorted, and only what still counts: a line's list is as long as its unclean ends within the longest wait. */
  #add(line: LineId, until: MonotonicMs, now: MonotonicMs): void {
    const all = [...this.#standing(line, now), until].toSorted((a, b) => a - b);
    this.#counted.set(line, all);
    this.#notes.counted(line, all);
  }
}
