/** Windows, the device that they are for, and clocks that a test moves apart. */
import type { PlannedDevice } from "../../src/domain/plan.ts";
import { monotonicMs, wallMs } from "../../src/domain/units.ts";
import type { Window } from "../../src/domain/windows.ts";
import type { Moment, Windows } from "../../src/safety/windows.ts";
import { literalPlan } from "./literal-plan.ts";

export const start: number = Date.parse("2026-11-21T12:00:00Z");
export const minute: number = 60_000;
export const hour: number = 60 * minute;
export const day: number = 24 * hour;

/** Clocks that a test moves apart. */
export class Clocks {
  #ran = 0;
  stepped = 0;
  trustedStepped = 0;

  readonly now = (): Moment => ({
    wall: wallMs(start + this.#ran + this.stepped),
    trusted: wallMs(start + this.#ran + this.trustedStepped),
    monotonic: monotonicMs(5_000_000 + this.#ran),
  });

  run(span: number): void {
    this.#ran += span;
  }

  runTo(moment: string): void {
    this.#ran = Date.parse(moment) - start;
  }
}

export const device: PlannedDevice = [...literalPlan([{ name: "plc", address: "192.0.2.11" }]).devices.values()][0]!;

export function made(changes: Partial<Window> = {}): Window {
  return {
    id: "w1",
    kind: "pause",
    scope: "device:plc",
    from: wallMs(start),
    until: wallMs(start + 2 * hour),
    offsetMinutes: 0,
    by: "eto-1",
    reason: "firmware",
    ...changes,
  };
}

/** What the windows say of the device now. */
export function saysOf(windows: Windows): { readonly paused: boolean; readonly muted: boolean; readonly deep: string } {
  return { paused: windows.pause(device)?.beginsIn === 0, muted: windows.muted(device), deep: windows.deepQuery(device).leave };
}

export const nothing: ReturnType<typeof saysOf> = { paused: false, muted: false, deep: "none" };
