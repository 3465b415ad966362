/** A plan that takes a floor away does not take away what it holds back. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { CheckId, DeviceId, Plan } from "../../src/domain/plan.ts";
import { milliseconds, monotonicMs, wallMs } from "../../src/domain/units.ts";
import { Leaving } from "../../src/safety/leaving.ts";
import { TokenBucket } from "../../src/safety/token-bucket.ts";
import { literalPlan, type LiteralDevice } from "../support/literal-plan.ts";
import { SimulatedSite } from "../support/simulated-site.ts";

const at = monotonicMs;
const bucket = (): TokenBucket => new TokenBucket(1, milliseconds(30_000), at(0));
const none: ReadonlyMap<string, unknown> = new Map();

describe("a bucket that a new plan has no more", () => {
  it("holds until it is full, and no longer", () => {
    const leaving = new Leaving<string>();
    const [plc, rested] = [bucket(), bucket()];
    rested.empty(at(0));
    plc.empty(at(20_000));
    leaving.adopt([["plc", plc], ["rested", rested]], none, at(30_000)); // prettier-ignore
    assert.deepEqual(leaving.of("plc", at(49_999)), [plc]);
    assert.deepEqual(leaving.of("rested", at(30_000)), []);
    assert.deepEqual(leaving.of("plc", at(50_000)), []);
    plc.empty(at(50_000));
    assert.deepEqual(leaving.of("plc", at(50_000)), [], "what is over does not begin again");
  });

  it("holds over another plan too, until one plans it again", () => {
    const leaving = new Leaving<string>();
    const plc = bucket();
    leaving.adopt([["plc", plc]], none, at(0));
    leaving.adopt([], none, at(10));
    assert.deepEqual(leaving.of("plc", at(10)), [plc]);
    leaving.adopt([], new Map([["plc", plc]]), at(20));
    assert.deepEqual(leaving.of("plc", at(20)), []);
  });

  it("is empty after a freeze or a clock step, as the others are", () => {
    const leaving = new Leaving<string>();
    const plc = bucket();
    leaving.adopt([["plc", plc]], none, at(0));
    leaving.empty(at(29_000));
    assert.deepEqual(leaving.of("plc", at(58_999)), [plc]);
    assert.deepEqual(leaving.of("plc", at(59_000)), []);
  });
});

/** The same plan without any deep query, and without the floor that stood for them. */
function without({ checks, ...plan }: Plan): Plan {
  const bare = [...checks].map(([id, { floor: _floor, ...check }]) => [id, check] as const);
  return { ...plan, checks: new Map(bare), deep: new Map() };
}

/** Frames on the wire. A question of a deep query goes half a second before its heartbeat's time, and is answered before the reload, or not. */
async function reloaded(plan: Plan, beat: string, reloadAfterMs: number): Promise<readonly number[]> {
  const site = new SimulatedSite({ plan, script: (check) => ({ does: "answer", afterMs: check.deep ? 100 : 10 }) });
  site.deepWindows.set("plc" as DeviceId, wallMs(site.clock.wall() + 3_600_000));
  site.pulse.start();
  await site.clock.advance(60_000);
  void site.gate.exchange(`${beat}/modbus-fc43` as CheckId, "schedule");
  await site.clock.advance(59_500);
  void site.gate.exchange("plc/deep-modbus-server-id" as CheckId, "deep-query");
  await site.clock.advance(reloadAfterMs);
  site.gate.adopt(without(plan));
  for (let second = 0; second < 40; second++) {
    void site.gate.exchange(`${beat}/modbus-fc43` as CheckId, "schedule");
    await site.clock.advance(1000);
  }
  return site.witness.packets.flatMap(({ kind, at: sentAt }) => (kind === "frame" ? [sentAt] : []));
}

describe("a reload that takes the deep query of a device away", () => {
  const plc: LiteralDevice = { name: "plc", address: "192.0.2.11", deep: true };

  it("leaves the floor between its last question and the next heartbeat", async () => {
    for (const afterMs of [300, 50]) {
      const [, question, beat, ...more] = await reloaded(literalPlan([plc]), "plc", afterMs);
      assert.ok(beat! - question! >= 30_000, `reload after ${afterMs} ms: ${beat! - question!} ms`);
      assert.ok(beat! - question! < 32_000, "and no more than that");
      assert.deepEqual(more, []);
    }
  });

  it("leaves its line its rest, for the gateway's other units as well", async () => {
    const unit = { address: "192.0.2.30", line: "gateway:fw", floorMs: 30_000 };
    const units: LiteralDevice[] = [
      { ...unit, name: "plc", unitId: 1, deep: true },
      { ...unit, name: "other", unitId: 2 },
    ];
    const plan = literalPlan(units);
    const [, question, beat] = await reloaded(plan, "other", 300);
    const { gap } = plan.lines.values().next().value!;
    assert.ok(beat! - question! >= Math.min(gap, 30_000), `${beat! - question!} ms`);
  });

  it("leaves the floor between them where the heartbeat goes to another address of the same hardware", async () => {
    const plan = literalPlan([plc, { name: "second", address: "192.0.2.12" }]);
    const { floor } = plan.checks.get("plc/modbus-fc43" as CheckId)!;
    const shared = [...plan.checks].map(([id, check]) => [id, { ...check, ...(floor && { floor }) }] as const);
    const [, question, beat] = await reloaded({ ...plan, checks: new Map(shared) }, "second", 300);
    assert.ok(beat! - question! >= 30_000, `${beat! - question!} ms`);
  });
});
