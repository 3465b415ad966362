/** Falling silent together: what counts as lost, and who has to be waited for. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { milliseconds, monotonicMs as at, type Milliseconds } from "../../src/domain/units.ts";
import { Company } from "../../src/safety/company.ts";

function company(intervals: Readonly<Record<string, number>>): Company {
  const members = new Company();
  members.adopt(new Map(Object.entries(intervals).map(([key, ms]) => [key, milliseconds(ms)])));
  return members;
}
const minute = 60_000;
const three = () => company({ a: minute, b: minute, c: minute });

describe("a company", () => {
  it("is silent when two or more missed since anybody was heard, and nobody is still to be heard", () => {
    const all = three();
    for (const key of ["a", "b", "c"]) all.note(key, "contact", at(1000));
    all.note("a", "miss", at(61_000));
    assert.equal(all.silent(at(61_000)), false, "b and c are awaited");
    all.note("b", "miss", at(62_000));
    assert.equal(all.silent(at(62_000)), false, "c is awaited");
    all.note("c", "miss", at(63_000));
    assert.equal(all.silent(at(63_000)), true);
    all.note("b", "contact", at(64_000));
    assert.equal(all.silent(at(64_000)), false);
  });
  it("does not conclude anything from one alone, nor from what was lost before", () => {
    const alone = company({ a: minute });
    alone.note("a", "contact", at(0));
    alone.note("a", "miss", at(minute));
    assert.equal(alone.silent(at(minute)), false);
    const all = three();
    all.note("a", "miss", at(1));
    all.note("b", "contact", at(minute));
    all.note("a", "miss", at(2 * minute));
    all.note("b", "miss", at(2 * minute));
    assert.equal(all.lost("a"), false, "it was lost already");
    assert.equal(all.silent(at(10 * minute)), false, "b alone was lost");
    assert.equal(all.lost("b"), true);
    assert.equal(all.lost("nobody"), false);
  });
  it("waits neither for who is asked far more rarely nor for who is not asked any more", () => {
    const all = company({ a: minute, b: minute, rare: 5 * minute, off: minute });
    for (const key of ["a", "b", "rare", "off"]) all.note(key, "contact", at(0));
    all.note("a", "contact", at(4 * minute));
    for (const key of ["a", "b"]) all.note(key, "miss", at(5 * minute));
    assert.equal(all.silent(at(5 * minute)), true);
    const slower = company({ a: minute, b: minute, half: 2 * minute });
    slower.note("half", "contact", at(0));
    for (const key of ["a", "b"]) slower.note(key, "miss", at(minute));
    assert.equal(slower.silent(at(minute)), false, "asked half as often is waited for");
  });
  it("nobody of which was ever heard is silent: after a restart in the dark nothing else is known", () => {
    const all = three();
    for (const key of ["a", "b"]) all.note(key, "miss", at(1));
    assert.equal(all.silent(at(1)), true);
    assert.equal(all.contactAt, undefined);
  });
  it("takes being there for no sign of the others", () => {
    const all = three();
    for (const key of ["a", "b"]) all.note(key, "miss", at(1));
    all.note("a", "there", at(2));
    assert.equal(all.lost("a"), false);
    assert.equal(all.contactAt, undefined);
    all.note("a stranger", "contact", at(3));
    assert.equal(all.contactAt, undefined);
  });
  it("keeps what it knows of members that stay", () => {
    const all = three();
    for (const key of ["a", "b", "c"]) all.note(key, "miss", at(1));
    all.adopt(new Map(["a", "b"].map((key) => [key, milliseconds(minute)])));
    assert.equal(all.silent(at(1)), true);
    assert.equal(all.lost("c"), false);
  });
  it("bears witness that another one lives", () => {
    const all = three();
    all.note("a", "contact", at(5));
    all.note("b", "contact", at(10));
    assert.equal(all.othersLiveSince("a", at(5)), true);
    assert.equal(all.othersLiveSince("b", at(5)), false, "a was heard, but not since");
    all.note("b", "miss", at(20));
    assert.equal(all.othersLiveSince("a", at(5)), false, "b has missed since");
  });
});

describe("a new plan that is worked out while the one before holds", () => {
  const prepared = (known: Company, intervals: readonly (readonly [string, Milliseconds])[]): (() => void) => {
    const work = known.preparing(new Map(intervals));
    for (;;) {
      const step = work.next();
      if (step.done) return step.value;
    }
  };
  it("knows whoever was heard or missed meanwhile, at the same pace and at another", () => {
    for (const interval of [milliseconds(minute), milliseconds(minute / 2)]) {
      const all = three();
      all.note("a", "contact", at(1000));
      const takeOver = prepared(
        all,
        ["a", "b", "d"].map((key) => [key, interval]),
      );
      all.note("a", "miss", at(2000));
      all.note("b", "miss", at(2000));
      assert.ok(all.lost("a") && all.lost("b"));
      assert.equal(all.lost("d"), false);
      takeOver();
      assert.ok(all.lost("a") && all.lost("b"), `${interval} ms`);
      assert.ok(all.silent(at(2000)));
    }
  });
});
