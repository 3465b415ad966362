/** A poller that is started anew again and again: what it has learnt of a device that is being harmed is not forgotten with it. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Check } from "../../src/domain/plan.ts";
import { literalPlan } from "../support/literal-plan.ts";
import { MemoryNotebook } from "../support/memory-notebook.ts";
import type { Script } from "../support/scripted-wire.ts";
import { SimulatedSite } from "../support/simulated-site.ts";

const minute = 60_000;
const plan = literalPlan(["a", "b", "c"].map((name, n) => ({ name, address: `192.0.2.${n + 1}`, freeConnections: 30 })));

/** Runs of three minutes, each ended by a kill, until a device trips; what `a` does, by the number of the run and of the asking in it. The trips, and after how many runs. */
async function lives(
  most: number,
  script: (run: number, asking: number) => Script,
): Promise<readonly [trips: readonly string[], runs: number]> {
  let run = 0;
  let asking = 0;
  const does = ({ device }: Check): Script => (device === "a" ? script(run, asking++) : { does: "answer", afterMs: 20 });
  let site = new SimulatedSite({ plan, script: does, live: true });
  for (; run < most; run++) {
    asking = 0;
    site.start();
    await site.clock.advance(3 * minute);
    const trips = site.gate.trips().map(({ cause, scope }) => `${cause} ${scope}`);
    if (trips.length > 0) return [trips, run];
    site.clock.forgetTimers();
    site = new SimulatedSite({ plan, script: does, live: true, before: site, notes: new MemoryNotebook({ pages: site.notes.pages }) });
  }
  return [[], run];
}

describe("a crash loop", () => {
  it("hides no device that becomes slower: its baseline, and how often it was slow, are kept", async () => {
    // Each run asks it two or three times: no run alone could learn or judge.
    const [trips, runs] = await lives(20, (run) => ({ does: "answer", afterMs: run < 10 ? 50 : 2000 }));
    assert.deepEqual(trips, ["slower device:a"]);
    assert.ok(runs >= 13 && runs <= 15, `${runs} runs`);
  });
  it("hides no device that acknowledged our request and vanished", async () => {
    const [trips, runs] = await lives(20, (run, asked) => {
      if (run > 2 || asked > 1) return { does: "no-connect" };
      return run === 2 && asked === 1 ? { does: "silence" } : { does: "answer", afterMs: 50 };
    });
    assert.deepEqual(trips, ["harm device:a"]);
    assert.ok(
      runs >= 7 && runs <= 9,
      `${runs} runs: back-off asks it a quarter of an hour after its first miss, and no restart asks it sooner`,
    );
  });
  it("makes no new episodes of one, and hides none of those that were", async () => {
    assert.deepEqual(await lives(20, () => ({ does: "refuse" })), [[], 20]);
    const [trips] = await lives(20, (run) => (run % 2 === 0 ? { does: "answer", afterMs: 5 } : { does: "refuse" }));
    assert.deepEqual(trips, ["refusal_episodes device:a"]);
  });
});

describe("a poller that is started anew once", () => {
  const lost = literalPlan([
    { name: "sw", address: "192.0.2.1", freeConnections: 30 },
    { name: "a", address: "192.0.2.2", behind: ["sw"], freeConnections: 30 },
    { name: "b", address: "192.0.2.3", freeConnections: 30 },
    { name: "c", address: "192.0.2.4", freeConnections: 30 },
  ]);
  const born = (dead: ReadonlySet<string>, before?: SimulatedSite, notes?: MemoryNotebook): SimulatedSite => {
    const script = ({ device }: Check): Script => (dead.has(device) ? { does: "no-connect" } : { does: "answer", afterMs: 20 });
    const site = new SimulatedSite({ plan: lost, script, live: true, ...(before && { before }), ...(notes && { notes }) });
    site.start();
    return site;
  };
  const again = (dead: ReadonlySet<string>, before: SimulatedSite, how = {}): SimulatedSite => {
    before.clock.forgetTimers();
    return born(dead, before, new MemoryNotebook({ pages: before.notes.pages, ...how }));
  };
  const said = (site: SimulatedSite) =>
    site.facts.flatMap((fact) => (fact.kind === "missed_before" ? [[fact.check.device, fact.missed, fact.stands]] : []));
  const alive = new Set<string>();

  it("says who was down: lately, so that it is down still, or long ago, so that nobody knows before it is asked", async () => {
    const first = born(alive);
    await first.clock.advance(3 * minute);
    const dead = new Set(["b"]);
    const second = again(dead, first);
    await second.clock.advance(30 * minute);
    const third = again(dead, second);
    assert.deepEqual(said(third), [["b", 6, true]]);
    await third.clock.advance(10 * minute);
    third.clock.forgetTimers();
    await third.clock.advance(60 * minute);
    assert.deepEqual(
      said(again(dead, third)).map(([device, , stands]) => [device, stands]),
      [["b", false]],
    );
  });
  it("says whether it was the start or a reload that brought it", async () => {
    const site = born(new Set(["b"]));
    await site.clock.advance(30 * minute);
    const without = literalPlan([{ name: "c", address: "192.0.2.3" }]);
    for (const plan of [without, { ...lost }]) site.adopt(plan);
    const found = (of: SimulatedSite) =>
      of.facts.flatMap((fact) => (fact.kind === "missed_before" ? [[fact.check.device, fact.found]] : []));
    assert.deepEqual(found(site), [["b", "reload"]]);
    assert.deepEqual(found(again(new Set(["b"]), site)), [["b", "start"]]);
  });

  it("says nothing of one that has other bytes or another place now, and asks it no sooner", async () => {
    const dead = new Set(["b"]);
    const first = born(dead);
    await first.clock.advance(30 * minute);
    const pages = new Map([...first.notes.pages].map(([key, text]) => [key, text.replaceAll('"digest":"', '"digest":"other ')]));
    const second = again(dead, first, { pages });
    assert.deepEqual(said(second), []);
    const before = second.witness.packets.length;
    await second.clock.advance(3 * minute);
    assert.ok(!second.witness.packets.slice(before).some(({ check }) => check.device === "b"));
  });
  it("knows at once what stands behind a switch that was down: its own turn may be a quarter of an hour away", async () => {
    const first = born(alive);
    await first.clock.advance(3 * minute);
    const dead = new Set(["sw"]);
    const second = again(dead, first);
    await second.clock.advance(30 * minute);
    const third = again(new Set(["sw", "a"]), second);
    await third.clock.advance(6 * minute);
    const outcomes = third.facts.flatMap((fact) =>
      fact.kind === "refused" && fact.check.device === "a" && fact.sent.connections > 0 ? [fact.behind] : [],
    );
    assert.ok(outcomes.length > 0);
    assert.deepEqual([...new Set(outcomes)], ["sw"]);
  });
  it("concludes no loss from what missed right after the machine itself had started", async () => {
    const first = born(alive);
    await first.clock.advance(3 * minute);
    const dead = new Set(["a", "b", "c"]);
    const held = async (how: object): Promise<number> => {
      const site = again(dead, first, how);
      await site.clock.advance(8 * minute);
      site.clock.forgetTimers();
      return site.facts.filter((fact) => fact.kind === "held" && fact.cause === undefined).length;
    };
    assert.equal(await held({ sameBoot: false }), 0);
    assert.equal(await held({}), 2);
  });
});

describe("a reload that takes a device out, and one that brings it back", () => {
  const both = literalPlan(["a", "b"].map((name, n) => ({ name, address: `192.0.2.${n + 1}`, freeConnections: 300 })));
  const without = literalPlan([{ name: "b", address: "192.0.2.2", freeConnections: 300 }]);
  const taken = async (does: "no-connect" | "refuse", everyMs: number, times: number): Promise<SimulatedSite> => {
    const script = ({ device }: Check): Script => (device === "a" ? { does } : { does: "answer", afterMs: 20 });
    const site = new SimulatedSite({ plan: both, script, live: true });
    site.start();
    for (let time = 0; time < times; time++) {
      await site.clock.advance(everyMs);
      site.adopt(without);
      await site.clock.advance(1000);
      site.adopt(both);
    }
    return site;
  };
  it("lets nobody ask it sooner: its back-off goes on", async () => {
    const site = await taken("no-connect", 5 * minute, 12);
    const asked = site.witness.packets.flatMap(({ kind, check, at }) => (kind === "connect" && check.device === "a" ? [at] : []));
    const waits = asked.slice(1).map((at, n) => at - asked[n]!);
    assert.ok(waits.length >= 6 && waits.length <= 9, `${waits.join(" ")}`);
    assert.ok(waits[3]! >= 4 * minute && waits.slice(5).every((wait) => wait >= 15 * minute), `${waits.join(" ")} ms`);
  });
  it("makes no new episode of one that turns us away", async () => {
    assert.deepEqual((await taken("refuse", 5 * minute, 12)).gate.trips(), []);
  });
});
