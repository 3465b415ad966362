/** A connection that is kept for months must cost no more memory than one that is kept for a minute. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Closed } from "../../src/domain/wire.ts";
import { after, milliseconds } from "../../src/domain/units.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { atEnd, Ending } from "../../src/safety/ending.ts";
import { literalPlan } from "../support/literal-plan.ts";
import { ask, plc, plcCheck, readySite } from "../support/ready-site.ts";

const finished: Closed = { by: "us", detail: "finished" };

describe("the end of a wire", () => {
  it("is told to everybody who waits, and at once to whoever comes later", async () => {
    const wire = Promise.withResolvers<Closed>();
    const ending = new Ending(wire.promise);
    const told: string[] = [];
    ending.onEnd(() => told.push("first"));
    ending.onEnd(() => told.push("second"));
    wire.resolve(finished);
    await wire.promise;
    ending.onEnd(({ detail }) => told.push(detail));
    assert.deepEqual(told, ["first", "second", "finished"]);
    assert.equal(ending.waiting, 0);
  });

  it("is not told to who no longer waits, and nothing of the wait is kept", async () => {
    const wire = Promise.withResolvers<Closed>();
    const ending = new Ending(wire.promise);
    const takeBack = ending.onEnd(() => assert.fail("took it back"));
    assert.equal(ending.waiting, 1);
    takeBack();
    assert.equal(ending.waiting, 0);
    wire.resolve(finished);
    await wire.promise;
    assert.equal(ending.waiting, 0);
  });
});

describe("the deadline of an exchange", () => {
  it("is told to the wire a moment before, where it wants to know, and comes at its time", async () => {
    const clock = new FakeClock();
    const told: string[] = [];
    const deadline = after(clock.monotonic(), milliseconds(1000));
    const say = (what: string) => (): void => void told.push(`${what} ${deadline - clock.monotonic()} ms before`);
    const atOnce = atEnd(clock, clock.monotonic(), say("near"), say("over"));
    atEnd(clock, deadline, say("near"), say("over"));
    for (const takenBackAfter of [0, 950]) {
      const takeBack = atEnd(
        clock,
        deadline,
        () => {},
        () => assert.fail("it was taken back"),
      );
      clock.at(after(clock.monotonic(), milliseconds(takenBackAfter)), takeBack);
    }
    await clock.advance(1000);
    assert.deepEqual(told, ["near 1000 ms before", "over 1000 ms before", "near 100 ms before", "over 0 ms before"]);
    atOnce();
    assert.equal(clock.waiting, 0);
  });

  it("is told to the wire by its keeper, and only where no answer has come", async () => {
    for (const [does, times] of [
      ["silence", 1],
      ["answer", 0],
    ] as const) {
      let told = 0;
      const site = await readySite({ script: () => ({ does, afterMs: 5 }), onNearEnd: () => (told += 1) });
      assert.equal((await ask(site))?.kind, does === "answer" ? "answered" : "failed");
      assert.equal(told, times);
    }
  });
});

describe("a kept connection", () => {
  it("leaves no timer behind at any asking", async () => {
    const site = await readySite({ device: { connection: "kept" } });
    await ask(site);
    const waiting = site.clock.waiting;
    for (let i = 0; i < 3; i++) {
      await site.clock.advance(60_000);
      const asked = site.gate.exchange(plcCheck, "schedule");
      await site.clock.advance(20);
      assert.equal((await asked)?.kind, "answered");
      assert.equal(site.clock.waiting, waiting);
    }
    assert.equal(site.witness.connections.length, 1);
  });

  it("is reset when its goodbye is not answered in time", async () => {
    const site = await readySite({
      device: { connection: "kept", closingRequests: 1 },
      script: () => ({ does: "answer", afterMs: 10 }),
      fault: () => (site.witness.packets.length > 1 ? "leave-never-settles" : "none"),
      farewell: true,
    });
    await ask(site);
    const letGo = site.keeper?.letGo(literalPlan([plc]).checks.get(plcCheck)!.line);
    await site.clock.advance(2000);
    await letGo;
    assert.equal(site.witness.packets.at(-1)?.kind, "rst");
  });
});
