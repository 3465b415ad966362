/** Connections that a device may still count for ours after an unclean end, and whether its pool has room for another one. */
import type { InFlight } from "../domain/gate.ts";
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

  /** When another connection may be opened; now or earlier means at once, "never" that only another plan makes room. Undefined for a check that opens none. */
  freeAt(check: Check, now: MonotonicMs): MonotonicMs | "never" | undefined {
    if (check.opening.connectionsMax === 0) return undefined;
    const free = this.#plan?.lines.get(check.line)?.connections.free ?? 0;
    const counted = (this.#counted.get(check.line) ?? []).filter((until) => until > now);
    if (counted.length < free) return now;
    return counted[counted.length - free] ?? "never";
  }

  /** Sorted, and only what still counts: a line's list is as long as its unclean ends within the longest wait. */
  #add(line: LineId, until: MonotonicMs, now: MonotonicMs): void {
    const standing = (this.#counted.get(line) ?? []).filter((other) => other > now);
    const all = [...standing, until].toSorted((a, b) => a - b);
    this.#counted.set(line, all);
    this.#notes.counted(line, all);
  }
}
