/** What of a device's misses outlives the process: its wait goes on, and nothing is concluded from what is too old. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import type { Noted } from "../../src/domain/gate.ts";
import { milliseconds, monotonicMs } from "../../src/domain/units.ts";
import { backoffUntil, noHistory, waitAfter, type CheckHistory } from "../../src/safety/history.ts";
import { missesToBeNoted, recalledMisses } from "../../src/safety/missed.ts";
import { literalCheck } from "../support/literal-plan.ts";

const check = literalCheck({ name: "a", address: "192.0.2.1" });
const minute = 60_000;
const at = monotonicMs;
const noted = (value: unknown, { sameBoot = true, ageMs = 0 } = {}): Noted => ({ value, sameBoot, age: milliseconds(ageMs) });
const down = { ...noHistory, missed: 5, failure: "timeout", lastAsked: at(60 * minute), lostAt: at(50 * minute) } as const;
const onPaper = (history: CheckHistory, before: CheckHistory = noHistory): unknown =>
  JSON.parse(JSON.stringify(missesToBeNoted(before, history, check)?.value));

describe("misses of an earlier run", () => {
  it("are noted at each change, and cost a device that answers nothing", () => {
    assert.equal(missesToBeNoted(noHistory, { ...noHistory, lastAsked: at(1) }, check), undefined);
    assert.equal(missesToBeNoted(down, down, check), undefined);
    assert.deepEqual(missesToBeNoted(down, { ...noHistory, lastAsked: at(61 * minute) }, check), { value: undefined });
    assert.deepEqual(onPaper(down), {
      missed: 5,
      failure: "timeout",
      lastAsked: 3_600_000,
      lostAt: 3_000_000,
      digest: check.digest,
    });
    const told = { ...down, lostAt: at(60 * minute) };
    assert.deepEqual(onPaper(told, { ...down, lostAt: undefined }), { ...(onPaper(down) as object), lostAt: 3_600_000 });
    assert.notEqual(missesToBeNoted(down, { ...down, lastAsked: at(61 * minute) }, check), undefined);
  });
  it("are noted from the first one on, and no more once they are answered or excused, the first one too", () => {
    for (const missed of [1, 2]) {
      const some = { ...down, missed, lostAt: undefined };
      assert.deepEqual((onPaper(some) as { missed: number }).missed, missed);
      assert.equal(recalledMisses(noted(onPaper(some)), check, at(61 * minute))?.history.missed, missed);
      assert.deepEqual(missesToBeNoted(some, { ...noHistory, lastAsked: at(61 * minute) }, check), { value: undefined });
      assert.deepEqual(missesToBeNoted(some, { ...noHistory, lastAsked: some.lastAsked }, check), { value: undefined });
    }
  });
  it("go on where they stood, moment for moment, in the same boot", () => {
    const found = recalledMisses(noted(onPaper(down), { ageMs: 2 * minute }), check, at(62 * minute));
    assert.deepEqual(found, {
      history: { missed: 5, missedBefore: 5, failure: "timeout", lastAsked: 60 * minute, lostAt: 50 * minute },
      lostAgo: 12 * minute,
      same: true,
    });
  });
  it("of another boot are as old as their note, and the span between two of its moments is kept", () => {
    const found = recalledMisses(noted(onPaper(down), { sameBoot: false, ageMs: 3 * minute }), check, at(5 * minute));
    assert.deepEqual([found?.history.lastAsked, found?.history.lostAt, found?.lostAgo], [2 * minute, 0, 13 * minute]);
    assert.equal(backoffUntil(check, { ...noHistory, ...found!.history }), 2 * minute + waitAfter(check, 5));
  });
  it("say nothing of other bytes, and were excused where no failure stands with them", () => {
    assert.equal(recalledMisses(noted({ ...(onPaper(down) as object), digest: "other" }), check, at(61 * minute))?.same, false);
    for (const failure of [undefined, "toString", 7, ["timeout"]]) {
      const found = recalledMisses(noted({ ...(onPaper(down) as object), failure }), check, at(61 * minute))!;
      assert.deepEqual([found.history.failure, found.history.missedBefore, found.history.missed], [undefined, 0, 5]);
    }
  });
  it("that do not make a device down go on too, but not over a start of the machine", () => {
    const two = onPaper({ ...down, missed: 2, lostAt: undefined });
    const found = (now: number, sameBoot = true) => recalledMisses(noted(two, { sameBoot }), check, at(now))?.history;
    assert.deepEqual([found(61 * minute)?.missed, found(61 * minute)?.lostAt], [2, undefined]);
    assert.equal(found(61 * minute, false), undefined);
  });
  it("that are damaged are none", () => {
    for (const damaged of [null, 7, {}, { missed: 0 }, { missed: 1.5 }, { missed: "5" }])
      assert.equal(recalledMisses(noted(damaged), check, at(1)), undefined);
    assert.equal(recalledMisses(undefined, check, at(1)), undefined);
    const odd = recalledMisses(noted({ missed: 5, lastAsked: "soon", lostAt: "once" }, { ageMs: minute }), check, at(61 * minute))!;
    assert.deepEqual([odd.history.lastAsked, odd.history.lostAt], [60 * minute, undefined]);
    const half = recalledMisses(noted({ missed: 5, lastAsked: "soon", lostAt: 7 }), check, at(61 * minute))!;
    assert.deepEqual([half.history.lostAt, half.lostAgo], [undefined, undefined]);
    const later = recalledMisses(noted({ missed: 5, lastAsked: 50 * minute, lostAt: 55 * minute }), check, at(61 * minute))!;
    assert.deepEqual([later.history.lastAsked, later.history.lostAt], [50 * minute, 50 * minute], "never lost behind its last asking");
  });
  it("never bring the next asking nearer, whatever the clocks and the note say", () => {
    const moment = fc.nat({ max: 100 * minute });
    fc.assert(
      fc.property(fc.integer({ min: 3, max: 40 }), moment, moment, moment, fc.boolean(), (missed, asked, away, uptime, sameBoot) => {
        const now = sameBoot ? asked + away : uptime;
        const value = onPaper({ ...down, missed, lastAsked: at(asked), lostAt: at(asked) });
        const found = recalledMisses(noted(value, { sameBoot, ageMs: away }), check, at(now))!;
        const left = backoffUntil(check, { ...noHistory, ...found.history })! - now;
        assert.ok(left >= waitAfter(check, missed) - away, `${left}`);
      }),
    );
  });
});
