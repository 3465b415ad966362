/** The whole poller under a seeded storm of faults: whatever happens, every promise holds. `SIMULATION_SEED=n` replays one run. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { DeviceId, Plan } from "../../src/domain/plan.ts";
import { monotonicMs, wallMs } from "../../src/domain/units.ts";
import { brokenPromises, whileTripped } from "../support/invariants.ts";
import { literalPlan, type LiteralDevice } from "../support/literal-plan.ts";
import { Random } from "../support/random.ts";
import { driverFaults, type DriverFault } from "../support/scripted-driver.ts";
import type { Script } from "../support/scripted-wire.ts";
import { SimulatedSite } from "../support/simulated-site.ts";

const replay = process.env["SIMULATION_SEED"];
const seeds = replay ? [Number(replay)] : Array.from({ length: Number(process.env["SIMULATION_RUNS"] ?? 80) }, (_, index) => index + 1);
const simulatedMs = 40 * 60_000;

/** Everything a run does follows from its seed. */
class Storm {
  readonly #random: Random;
  readonly site: SimulatedSite;
  readonly plans: Plan[] = [];
  readonly stops: { from: number; to: number }[] = [];
  #devices: LiteralDevice[];

  constructor(seed: number) {
    const random = (this.#random = new Random(seed));
    this.#devices = Array.from({ length: random.integer(1, 24) }, (_, index) => this.#device(index));
    const scripts = new Map(this.#devices.map((device) => [device.name, random.chance(0.4)]));
    const plan = this.#plan();
    this.site = new SimulatedSite({
      plan,
      script: (check) => (scripts.get(check.device) ? this.#badScript() : { does: "answer", afterMs: random.between(1, 400) }),
      fault: () => (random.chance(0.02) ? random.pick<DriverFault>(driverFaults) : "none"),
    });
  }

  async run(): Promise<void> {
    const { site } = this;
    site.start();
    const end = site.clock.monotonic() + simulatedMs;
    while (site.clock.monotonic() < end) {
      await site.clock.advance(this.#random.between(500, 60_000));
      await this.#event();
    }
    this.#lift();
    await site.shutDown();
  }

  async #event(): Promise<void> {
    const { site } = this;
    const random = this.#random;
    const device = random.pick(this.#devices);
    const id = device.name as DeviceId;
    const events: readonly (() => unknown)[] = [
      () => this.#stop(),
      () => this.#lift(),
      () => this.#lift(),
      () => site.clock.freeze(random.between(600, 20_000)),
      () => site.clock.stepWall(random.between(-7_200_000, 86_400_000)),
      () => site.adopt(this.#plan()),
      () => this.#change(),
      () => void site.gate.exchange(`${device.name}/modbus-fc43` as never, "ask-now"),
      () => Array.from({ length: 5 }, () => void site.gate.exchange(`${device.name}/modbus-fc43` as never, "ask-now")),
      () => {
        const from = site.clock.wall() + random.between(-10_000, 60_000);
        site.paused.set(id, { from: wallMs(from), until: wallMs(from + random.between(0, 300_000)) });
      },
      () => site.paused.clear(),
      () => site.heard.set(id, monotonicMs(site.clock.monotonic() + random.between(0, 600_000))),
      () => site.linkDown.set(id, monotonicMs(site.clock.monotonic() + random.between(0, 600_000))),
      () => site.gate.reset(`device:${device.name}`, "eto-1", "looked"),
      () => (site.leading = random.chance(0.8)),
      () => (site.auditWritable = random.chance(0.9)),
      () => undefined,
    ];
    await random.pick(events)();
  }

  #stop(): void {
    if (this.site.stopFile) return;
    this.site.stopFile = true;
    this.stops.push({ from: this.site.clock.monotonic(), to: Number.POSITIVE_INFINITY });
  }

  #lift(): void {
    if (!this.site.stopFile) return;
    this.site.stopFile = false;
    this.stops.at(-1)!.to = this.site.clock.monotonic();
  }

  /** An edited watchlist: another interval, another address, a device less or more. */
  #change(): void {
    const random = this.#random;
    const index = random.integer(0, this.#devices.length - 1);
    const changed = random.chance(0.5)
      ? this.#device(this.#devices.length + 100)
      : { ...this.#devices[index]!, unitId: random.integer(1, 247) };
    this.#devices = this.#devices.toSpliced(index, random.integer(0, 1), changed).filter(uniqueName);
    this.site.adopt(this.#plan());
  }

  #device(index: number): LiteralDevice {
    const random = this.#random;
    const segment = random.pick(["hvac", "power"]);
    const behindGateway = random.chance(0.2);
    return {
      name: `${segment}.${index}`,
      address: behindGateway ? `192.0.2.250` : `192.0.2.${(index % 240) + 1}`,
      segment,
      profile: random.pick(["generic-modbus-tcp", "schneider-m221"]),
      intervalMs: random.pick([30_000, 60_000, 90_000]),
      connection: random.pick(["fresh", "kept"]),
      ...(behindGateway
        ? {
            line: `gateway:${segment}`,
            unitId: (index % 240) + 1,
            holdAfterTimeoutMs: 4000,
            address: segment === "hvac" ? "192.0.2.250" : "192.0.2.251",
          }
        : {}),
      ...(random.chance(0.1) ? { vendors: ["Someone Else"] } : {}),
    };
  }

  #plan(): Plan {
    const plan = literalPlan(this.#devices);
    this.plans.push(plan);
    return plan;
  }

  #badScript(): Script {
    const random = this.#random;
    const afterMs = random.between(1, 6000);
    return random.pick<Script>([
      { does: "answer", afterMs },
      { does: "answer", afterMs: 5, connectMs: random.between(1, 700) },
      { does: "silence" },
      { does: "refuse" },
      { does: "no-connect" },
      { does: "malformed" },
      { does: "late-close" },
      { does: "reset", afterMs },
      { does: "answer-then-close", afterMs },
    ]);
  }
}

function uniqueName(device: LiteralDevice, index: number, all: readonly LiteralDevice[]): boolean {
  return all.findIndex((other) => other.name === device.name) === index;
}

describe("the whole poller under faults", () => {
  it(`keeps every promise in ${seeds.length} seeded runs of ${simulatedMs / 60_000} min`, async () => {
    for (const seed of seeds) {
      const storm = new Storm(seed);
      await storm.run();
      const { site } = storm;
      const replayHint = `replay with SIMULATION_SEED=${seed} node --test test/simulation/whole-poller.test.ts`;
      const broken = [...brokenPromises(site.witness, storm.plans, storm.stops), ...whileTripped(site.witness, site.facts)];
      assert.deepEqual(broken.slice(0, 5), [], replayHint);
      assert.ok(site.witness.packets.length > 0, `something was asked; ${replayHint}`);
      assert.equal(site.gate.inFlight, 0, `every exchange ended; ${replayHint}`);
      assert.equal(site.keeper?.heldCount, 0, `every connection was given back; ${replayHint}`);
      assert.ok(
        site.witness.connections.every((connection) => Number.isFinite(connection.to)),
        `every socket was let go; ${replayHint}`,
      );
      assert.equal(site.clock.waiting, 0, `no timer was forgotten; ${replayHint}`);
    }
  });
});
