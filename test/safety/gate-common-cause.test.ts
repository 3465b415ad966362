/** Whole pollers in ordinary life: cut off, behind a dead switch, beside a device that we hung, with connections that a device may still count. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Outcome } from "../../src/domain/outcome.ts";
import { countedForGood } from "../../src/domain/limits.ts";
import type { LineId } from "../../src/domain/plan.ts";
import { monotonicMs } from "../../src/domain/units.ts";
import { literalPlan, type LiteralDevice } from "../support/literal-plan.ts";
import { plc, plcCheck, readySite, ask } from "../support/ready-site.ts";
import type { Script } from "../support/scripted-wire.ts";
import { SimulatedSite } from "../support/simulated-site.ts";

const minute = 60_000;
const answer: Script = { does: "answer", afterMs: 5 };
const gone: Script = { does: "no-connect" };
const devices = (count: number, more: Partial<LiteralDevice> = {}): LiteralDevice[] =>
  Array.from({ length: count }, (_, n) => ({ name: `d${n}`, address: `192.0.2.${n + 1}`, ...more }));

async function running(plan: readonly LiteralDevice[], script: (device: string) => Script): Promise<SimulatedSite> {
  const site = new SimulatedSite({ plan: literalPlan(plan), script: (check) => script(check.device), pulseEveryMs: 10_000 });
  site.start();
  await site.clock.advance(3 * minute);
  return site;
}
const isOutcome = (fact: SimulatedSite["facts"][number]): fact is Outcome =>
  fact.kind === "answered" || fact.kind === "failed" || fact.kind === "refused";
const lastOf = (site: SimulatedSite, device: string): string => {
  const fact = site.facts.filter(isOutcome).findLast(({ check }) => check.device === device);
  if (fact?.kind === "refused") return fact.behind === undefined ? fact.reason : `${fact.reason} ${fact.behind}`;
  return fact?.kind ?? "nothing";
};
const held = (site: SimulatedSite): readonly string[] =>
  site.facts.flatMap((fact) => (fact.kind === "held" ? [`${fact.cause ?? "hold"} ${fact.scope} ${fact.held ? "begins" : "ends"}`] : []));

describe("a poller that nothing answers any more", () => {
  it("knows that it is cut off: no hold, no trip, no back-off, and in their slots as soon as anything answers", async () => {
    let dark = false;
    const site = await running(devices(6), () => (dark ? gone : answer));
    dark = true;
    await site.clock.advance(60 * minute);
    assert.deepEqual(held(site), ["segment hvac begins"]);
    for (let n = 0; n < 6; n++) assert.equal(lastOf(site, `d${n}`), "cut_off");
    assert.deepEqual(site.gate.trips(), []);
    const failedSince = site.facts.filter((fact) => fact.kind === "failed").length;
    dark = false;
    await site.clock.advance(61_000);
    for (let n = 0; n < 6; n++) assert.equal(lastOf(site, `d${n}`), "answered");
    assert.equal(site.facts.filter((fact) => fact.kind === "failed").length, failedSince);
    assert.deepEqual(held(site), ["segment hvac begins", "segment hvac ends"]);
    await site.shutDown();
  });
});

describe("devices behind a switch", () => {
  it("are unknown behind it while it is down, and asked at once when it is back", async () => {
    let off = false;
    const site = await running(
      [...devices(4, { behind: ["sw-1"] }), { name: "sw-1", address: "192.0.2.20" }, { name: "other", address: "192.0.2.21" }],
      (name) => (off && name !== "other" ? gone : answer),
    );
    off = true;
    await site.clock.advance(10 * minute);
    for (let n = 0; n < 4; n++) assert.equal(lastOf(site, `d${n}`), "behind sw-1");
    assert.equal(lastOf(site, "other"), "answered");
    assert.ok(["failed", "backoff"].includes(lastOf(site, "sw-1")), "the switch is down by itself");
    off = false;
    await site.clock.advance(61_000);
    for (let n = 0; n < 4; n++) assert.equal(lastOf(site, `d${n}`), "answered");
    assert.deepEqual(held(site), ["device sw-1 begins", "device sw-1 ends"]);
    assert.deepEqual(site.gate.trips(), []);
    await site.shutDown();
  });
  it("that nobody has named are held, and asked in their slots after the first of them answers", async () => {
    let off = false;
    const site = await running(devices(8), (name) => (off && Number(name.slice(1)) < 4 ? gone : answer));
    off = true;
    await site.clock.advance(10 * minute);
    assert.ok(held(site).includes("hold segment:hvac begins"));
    off = false;
    await site.clock.advance(20 * minute);
    for (let n = 0; n < 8; n++) assert.equal(lastOf(site, `d${n}`), "answered");
    assert.deepEqual(site.gate.trips(), []);
    await site.shutDown();
  });
  it("whose family fell silent with them all are tried again when one of them is back, however long it took", async () => {
    let off = false;
    // Of each segment one lives on, so that neither is cut off, and all share a family with nobody else.
    const lost = devices(4, { profile: "schneider-m221" });
    const site = await running([...lost, { name: "other", address: "192.0.2.21" }], (name) => (off && name !== "other" ? gone : answer));
    off = true;
    await site.clock.advance(120 * minute);
    assert.ok(held(site).includes("hold profile:schneider-m221 begins"));
    off = false;
    await site.clock.advance(22 * minute);
    for (const { name } of lost) assert.equal(lastOf(site, name), "answered", name);
    await site.shutDown();
  });
});

describe("units behind a gateway", () => {
  const units = (more: Partial<LiteralDevice> = {}): LiteralDevice[] =>
    devices(6, { address: "192.0.2.30", line: "gateway:fw", behind: ["fw"], ...more });
  const other: LiteralDevice = { name: "other", address: "192.0.2.40", profile: "schneider-m221" };

  it("that fall silent together while it takes connections are down, held, and asked ever more rarely", async () => {
    let dead = false;
    const site = await running([...units(), other], (name) => (dead && name !== "other" ? { does: "silence" } : answer));
    dead = true;
    await site.clock.advance(30 * minute);
    const before = site.witness.packets.length;
    await site.clock.advance(60 * minute);
    const asked = site.witness.packets.slice(before).filter(({ kind, check }) => kind === "frame" && check.device !== "other").length;
    assert.ok(asked <= 6 * 5, `${asked} requests to six silent units in an hour`);
    assert.ok(held(site).includes("hold segment:hvac begins"));
    assert.ok(site.facts.every((fact) => fact.kind !== "refused" || fact.reason !== "behind"));
    dead = false;
    await site.clock.advance(22 * minute);
    for (let n = 0; n < 6; n++) assert.equal(lastOf(site, `d${n}`), "answered");
    await site.shutDown();
  });
  it("that takes no connection are unknown behind it, and nothing is left to back-off", async () => {
    let off = false;
    const site = await running([...units(), other], (name) => (off && name !== "other" ? gone : answer));
    off = true;
    await site.clock.advance(30 * minute);
    for (let n = 0; n < 6; n++) assert.equal(lastOf(site, `d${n}`), "behind fw");
    off = false;
    await site.clock.advance(61_000);
    for (let n = 0; n < 6; n++) assert.equal(lastOf(site, `d${n}`), "answered");
    await site.shutDown();
  });
  it("that something else excuses are asked ever more rarely too: each request keeps the bus busy", async () => {
    let dead = false;
    const port = { address: "/dev/ttyS0", overSerial: true, behind: ["fw", "sw-1"] } as const;
    const site = await running([...units(port), { name: "sw-1", address: "192.0.2.20" }, other], (name) =>
      dead && name !== "other" ? { does: name === "sw-1" ? "no-connect" : "silence" } : answer,
    );
    dead = true;
    await site.clock.advance(30 * minute);
    assert.ok(site.facts.some((fact) => fact.kind === "refused" && fact.behind === "sw-1"));
    const before = site.witness.packets.length;
    await site.clock.advance(60 * minute);
    const asked = site.witness.packets.slice(before).filter(({ kind, check }) => kind === "frame" && check.line === "gateway:fw").length;
    assert.ok(asked <= 6 * 5, `${asked} requests to six silent units in an hour`);
    await site.shutDown();
  });
});

describe("units that are still silent when what excused them is over", () => {
  it("are held like any that fall silent together, though they have missed more often than makes them down", async () => {
    let [dead, switchOff] = [false, false];
    const port = { line: "gateway:fw", address: "/dev/ttyS0", overSerial: true, behind: ["fw", "sw-1"] } as const;
    const site = await running(
      [...devices(6, port), { name: "sw-1", address: "192.0.2.20" }, { name: "other", address: "192.0.2.40", profile: "schneider-m221" }],
      (name) => (name === "sw-1" ? (switchOff ? gone : answer) : dead && name !== "other" ? { does: "silence" } : answer),
    );
    dead = switchOff = true;
    await site.clock.advance(60 * minute);
    assert.deepEqual(held(site), ["device sw-1 begins"]);
    switchOff = false;
    await site.clock.advance(20 * minute);
    assert.deepEqual(held(site), [
      "device sw-1 begins",
      "device sw-1 ends",
      "hold segment:hvac begins",
      "hold profile:generic-modbus-tcp begins",
    ]);
    assert.deepEqual(site.gate.trips(), []);
    dead = false;
    await site.clock.advance(60 * minute);
    assert.ok(held(site).includes("hold segment:hvac ends"));
    for (let n = 0; n < 6; n++) assert.equal(lastOf(site, `d${n}`), "answered");
    await site.shutDown();
  });
});

describe("a device that acknowledges and vanishes", () => {
  it("beside living neighbours is tripped for harm, and a second one stops the family", async () => {
    const ends = new Map<string, number>();
    const site = await running(devices(5), (name) => {
      const left = ends.get(name);
      if (left === undefined) return answer;
      ends.set(name, left - 1);
      return left > 0 ? { does: "silence" } : gone;
    });
    ends.set("d1", 1);
    await site.clock.advance(40 * minute);
    assert.deepEqual(
      site.gate.trips().map(({ scope, cause }) => `${cause} ${scope}`),
      ["harm device:d1"],
    );
    ends.set("d3", 1);
    await site.clock.advance(40 * minute);
    assert.deepEqual(
      site.gate.trips().map(({ scope, cause }) => `${cause} ${scope}`),
      ["harm device:d1", "harm device:d3", "harm profile:generic-modbus-tcp"],
    );
    await site.shutDown();
  });
  it("and has become slower than itself is tripped too, and looked at anew after the reset", async () => {
    let afterMs = 20;
    const site = await running(devices(2), (name) => ({ does: "answer", afterMs: name === "d1" ? afterMs : 20 }));
    await site.clock.advance(25 * minute);
    afterMs = 400;
    await site.clock.advance(12 * minute);
    assert.deepEqual(
      site.gate.trips().map(({ scope, cause }) => `${cause} ${scope}`),
      ["slower device:d1"],
    );
    assert.ok(site.gate.reset("device:d1", "eto-1", "a slower CPU was fitted"));
    await site.clock.advance(60 * minute);
    assert.deepEqual(site.gate.trips(), []);
    await site.shutDown();
  });
});

describe("connections that a device may still count", () => {
  const refusal = (outcome: Outcome | undefined) => (outcome?.kind === "refused" ? [outcome.reason, outcome.retryAt] : outcome?.kind);

  it("withhold a check after a second unclean end, until the first is surely gone", async () => {
    const site = await readySite({ script: () => ({ does: "vanish" }) });
    const ends: number[] = [];
    for (let n = 0; n < 2; n++) {
      await ask(site);
      ends.push(site.witness.connections[n]!.to);
      await site.clock.advance(minute);
    }
    assert.deepEqual(refusal(await ask(site)), ["no_free_connection", ends[0]! + 30 * minute]);
    assert.deepEqual(
      site.counted.get("address:192.0.2.11" as LineId),
      ends.map((end) => end + 30 * minute),
    );
    await site.clock.advance(30 * minute);
    assert.equal(refusal(await ask(site)), "failed");
  });
  it("are not counted where the device saw the end, and a kept one is noted while it stands", async () => {
    let script: Script = answer;
    const site = await readySite({ device: { connection: "kept", freeConnections: 1 }, script: () => script });
    await ask(site);
    assert.deepEqual([...site.kept], ["address:192.0.2.11"]);
    await site.clock.advance(minute);
    assert.equal(refusal(await ask(site)), "answered");
    script = { does: "answer-then-close", afterMs: 5 };
    site.adopt(literalPlan([]));
    await site.clock.advance(1000);
    assert.deepEqual([...site.kept], []);
    assert.equal(site.counted.size, 0);
  });
  it("of a device that closes none by itself trip it once they are used up, and are forgotten when a person resets it", async () => {
    const plan = literalPlan([{ ...plc, freeConnections: 1, idleTimeoutMs: countedForGood }]);
    const site = new SimulatedSite({ plan, script: () => ({ does: "vanish" }) });
    site.start();
    await site.clock.advance(10 * minute);
    assert.deepEqual(
      site.gate.trips().map(({ scope, cause }) => [scope, cause]),
      [["device:plc", "connections_lost"]],
    );
    assert.equal(site.frameTimes("plc").length, 1);
    site.gate.reset("device:plc", "eto-1", "its module was started anew");
    await site.clock.advance(2 * minute);
    assert.equal(site.frameTimes("plc").length, 2, "asked again, and lost again");
    const line = "address:192.0.2.11" as LineId;
    const next = new SimulatedSite({ plan });
    next.gate.inherit([[line, site.counted.get(line)![0]!]], [], []);
    assert.equal(next.gate.trips()[0]?.cause, "connections_lost", "also when the loss was in an earlier run");
    next.gate.trip({ scope: "site", cause: "harm", detail: "" });
    next.gate.reset("site", "eto-1", "another trip");
    assert.equal(next.counted.get(line)?.length, 1, "resetting another trip forgets nothing");
  });
  it("outlive the process: those that were counted, and those of which nobody knows how they ended", async () => {
    const site = new SimulatedSite({ plan: literalPlan([{ ...plc, freeConnections: 1 }]) });
    const line = "address:192.0.2.11" as LineId;
    const began = site.clock.monotonic();
    site.gate.inherit([[line, monotonicMs(began + 5 * minute)]], [], []);
    site.pulse.start();
    await site.clock.advance(minute);
    assert.deepEqual(refusal(await site.gate.exchange(plcCheck, "schedule")), ["no_free_connection", began + 5 * minute]);
    site.gate.trip({ scope: "device:plc", cause: "harm", detail: "" });
    assert.equal(site.gate.reset("device:plc", "eto-1", "it was harmed, and not started anew"), true);
    const [check] = [...literalPlan([{ ...plc, freeConnections: 1 }]).checks.values()];
    assert.deepEqual(site.gate.preview(check!), { admitted: false, reason: "no_free_connection", retryAt: began + 5 * minute });
    site.gate.inherit([], [line], []);
    assert.equal(site.counted.get(line)?.length, 2);
    await site.clock.advance(10 * minute);
    assert.deepEqual(refusal(await site.gate.exchange(plcCheck, "schedule")), ["no_free_connection", began + 31 * minute]);
  });
  it("say so where a plan has none at all", async () => {
    const site = await readySite({ device: { freeConnections: 0 } });
    assert.deepEqual(refusal(await ask(site)), ["no_free_connection", undefined]);
  });
});
