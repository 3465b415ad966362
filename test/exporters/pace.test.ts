/** A pace lets a burst through and then so many in a time, whoever asks. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { milliseconds, seconds } from "../../src/domain/units.ts";
import { Doorkeeper, Pace, PaceByName } from "../../src/exporters/pace.ts";
import { FakeClock } from "../support/fake-clock.ts";

test("a pace has a burst at once, and then one in each span", async () => {
  const clock = new FakeClock();
  const pace = new Pace(3, seconds(10), clock.monotonic());
  for (let count = 0; count < 3; count++) {
    assert.equal(pace.wait(clock.monotonic()), 0);
    pace.take(clock.monotonic());
  }
  assert.equal(pace.wait(clock.monotonic()), 10_000);
  await clock.advance(seconds(4));
  assert.equal(pace.wait(clock.monotonic()), 6000);
  await clock.advance(seconds(6));
  assert.equal(pace.wait(clock.monotonic()), 0);
  await clock.advance(seconds(3600));
  for (let count = 0; count < 3; count++) pace.take(clock.monotonic());
  assert.equal(pace.wait(clock.monotonic()), 10_000, "an idle hour gives no more than the burst");
});

test("names are forgotten from the longest silent on, and never more are kept than were said", () => {
  const now = new FakeClock().monotonic();
  const paces = new PaceByName(1, seconds(10), 2);
  paces.of("a", now).take(now);
  paces.of("b", now).take(now);
  assert.ok(paces.of("a", now).wait(now) > 0);
  paces.of("c", now).take(now);
  assert.equal(paces.of("b", now).wait(now), 0, "b was silent longest");
});

describe("the doorkeeper", () => {
  test("lets in no more of one address at once, and no faster, than it should", async () => {
    const clock = new FakeClock();
    const door = new Doorkeeper(clock);
    const inside = Array.from({ length: 80 }, () => door.enter("10.0.0.1")).filter((leave) => leave !== undefined);
    assert.equal(inside.length, 64);
    assert.ok(door.enter("10.0.0.2"), "somebody else comes in");
    for (const leave of inside) leave();
    let more = 0;
    for (let leave = door.enter("10.0.0.1"); leave; leave = door.enter("10.0.0.1")) {
      leave();
      more += 1;
    }
    assert.equal(more, 96 - 64);
    await clock.advance(milliseconds(1000));
    assert.ok(door.enter("10.0.0.1"));
  });

  test("gives each request its turn, in order", async () => {
    const clock = new FakeClock();
    const door = new Doorkeeper(clock);
    const turns = Array.from({ length: 252 }, () => door.turn());
    assert.equal(turns.filter((turn) => turn === undefined).length, 250);
    const order: number[] = [];
    for (const [index, turn] of turns.entries()) void turn?.then(() => order.push(index));
    await clock.advance(milliseconds(4));
    assert.deepEqual(order, [250]);
    await clock.advance(milliseconds(4));
    assert.deepEqual(order, [250, 251]);
    assert.equal(clock.waiting, 0);
  });
});
