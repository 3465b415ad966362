/** A poller that is ended at every step of its life and started again: nobody is asked sooner for it, and what was held stays held. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Check } from "../../src/domain/plan.ts";
import { waitAfter } from "../../src/safety/history.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { LaggingNotebook } from "../support/lagging-notebook.ts";
import { literalPlan } from "../support/literal-plan.ts";
import type { Script } from "../support/scripted-wire.ts";
import { SimulatedSite } from "../support/simulated-site.ts";

const minute = 60_000;
const plan = literalPlan(
  ["a", "b", "c", "d", "e", "f", "g", "h"].map((name, n) => ({ name, address: `192.0.2.${n + 1}`, freeConnections: 500 })),
);
const held = [...plan.checks.values()].filter(({ device }) => device > "c");

class Life {
  site: SimulatedSite;
  /** Devices that are dead. */
  dead: ReadonlySet<string> = new Set();

  readonly #began: number;
  #notes: LaggingNotebook;

  constructor() {
    const clock = new FakeClock();
    this.#notes = new LaggingNotebook(() => clock.monotonic(), new Map());
    this.site = this.#born({ clock, witness: { packets: [], connections: [] }, proven: new Map() });
    this.#began = this.site.clock.monotonic();
    this.site.start();
  }

  #born(before: Pick<SimulatedSite, "clock" | "witness" | "proven">): SimulatedSite {
    const script = ({ device }: Check): Script => (this.dead.has(device) ? { does: "no-connect" } : { does: "answer", afterMs: 20 });
    return new SimulatedSite({ plan, script, live: true, before, notes: this.#notes });
  }

  /** SIGKILL, and a start at once. */
  kill(): void {
    const before = this.site;
    before.clock.forgetTimers();
    const unnoted = before.missed.flatMap(({ id, at }) => (this.#notes.isWritten(at) ? [] : [plan.checks.get(id)!]));
    const asked = before.inFlight.flatMap((id) => plan.checks.get(id as Check["id"]) ?? []);
    this.#notes = new LaggingNotebook(() => before.clock.monotonic(), this.#notes.onDisk());
    this.site = this.#born(before);
    this.site.gate.inherit([], [], asked, unnoted);
    // Noted as missed until the journal has it, also where it was being asked.
    for (const { id } of [...asked, ...unnoted]) this.site.missed.push({ id, at: this.site.clock.monotonic() });
    this.site.start();
  }

  /** Goes on until the moment, in steps that are shorter than what is gathered takes to the disk; `step` is called after each. */
  async stepUntil(moment: number, step: () => Promise<void> | void): Promise<void> {
    while (this.now < moment) {
      await this.site.clock.advance(100);
      await step();
    }
  }

  /** How often `device` was asked in vain in this run, to the end. */
  missesOf(device: string): number {
    return this.site.facts.filter((fact) => fact.kind === "failed" && fact.check.device === device).length;
  }

  /** Since the first start. */
  get now(): number {
    return this.site.clock.monotonic() - this.#began;
  }

  /** Since the first start. */
  get holdsBegan(): readonly number[] {
    return this.site.facts.flatMap((fact) => (fact.kind === "held" && fact.held ? [fact.at - this.#began] : []));
  }

  async until(moment: number): Promise<void> {
    await this.site.clock.advance(moment - this.now);
  }

  /** When each of the devices was asked since `from`. */
  askings(devices: readonly string[], from: number): number[] {
    const askings = this.site.witness.packets.filter(({ kind, check }) => kind === "connect" && devices.includes(check.device));
    return askings.map(({ at }) => at - this.#began).filter((at) => at >= from);
  }

  /** Waits that were shorter than back-off asks for, of a device that has been dead since `from`. */
  tooSoon(device: string, from: number): readonly string[] {
    const check = [...plan.checks.values()].find((one) => one.device === device)!;
    const times = this.askings([device], from);
    return times.flatMap((time, n) => {
      const waited = time - (times[n - 1] ?? Number.NEGATIVE_INFINITY);
      return waited < waitAfter(check, n) ? [`${device}: asking ${n + 1} came ${waited} ms after the one before`] : [];
    });
  }
}

/** One device is dead from minute 5 on, killed at each moment: what was asked too soon. */
async function deadAlone(kills: readonly number[], until: number): Promise<readonly string[]> {
  const life = new Life();
  await life.until(5 * minute);
  life.dead = new Set(["a"]);
  const from = life.now;
  for (const moment of kills) {
    await life.until(moment);
    life.kill();
  }
  await life.until(until);
  return life.tooSoon("a", from);
}

describe("a poller that is started again", () => {
  it("asks a device that is down no sooner, whenever it is ended", async () => {
    // Steps that meet every moment of an exchange and of a wait: while nothing is out, while a connection is being opened, between two misses.
    for (let moment = 5 * minute; moment < 30 * minute; moment += 97_657)
      assert.deepEqual(await deadAlone([moment], 45 * minute), [], `ended at ${moment} ms`);
  });
  it("asks it no sooner in the middle of each asking either", async () => {
    const undisturbed = new Life();
    await undisturbed.until(5 * minute);
    undisturbed.dead = new Set(["a"]);
    await undisturbed.until(40 * minute);
    const askings = undisturbed.askings(["a"], 5 * minute);
    assert.ok(askings.length >= 6, "the figure above is worth something");
    for (const asking of askings) assert.deepEqual(await deadAlone([asking + 1], 45 * minute), [], `ended ${asking} ms`);
  });
  it("asks it no sooner for a crash loop of any period", async () => {
    for (const period of [70_000, 2.5 * minute, 11 * minute]) {
      const kills = Array.from({ length: Math.floor((60 * minute) / period) }, (_, n) => 5 * minute + (n + 1) * period);
      assert.deepEqual(await deadAlone(kills, kills.at(-1)! + 30 * minute), [], `every ${period} ms`);
    }
  });
  it("holds a segment that fell silent in part for as long, whenever it is ended, before the hold or in it", async () => {
    for (let moment = 5 * minute; moment < 24 * minute; moment += 83_333) {
      const life = new Life();
      await life.until(5 * minute);
      life.dead = new Set(["a", "b", "c"]);
      await life.until(moment);
      life.kill();
      await life.until(26 * minute);
      // The third miss of the last of the three begins the hold; from then on the first to leave is its trial.
      const last = Math.max(...["a", "b", "c"].map((device) => life.askings([device], 5 * minute)[2]!));
      const others = held.map(({ device }) => device);
      const early = life.askings([...others, "a", "b", "c"], last + 1000).filter((time) => time < last + 15 * minute);
      assert.deepEqual(early, [], `ended at ${moment} ms, held from ${last} ms`);
    }
  });
  it("asks a device that is down no sooner where each of its misses ends the poller before the disk has it", async () => {
    const life = new Life();
    await life.until(5 * minute);
    life.dead = new Set(["a"]);
    const from = life.now;
    let ends = 0;
    await life.stepUntil(65 * minute, () => {
      if (life.missesOf("a") === 0) return;
      ends += 1;
      life.kill();
    });
    assert.ok(ends >= 6, `ended ${ends} times`);
    assert.deepEqual(life.tooSoon("a", from), []);
  });
  it("asks it no sooner where it is ended while it asks, and again before the start has written what it found", async () => {
    const life = new Life();
    await life.until(5 * minute);
    life.dead = new Set(["a"]);
    const from = life.now;
    let ends = 0;
    await life.stepUntil(65 * minute, async () => {
      if (!life.site.inFlight.some((id) => id.startsWith("a/"))) return;
      ends += 1;
      life.kill();
      await life.site.clock.advance(150);
      life.kill();
    });
    assert.ok(ends >= 6, `ended ${ends} times`);
    assert.deepEqual(life.tooSoon("a", from), []);
  });
  for (const laterMs of [0, 1, 20, 50, 199]) {
    it(`holds a segment where it is ended ${laterMs} ms after the hold began`, async () => {
      const silent = async (until: number): Promise<Life> => {
        const life = new Life();
        await life.until(5 * minute);
        life.dead = new Set(["a", "b", "c"]);
        await life.until(until);
        return life;
      };
      const begun = (await silent(12 * minute)).holdsBegan[0]!;
      const life = await silent(begun + laterMs);
      life.kill();
      await life.until(begun + 15 * minute - 1000);
      assert.deepEqual(life.askings([...life.dead, ...held.map(({ device }) => device)], begun), []);
    });
  }
  it("says of a hold that it goes on, and ends it with an answer as ever", async () => {
    const life = new Life();
    await life.until(5 * minute);
    life.dead = new Set(["a", "b", "c"]);
    await life.until(12 * minute);
    life.kill();
    const holds = () => life.site.facts.flatMap((fact) => (fact.kind === "held" ? [`${fact.scope} ${fact.held}`] : []));
    assert.deepEqual(holds(), ["segment:hvac true", "profile:generic-modbus-tcp true"]);
    life.dead = new Set();
    await life.until(40 * minute);
    assert.deepEqual(holds().slice(2), ["segment:hvac false", "profile:generic-modbus-tcp false"]);
    life.kill();
    assert.deepEqual(holds(), [], "one that has ended does not come back");
    await life.until(43 * minute);
    for (const { device } of plan.checks.values()) assert.ok(life.askings([device], 41 * minute).length > 0, device);
  });
});
