/** One deep query: the first of a family alone, what follows what, and how it ends. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { deepQueryFirstWait, deepQueryFirstWaitLab, deepQueryPartsMax, deepQueryPatience } from "../../src/domain/limits.ts";
import { after, milliseconds, seconds } from "../../src/domain/units.ts";
import { family, one, plc, said, Scene, type Reply } from "./support/deep-scene.ts";

describe("a deep query", () => {
  it("asks each question once and tells how it went, with the response time of the heartbeat before and after", async () => {
    const scene = new Scene([plc]);
    const { cutShort, devices } = await scene.done();
    assert.equal(scene.query.ended, false, "it came to its own end");
    assert.deepEqual(scene.asked, ["plc/deep-modbus-identification-regular", "plc/deep-modbus-server-id"]);
    const [device] = devices;
    assert.equal(cutShort, undefined);
    assert.deepEqual([device?.ended, device?.why, device?.tookBefore, device?.tookAfter], ["complete", undefined, 5, 5]);
    const [first] = device!.questions;
    assert.equal(first?.check, "plc/deep-modbus-identification-regular");
    assert.equal(first.came.kind === "answered" && first.came.facts.length, 1);
    assert.deepEqual(first.sent, one);
    assert.match(scene.told[0]!, /plc: modbus-identification-regular: answered in 12 ms, 1 fact/u);
  });

  it("follows a divided answer with the number that the device gave, never back, and not for ever", async () => {
    const divided =
      (next: (from: number | undefined) => number): Reply =>
      (check, from) =>
        check.method === "modbus-fc43"
          ? { said: "alive", more: true, facts: [], next: next(from) }
          : { said: "alive", note: "exception 1" };
    const ahead = new Scene(
      [plc],
      divided((from) => (from ?? 0) + 3),
    );
    const { devices } = await ahead.done();
    assert.equal(ahead.asked.length, deepQueryPartsMax + 1);
    assert.equal(ahead.asked[2], "plc/deep-modbus-identification-regular from 6");
    assert.equal(devices[0]?.questions[2]?.from, 6);
    assert.ok(ahead.told.some((line) => line.includes("still more follows")));
    assert.ok(ahead.told.some((line) => line.endsWith("0 facts (exception 1)")));
    const back = new Scene(
      [plc],
      divided(() => 4),
    );
    await back.done();
    assert.equal(back.asked.length, 3);
  });

  it("asks the first of a family alone, and the others after a wait and a heartbeat of the first", async () => {
    for (const [lab, wait] of [
      [true, deepQueryFirstWaitLab],
      [false, deepQueryFirstWait],
    ] as const) {
      const scene = new Scene([...family, { ...plc, profile: "another" }], undefined, lab);
      const run = scene.begin();
      await scene.clock.advance(11_000);
      assert.deepEqual(
        scene.asked.filter((line) => !line.startsWith("plc")).map((line) => line[0]),
        ["a", "a"],
      );
      assert.ok(scene.asked.some((line) => line.startsWith("plc/")));
      assert.ok(scene.told.some((line) => line.startsWith("a: complete; the 2 others of its family follow in")));
      await scene.clock.advance(wait + 60_000);
      const { devices } = await run;
      assert.deepEqual(
        devices.map(({ device, ended }) => `${device} ${ended}`),
        ["a complete", "b complete", "c complete", "plc complete"],
      );
      // In the lab the wait is shorter than the heartbeats of this test: the next one is waited for.
      assert.equal(
        scene.told.filter((line) => line === "a: was not asked in the wait; its next heartbeat is waited for").length,
        lab ? 1 : 0,
      );
    }
  });

  it("waits behind the first of a family for a heartbeat that is asked more rarely than the wait lasts, and for two of them at most", async () => {
    const waited = async (beatEveryMs: number): Promise<readonly [Scene, readonly string[], string | undefined]> => {
      const scene = new Scene(family.map((device) => ({ ...device, intervalMs: 30_000 })));
      scene.beatEveryMs = beatEveryMs;
      const { devices } = await scene.done(200_000);
      return [scene, devices.map(({ ended }) => ended), devices[1]?.why];
    };
    assert.deepEqual((await waited(30_000))[1], ["complete", "complete", "complete"]);
    const [scene, ended, why] = await waited(9_000_000);
    assert.deepEqual(ended, ["complete", "not_asked", "not_asked"]);
    assert.equal(why, "a, the first of its family, answered no heartbeat in the wait after it");
    assert.deepEqual(
      scene.asked.filter((line) => !line.startsWith("a/")),
      [],
    );
  });

  it("leaves the others alone where the first of a family leaves its heartbeat unanswered in the wait", async () => {
    const scene = new Scene(family.slice(0, 2), undefined, false);
    const run = scene.begin();
    await scene.clock.advance(30_000);
    scene.silent.add("a");
    await scene.clock.advance(deepQueryFirstWait);
    assert.match((await run).devices[1]?.why ?? "", /^a, the first of its family, answered no heartbeat in the wait/u);
    assert.ok(!scene.told.some((line) => line.includes("was not asked in the wait")));
  });

  it("leaves a family alone whose first device fails, and says so of each; the only other one is one", async () => {
    const scene = new Scene(family.slice(0, 2), (check) => (check.method === "modbus-fc17" ? "timeout" : said));
    const { cutShort, devices } = await scene.done();
    assert.equal(cutShort, undefined);
    assert.deepEqual(
      devices.map(({ ended, why }) => [ended, why]),
      [
        ["partly", "a/deep-modbus-server-id: timeout: no answer in time"],
        ["not_asked", "a, the first of its family, was not answered in full"],
      ],
    );
    const pair = new Scene(family.slice(0, 2));
    await pair.done(60_000);
    assert.ok(pair.told.some((line) => line.startsWith("a: complete; the other of its family follows in")));
  });

  it("asks nothing of a device whose latest heartbeat was not answered", async () => {
    const scene = new Scene([plc]);
    scene.silent.add("plc");
    const { devices } = await scene.done();
    assert.deepEqual(scene.asked, []);
    assert.match(devices[0]?.why ?? "", /latest heartbeat was not answered/u);
  });

  it("ends with a device that errs: behind a gateway that misses it, and with degraded words beside its facts", async () => {
    const gateway = new Scene([plc], () => ({ said: "gateway_only", detail: "exception 11" }));
    assert.match((await gateway.done()).devices[0]?.why ?? "", /gateway_target_silent: exception 11/u);
    assert.equal(gateway.asked.length, 1);
    const degraded = new Scene([plc], () => ({ said: "degraded", failure: "protocol_error", detail: "the run indicator is off" }));
    const { devices } = await degraded.done();
    assert.equal(devices[0]?.ended, "complete");
    const { came } = devices[0].questions[0]!;
    assert.equal(came.kind === "answered" && came.note, "the run indicator is off");
  });

  it("waits as long as the gate says, tells of long waits once, and gives up a question after its patience", async () => {
    const refusals =
      (retryIn: number): Reply =>
      (_check, _from, asked) =>
        asked <= 3 ? { retryAt: after(scene.clock.monotonic(), milliseconds(retryIn)) } : said;
    let scene: Scene = new Scene([plc], (...all) => refusals(30_000)(...all));
    const patient = await scene.done();
    assert.equal(patient.devices[0]?.ended, "complete");
    assert.equal(scene.told.filter((line) => line.startsWith("plc: waits 30 s (line_budget")).length, 1);
    scene = new Scene([plc], (...all) => refusals(0)(...all));
    await scene.done();
    assert.equal(scene.told.filter((line) => line.includes("line_budget")).length, 0);
    scene = new Scene([plc], () => ({ reason: "backoff", retryAt: after(scene.clock.monotonic(), deepQueryPatience) }));
    const { devices } = await scene.done();
    assert.deepEqual([devices[0]?.ended, devices[0]?.questions.length], ["not_asked", 0]);
    assert.match(devices[0]?.why ?? "", /did not let it go within 30 min \(backoff: the device is down/u);
    scene = new Scene([plc], (_check, _from, asked) => (asked === 1 ? { reason: "clock_suspect" } : said));
    assert.equal((await scene.done()).devices[0]?.ended, "complete");
  });

  it("tells whoever watches that it goes on where it waits again and again for a moment, and until when it waits for the last heartbeat", async () => {
    const scene: Scene = new Scene([plc], () =>
      scene.clock.monotonic() < 1_070_000 ? { retryAt: after(scene.clock.monotonic(), seconds(1)) } : said,
    );
    assert.equal(scene.clock.monotonic(), 1_000_000);
    await scene.done();
    const waits = scene.told.filter((line) => line.includes("waited") || line.includes("waits"));
    assert.deepEqual(waits, [
      "plc: has waited 31 s and goes on waiting (line_budget: asked less than an interval ago)",
      "plc: has waited 1 min 2 s and goes on waiting (line_budget: asked less than an interval ago)",
      "plc: nothing more is asked; waits for its next heartbeat, 2 min 10 s at most",
    ]);
  });

  it("ends as a whole at a stop and at the end of its window; a trip ends one device", async () => {
    for (const reason of ["stopped", "no_window", "window_ending", "run_over"] as const) {
      const scene = new Scene([plc, { name: "other", address: "192.0.2.12", profile: "another" }], (check) =>
        check.method === "modbus-fc17" ? { reason, retryAt: after(scene.clock.monotonic(), seconds(1)) } : said,
      );
      const { cutShort, devices } = await scene.done();
      assert.match(cutShort ?? "", new RegExp(`^${reason}: `, "u"));
      assert.deepEqual(
        devices.map(({ ended }) => ended),
        ["partly", "partly"],
      );
    }
    const tripped = new Scene([plc], () => ({ reason: "tripped" }));
    const { cutShort, devices } = await tripped.done();
    assert.equal(cutShort, undefined);
    assert.match(devices[0]?.why ?? "", /tripped: a person must look/u);
    const expired = new Scene([plc], () => ({ reason: "approval_expired" }));
    assert.match((await expired.done()).devices[0]?.why ?? "", /approval_expired: the approval has expired/u);
  });

  it("that was cut in the middle of a request says what had left", async () => {
    const scene = new Scene([plc], () => ({ reason: "no_window", sent: one }));
    const { devices } = await scene.done();
    assert.equal(devices[0]?.ended, "partly");
    assert.deepEqual(devices[0].questions[0]?.sent, one);
  });

  it("ends when a person ends it: while it waits for its turn, in the wait of a family, and before a heartbeat came", async () => {
    const waiting = new Scene([plc], () => ({ retryAt: after(waiting.clock.monotonic(), seconds(60)) }));
    let run = waiting.begin();
    await waiting.clock.advance(500);
    waiting.query.end("ended by eto-1");
    waiting.query.end("ended by another");
    await waiting.clock.advance(200);
    assert.deepEqual([(await run).cutShort, (await run).devices[0]?.ended], ["ended by eto-1", "not_asked"]);
    assert.equal(waiting.clock.waiting, 0);
    const asking = new Scene([plc], () => ({ retryAt: after(asking.clock.monotonic(), seconds(60)) }));
    run = asking.begin();
    await asking.clock.advance(50);
    asking.query.end("ended by eto-1");
    await asking.clock.advance(100);
    assert.equal((await run).devices[0]?.ended, "not_asked");
    const between = new Scene(family, undefined, false);
    run = between.begin();
    await between.clock.advance(30_000);
    between.query.end("ended by eto-1");
    assert.deepEqual(
      (await run).devices.map(({ ended, why }) => [ended, why]),
      [
        ["complete", undefined],
        ["not_asked", "ended by eto-1"],
        ["not_asked", "ended by eto-1"],
      ],
    );
    const beating = new Scene([plc]);
    run = beating.begin();
    await beating.clock.advance(250);
    beating.query.end("ended by eto-1");
    assert.equal((await run).devices[0]?.tookAfter, undefined);
    const early = new Scene([plc]);
    early.query.end("ended by eto-1");
    assert.equal((await early.done()).devices[0]?.why, "ended by eto-1");
    assert.deepEqual(early.asked, []);
  });

  it("goes on without a response time where no heartbeat comes, and ends with a question that a reload took out", async () => {
    const scene = new Scene([plc], () => {
      scene.silent.add("plc");
      return said;
    });
    assert.equal((await scene.done()).devices[0]?.tookAfter, undefined);
    const reloaded = new Scene([plc], () => "gone");
    assert.match((await reloaded.done()).devices[0]?.why ?? "", /the plan was changed meanwhile/u);
    const unplanned: Scene = new Scene([plc], () => {
      unplanned.plan = { ...unplanned.plan, checks: new Map() };
      return said;
    });
    assert.equal((await unplanned.done()).devices[0]?.ended, "complete");
  });
});
