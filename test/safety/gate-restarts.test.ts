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
    assert.ok(runs >= 6 && runs <= 8, `${runs} runs: a quarter of an hour after the first miss`);
  });
  it("makes no new episodes of one, and hides none of those that were", async () => {
    assert.deepEqual(await lives(20, () => ({ does: "refuse" })), [[], 20]);
    const [trips] = await lives(20, (run) => (run % 2 === 0 ? { does: "answer", afterMs: 5 } : { does: "refuse" }));
    assert.deepEqual(trips, ["refusal_episodes device:a"]);
  });
});
