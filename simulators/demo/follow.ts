/** Looks at the running poller again and again, and says what changed. */
import type { DeviceStatus, Status } from "../../src/domain/control.ts";
import type { Patience } from "./patience.ts";
import { newsOf } from "./rows.ts";
import type { Teller } from "./teller.ts";
import { statusOf } from "./view.ts";

const lookEveryMs = 250;

export interface Followed {
  /** The latest; undefined while no poller answers. */
  readonly status: Status | undefined;
  device(id: string): DeviceStatus | undefined;
}

export class Follower implements Followed {
  status: Status | undefined;
  #known = new Map<string, string>();

  device(id: string): DeviceStatus | undefined {
    return this.status?.devices.find(({ device }) => device === id);
  }

  /** Until the demo ends: rejects with the reason then. */
  async follow(folder: string, patience: Patience, teller: Pick<Teller, "say">): Promise<never> {
    for (;;) {
      const status = await statusOf(folder);
      if (status) {
        this.status = { ...status, devices: status.devices.map((device) => this.#steadied(device)) };
        for (const line of this.#changes(this.status.devices)) teller.say(line);
      }
      await patience.pause(lookEveryMs);
    }
  }

  /** A slot that waits for a budget is no news: what the latest exchange came to stays. */
  #steadied(device: DeviceStatus): DeviceStatus {
    const before = this.device(device.device);
    const checks = device.checks.map((check, index) => {
      const waits = check.last?.startsWith("not asked: ") ?? false;
      return waits ? { ...check, last: before?.checks[index]?.last ?? null } : check;
    });
    return { ...device, checks };
  }

  /** Devices of which the same is new share a line. */
  #changes(devices: readonly DeviceStatus[]): readonly string[] {
    const changed = devices.filter((device) => this.#known.get(device.device) !== newsOf(device));
    this.#known = new Map(devices.map((device) => [device.device, newsOf(device)]));
    return [...Map.groupBy(changed, newsOf)].map(([news, those]) => `${those.map(({ device }) => device).join(", ")}: ${news}`);
  }
}
