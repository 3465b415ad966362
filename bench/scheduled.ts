/** A whole poller over real sockets, one interval of 30 s for all its devices; it runs in windows rather than at a shorter interval, so that the load is the real one. */
import { slotPeriod } from "../src/domain/slots.ts";
import type { Outcome } from "../src/domain/outcome.ts";
import { milliseconds, type Milliseconds } from "../src/domain/units.ts";
import { Scheduler } from "../src/scheduler/scheduler.ts";
import { tcpDialler } from "../src/wire/tcp.ts";
import { armTripwire } from "../src/wire/tripwire.ts";
import type { Place } from "./bare.ts";
import { MovedClock } from "./moved-clock.ts";
import { awake, intervalMs, openSite, sitePlan } from "./site.ts";

export interface Window {
  /** Milliseconds after its slot, of each start. */
  readonly late: readonly number[];
  readonly starts: number;
  /** Microseconds of the processor, all threads of this process, until the last answer. */
  readonly cpu: number;
}

export interface Scheduled {
  /** Where each check lies in the interval. */
  readonly slots: readonly Milliseconds[];
  window(ms: number, sweepEveryMs: number): Promise<Window>;
  /** So often the machine was busy enough to be taken for one that stood still: kept connections were closed for it, and begun anew. */
  readonly stalls: number;
  /** The reasons of checks that were not answered. */
  end(): Promise<readonly string[]>;
}

export async function openScheduled(
  devices: number,
  placeOf: (index: number) => Place,
  connection: "fresh" | "kept" = "fresh",
): Promise<Scheduled> {
  const clock = new MovedClock();
  const plan = sitePlan({ devices, connection, placeOf });
  const dial = tcpDialler({ clock, cutOff: () => undefined, onViolation: ({ detail }) => fail(detail) });
  let stalls = 0;
  const site = openSite(
    plan,
    clock,
    () => dial,
    ({ kind }) => {
      if (kind !== "stalled") throw new Error(`bench: ${kind}, where only heartbeats were expected`);
      stalls += 1;
    },
  );
  clock.move(milliseconds(intervalMs));
  await awake(site, plan, clock);
  return {
    get stalls() {
      return stalls;
    },
    slots: [...plan.checks.values()].map(({ slot }) => slot),
    async window(ms, sweepEveryMs) {
      const late: number[] = [];
      const scheduler = new Scheduler({ clock, gate: site.gate, onStart: (span) => late.push(span), onSkip: () => {} }, plan);
      // The first interval, in which nothing is asked, goes by at once.
      clock.move(slotPeriod(milliseconds(intervalMs)));
      const disarm = armTripwire({ onBlocked: (detail) => fail(detail) });
      scheduler.start();
      // Taking over the plan is not counted: a poller does that once for many intervals.
      const before = process.cpuUsage();
      const sweeping = setInterval(() => site.sweep(), sweepEveryMs);
      await pause(ms);
      clearInterval(sweeping);
      scheduler.stop();
      while (site.gate.inFlight > 0) await pause(10);
      const { user, system } = process.cpuUsage(before);
      disarm();
      return { late, starts: late.length, cpu: user + system };
    },
    async end() {
      const unanswered = [...site.board.checks()].flatMap(({ last }) => (last && last.kind !== "answered" ? [reasonOf(last)] : []));
      await site.end();
      return unanswered;
    },
  };
}

function reasonOf(outcome: Exclude<Outcome, { kind: "answered" }>): string {
  return outcome.kind === "refused" ? outcome.reason : outcome.failure;
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function fail(detail: string): never {
  throw new Error(`bench: the guard stopped a frame: ${detail}`);
}
