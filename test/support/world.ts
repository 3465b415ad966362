/** A plant on a test's clock: power, switches, gateways, PLCs that are downloaded to or reboot, and a network that now and then loses an answer. */
import type { Check } from "../../src/domain/plan.ts";
import type { LiteralDevice } from "./literal-plan.ts";
import type { Random } from "./random.ts";
import type { Script } from "./scripted-wire.ts";

export const minute = 60_000;
export const hour: number = 60 * minute;
export const day: number = 24 * hour;

interface Absence {
  /** `gone`: no power or no way; `busy`: its TCP acknowledges, and nobody answers; `refuses`: it takes no connection yet. */
  readonly how: "gone" | "busy" | "refuses";
  readonly from: number;
  readonly until: number;
}

export interface WorldOptions {
  readonly devices: readonly LiteralDevice[];
  readonly random: Random;
  readonly now: () => number;
  /** The share of exchanges in which the way is lost after the connection. */
  readonly lossShare?: number;
}

export class World {
  readonly #devices: ReadonlyMap<string, LiteralDevice>;
  readonly #random: Random;
  readonly #now: () => number;
  readonly #lossShare: number;
  /** By device, switch, gateway or segment: what keeps it away, the latest last. */
  readonly #absences = new Map<string, readonly Absence[]>();
  /** How long each device takes for an answer. */
  readonly #paces: ReadonlyMap<string, number>;

  constructor({ devices, random, now, lossShare = 0 }: WorldOptions) {
    this.#devices = new Map(devices.map((device) => [device.name, device]));
    this.#random = random;
    this.#now = now;
    this.#lossShare = lossShare;
    this.#paces = new Map(devices.map(({ name }) => [name, random.between(3, 120)]));
  }

  readonly script = ({ device }: Check): Script => {
    const random = this.#random;
    const away = this.#awayOf(device);
    if (away === "gone") return { does: "no-connect" };
    if (away === "refuses") return { does: "refuse" };
    if (away === "busy") return { does: "silence" };
    if (random.chance(this.#lossShare)) return { does: "vanish" };
    return { does: "answer", afterMs: this.#paces.get(device)! * random.between(0.8, 1.5) };
  };

  /** Power or way is gone for a time: of a device, or of all behind a switch, a gateway, or in a segment. Each comes back in its own time. */
  away(name: string, spanMs: number, how: Absence["how"] = "gone", afterMs = 0): void {
    const now = this.#now();
    const standing = (this.#absences.get(name) ?? []).filter(({ until }) => until > now);
    this.#absences.set(name, [...standing, { how, from: now + afterMs, until: now + afterMs + spanMs }]);
  }

  /** A PLC is downloaded to: busy perhaps, gone for minutes, refusing for a while, back within a quarter of an hour. */
  download(name: string): void {
    const random = this.#random;
    const busy = random.chance(0.3) ? random.between(0.2, 2) * minute : 0;
    const gone = random.between(0.5, 6) * minute;
    this.away(name, busy, "busy");
    this.away(name, gone, "gone", busy);
    this.away(name, random.between(0.2, 3) * minute, "refuses", busy + gone);
  }

  isAway(name: string): boolean {
    return (this.#absences.get(name) ?? []).some(({ until }) => until > this.#now());
  }

  /** The power of a segment fails; its devices take their own time to boot. */
  blackout(segment: string, spanMs: number): void {
    this.away(`segment ${segment}`, spanMs);
    for (const device of this.#devices.values())
      if (device.segment === segment) this.away(device.name, spanMs + this.#random.between(0.2, 4) * minute);
  }

  #awayOf(name: string): Absence["how"] | undefined {
    const device = this.#devices.get(name);
    const places = [name, `segment ${device?.segment ?? "hvac"}`, ...(device?.behind ?? [])];
    const now = this.#now();
    const all = places.flatMap((place) => (this.#absences.get(place) ?? []).filter(({ from, until }) => from <= now && until > now));
    return (["gone", "busy", "refuses"] as const).find((how) => all.some((absence) => absence.how === how));
  }
}
