/** Runs one deep query: the first device of each family alone, a wait, then its others, each question by itself through the gate. */
import type { Clock } from "../domain/clock.ts";
import type { DeepDevice, DeepRun } from "../domain/deep-query.ts";
import { formatDuration } from "../domain/duration.ts";
import { deepQueryFirstWait, deepQueryFirstWaitLab } from "../domain/limits.ts";
import type { Check, CheckId, DeviceId, PlannedDevice } from "../domain/plan.ts";
import { after, type MonotonicMs } from "../domain/units.ts";
import { DeepQueryOfDevice, notAsked, type DeepDeviceParts } from "./deep-query-device.ts";
import { nextBeat } from "./next-beat.ts";

export interface DeepQueryParts extends Omit<DeepDeviceParts, "asks" | "begunWith" | "ended" | "sleep" | "end"> {
  readonly clock: Clock;
}

export class DeepQuery {
  readonly #parts: DeepQueryParts;
  readonly #devices: readonly PlannedDevice[];
  /** What is asked, as it is when a person begins: names may come to stand for other bytes, or another machine. */
  readonly #asked: ReadonlyMap<CheckId, Check>;
  #cutShort: string | undefined;
  #sleepers = new Set<() => void>();

  /** @param devices of the plan, each once */
  constructor(parts: DeepQueryParts, devices: readonly PlannedDevice[]) {
    this.#parts = parts;
    this.#devices = devices;
    const own = new Set(devices.map(({ id }) => id));
    const asked = [...parts.plan().deep.values()].filter(({ device }) => own.has(device));
    this.#asked = new Map(asked.map((check) => [check.id, check]));
  }

  /** Whether it was ended before its own end, though its record may still be wanting. */
  get ended(): boolean {
    return this.#cutShort !== undefined;
  }

  /** Whether the check is still what it was when this began. */
  asks({ id, digest }: Pick<Check, "id" | "digest">): boolean {
    return this.#asked.get(id)?.digest === digest;
  }

  /** Nothing further is asked; the caller takes back at the gate what is out. The first reason holds. */
  end(why: string): void {
    this.#cutShort ??= why;
    for (const wake of this.#sleepers) wake();
  }

  async run(): Promise<DeepRun> {
    const families = Map.groupBy(this.#devices, ({ profile }) => profile);
    const done = await Promise.all([...families.values()].map((members) => this.#family(members)));
    const byId = new Map<DeviceId, DeepDevice>(done.flat().map((one) => [one.device, one]));
    return { cutShort: this.#cutShort, devices: this.#devices.map(({ id }) => byId.get(id)!) };
  }

  async #family([first, ...others]: readonly PlannedDevice[]): Promise<readonly DeepDevice[]> {
    const pioneer = await this.#device(first!).run();
    if (others.length === 0) return [pioneer];
    const because = await this.#stillWell(first!, pioneer, others.length);
    if (because !== undefined) return [pioneer, ...others.map(({ id }) => notAsked(id, because))];
    return [pioneer, ...(await Promise.all(others.map((one) => this.#device(one).run())))];
  }

  /** Why the others of the family are left alone; undefined when the first has answered everything, and its heartbeat after a wait. */
  async #stillWell(first: PlannedDevice, { ended }: DeepDevice, others: number): Promise<string | undefined> {
    const { beat, clock, plan, tell } = this.#parts;
    const { id } = first;
    if (ended !== "complete") return this.#cutShort ?? `${id}, the first of its family, was not answered in full`;
    const wait = plan().lab ? deepQueryFirstWaitLab : deepQueryFirstWait;
    const follow = others === 1 ? "the other of its family follows" : `the ${others} others of its family follow`;
    tell(`${id}: complete; ${follow} in ${formatDuration(wait)}`);
    const began = clock.wall();
    await this.#sleep(after(clock.monotonic(), wait));
    // One that is asked more rarely than the wait lasts has not had its turn yet: that says nothing against it.
    const latest = beat(id);
    if (latest !== undefined && latest.at < began && this.#cutShort === undefined)
      tell(`${id}: was not asked in the wait; its next heartbeat is waited for`);
    const heard = latest && (await nextBeat(this.#deviceParts(), first, began));
    if (this.#cutShort !== undefined) return this.#cutShort;
    return heard === undefined ? `${id}, the first of its family, answered no heartbeat in the wait after it` : undefined;
  }

  #deviceParts(): Omit<DeepDeviceParts, "begunWith"> {
    return {
      ...this.#parts,
      asks: (check) => this.asks(check),
      ended: () => this.#cutShort,
      sleep: (until) => this.#sleep(until),
      end: (why) => this.end(why),
    };
  }

  #device(device: PlannedDevice): DeepQueryOfDevice {
    const begunWith = [...this.#asked.values()].filter((check) => check.device === device.id);
    return new DeepQueryOfDevice({ ...this.#deviceParts(), begunWith }, device);
  }

  /** Until the moment, or until the run is ended. */
  #sleep(until: MonotonicMs): Promise<void> {
    if (this.#cutShort !== undefined) return Promise.resolve();
    return new Promise((resolve) => {
      const wake = (): void => {
        cancel();
        this.#sleepers.delete(wake);
        resolve();
      };
      const cancel = this.#parts.clock.at(until, wake);
      this.#sleepers.add(wake);
    });
  }
}
