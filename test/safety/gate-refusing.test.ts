/** The gate refuses with the right reason and sends nothing. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { CheckId, DeviceId } from "../../src/domain/plan.ts";
import { monotonicMs, wallMs } from "../../src/domain/units.ts";
import { literalPlan } from "../support/literal-plan.ts";
import { ask, lastOutcome, plc, plcCheck, readySite } from "../support/ready-site.ts";
import { SimulatedSite } from "../support/simulated-site.ts";

describe("refusing", () => {
  const reasonOf = async (site: SimulatedSite, trigger: "schedule" | "ask-now" = "schedule"): Promise<string | undefined> => {
    const before = site.witness.packets.length;
    const outcome = await ask(site, trigger);
    assert.equal(site.witness.packets.length, before, "a refusal sends nothing");
    assert.deepEqual(outcome?.sent, { connections: 0, requests: 0, bytes: 0 });
    return outcome?.kind === "refused" ? outcome.reason : outcome?.kind;
  };

  it("before the first pulse: clock_suspect", async () => {
    const site = new SimulatedSite({ plan: literalPlan([plc]) });
    assert.equal(await reasonOf(site), "clock_suspect");
  });
  it("within the first interval after a start: line_budget, with the time at which it may be asked", async () => {
    const site = new SimulatedSite({ plan: literalPlan([plc]) });
    site.pulse.start();
    const start = site.clock.monotonic();
    await site.clock.advance(1000);
    assert.equal(await reasonOf(site, "ask-now"), "line_budget");
    const outcome = lastOutcome(site);
    assert.equal(outcome?.kind === "refused" && outcome.retryAt, start + 60_000);
  });
  it("stopped", async () => {
    const site = await readySite();
    site.stopFile = true;
    await site.clock.advance(200);
    assert.equal(await reasonOf(site, "ask-now"), "stopped");
  });
  it("not leading", async () => {
    const site = await readySite();
    site.leading = false;
    assert.equal(await reasonOf(site), "not_leader");
  });
  it("cut off from the segment, as long as it is; nothing is learnt from it", async () => {
    const site = await readySite();
    site.cutOff = "no interface that is up holds 192.0.2.5";
    for (let i = 0; i < 5; i++) assert.equal(await reasonOf(site, "ask-now"), "cut_off");
    assert.equal(site.gate.preview(literalPlan([plc]).checks.get(plcCheck)!).admitted, false);
    site.cutOff = undefined;
    assert.equal((await ask(site))?.kind, "answered");
    assert.deepEqual(site.gate.trips(), []);
  });
  it("audit unwritable", async () => {
    const site = await readySite();
    site.auditWritable = false;
    assert.equal(await reasonOf(site), "audit_unwritable");
  });
  it("approval expired while running", async () => {
    const site = await readySite({ device: { approvedUntil: wallMs(Date.parse("2026-11-21T12:00:30Z")) } });
    assert.equal(await reasonOf(site), "approval_expired");
  });
  it("tripped in an earlier run, by device, segment, family or site", async () => {
    for (const scope of ["device:plc", "segment:hvac", "profile:generic-modbus-tcp", "site"] as const) {
      const site = await readySite({ trips: [{ scope, cause: "harm", detail: "seen" }] });
      assert.equal(await reasonOf(site), "tripped");
      assert.equal(site.gate.reset(scope, "eto-1", "looked at it"), true);
      assert.equal(site.gate.reset(scope, "eto-1", "again"), false);
      assert.equal((await ask(site))?.kind, "answered");
    }
  });
  it("tripped under another address of its hardware, until a person resets that one", async () => {
    const site = await readySite({ device: { hardware: ["plc-module"] } });
    site.gate.trip({ scope: "device:plc-module", cause: "harm", detail: "vanished" });
    assert.equal(await reasonOf(site, "ask-now"), "tripped");
    assert.equal(site.gate.reset("device:plc-module", "eto-1", "looked at it"), true);
    assert.equal((await ask(site))?.kind, "answered");
  });
  it("paused, with the end of the pause", async () => {
    const site = await readySite();
    site.paused.set("plc" as DeviceId, { from: site.clock.wall(), until: wallMs(site.clock.wall() + 90_000) });
    assert.equal(await reasonOf(site, "ask-now"), "window_pause");
    const outcome = lastOutcome(site);
    assert.equal(outcome?.kind === "refused" && outcome.retryAt !== undefined && outcome.retryAt > site.clock.monotonic(), true);
  });
  it("link down, also for a person", async () => {
    const site = await readySite();
    site.linkDown.set("plc" as DeviceId, monotonicMs(site.clock.monotonic() + 60_000));
    assert.equal(await reasonOf(site, "ask-now"), "link_down");
  });
  it("heard passively: the schedule waits, a person need not", async () => {
    const site = await readySite();
    site.heard.set("plc" as DeviceId, monotonicMs(site.clock.monotonic() + 600_000));
    assert.equal(await reasonOf(site), "passive_evidence");
    assert.equal((await ask(site, "ask-now"))?.kind, "answered");
  });
  it("backing off once down: the schedule waits, a person need not, and its own interval holds for both", async () => {
    const site = await readySite({ script: () => ({ does: "silence" }) });
    for (let i = 0; i < 3; i++) {
      await ask(site);
      await site.clock.advance(60_000);
    }
    assert.equal(await reasonOf(site), "backoff");
    assert.equal((await ask(site, "ask-now"))?.kind, "failed");
    assert.equal(await reasonOf(site, "ask-now"), "line_budget");
  });
  it("segment and site budgets", async () => {
    const two = [plc, { ...plc, name: "b", address: "192.0.2.12" }];
    for (const [limits, reason] of [
      [{ segmentStartsPerSecondMax: 0.01, siteStartsPerSecondMax: 10 }, "segment_budget"],
      [{ segmentStartsPerSecondMax: 2, siteStartsPerSecondMax: 0.01 }, "site_budget"],
    ] as const) {
      const site = new SimulatedSite({ plan: literalPlan(two, limits) });
      site.pulse.start();
      await site.clock.advance(100_000);
      await ask(site);
      const refused = site.gate.exchange("b/modbus-fc43" as CheckId, "ask-now");
      await site.clock.advance(10);
      const outcome = await refused;
      assert.equal(outcome?.kind === "refused" && outcome.reason, reason);
    }
  });
  it("preview tells the same without changing anything", async () => {
    const site = await readySite();
    const check = literalPlan([plc]).checks.get(plcCheck)!;
    assert.deepEqual(site.gate.preview(check), { admitted: true });
    assert.equal((await ask(site))?.kind, "answered");
    assert.equal(site.gate.preview(check).admitted, false);
  });
});
