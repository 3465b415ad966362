/** What is out is seen without changing what the gate notes, and a device's free connections are counted as the gate counts them. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Line } from "../../src/domain/plan.ts";
import { after, milliseconds, seconds } from "../../src/domain/units.ts";
import { AskedNow } from "../../src/exporters/asked-now.ts";
import { check } from "../store/support/site.ts";
import { FakeClock } from "../support/fake-clock.ts";

function watched() {
  const clock = new FakeClock();
  const noted: unknown[] = [];
  const note =
    (what: string) =>
    (...of: readonly unknown[]): void =>
      void noted.push([what, ...of]);
  const asked = new AskedNow(clock, { begin: note("begin"), end: note("end"), kept: note("kept"), counted: note("counted") });
  return { clock, noted, asked };
}
const plc = check("plc");
const line: Line = {
  id: plc.line,
  segment: "hvac" as Line["segment"],
  gap: seconds(60),
  holdAfterTimeout: milliseconds(0),
  connections: { free: 2, countedAfterReset: seconds(30), countedAfterLoss: seconds(1800) },
};

describe("exchanges that are out", () => {
  test("are counted, and the oldest is told by its age", async () => {
    const { asked, clock } = watched();
    assert.deepEqual([asked.count, asked.oldest], [0, 0]);
    asked.begin(plc);
    await clock.advance(milliseconds(1500));
    asked.begin(check("pump"));
    await clock.advance(milliseconds(500));
    assert.deepEqual([asked.count, asked.oldest], [2, 2000]);
    asked.end(plc);
    assert.deepEqual([asked.count, asked.oldest], [1, 500]);
  });

  test("are noted in the file as ever", () => {
    const { asked, clock, noted } = watched();
    asked.begin(plc);
    asked.kept(plc.line, true);
    asked.counted(plc.line, [clock.monotonic()]);
    asked.end(plc);
    assert.deepEqual(noted, [
      ["begin", plc],
      ["kept", plc.line, true],
      ["counted", plc.line, [clock.monotonic()]],
      ["end", plc],
    ]);
  });
});

describe("free connections", () => {
  test("are fewer by the one that is open or kept", () => {
    const { asked } = watched();
    assert.equal(asked.connectionsFree(line), 2);
    asked.begin(check("pump"));
    assert.equal(asked.connectionsFree(line), 2);
    asked.begin(plc);
    assert.equal(asked.connectionsFree(line), 1);
    asked.kept(plc.line, true);
    asked.end(plc);
    assert.equal(asked.connectionsFree(line), 1);
    asked.kept(plc.line, false);
    assert.equal(asked.connectionsFree(line), 2);
  });

  test("are fewer by those that the device may still count, until their time is over, and never less than none", async () => {
    const { asked, clock } = watched();
    const now = clock.monotonic();
    asked.counted(plc.line, [after(now, seconds(30)), after(now, seconds(60)), after(now, seconds(90))]);
    assert.equal(asked.connectionsFree(line), 0);
    await clock.advance(seconds(60));
    assert.equal(asked.connectionsFree(line), 1);
    await clock.advance(seconds(60));
    assert.equal(asked.connectionsFree(line), 2);
  });
});
