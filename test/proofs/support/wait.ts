/** Waits for what happens outside this process, with a deadline. The only file of the wire proofs that knows time. */
import { setTimeout as delay } from "node:timers/promises";

export interface WaitOptions {
  /** Completes "gave up after 2000 ms waiting for ...". */
  readonly what: string;
  readonly deadlineMs: number;
  readonly everyMs?: number;
  /** Asked only on failure; what it returns ends the message, for instance what a child wrote to stderr. */
  readonly context?: () => string;
}

type Falsy = undefined | null | false | 0 | "";

/** Asks `probe` until it returns something truthy and resolves with that; a probe that throws ends the wait at once. */
export async function waitFor<T>(probe: () => T | Promise<T>, options: WaitOptions): Promise<Exclude<T, Falsy>> {
  const startedAt = performance.now();
  for (;;) {
    const found = await probe();
    if (found) return found as Exclude<T, Falsy>;
    if (performance.now() - startedAt > options.deadlineMs) {
      const context = options.context?.() ?? "";
      throw new Error(`gave up after ${options.deadlineMs} ms waiting for ${options.what}${context === "" ? "" : `\n${context}`}`);
    }
    await delay(options.everyMs ?? 10);
  }
}

/**
 * Lets real time pass on the wire. Only for proving that something does *not* happen in a stretch of time that the kernel decides;
 * for everything that does happen, waitFor is faster and does not guess.
 */
export async function watchTheWireFor(stretchMs: number): Promise<void> {
  await delay(stretchMs);
}

/** The day so many days from now, `2026-11-21`: until when a proof's approval holds. */
export function dayAfter(days: number): string {
  return new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);
}

/** Now by the wall clock, nanoseconds since 1970 to the millisecond, as captures count them. */
export function wallNs(): bigint {
  return BigInt(Date.now()) * 1_000_000n;
}
