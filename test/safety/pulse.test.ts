/** A process that stood still, or a clock that was set, sends nothing until the loop has turned once and STOP was read. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Pulse } from "../../src/safety/pulse.ts";
import { FakeClock } from "../support/fake-clock.ts";

function beating(): { readonly clock: FakeClock; readonly pulse: Pulse; readonly reads: () => number; readonly disturbed: string[] } {
  const clock = new FakeClock();
  const disturbed: string[] = [];
  let reads = 0;
  const pulse = new Pulse(clock, { readStop: () => reads++, disturbed: (detail) => disturbed.push(detail) });
  return { clock, pulse, reads: () => reads, disturbed };
}

describe("the pulse", () => {
  it("suspects until its first beat, which has read STOP", async () => {
    const { clock, pulse, reads } = beating();
    assert.equal(pulse.suspect(clock.monotonic()), true);
    pulse.start();
    assert.equal(reads(), 1);
    assert.equal(pulse.suspect(clock.monotonic()), true);
    await clock.advance(200);
    assert.equal(pulse.suspect(clock.monotonic()), false);
    assert.equal(reads(), 2);
  });

  it("is suspicious at once after a freeze, before any of its timers ran", async () => {
    const { clock, pulse, disturbed } = beating();
    pulse.start();
    await clock.advance(1000);
    let seen: boolean | undefined;
    // Due before the pulse's own timer, as a write that piled up would be.
    clock.at(clock.monotonic(), () => (seen = pulse.suspect(clock.monotonic())));
    await clock.freeze(10_000);
    assert.equal(seen, true);
    assert.equal(disturbed.length, 1);
    assert.match(disturbed[0]!, /stood still for 10000 ms/u);
    assert.equal(pulse.suspect(clock.monotonic()), true, "one more full turn of the loop");
    await clock.advance(200);
    assert.equal(pulse.suspect(clock.monotonic()), false);
  });

  it("takes a beat that is half a second late for ordinary, and one that is later not", async () => {
    const { clock, pulse, disturbed } = beating();
    pulse.start();
    await clock.advance(200);
    await clock.freeze(690);
    assert.deepEqual(disturbed, []);
    await clock.freeze(710);
    assert.equal(disturbed.length, 1);
  });

  it("notices the wall clock being set, either way, and not its slow correction", async () => {
    const { clock, pulse, disturbed } = beating();
    pulse.start();
    await clock.advance(200);
    for (let i = 0; i < 20; i++) {
      clock.stepWall(0.5);
      await clock.advance(200);
    }
    assert.deepEqual(disturbed, []);
    clock.stepWall(3_600_000);
    await clock.advance(200);
    clock.stepWall(-3_600_000);
    await clock.advance(200);
    assert.deepEqual(disturbed, ["wall clock jumped by 3600000 ms", "wall clock jumped by -3600000 ms"]);
  });

  it("leaves no timer behind and stays suspicious once stopped", async () => {
    const { clock, pulse } = beating();
    pulse.stop();
    pulse.start();
    await clock.advance(1000);
    pulse.stop();
    assert.equal(clock.waiting, 0);
    assert.equal(pulse.suspect(clock.monotonic()), true);
  });
});
