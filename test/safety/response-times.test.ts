/** Slower than itself, not than others: and nobody is blamed when everything is slow. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import type { Check, CheckId } from "../../src/domain/plan.ts";
import { milliseconds } from "../../src/domain/units.ts";
import { ResponseTimes } from "../../src/safety/response-times.ts";
import { literalPlan } from "../support/literal-plan.ts";
import { MemoryNotebook } from "../support/memory-notebook.ts";

const plan = literalPlan(["a", "b", "c"].map((name, index) => ({ name, address: `192.0.2.${index + 1}` })));
const check = (name: string): Check => plan.checks.get(`${name}/modbus-fc43` as CheckId)!;
const takes = (times: ResponseTimes, name: string, ms: number, count = 1): string | undefined => {
  let last: { readonly detail: string } | undefined;
  for (let n = 0; n < count; n++) last = times.answered(check(name), milliseconds(ms));
  return last?.detail;
};
const learnt = (...names: readonly string[]): ResponseTimes => {
  const times = new ResponseTimes(new MemoryNotebook());
  for (const name of names) takes(times, name, 100, 20);
  return times;
};

describe("a device that takes longer than it used to", () => {
  it("is slower after ten answers in a row above three times and 200 ms more", () => {
    const times = learnt("a");
    assert.equal(takes(times, "a", 301, 9), undefined);
    assert.match(takes(times, "a", 301) ?? "", /10 answers in a row .* 301 ms, usually 100 ms/u);
  });
  it("is not slower by one of the two measures alone", () => {
    assert.equal(takes(learnt("a"), "a", 300, 50), undefined);
    const quick = new ResponseTimes(new MemoryNotebook());
    takes(quick, "a", 2, 20);
    assert.equal(takes(quick, "a", 202, 50), undefined, "a hundred times as long, and still quick");
    assert.notEqual(takes(quick, "a", 203, 10), undefined);
  });
  it("begins anew with every ordinary answer", () => {
    const times = learnt("a");
    for (let n = 0; n < 20; n++) {
      assert.equal(takes(times, "a", 900, 9), undefined);
      assert.equal(takes(times, "a", 100), undefined);
    }
  });
  it("has the median of its first answers for a baseline, which slow ones among them do not move", () => {
    const times = new ResponseTimes(new MemoryNotebook());
    takes(times, "a", 5000, 9);
    takes(times, "a", 100, 11);
    assert.equal(takes(times, "a", 100, 5), undefined);
    assert.notEqual(takes(times, "a", 400, 10), undefined);
  });
  it("is not blamed while half of what is timed besides is slow too, and is when they are well again", () => {
    const times = learnt("a", "b", "c");
    takes(times, "b", 900, 1);
    assert.equal(takes(times, "a", 900, 30), undefined, "b too, the half of the two others");
    takes(times, "b", 100);
    assert.notEqual(takes(times, "a", 900), undefined);
  });
  it("learns anew after a reset, and when it is asked something else", () => {
    const times = learnt("a", "b");
    times.forget(check("a").id);
    times.forget(check("c").id);
    assert.equal(takes(times, "a", 900, 40), undefined);
    const changed = { ...check("b"), digest: "another" };
    for (let n = 0; n < 40; n++) assert.equal(times.answered(changed, milliseconds(900)), undefined);
    const reloaded = learnt("a");
    reloaded.adopt(plan, plan.checks.values());
    assert.notEqual(takes(reloaded, "a", 900, 10), undefined, "a plan with the same bytes to the same place changes nothing");
    const gone = learnt("a");
    gone.adopt(literalPlan([]), []);
    gone.adopt(plan, plan.checks.values());
    assert.equal(takes(gone, "a", 900, 19), undefined);
  });
  it("is not looked for where the server answers when it has waited long enough", () => {
    const times = new ResponseTimes(new MemoryNotebook());
    const keepAlive = { ...check("a"), method: "opcua-keepalive" as const };
    for (let n = 0; n < 60; n++) assert.equal(times.answered(keepAlive, milliseconds(n < 20 ? 100 : 20_000)), undefined);
  });
  it("never is while every answer stays below the line, however they vary", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 200 }), (spans) => {
        const times = new ResponseTimes(new MemoryNotebook());
        return spans.every((ms) => takes(times, "a", ms) === undefined);
      }),
    );
  });
});

describe("a restart", () => {
  /** The next run, after `notes` of the one before. */
  const again = (notes: MemoryNotebook, sameBoot = true): readonly [ResponseTimes, MemoryNotebook] => {
    const next = new MemoryNotebook({ pages: notes.pages, sameBoot });
    const times = new ResponseTimes(next);
    times.adopt(plan, plan.checks.values());
    return [times, next];
  };
  it("after every single answer, as in a crash loop, hides no device that becomes slower", () => {
    for (const sameBoot of [true, false]) {
      let [times, notes] = again(new MemoryNotebook());
      const once = (ms: number): string | undefined => {
        const said = takes(times, "a", ms);
        [times, notes] = again(notes, sameBoot);
        return said;
      };
      for (let n = 0; n < 25; n++) assert.equal(once(100), undefined);
      for (let n = 0; n < 9; n++) assert.equal(once(900), undefined);
      assert.match(once(900) ?? "", /10 answers in a row .* 900 ms, usually 100 ms/u);
    }
  });
  it("gives back the others' paces with it: while half of them were slow nobody is blamed", () => {
    const notes = new MemoryNotebook();
    const times = new ResponseTimes(notes);
    for (const name of ["a", "b", "c"]) takes(times, name, 100, 20);
    takes(times, "b", 900, 1);
    const [next] = again(notes);
    assert.equal(takes(next, "a", 900, 30), undefined);
    takes(next, "b", 100);
    assert.notEqual(takes(next, "a", 900), undefined);
  });
  it("forgets with a reset, and what was learnt of other bytes or is damaged is learnt anew", () => {
    const notes = new MemoryNotebook();
    const times = new ResponseTimes(notes);
    takes(times, "a", 100, 20);
    const whole = JSON.parse(notes.pages.get("pace a/modbus-fc43")!) as object;
    const [reset, after] = again(notes);
    reset.forget(check("a").id);
    assert.deepEqual([...after.pages], []);
    const changes = [{ digest: "another" }, { learning: 7 }, { learning: ["x"] }, { baseline: -1 }, { slowInARow: null }];
    const pages = [...changes.map((change) => JSON.stringify({ ...whole, ...change })), "null", `{"learning":[${"1,".repeat(19)}1]}`];
    for (const page of pages) {
      const [anew] = again(new MemoryNotebook({ pages: new Map([["pace a/modbus-fc43", page]]) }));
      assert.equal(takes(anew, "a", 900, 40), undefined, page);
    }
    assert.notEqual(takes(again(notes)[0], "a", 900, 10), undefined, "whole, it is not");
  });
  it("is no reason to write what has not changed", () => {
    const notes = new MemoryNotebook();
    const times = new ResponseTimes(notes);
    takes(times, "a", 100, 20);
    notes.pages.clear();
    takes(times, "a", 110, 20);
    assert.deepEqual([...notes.pages], []);
  });
});
