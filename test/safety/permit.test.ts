/** A permit decides at every frame anew, grants no more than its allowance, and is void for ever once ended, revoked or violated. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import type { Refused } from "../../src/domain/outcome.ts";
import { monotonicMs } from "../../src/domain/units.ts";
import { MintedPermit } from "../../src/safety/permit.ts";
import { enipCheck } from "../support/enip-checks.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { fc43Frame, literalCheck } from "../support/literal-plan.ts";

const check = literalCheck({ name: "a", address: "192.0.2.1" });
const fc43 = "modbus-read-device-identification";

function office() {
  const state = { objection: undefined as Refused["reason"] | undefined, spent: 0, left: [] as number[], violations: [] as string[] };
  const clock = new FakeClock();
  const permit = MintedPermit.mint(
    {
      clock,
      objection: () => state.objection,
      spent: (_check, at) => {
        state.spent++;
        if (at !== undefined) state.left.push(at);
      },
      violated: (_check, detail) => state.violations.push(detail),
    },
    check,
    [check.opening, check.asking, check.closing],
    monotonicMs(clock.monotonic() + 5000),
  );
  return { state, clock, permit };
}

describe("a permit", () => {
  it("grants one connection and one request, and counts them", () => {
    const { permit, state } = office();
    assert.equal(permit.spendConnection().granted, true);
    assert.equal(permit.spendFrame(fc43Frame(1, 7), fc43).granted, true);
    assert.deepEqual(permit.sent, { connections: 1, requests: 1, bytes: 11 });
    assert.equal(state.spent, 2);
  });

  it("passes on when something left that was charged before, also after its end", () => {
    const { permit, state } = office();
    permit.end();
    permit.left(monotonicMs(7));
    assert.deepEqual(state.left, [7]);
  });

  it("takes a second connection or request for a violation", () => {
    const first = office();
    first.permit.spendConnection();
    assert.deepEqual(first.permit.spendConnection(), { granted: false, because: "violation", detail: "a connection beyond the allowance" });
    const second = office();
    second.permit.spendFrame(fc43Frame(1, 1), fc43);
    const again = second.permit.spendFrame(fc43Frame(1, 2), fc43);
    assert.match(again.granted ? "" : again.detail, /request beyond the allowance/u);
    assert.equal(second.state.violations.length, 1);
  });

  describe("of several phases", () => {
    const identity = enipCheck({ method: "enip-identity-object", port: 44_818 });
    const session = "01000000";
    const context = "f401000007000000";
    const opening = `650004000000000000000000${context}0000000001000000`;
    const asking = `6f001600${session}00000000${context}00000000000000000500020000000000b2000600010220012401`;
    const closing = `66000000${session}00000000${context}00000000`;
    const operations = new Map([
      [opening, "enip-register-session"],
      [asking, "enip-read-identity"],
      [closing, "enip-unregister-session"],
    ] as const);

    function granted(...frames: readonly string[]): readonly boolean[] {
      const clock = new FakeClock();
      const permit = MintedPermit.mint(
        { clock, objection: () => undefined, spent: () => undefined, violated: () => undefined },
        identity,
        [identity.opening, identity.asking, identity.closing],
        monotonicMs(clock.monotonic() + 1000),
      );
      return frames.map(
        (frame) => permit.spendFrame(Uint8Array.from(Buffer.from(frame, "hex")), operations.get(frame as typeof opening)).granted,
      );
    }

    it("grants each its own requests, in their order", () => {
      assert.deepEqual(granted(opening, asking, closing), [true, true, true]);
    });

    it("lets a phase be left out", () => {
      assert.deepEqual(granted(asking, closing), [true, true]);
      assert.deepEqual(granted(opening, closing), [true, true]);
    });

    it("lends nothing of one to another, and lets none come again", () => {
      assert.deepEqual(granted(opening, asking, asking), [true, true, false]);
      assert.deepEqual(granted(opening, opening), [true, false]);
      assert.deepEqual(granted(asking, opening), [true, false]);
      assert.deepEqual(granted(closing, asking), [true, false]);
    });
  });

  it("takes each of several templates of a phase for one frame: leave for two requests is no leave to send one of them twice", () => {
    const granted = (...units: readonly number[]): readonly boolean[] => {
      const clock = new FakeClock();
      const violations: string[] = [];
      const permit = MintedPermit.mint(
        { clock, objection: () => undefined, spent: () => undefined, violated: (_check, detail) => violations.push(detail) },
        check,
        [{ ...check.asking, requestsMax: 2, bytesMax: 100, templates: [1, 2].flatMap((unitId) => templatesOf(unitId)) }],
        monotonicMs(clock.monotonic() + 1000),
      );
      const each = units.map((unit, i) => permit.spendFrame(fc43Frame(unit, i), fc43).granted);
      assert.equal(violations.length, each.filter((one) => !one).length);
      return each;
    };
    const templatesOf = (unitId: number) => literalCheck({ name: "a", address: "192.0.2.1", unitId }).asking.templates;
    assert.deepEqual(granted(1, 2), [true, true]);
    assert.deepEqual(granted(2, 1), [true, true]);
    assert.deepEqual(granted(1, 1), [true, false]);
    assert.deepEqual(granted(2, 2), [true, false]);
    assert.deepEqual(granted(1, 2, 1), [true, true, false]);
    assert.deepEqual(granted(2, 1, 1), [true, true, false]);
  });

  it("grants each phase as many requests as it has, and none more, whatever was asked in the one before", () => {
    const phase = (unitId: number, requestsMax: number) => {
      const { templates } = literalCheck({ name: "a", address: "192.0.2.1", unitId }).asking;
      return { connectionsMax: 0 as const, requestsMax, bytesMax: 1000, templates };
    };
    const counts = fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(counts, fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 12 }), (allowed, units) => {
        const clock = new FakeClock();
        const permit = MintedPermit.mint(
          { clock, objection: () => undefined, spent: () => undefined, violated: () => undefined },
          check,
          allowed.map((requestsMax, at) => phase(at + 1, requestsMax)),
          monotonicMs(clock.monotonic() + 1000),
        );
        const asked: number[] = [];
        let over = false;
        for (const unit of units) {
          const before = asked.filter((one) => one === unit).length;
          over ||= unit < Math.max(1, ...asked) || before >= (allowed[unit - 1] ?? 0);
          assert.equal(permit.spendFrame(fc43Frame(unit), fc43).granted, !over, `${units.join()} of ${allowed.join()}`);
          asked.push(unit);
        }
      }),
    );
  });

  it("takes bytes beyond the allowance for a violation even where a template would fit", () => {
    const clock = new FakeClock();
    const tight = { ...check.asking, bytesMax: 10 };
    const permit = MintedPermit.mint(
      { clock, objection: () => undefined, spent: () => undefined, violated: () => undefined },
      check,
      [tight],
      monotonicMs(clock.monotonic() + 1),
    );
    assert.match(JSON.stringify(permit.spendFrame(fc43Frame(1), fc43)), /11 bytes where 10 are allowed/u);
  });

  it("lets nothing through that is not on the list, off its template, or read as something else", () => {
    const cases: readonly (readonly [Uint8Array, typeof fc43 | "modbus-report-server-id" | undefined, RegExp])[] = [
      [fc43Frame(1), undefined, /not on the read-only list/u],
      [fc43Frame(2), fc43, /off the plan's template/u],
      [fc43Frame(1).subarray(0, 10), fc43, /off the plan's template/u],
      [fc43Frame(1), "modbus-report-server-id", /read as modbus-report-server-id, planned as/u],
    ];
    for (const [frame, operation, expected] of cases) {
      const { permit, state } = office();
      const spending = permit.spendFrame(frame, operation);
      assert.equal(!spending.granted && spending.because, "violation");
      assert.match(state.violations[0] ?? "", expected);
      assert.equal(permit.spendConnection().granted, false, "void for ever");
    }
  });

  it("fits no frame but its own: any single changed bit outside the transaction id is a violation", () => {
    fc.assert(
      fc.property(fc.integer({ min: 16, max: 87 }), (bit) => {
        const { permit } = office();
        const frame = fc43Frame(1, 3);
        frame[bit >> 3]! ^= 1 << (bit & 7);
        assert.equal(permit.spendFrame(frame, fc43).granted, false);
      }),
    );
  });

  it("asks its office at every spend: an objection in between takes it back", () => {
    const { permit, state } = office();
    const revoked: string[] = [];
    permit.onRevoked((why) => revoked.push(why));
    permit.spendConnection();
    state.objection = "stopped";
    assert.deepEqual(permit.spendFrame(fc43Frame(1), fc43), { granted: false, because: "overdue", detail: "stopped" });
    assert.equal(permit.takenBack, "stopped");
    assert.deepEqual(revoked, ["stopped"]);
    state.objection = undefined;
    assert.equal(permit.spendFrame(fc43Frame(1), fc43).granted, false, "void for ever");
    assert.deepEqual(state.violations, []);
  });

  it("is overdue at its deadline, not a violation", async () => {
    const { permit, clock, state } = office();
    await clock.advance(5000);
    assert.deepEqual(permit.spendConnection(), { granted: false, because: "overdue", detail: "the deadline has passed" });
    assert.deepEqual(state.violations, []);
  });

  it("is void after its end, tells late listeners, and ends once", () => {
    const { permit } = office();
    permit.end();
    permit.end();
    assert.deepEqual(permit.spendConnection(), { granted: false, because: "overdue", detail: "ended" });
    permit.revoke("stopped");
    assert.equal(permit.takenBack, undefined, "what is over cannot be taken back");
    const other = office().permit;
    other.revoke("tripped");
    other.revoke("stopped");
    const heard: string[] = [];
    other.onRevoked((why) => heard.push(why));
    assert.deepEqual(heard, ["tripped"]);
  });

  it("a violation that the wire sees itself voids it too", () => {
    const { permit, state } = office();
    permit.violated("two frames in one write");
    assert.deepEqual(state.violations, ["two frames in one write"]);
    assert.equal(permit.spendConnection().granted, false);
  });
});
