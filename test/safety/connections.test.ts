/** Connections that a device may still count for ours: room for another one only where it is sure. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { countedForGood } from "../../src/domain/limits.ts";
import type { Check, CheckId, LineId, Plan } from "../../src/domain/plan.ts";
import { monotonicMs as at } from "../../src/domain/units.ts";
import type { Closed } from "../../src/domain/wire.ts";
import { Connections } from "../../src/safety/connections.ts";
import { literalPlan } from "../support/literal-plan.ts";

const minute = 60_000;
const unclean: Closed = { by: "us", failure: "timeout", detail: "no answer in time" };
const planWith = (freeConnections: number): Plan => literalPlan([{ name: "a", address: "192.0.2.1", freeConnections }]);
const plan = planWith(2);
const check: Check = plan.checks.get("a/modbus-fc43" as CheckId)!;

function open(inForce = plan): { readonly connections: Connections; readonly noted: Map<LineId, readonly number[]> } {
  const noted = new Map<LineId, readonly number[]>();
  const connections = new Connections({ counted: (line, until) => noted.set(line, until) });
  connections.adopt(inForce);
  return { connections, noted };
}

describe("after an unclean end", () => {
  it("one of two slots is taken, and after a second nothing is free until the first is surely gone", () => {
    const { connections, noted } = open();
    connections.closed(check, unclean, at(0));
    assert.equal(connections.freeAt(check, at(1)), 1);
    connections.closed(check, unclean, at(5 * minute));
    assert.equal(connections.freeAt(check, at(5 * minute)), 30 * minute);
    assert.equal(connections.freeAt(check, at(30 * minute - 1)), 30 * minute);
    assert.equal(connections.freeAt(check, at(30 * minute)), 30 * minute);
    assert.deepEqual(noted.get(check.line), [30 * minute, 35 * minute]);
  });
  it("a reset that the device was there to see is counted for half a minute", () => {
    for (const seen of [{ ...unclean, acknowledged: true }, { by: "us", failure: "malformed", detail: "" } as const]) {
      const { connections } = open(planWith(1));
      connections.closed(check, seen, at(0));
      assert.equal(connections.freeAt(check, at(1)), 30_000);
    }
    const { connections } = open(planWith(1));
    connections.closed(check, { ...unclean, acknowledged: false }, at(0));
    assert.equal(connections.freeAt(check, at(1)), 30 * minute);
  });
  it("nothing is counted where both sides agreed, the device ended it, or nothing had been opened", () => {
    const { connections, noted } = open(planWith(1));
    const ends: readonly Closed[] = [
      { by: "us", detail: "" },
      { by: "peer", detail: "" },
      { by: "peer", failure: "reset", detail: "" },
      { by: "peer", failure: "refused", detail: "" },
    ];
    for (const closed of ends) connections.closed(check, closed, at(0));
    connections.closed({ ...check, opening: { ...check.opening, connectionsMax: 0 } }, unclean, at(0));
    connections.closed({ ...check, line: "address:elsewhere" as LineId }, unclean, at(0));
    assert.equal(connections.freeAt(check, at(0)), 0);
    assert.equal(noted.size, 0);
  });
  it("a check that opens no connection needs none", () => {
    const { connections } = open(planWith(0));
    assert.equal(connections.freeAt({ ...check, opening: { ...check.opening, connectionsMax: 0 } }, at(0)), undefined);
    assert.equal(connections.freeAt(check, at(0)), "never");
    assert.equal(new Connections({ counted: () => undefined }).freeAt(check, at(0)), "never", "a line of no plan has nothing");
  });
});

describe("what an earlier run left", () => {
  it("is counted on, or anew where nobody knows how it ended", () => {
    const { connections, noted } = open();
    connections.restore(check.line, at(7 * minute));
    connections.restore(check.line, at(3 * minute));
    assert.equal(connections.freeAt(check, at(0)), 3 * minute);
    connections.lost(check.line, at(4 * minute));
    assert.deepEqual(noted.get(check.line), [7 * minute, 34 * minute]);
    connections.lost("address:elsewhere" as LineId, at(0));
    assert.equal(noted.size, 1);
  });
});

describe("of a device that closes no silent connection", () => {
  const forGood = literalPlan([{ name: "a", address: "192.0.2.1", freeConnections: 2, idleTimeoutMs: countedForGood }]);
  it("those that were lost are counted for good, and used up once as many are lost as there are for us", () => {
    const { connections, noted } = open(forGood);
    assert.equal(connections.usedUp(check.line, at(0)), false, "none was lost");
    connections.closed(check, unclean, at(0));
    connections.closed(check, { ...unclean, acknowledged: true }, at(1));
    assert.equal(connections.usedUp(check.line, at(2)), false, "a reset that it has seen gives its connection back");
    connections.lost(check.line, at(60 * minute));
    assert.equal(connections.usedUp(check.line, at(365 * 24 * 60 * minute)), true);
    connections.forget(check.line);
    assert.deepEqual([connections.usedUp(check.line, at(60 * minute)), noted.get(check.line)], [false, []]);
  });
  it("and of others no number of lost ones is for good, nor of a line that is not in the plan", () => {
    const { connections } = open();
    for (let n = 0; n < 5; n++) connections.closed(check, unclean, at(n));
    assert.equal(connections.usedUp(check.line, at(5)), false);
    assert.equal(connections.usedUp("address:elsewhere" as LineId, at(5)), false);
  });
});

describe("never", () => {
  it("do connections that may be counted and a new one come to more than there are", () => {
    const ends = fc.array(fc.tuple(fc.integer({ min: 0, max: 20 * minute }), fc.boolean()), { maxLength: 60 });
    fc.assert(
      fc.property(ends, fc.integer({ min: 1, max: 4 }), (steps, free) => {
        const { connections } = open(planWith(free));
        const counted: number[] = [];
        let now = 0;
        for (const [wait, acknowledged] of steps) {
          now += wait;
          if (connections.freeAt(check, at(now)) !== now) continue;
          assert.ok(counted.filter((until) => until > now).length + 1 <= free);
          connections.closed(check, { ...unclean, acknowledged }, at(now));
          counted.push(now + (acknowledged ? 30_000 : 30 * minute));
        }
      }),
    );
  });
});
