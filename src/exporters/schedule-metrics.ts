/** How well the schedule is kept: how late checks come to the gate, and slots that went by. */
import { Counter, Histogram, type Registry } from "prom-client";
import type { Milliseconds } from "../domain/units.ts";

export class ScheduleMetrics {
  readonly #skips: Counter;
  readonly #lateness: Histogram;

  constructor(registers: Registry[]) {
    this.#skips = new Counter({
      name: "watchkeeper_schedule_skips_total",
      help: "Slots in which a check was not asked because a shared budget, its line or its connections had no room for half an interval. They are never caught up.",
      registers,
    });
    this.#lateness = new Histogram({
      name: "watchkeeper_schedule_lateness_seconds",
      help: "How long after its due time each check came to the gate.",
      buckets: [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 30],
      registers,
    });
  }

  late(by: Milliseconds): void {
    this.#lateness.observe(by / 1000);
  }

  skipped(): void {
    this.#skips.inc();
  }
}
