/** The poller's own pulse, which must advance: whoever watches the watchkeeper alerts when it does not. */
import { Counter, Gauge, type Registry } from "prom-client";
import type { Clock } from "../domain/clock.ts";

export class PulseMetrics {
  readonly #pulses: Counter;
  readonly #last: Gauge;
  readonly #clock: Pick<Clock, "wall">;

  constructor(registers: Registry[], clock: Pick<Clock, "wall">) {
    this.#clock = clock;
    this.#pulses = new Counter({
      name: "watchkeeper_pulses_total",
      help: "Turns of the poller's own pulse, five a second: it reads STOP and looks at the clocks. To be alerted on when it does not advance.",
      registers,
    });
    this.#last = new Gauge({
      name: "watchkeeper_last_pulse_timestamp_seconds",
      help: "When the poller's pulse last turned; 0 before the first time. Stands still with a poller that stands still.",
      registers,
    });
  }

  turned(): void {
    this.#pulses.inc();
    this.#last.set(this.#clock.wall() / 1000);
  }
}
