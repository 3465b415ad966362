/** Approvals end by the highest trusted time: a clock that goes back gives nothing longer, and one that went astray spoils nothing for ever. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { TrustedTime } from "../../src/safety/trusted-time.ts";
import { clockSlewMax, pulseEvery } from "../../src/domain/limits.ts";
import { wallMs } from "../../src/domain/units.ts";
import { FakeClock } from "../support/fake-clock.ts";

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;
const noon = Date.parse("2026-11-21T12:00:00Z");

/** A pulse a second is enough for these. */
async function run(clock: FakeClock, time: TrustedTime, span: number): Promise<void> {
  const step = Math.max(second, span / 500);
  for (let passed = 0; passed < span; passed += step) {
    await clock.advance(step);
    time.look();
  }
}

function started({ known = noon, wall = noon }: { known?: number; wall?: number } = {}): { clock: FakeClock; time: TrustedTime } {
  const clock = new FakeClock(1_000_000, wall);
  return { clock, time: new TrustedTime(clock, wallMs(known)) };
}

describe("the highest trusted time", () => {
  it("goes with a clock that nobody sets", async () => {
    const { clock, time } = started();
    await run(clock, time, hour);
    assert.equal(time.highest, clock.wall());
    assert.equal(time.judged(), clock.wall());
    assert.equal(time.behind, 0);
  });

  it("goes with a clock that is slewed, either way, and never back", async () => {
    const { clock, time } = started();
    let highest = time.highest;
    for (const slew of [0.5, -0.5]) {
      for (let i = 0; i < 10_000; i++) {
        clock.stepWall(slew);
        await clock.advance(second);
        time.look();
        assert.ok(time.highest >= highest);
        highest = time.highest;
      }
    }
    assert.equal(time.highest, clock.wall());
    assert.equal(time.behind, 0);
  });

  it("does not go back with a clock that is set back a little at a time", async () => {
    const { clock, time } = started();
    for (let i = 0; i < 100; i++) {
      const before = time.highest;
      clock.stepWall(-900);
      await clock.advance(200);
      time.look();
      assert.ok(time.highest >= before);
    }
    assert.ok(time.behind > minute);
  });

  it("is what counts after a start at 1970, and the clock is suspect until it is right", async () => {
    const { clock, time } = started({ wall: 0 });
    assert.equal(time.behind, noon);
    assert.equal(time.judged(), noon);
    await run(clock, time, hour);
    assert.equal(time.judged(), noon + hour);
    clock.stepWall(noon);
    time.look();
    assert.equal(time.behind, 0);
  });

  it("takes over what the clock shows after the machine was off, once it has shown it for a minute; till then the clock counts", async () => {
    const { clock, time } = started({ known: noon - 7 * day });
    assert.equal(time.judged(), noon);
    await run(clock, time, 59 * second);
    assert.equal(time.highest, noon - 7 * day + 59 * second);
    await run(clock, time, 2 * second);
    assert.equal(time.highest, clock.wall());
  });

  it("does not take over a clock that is set again and again", async () => {
    const { clock, time } = started({ known: 0 });
    for (let i = 0; i < 20; i++) {
      await run(clock, time, 50 * second);
      clock.stepWall(hour);
      time.look();
    }
    assert.ok(time.highest < hour);
  });
});

describe("a clock that is set a day forward", () => {
  it("counts at once, and leaves no trace when it is back within a minute", async () => {
    const { clock, time } = started();
    clock.stepWall(day);
    time.look();
    assert.equal(time.judged(), noon + day);
    await run(clock, time, 30 * second);
    clock.stepWall(-day);
    time.look();
    assert.equal(time.behind, 0);
    assert.equal(time.judged(), noon + 30 * second);
  });

  it("and back after an hour is proved wrong by the monotonic clock, if it was right for longer before", async () => {
    const { clock, time } = started();
    await run(clock, time, 2 * hour);
    clock.stepWall(day);
    await run(clock, time, hour);
    assert.equal(time.highest, noon + 3 * hour + day);
    // A time server has slewed it meanwhile.
    clock.stepWall(-day + 2 * second);
    time.look();
    assert.equal(time.behind, 0);
    assert.equal(time.judged(), noon + 3 * hour + 2 * second);
  });

  it("and back after longer than it was right before stays suspect: nobody but a person knows which was wrong", async () => {
    const { clock, time } = started();
    await run(clock, time, hour);
    clock.stepWall(day);
    await run(clock, time, 2 * hour);
    clock.stepWall(-day);
    time.look();
    assert.equal(time.behind, day);
    assert.equal(time.judged(), clock.wall() + day);
    time.accept();
    assert.equal(time.behind, 0);
    assert.equal(time.judged(), clock.wall());
    await run(clock, time, hour);
    assert.equal(time.highest, clock.wall());
  });

  it("and back elsewhere, before or after where it would be, is suspect", async () => {
    for (const off of [-minute, minute]) {
      const { clock, time } = started();
      await run(clock, time, 2 * hour);
      clock.stepWall(day);
      await run(clock, time, hour);
      clock.stepWall(-day + off);
      time.look();
      assert.equal(time.behind, day - off);
    }
  });

  it("at the start of a run is believed, and suspect when it goes back: there is no line of which this process knows more", async () => {
    const { clock, time } = started({ known: noon, wall: noon + day });
    await run(clock, time, hour);
    clock.stepWall(-day);
    time.look();
    assert.equal(time.behind, day);
  });
});

describe("a clock that is set back by less than a second, again and again", () => {
  it("is suspect after the first second, however long it waits in between", async () => {
    const { clock, time } = started();
    const began = clock.monotonic();
    for (let i = 0; i < 500; i++) {
      await clock.advance(minute);
      time.look();
      clock.stepWall(-900);
      time.look();
      const passed = clock.monotonic() - began;
      assert.ok(time.judged() >= noon + passed * (1 - clockSlewMax) - second);
      assert.equal(time.behind > 0, i > 0);
    }
    assert.ok(time.behind > 2 * minute);
  });

  it("nor gets further by proofs: forward for two minutes, and back to a second before the line that it had left", async () => {
    const { clock, time } = started();
    await run(clock, time, hour);
    const began = clock.monotonic();
    for (let i = 0; i < 20; i++) {
      clock.stepWall(1500);
      await run(clock, time, 2 * minute);
      clock.stepWall(-2450);
      await run(clock, time, 3 * minute);
      assert.ok(time.judged() >= noon + hour + (clock.monotonic() - began) * (1 - clockSlewMax) - second);
    }
  });

  it("is followed again once it is right, and has its second again", async () => {
    const { clock, time } = started();
    for (let i = 0; i < 3; i++) {
      clock.stepWall(-900);
      await run(clock, time, 2 * second);
      assert.equal(time.behind, 0);
      clock.stepWall(-900);
      time.look();
      assert.equal(time.behind, 900);
      clock.stepWall(1800);
      time.look();
      assert.equal(time.behind, 0);
      await clock.advance(minute);
      time.look();
      assert.equal(time.judged(), clock.wall());
    }
  });

  it("is followed from where a person says that it is right", async () => {
    const { clock, time } = started();
    await run(clock, time, hour);
    clock.stepWall(-day);
    time.look();
    time.accept();
    clock.stepWall(-900);
    await run(clock, time, 2 * second);
    assert.equal(time.behind, 0);
    clock.stepWall(-900);
    time.look();
    assert.equal(time.behind, 900);
  });

  it("is right again when a time server could have slewed it so far: then the trusted time waits for it rather than go back", async () => {
    const { clock, time } = started();
    clock.stepWall(-900);
    await run(clock, time, second);
    clock.stepWall(-900);
    let highest = time.highest;
    await clock.advance(second);
    time.look();
    assert.equal(time.behind > 0, true);
    for (let passed = 0; passed < 40 * minute; passed += pulseEvery) {
      await clock.advance(pulseEvery);
      time.look();
      assert.ok(time.highest >= highest);
      highest = time.highest;
    }
    assert.equal(time.behind, 0);
    assert.equal(time.highest, clock.wall());
  });
});

it("whatever is done to the clock, what is judged by never goes back further than a proof or a person takes it", () => {
  const steps = fc.array(fc.tuple(fc.integer({ min: -2 * day, max: 2 * day }), fc.integer({ min: 1, max: 50 * second })), {
    maxLength: 40,
  });
  return fc.assert(
    fc.asyncProperty(steps, async (changes) => {
      // Shorter than a minute each: none is ever trusted, and all that was trusted before goes on.
      const { clock, time } = started();
      const began = clock.monotonic();
      for (const [index, [step, span]] of changes.entries()) {
        clock.stepWall(step);
        time.look();
        await clock.advance(span);
        const sure = noon + (clock.monotonic() - began);
        // A step of less than a second is a slewed clock, which is followed.
        assert.ok(time.judged() >= Math.max(clock.wall(), sure - (index + 1) * second));
      }
    }),
  );
});

it("whatever is done to the clock for however long, no step and no proof takes it back by more than a time server and one small step", () => {
  const back = { arbitrary: fc.integer({ min: -second, max: 0 }), weight: 4 };
  const near = { arbitrary: fc.integer({ min: -4 * second, max: 4 * second }), weight: 2 };
  const far = { arbitrary: fc.integer({ min: -2 * day, max: 2 * day }), weight: 1 };
  const span = fc.oneof(fc.integer({ min: 1, max: second }), fc.integer({ min: second, max: 5 * minute }));
  return fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(fc.oneof(back, near, far), span), { maxLength: 60 }), async (changes) => {
      const { clock, time } = started();
      const began = clock.monotonic();
      for (const [step, passes] of changes) {
        clock.stepWall(step);
        time.look();
        await clock.advance(passes);
        time.look();
        const passed = clock.monotonic() - began;
        // A thousandth of a millisecond for the rounding of floating numbers.
        assert.ok(time.judged() >= noon + passed * (1 - clockSlewMax) - second - 0.001);
      }
    }),
  );
});
