/** The board shows what the outcomes came to, keeps it across reloads, and stays small. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { DeviceId, Plan, PlannedDevice, SegmentId } from "../../src/domain/plan.ts";
import { milliseconds, seconds } from "../../src/domain/units.ts";
import { MemoryBoard, type Memory } from "../../src/store/board.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { answered, check, failed, hvac, plan, refusal, refused } from "./support/site.ts";

const clockless = new FakeClock();
const blank: Memory = { stopped: false, trips: [], proven: new Map() };

function board(site: Plan, memory: Partial<Memory> = {}): { board: MemoryBoard; clock: FakeClock } {
  const clock = new FakeClock();
  return { board: new MemoryBoard(clock, site, { ...blank, ...memory }), clock };
}

function judgement(of: MemoryBoard, id = "plc"): string {
  const { liveness, cause } = [...of.devices()].find(({ device }) => device.id === id)!.judgement;
  return `${liveness} (${cause})`;
}

describe("a device", () => {
  test("is unknown before it was asked, and up once it answered", () => {
    const { board: it, clock } = board(plan({ plc: {} }));
    assert.equal(judgement(it), "unknown (not_asked_yet)");
    it.outcome(answered(check("plc"), clock.monotonic()));
    assert.equal(judgement(it), "up (answers)");
    const view = it.device(check("plc").device)!;
    assert.equal(view.lastHeard, clock.wall());
    assert.equal(view.identity?.product, "TM221CE24R");
  });

  test("goes stale without anybody writing to the board", async () => {
    const { board: it, clock } = board(plan({ plc: {} }));
    it.outcome(answered(check("plc"), clock.monotonic()));
    await clock.advance(seconds(301));
    assert.equal(judgement(it), "unknown (no_fresh_evidence)");
  });

  test("without a check is unknown for the reason of its refusal", () => {
    const { board: it } = board(plan({ plc: { checks: [], refused: [refusal("plc", "excluded")] } }));
    assert.equal(judgement(it), "unknown (excluded)");
  });

  test("that a reload moves into a tripped family or segment is tripped with it", () => {
    for (const scope of ["profile:p9", "segment:s9"] as const) {
      const before = plan({ plc: {} });
      const { board: it, clock } = board(before, { trips: [{ scope, cause: "harm", detail: "a test", since: clockless.wall() }] });
      it.outcome(answered(check("plc"), clock.monotonic()));
      assert.equal(judgement(it), "up (answers)");
      const [[id, device]] = [...before.devices] as [[DeviceId, PlannedDevice]];
      const [kind, name] = scope.split(":") as ["profile" | "segment", never];
      it.adopt({ ...before, devices: new Map([[id, { ...device, [kind]: name }]]) });
      assert.equal(judgement(it), "unknown (tripped)");
    }
  });

  test("keeps the wall-clock time of the answer, not of the writing", async () => {
    const { board: it, clock } = board(plan({ plc: {} }));
    const at = clock.monotonic();
    await clock.advance(seconds(2));
    it.outcome(answered(check("plc"), at));
    assert.equal(it.device(check("plc").device)?.lastHeard, clock.wall() - 2000);
  });

  test("that was down when an earlier run ended is down from the start, unless it is another device or the site is stopped", () => {
    const memory = { proven: new Map([[check("plc").id, check("plc").digest]]) };
    const before = { kind: "missed_before", found: "start", check: check("plc"), missed: 7, failure: "refused", stands: true } as const;
    const { board: it, clock } = board(plan({ plc: {} }), memory);
    it.missedBefore({ ...before, at: clock.monotonic(), check: { ...check("plc"), digest: "other" } });
    assert.equal(judgement(it), "unknown (not_asked_yet)");
    it.missedBefore({ ...before, at: clock.monotonic() });
    assert.equal(judgement(it), "down (refused)");
    const { board: stopped } = board(plan({ plc: {} }), { ...memory, stopped: true });
    stopped.missedBefore({ ...before, at: clock.monotonic() });
    assert.equal(judgement(stopped), "unknown (stopped)");
  });

  test("that worked in an earlier run is down after three misses, though this run never heard it", () => {
    const memory = { proven: new Map([[check("plc").id, check("plc").digest]]) };
    const { board: it, clock } = board(plan({ plc: {}, other: {} }), memory);
    for (let miss = 0; miss < 3; miss++) {
      it.outcome(failed(check("plc"), clock.monotonic()));
      it.outcome(failed(check("other"), clock.monotonic()));
    }
    assert.equal(judgement(it), "down (timeout)");
    assert.equal(judgement(it, "other"), "unknown (unproven)");
  });
});

describe("a check", () => {
  test("counts answers, failures and refusals, each where it belongs", () => {
    const { board: it, clock } = board(plan({ plc: {} }));
    const at = clock.monotonic();
    it.outcome(answered(check("plc"), at));
    it.outcome(answered(check("plc"), at, { said: "degraded", failure: "protocol_error", detail: "exception 4" }));
    it.outcome(answered(check("plc"), at, { said: "gateway_only", detail: "exception 11" }));
    it.outcome(failed(check("plc"), at));
    it.outcome(failed(check("plc"), at));
    it.outcome(refused(check("plc"), at, "line_budget"));
    const [view] = it.checksOf(check("plc").device);
    assert.equal(view?.answered, 1);
    assert.deepEqual(Object.fromEntries(view.failed), { protocol_error: 1, gateway_target_silent: 1, timeout: 2 });
    assert.deepEqual(Object.fromEntries(view.refused), { line_budget: 1 });
    assert.equal(view.lastTook, milliseconds(12));
    assert.equal(view.last?.kind, "failed", "a slot that waits a little for a budget hides no answer");
  });

  test("ran when it was asked, not when it was refused", async () => {
    const { board: it, clock } = board(plan({ plc: {} }));
    it.outcome(refused(check("plc"), clock.monotonic(), "stopped"));
    const [view] = [...it.checks()];
    assert.equal(view?.lastRun, undefined);
    it.outcome(answered(check("plc"), clock.monotonic()));
    const answeredAt = clock.wall();
    await clock.advance(seconds(60));
    it.outcome(failed(check("plc"), clock.monotonic()));
    assert.equal(view?.lastRun, clock.wall());
    assert.equal(view.lastSuccess, answeredAt);
  });

  test("shares the empty counts with its neighbours and never writes into them", () => {
    const { board: it, clock } = board(plan({ a: {}, b: {} }));
    it.outcome(failed(check("a"), clock.monotonic()));
    const [a, b] = [...it.checks()];
    assert.equal(a?.failed.get("timeout"), 1);
    assert.equal(b?.failed.size, 0);
    assert.equal(a.refused, b.refused);
  });

  test("is proven by its first answer, once", () => {
    const { board: it, clock } = board(plan({ plc: {} }));
    assert.equal(it.outcome(failed(check("plc"), clock.monotonic())), false);
    assert.equal(it.outcome(answered(check("plc"), clock.monotonic())), true);
    assert.equal(it.outcome(answered(check("plc"), clock.monotonic())), false);
  });
});

describe("what left", () => {
  test("is counted by segment, also when the exchange was cut off", () => {
    const { board: it, clock } = board(plan({ plc: {} }));
    assert.deepEqual(it.sent().get(hvac), { connections: 0, requests: 0, bytes: 0 });
    it.outcome(answered(check("plc"), clock.monotonic()));
    it.outcome({ ...refused(check("plc"), clock.monotonic(), "stopped"), sent: { connections: 1, requests: 0, bytes: 0 } });
    assert.deepEqual(it.sent().get(hvac), { connections: 2, requests: 1, bytes: 11 });
  });

  test("for a device that a reload took out meanwhile still counts", () => {
    const { board: it, clock } = board(plan({ plc: {} }));
    it.adopt(plan({ other: {} }));
    it.outcome(answered(check("plc"), clock.monotonic()));
    assert.equal(it.sent().get(hvac)?.requests, 1);
    assert.equal(it.device(check("plc").device), undefined);
  });
});

describe("a new plan", () => {
  test("keeps what is known of a check that stays the same", () => {
    const { board: it, clock } = board(plan({ plc: {} }));
    it.outcome(answered(check("plc"), clock.monotonic()));
    const renamed = check("plc", { interval: seconds(120) });
    it.adopt(plan({ plc: { checks: [renamed] } }));
    assert.equal(judgement(it), "up (answers)");
    const [view] = [...it.checks()];
    assert.equal(view?.answered, 1);
    assert.equal(view.check, renamed);
    assert.equal(view.last?.check, renamed, "the old plan is not kept in memory by the last outcome");
  });

  test("forgets what is known of a check that now asks something else or somewhere else", () => {
    const { board: it, clock } = board(plan({ plc: {} }));
    it.outcome(answered(check("plc"), clock.monotonic()));
    it.adopt(plan({ plc: { checks: [check("plc", { digest: "sha256:elsewhere" })] } }));
    assert.equal(judgement(it), "unknown (not_asked_yet)");
    it.outcome(answered(check("plc"), clock.monotonic()));
    assert.equal(judgement(it), "unknown (not_asked_yet)", "an answer from the old place says nothing of the new one");
  });

  test("drops devices that are gone and counts segments that are new from zero", () => {
    const { board: it } = board(plan({ plc: {} }));
    const bridge = "bridge" as SegmentId;
    const next = plan({ radar: { device: { segment: bridge } } });
    it.adopt({
      ...next,
      segments: new Map([
        [bridge, { id: bridge, zone: "OT-2", subnet: "198.51.100.0/24", localAddress: "198.51.100.5", startsPerSecondMax: 2 }],
      ]),
    });
    assert.deepEqual(
      [...it.devices()].map(({ device }) => device.id),
      ["radar"],
    );
    assert.deepEqual(it.sent().get(bridge), { connections: 0, requests: 0, bytes: 0 });
  });
});

describe("a stop", () => {
  test("makes every device unknown at once, and an answer that was under way changes nothing", () => {
    const { board: it, clock } = board(plan({ a: {}, b: {} }));
    it.outcome(answered(check("a"), clock.monotonic()));
    it.stop(true);
    it.outcome(answered(check("b"), clock.monotonic()));
    assert.deepEqual([judgement(it, "a"), judgement(it, "b")], ["unknown (stopped)", "unknown (stopped)"]);
    assert.equal(it.device(check("b").device)?.lastHeard, clock.wall());
  });

  test("that is lifted leaves devices not asked yet, until they answer", () => {
    const { board: it, clock } = board(plan({ plc: {} }));
    it.outcome(answered(check("plc"), clock.monotonic()));
    it.stop(true);
    it.stop(false);
    assert.equal(judgement(it), "unknown (not_asked_yet)");
    it.outcome(answered(check("plc"), clock.monotonic()));
    assert.equal(judgement(it), "up (answers)");
  });

  test("in force at the start and across a reload covers new devices too", () => {
    const { board: it } = board(plan({ plc: {} }), { stopped: true });
    it.adopt(plan({ plc: {}, pump: {} }));
    assert.deepEqual([judgement(it), judgement(it, "pump")], ["unknown (stopped)", "unknown (stopped)"]);
  });
});

describe("a trip", () => {
  test("makes the devices of its scope unknown until it is reset", () => {
    const { board: it, clock } = board(plan({ a: {}, b: { device: { segment: "other" as SegmentId } } }));
    for (const id of ["a", "b"]) it.outcome(answered(check(id), clock.monotonic()));
    assert.equal(it.trip({ scope: "segment:hvac", cause: "harm", detail: "", since: clock.wall() }), true);
    assert.equal(it.trip({ scope: "segment:hvac", cause: "slower", detail: "", since: clock.wall() }), false, "the first cause stays");
    assert.deepEqual([judgement(it, "a"), judgement(it, "b")], ["unknown (tripped)", "up (answers)"]);
    assert.equal(it.trips()[0]?.cause, "harm");
    assert.equal(it.reset("segment:hvac"), true);
    assert.equal(it.reset("segment:hvac"), false);
    assert.equal(judgement(it, "a"), "unknown (not_asked_yet)");
  });

  test("of one address makes the hardware's others unknown too", () => {
    const { board: it, clock } = board(plan({ a: {}, b: { device: { hardware: ["a" as DeviceId] } }, c: {} }));
    for (const id of ["a", "b", "c"]) it.outcome(answered(check(id), clock.monotonic()));
    it.trip({ scope: "device:a", cause: "harm", detail: "", since: clock.wall() });
    assert.deepEqual(
      ["a", "b", "c"].map((id) => judgement(it, id)),
      ["unknown (tripped)", "unknown (tripped)", "up (answers)"],
    );
  });

  test("of an earlier run holds from the start, and a second one holds on when the first is reset", () => {
    const since = new FakeClock().wall();
    const trips = [{ scope: "device:plc", cause: "harm", detail: "", since } as const];
    const { board: it } = board(plan({ plc: {} }), { trips });
    it.trip({ scope: "site", cause: "harm", detail: "", since });
    it.reset("device:plc");
    assert.equal(judgement(it), "unknown (tripped)");
  });
});

test("a failed reload keeps the time of the last good one", async () => {
  const { board: it, clock } = board(plan({ plc: {} }));
  const start = clock.wall();
  await clock.advance(seconds(60));
  it.reloaded(3);
  assert.deepEqual(it.reload, { successful: false, lastSuccess: start, problems: 3 });
  it.reloaded(0);
  assert.deepEqual(it.reload, { successful: true, lastSuccess: clock.wall(), problems: 0 });
});

test("10,000 devices take less than 10 KB each, plan and history of failures included", () => {
  const count = 10_000;
  const collect = garbageCollector();
  const clock = new FakeClock();
  const before = collect();
  const site = plan(Object.fromEntries(Array.from({ length: count }, (_, index) => [`device-${index}`, {}])));
  const it = new MemoryBoard(clock, site, blank);
  for (const each of site.checks.values()) {
    it.outcome(answered(each, clock.monotonic()));
    it.outcome(failed(each, clock.monotonic(), "timeout", `no answer within 5 s from ${each.device}`));
    it.outcome(refused(each, clock.monotonic(), "backoff"));
    it.outcome(answered(each, clock.monotonic()));
  }
  const bytes = (collect() - before) / count;
  assert.equal([...it.devices()].length, count);
  assert.ok(bytes < 10_000, `${bytes.toFixed(0)} bytes a device`);
});

function garbageCollector(): () => number {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  return () => {
    collect();
    return process.memoryUsage().heapUsed + process.memoryUsage().external;
  };
}
