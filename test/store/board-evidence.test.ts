/** What the board says of a device beyond its last answers: the hold that keeps it from being asked, what is proved, what never answered. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Plan } from "../../src/domain/plan.ts";
import { seconds } from "../../src/domain/units.ts";
import { MemoryBoard, type Memory } from "../../src/store/board.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { answered, check, failed, plan, refusal } from "./support/site.ts";

const blank: Memory = { stopped: false, trips: [], proven: new Map() };

function board(site: Plan, memory: Partial<Memory> = {}): { board: MemoryBoard; clock: FakeClock } {
  const clock = new FakeClock();
  return { board: new MemoryBoard(clock, site, { ...blank, ...memory }), clock };
}

function judgement(of: MemoryBoard, id = "plc"): string {
  const { liveness, cause } = [...of.devices()].find(({ device }) => device.id === id)!.judgement;
  return `${liveness} (${cause})`;
}

describe("a hold", () => {
  test("makes a device unknown that it keeps from being asked once what was known of it is old, and not before", async () => {
    const { board: it, clock } = board(plan({ plc: {}, fresh: {}, silent: {} }), {
      proven: new Map([[check("silent").id, check("silent").digest]]),
    });
    it.outcome(answered(check("plc"), clock.monotonic()));
    for (let miss = 0; miss < 3; miss++) it.outcome(failed(check("silent"), clock.monotonic()));
    it.hold({ scope: "segment:hvac", since: clock.wall(), detail: "silent fell silent" });
    it.hold({ scope: "segment:hvac", since: clock.wall(), detail: "another" });
    assert.deepEqual(
      it.holds().map(({ detail }) => detail),
      ["silent fell silent"],
    );
    const all = (): readonly string[] => ["plc", "fresh", "silent"].map((id) => judgement(it, id));
    assert.deepEqual(all(), ["up (answers)", "unknown (breaker_open)", "down (timeout)"]);
    await clock.advance(seconds(301));
    assert.deepEqual(all(), ["unknown (breaker_open)", "unknown (breaker_open)", "down (timeout)"]);
    it.release("segment:hvac");
    assert.deepEqual(all(), ["unknown (no_fresh_evidence)", "unknown (not_asked_yet)", "down (timeout)"]);
  });

  test("stays over a reload, unless nothing of the held scope is asked any more", () => {
    const { board: it, clock } = board(plan({ plc: {} }));
    it.hold({ scope: "segment:hvac", since: clock.wall(), detail: "x" });
    it.hold({ scope: "profile:gone", since: clock.wall(), detail: "x" });
    it.adopt(plan({ plc: {} }));
    assert.deepEqual(
      it.holds().map(({ scope }) => scope),
      ["segment:hvac"],
    );
    it.adopt(plan({ plc: { checks: [], refused: [refusal("plc", "excluded")] } }));
    assert.deepEqual(it.holds(), []);
  });
});

describe("a device", () => {
  test("is proved alive as far as the most telling answer that counts", async () => {
    const card = check("plc", { id: "plc/enip-list-identity" as never, proves: "network-interface", digest: "sha256:card" });
    const { board: it, clock } = board(plan({ plc: { checks: [card, check("plc")] } }));
    const proves = () => it.evidenceOf(check("plc").device).proves;
    assert.equal(proves(), undefined);
    it.outcome(answered(card, clock.monotonic()));
    assert.equal(proves(), "network-interface");
    it.outcome(answered(check("plc"), clock.monotonic()));
    assert.equal(proves(), "cpu");
    for (let miss = 0; miss < 3; miss++) it.outcome(failed(check("plc"), clock.monotonic()));
    assert.equal(proves(), "network-interface", "what no longer answers proves nothing");
    await clock.advance(seconds(301));
    assert.equal(proves(), undefined);
    assert.equal(it.evidenceOf("nobody" as never).proves, undefined);
  });

  test("names the checks that were asked three times and never answered, until one does or nothing is asked", () => {
    const { board: it, clock } = board(plan({ plc: {} }));
    const never = () => it.evidenceOf(check("plc").device).neverAnswered;
    for (let miss = 0; miss < 3; miss++) {
      assert.deepEqual(never(), []);
      it.outcome(failed(check("plc"), clock.monotonic()));
    }
    assert.equal(judgement(it), "unknown (unproven)");
    assert.deepEqual(never(), ["plc/modbus-fc43"]);
    it.stop(true);
    assert.deepEqual(never(), []);
    it.stop(false);
    for (let miss = 0; miss < 3; miss++) it.outcome(failed(check("plc"), clock.monotonic()));
    it.outcome(answered(check("plc"), clock.monotonic()));
    for (let miss = 0; miss < 3; miss++) it.outcome(failed(check("plc"), clock.monotonic()));
    assert.deepEqual([judgement(it), never()], ["down (timeout)", []]);
  });
});
