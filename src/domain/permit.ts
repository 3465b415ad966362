/** Leave to send, as the wire sees it. Only the gate mints one; a driver never holds one. */
import type { Operation } from "./operations.ts";
import type { Sent } from "./outcome.ts";
import type { Check } from "./plan.ts";
import type { MonotonicMs } from "./units.ts";

declare const minted: unique symbol;

/** Void for ever once ended or revoked. Every `spend` decides again at that very moment: deadline, stop, plan, window, pulse. */
export interface Permit {
  readonly [minted]: true;
  readonly check: Check;
  readonly deadline: MonotonicMs;
  /** What has been spent so far. */
  readonly sent: Sent;
  /** Charges the opening of one connection. */
  spendConnection(): Spending;
  /** Charges one whole frame that is about to leave. `frame` is the wire's own copy; `operation` what the frame policy read in it. */
  spendFrame(frame: Uint8Array, operation: Operation | undefined): Spending;
  /** What was granted has left at this moment, later than it was charged: the interval counts from here. Also after the permit's end. */
  left(at: MonotonicMs): void;
  /** Voids the permit for something that no lawful driver does, and trips; for violations that the wire sees itself. */
  violated(detail: string): void;
  /** Runs at once when the permit is taken back before its end (stop, pause, plan change, freeze); the wire aborts. */
  onRevoked(listener: (why: string) => void): void;
}

/** `overdue`: lawful but too late or no longer allowed, the exchange ends. `violation`: the guard stopped it, the device trips. */
export type Spending =
  | { readonly granted: true }
  | { readonly granted: false; readonly because: "overdue" | "violation"; readonly detail: string };
