/** A deep query at the gate: nothing without its window, its run and its turn, and the last packet before the window's end. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { deepQueryCutsBefore } from "../../src/domain/limits.ts";
import type { Outcome } from "../../src/domain/outcome.ts";
import type { CheckId, DeviceId, LineId, Trigger } from "../../src/domain/plan.ts";
import { wallMs } from "../../src/domain/units.ts";
import { literalPlan, type LiteralDevice } from "../support/literal-plan.ts";
import { plc, plcCheck, readySite, type ReadySiteOptions } from "../support/ready-site.ts";
import { SimulatedSite } from "../support/simulated-site.ts";

const plcId = "plc" as DeviceId;
const regular = "plc/deep-modbus-identification-regular" as CheckId;
const serverId = "plc/deep-modbus-server-id" as CheckId;

/** A device that may be asked more, whose window is open for an hour. */
async function deepSite(options: ReadySiteOptions = {}): Promise<SimulatedSite> {
  const site = await readySite({ ...options, device: { deep: true, ...options.device } });
  site.deepWindows.set(plcId, wallMs(site.clock.wall() + 3_600_000));
  return site;
}

async function ask(site: SimulatedSite, check: CheckId, trigger: Trigger, from?: number): Promise<Outcome | undefined> {
  const asked = site.gate.exchange(check, trigger, from);
  await site.clock.advance(10_000);
  return asked;
}

async function refusal(site: SimulatedSite, check: CheckId = regular): Promise<string | undefined> {
  const before = site.witness.packets.length;
  const outcome = await ask(site, check, "deep-query");
  assert.equal(site.witness.packets.length, before, "a refusal sends nothing");
  return outcome?.kind === "refused" ? outcome.reason : outcome?.kind;
}

describe("a deep query", () => {
  it("is asked inside its window, and by no other trigger", async () => {
    const site = await deepSite();
    for (const trigger of ["schedule", "ask-now"] as const) assert.equal(await ask(site, regular, trigger), undefined);
    assert.equal(await ask(site, plcCheck, "deep-query"), undefined);
    assert.deepEqual(site.witness.packets, []);
    assert.equal((await ask(site, regular, "deep-query"))?.kind, "answered");
    assert.equal(site.gate.preview(literalPlan([{ ...plc, deep: true }]).deep.get(regular)!).admitted, false);
  });

  it("sends nothing without a window, in one that does not cover the device, at the end of one, and without a person's run", async () => {
    const site = await deepSite();
    site.deepWindows.clear();
    assert.equal(await refusal(site), "no_window");
    site.deepWindows.set("other" as DeviceId, wallMs(site.clock.wall() + 3_600_000));
    assert.equal(await refusal(site), "window_scope");
    site.deepWindows.set(plcId, wallMs(site.clock.wall() + deepQueryCutsBefore));
    assert.equal(await refusal(site), "no_window");
    site.deepWindows.set(plcId, wallMs(site.clock.wall() + 8000));
    assert.equal(await refusal(site), "window_ending");
    site.deepWindows.set(plcId, wallMs(site.clock.wall() + 3_600_000));
    site.deepQueryRuns = false;
    assert.equal(await refusal(site), "run_over");
  });

  it("keeps to a stop, a trip, a pause, and to the device's own floor", async () => {
    const site = await deepSite();
    site.gate.trip({ scope: "device:plc", cause: "harm", detail: "vanished" });
    assert.equal(await refusal(site), "tripped");
    site.gate.reset("device:plc", "eto-1", "looked at it");
    site.paused.set(plcId, { from: site.clock.wall(), until: wallMs(site.clock.wall() + 5000) });
    assert.equal(await refusal(site), "window_pause");
    assert.equal((await ask(site, plcCheck, "ask-now"))?.kind, "answered");
    assert.equal(await refusal(site), "line_budget");
    await site.clock.advance(20_000);
    assert.equal((await ask(site, regular, "deep-query"))?.kind, "answered");
    // The heartbeat keeps the floor from it too.
    const early = await ask(site, plcCheck, "ask-now");
    assert.equal(early?.kind === "refused" && early.reason, "line_budget");
  });

  it("goes on with a divided answer by a permit of its own, with the number that the device gave", async () => {
    const site = await deepSite();
    await ask(site, regular, "deep-query");
    await site.clock.advance(60_000);
    await ask(site, plcCheck, "ask-now");
    await site.clock.advance(30_000);
    assert.equal((await ask(site, regular, "deep-query", 0x81))?.kind, "answered");
    const frames = site.witness.packets.flatMap(({ kind, check, frame }) => (kind === "frame" && check.deep ? [frame!.at(-1)] : []));
    assert.deepEqual(frames, [0, 0x81]);
  });

  it("asks once between two heartbeats, however often it is called, and takes none away", async () => {
    const site = new SimulatedSite({ plan: literalPlan([{ ...plc, deep: true }]) });
    site.start();
    site.deepWindows.set(plcId, wallMs(site.clock.wall() + 7_200_000));
    await site.clock.advance(70_000);
    for (let at = 0; at < 3600; at++) {
      void site.gate.exchange(at % 2 ? regular : serverId, "deep-query");
      await site.clock.advance(1000);
    }
    const asked = site.witness.packets.filter(({ kind }) => kind === "frame");
    const gaps = asked.slice(1).map(({ at }, index) => at - asked[index]!.at);
    assert.ok(Math.min(...gaps) >= 30_000, `${Math.min(...gaps)}`);
    const beats = asked.filter(({ check }) => !check.deep);
    assert.ok(beats.length >= 59, `${beats.length} heartbeats in an hour`);
    assert.ok(asked.length - beats.length >= 50, `${asked.length - beats.length} questions`);
    assert.ok(asked.every(({ check }, index) => !check.deep || !asked[index + 1]?.check.deep));
    assert.deepEqual(site.skipped, []);
    await site.shutDown();
  });

  it("has a slower bucket of its own for the site, and shares a gateway's line", async () => {
    const units: LiteralDevice[] = ["a", "b"].map((name, unit) => ({
      name,
      address: "192.0.2.30",
      line: "gateway:fw",
      unitId: unit + 1,
      floorMs: 30_000,
      deep: true,
    }));
    const plan = literalPlan([...units, { name: "c", address: "192.0.2.31", deep: true }]);
    const site = new SimulatedSite({ plan: { ...plan, lab: false } });
    site.pulse.start();
    for (const name of ["a", "b", "c"]) site.deepWindows.set(name as DeviceId, wallMs(site.clock.wall() + 3_600_000));
    await site.clock.advance(100_000);
    const [a, b, c] = ["a", "b", "c"].map((name) => site.gate.exchange(`${name}/deep-modbus-server-id` as CheckId, "deep-query"));
    await site.clock.advance(200);
    assert.equal((await a)?.kind, "answered");
    for (const one of [b, c]) {
      const outcome = await one;
      assert.equal(outcome?.kind === "refused" && outcome.reason, "line_budget");
    }
    await site.clock.advance(5000);
    const later = site.gate.exchange("c/deep-modbus-server-id" as CheckId, "deep-query");
    await site.clock.advance(100);
    assert.equal((await later)?.kind, "answered");
  });

  it("waits while the device is backed off: it is down, and would say nothing", async () => {
    const site = await deepSite({ script: () => ({ does: "silence" }) });
    for (let misses = 0; misses < 3; misses++) {
      await ask(site, plcCheck, "ask-now");
      await site.clock.advance(60_000);
    }
    assert.equal(await refusal(site), "backoff");
  });

  it("is cut when its window is closed, when its run ends, and before its window's end: the last packet is out by then", async () => {
    for (const end of ["closed", "run", "window"] as const) {
      const site = await deepSite({ script: () => ({ does: "answer", afterMs: 4500 }) });
      const asked = site.gate.exchange(regular, "deep-query");
      await site.clock.advance(1000);
      let ends = site.clock.wall() + 300;
      if (end === "closed") site.deepWindows.clear();
      if (end === "closed") site.gate.pausing();
      if (end === "run") site.gate.endDeepQuery();
      // Extended before, and now by a clock step nearer than it was.
      if (end === "window") ends += 1200;
      if (end === "window") site.deepWindows.set(plcId, wallMs(ends));
      await site.clock.advance(10_000);
      const outcome = await asked;
      assert.equal(outcome?.kind === "refused" && outcome.reason, end === "run" ? "run_over" : "no_window", end);
      const last = site.witness.packets.at(-1)!;
      assert.equal(last.kind, "rst");
      assert.ok(last.at + (site.clock.wall() - site.clock.monotonic()) < ends, end);
    }
  });

  it("asks nothing of another machine that a reload gives the name to while the question waits for its line", async () => {
    const unit: LiteralDevice = { ...plc, line: "gateway:fw", floorMs: 30_000, deep: true };
    const other: LiteralDevice = { name: "other", address: "192.0.2.11", line: "gateway:fw", unitId: 2, floorMs: 30_000 };
    const plan = literalPlan([unit, other]);
    const site = new SimulatedSite({ plan, script: (check) => ({ does: "answer", afterMs: check.device === plcId ? 10 : 4000 }) });
    site.pulse.start();
    site.deepWindows.set(plcId, wallMs(site.clock.wall() + 3_600_000));
    site.deepQueryAsks = ({ id, digest }) => plan.deep.get(id)?.digest === digest;
    await site.clock.advance(120_000);
    void site.gate.exchange("other/modbus-fc43" as CheckId, "ask-now");
    await site.clock.advance(100);
    const asked = site.gate.exchange(regular, "deep-query");
    site.gate.adopt(literalPlan([{ ...unit, unitId: 3 }, other]));
    await site.clock.advance(10_000);
    const outcome = await asked;
    assert.equal(outcome?.kind === "refused" && outcome.reason, "run_over");
    assert.deepEqual(
      site.witness.packets.filter(({ check }) => check.deep),
      [],
    );
  });

  it("that is ended while the heartbeat's connection is given back for it opens none of its own", async () => {
    const plan = literalPlan([{ ...plc, deep: true, connection: "kept" }]);
    const deep = new Map([...plan.deep].map(([id, check]) => [id, { ...check, connection: "fresh" as const }]));
    for (const ends of [false, true]) {
      const site = new SimulatedSite({
        plan: { ...plan, deep },
        script: (check) => (check.deep ? { does: "answer", afterMs: 10 } : { does: "late-close-after-answer" }),
      });
      site.pulse.start();
      site.deepWindows.set(plcId, wallMs(site.clock.wall() + 3_600_000));
      await site.clock.advance(60_000);
      await ask(site, plcCheck, "schedule");
      await site.clock.advance(30_000);
      const asked = site.gate.exchange(regular, "deep-query");
      await site.clock.advance(100);
      const before = site.witness.packets.length;
      if (ends) site.deepQueryRuns = false;
      if (ends) site.gate.endDeepQuery();
      await site.clock.advance(20_000);
      const outcome = await asked;
      assert.equal(outcome?.kind === "refused" ? outcome.reason : outcome?.kind, ends ? "run_over" : "answered");
      assert.equal(site.witness.packets.length > before, !ends);
    }
  });

  it("has its turn kept where it waits for one, until its run is over", async () => {
    for (const over of [false, true]) {
      const site = await deepSite({ device: { intervalMs: 30_000 } });
      await ask(site, plcCheck, "schedule");
      assert.equal(await refusal(site), "line_budget");
      await site.clock.advance(10_100);
      if (over) site.gate.endDeepQuery();
      const beat = await ask(site, plcCheck, "schedule");
      assert.equal(beat?.kind === "refused" ? beat.reason : beat?.kind, over ? "answered" : "line_budget");
    }
  });

  it("asks over the connection that is kept for the heartbeat, and leaves it to it", async () => {
    const site = await deepSite({ device: { connection: "kept" } });
    await ask(site, plcCheck, "ask-now");
    await site.clock.advance(30_000);
    assert.equal((await ask(site, regular, "deep-query"))?.kind, "answered");
    site.gate.pausing();
    await site.clock.advance(60_000);
    assert.equal((await ask(site, plcCheck, "ask-now"))?.kind, "answered");
    assert.equal(site.witness.connections.length, 1);
  });

  it("is known by the budgets over a reload; one on a line that does not exist is a mistake of the compiler", async () => {
    const site = await deepSite();
    await ask(site, plcCheck, "ask-now");
    const plan = literalPlan([{ ...plc, deep: true }]);
    site.adopt(plan);
    assert.equal(await refusal(site), "line_budget");
    await site.clock.advance(30_000);
    assert.equal((await ask(site, regular, "deep-query"))?.kind, "answered");
    const { floor: _floor, ...alone } = plan.deep.get(regular)!;
    site.adopt({ ...plan, deep: new Map([[regular, alone]]) });
    assert.equal(await refusal(site), "line_budget");
    const strayed = { ...plan.deep.get(regular)!, line: "address:192.0.2.99" as LineId };
    assert.throws(() => site.adopt({ ...plan, deep: new Map([[regular, strayed]]) }), /which is no line/u);
    site.adopt(literalPlan([plc]));
    assert.equal(await site.gate.exchange(regular, "deep-query"), undefined);
  });

  it("counts for a stall: afterwards everything waits a full interval", async () => {
    const site = await deepSite();
    await site.clock.freeze(2000);
    await site.clock.advance(1000);
    assert.equal(await refusal(site), "line_budget");
  });
});
