/** Notices that the process stood still or that a clock was changed, before anything that piled up meanwhile can leave. */
import type { Cancel, Clock } from "../domain/clock.ts";
import { clockJumpMin, pulseEvery, stallAfter } from "../domain/limits.ts";
import { after, type Milliseconds, type MonotonicMs } from "../domain/units.ts";

export interface PulseEvents {
  /** Reads the STOP file, synchronously: from here on `stopped()` is true when it is there. */
  readStop(): void;
  /** Time cannot be trusted: everything in flight is to be aborted and every bucket emptied. */
  disturbed(detail: string): void;
}

/**
 * After a freeze the loop first runs whatever was due, a timer that writes among it. So every write asks `suspect`, which compares times by itself,
 * and suspicion ends only with a pulse that came on time: by then a full turn of the loop has read STOP.
 */
export class Pulse {
  readonly #clock: Clock;
  readonly #events: PulseEvents;
  readonly #every: Milliseconds;
  #last: MonotonicMs;
  #offset: number;
  #suspicious = true;
  #cancel: Cancel | undefined;

  constructor(clock: Clock, events: PulseEvents, every: Milliseconds = pulseEvery) {
    this.#clock = clock;
    this.#events = events;
    this.#every = every;
    this.#last = clock.monotonic();
    this.#offset = clock.wall() - this.#last;
  }

  /** Reads STOP at once; the first packet waits for the first pulse after that. */
  start(): void {
    this.#last = this.#clock.monotonic();
    this.#events.readStop();
    this.#arm();
  }

  stop(): void {
    this.#cancel?.();
    this.#suspicious = true;
  }

  /** True while nothing may be sent. */
  suspect(now: MonotonicMs): boolean {
    return this.#suspicious || this.#late(now);
  }

  #beat(): void {
    const now = this.#clock.monotonic();
    const late = this.#late(now);
    const jump = this.#clock.wall() - now - this.#offset;
    this.#offset += jump;
    const detail = late ? `stood still for ${Math.round(now - this.#last)} ms` : `wall clock jumped by ${Math.round(jump)} ms`;
    const disturbed = late || Math.abs(jump) > clockJumpMin;
    this.#last = now;
    this.#suspicious = disturbed;
    this.#events.readStop();
    if (disturbed) this.#events.disturbed(detail);
    this.#arm();
  }

  #late(now: MonotonicMs): boolean {
    return now - this.#last > this.#every + stallAfter;
  }

  #arm(): void {
    this.#cancel = this.#clock.at(after(this.#clock.monotonic(), this.#every), () => this.#beat());
  }
}
