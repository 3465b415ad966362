/** What the state folder says of the kernel fence, for metrics: read when somebody looks, and not more often than every few seconds. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Clock } from "../domain/clock.ts";
import { fenceRecordName, fenceStateNow, parseFenceRecord, type FenceRecord, type FenceState } from "../domain/fence-state.ts";
import { after, seconds, type MonotonicMs, type WallMs } from "../domain/units.ts";
import type { FenceHealth } from "../exporters/site-definitions.ts";

const readEvery = seconds(5);

export class FenceWatch implements FenceHealth {
  readonly #file: string;
  readonly #clock: Clock;
  #record: FenceRecord | undefined;
  #readAt: MonotonicMs | undefined;

  constructor({ stateDir, clock }: { readonly stateDir: string; readonly clock: Clock }) {
    this.#file = join(stateDir, fenceRecordName);
    this.#clock = clock;
  }

  state(plan: string): FenceState {
    this.#read();
    return fenceStateNow(this.#record, plan, this.#clock.wall());
  }

  get checkedAt(): WallMs | undefined {
    this.#read();
    return this.#record?.at;
  }

  #read(): void {
    const now = this.#clock.monotonic();
    if (this.#readAt !== undefined && now < after(this.#readAt, readEvery)) return;
    this.#readAt = now;
    try {
      this.#record = parseFenceRecord(readFileSync(this.#file, "utf8"));
    } catch (error) {
      if (!(error instanceof Error && "syscall" in error)) throw error;
      this.#record = undefined;
    }
  }
}
