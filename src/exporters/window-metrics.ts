/** Which maintenance windows are open, and until when: so that nobody wonders why a device is quiet or an alarm is not raised. */
import { Gauge, type Registry } from "prom-client";
import type { PlannedDevice } from "../domain/plan.ts";
import type { Window } from "../domain/windows.ts";

export interface WindowsShown {
  all(): readonly Window[];
  isOpen(id: string): boolean;
  muted(device: PlannedDevice): boolean;
}

const labelNames = ["window", "kind", "scope"] as const;
type Label = (typeof labelNames)[number];

export class WindowMetrics {
  readonly #windows: WindowsShown;
  readonly #open: Gauge<Label>;
  readonly #begins: Gauge<Label>;
  readonly #ends: Gauge<Label>;

  constructor(windows: WindowsShown, registers: Registry[]) {
    const gauge = (name: string, help: string): Gauge<Label> =>
      new Gauge({ name: `watchkeeper_window_${name}`, help, labelNames: [...labelNames], registers });
    this.#windows = windows;
    this.#open = gauge("open", "1 while a maintenance window is open, 0 while it is planned.");
    this.#begins = gauge("begins_timestamp_seconds", "When a maintenance window begins or began.");
    this.#ends = gauge("ends_timestamp_seconds", "When a maintenance window ends. It is gone from here after its end.");
  }

  update(): void {
    for (const gauge of [this.#open, this.#begins, this.#ends]) gauge.reset();
    for (const { id, kind, scope, from, until } of this.#windows.all()) {
      const labels = { window: id, kind, scope };
      this.#open.set(labels, this.#windows.isOpen(id) ? 1 : 0);
      this.#begins.set(labels, from / 1000);
      this.#ends.set(labels, until / 1000);
    }
  }
}
