/** What may be believed of a device: never up without evidence, never down before it ever worked, never down because nobody asked. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import type { Answer, Outcome } from "../../src/domain/outcome.ts";
import { nothingSent } from "../../src/domain/outcome.ts";
import {
  answering,
  carriedOver,
  fold,
  judge,
  missedInAnEarlierRun,
  neverAnswered,
  nothingKnown,
  overheard,
  unaskedFrom,
  type DeviceState,
} from "../../src/domain/liveness.ts";
import { failureKinds, passingReasons, type FailureKind } from "../../src/domain/reasons.ts";
import { milliseconds, monotonicMs } from "../../src/domain/units.ts";
import { literalCheck } from "../support/literal-plan.ts";

const modbus = literalCheck({ name: "plc", address: "192.0.2.1" });
const second = { ...literalCheck({ name: "plc", address: "192.0.2.1" }), id: "plc/second" as typeof modbus.id };
const at = monotonicMs;
const answered = (when: number, answer: Answer = { said: "alive" }, check = modbus): Outcome => ({
  kind: "answered",
  check,
  at: at(when),
  took: milliseconds(1),
  answer,
  sent: nothingSent,
});
const failed = (when: number, failure: FailureKind = "timeout", check = modbus): Outcome => ({
  kind: "failed",
  check,
  at: at(when),
  failure,
  detail: "",
  sent: nothingSent,
});
type Refused = Extract<Outcome, { kind: "refused" }>;
const refused = (when: number, reason: Refused["reason"]): Refused => ({
  kind: "refused",
  check: modbus,
  at: at(when),
  reason,
  retryAt: undefined,
  sent: nothingSent,
});
const after = (...outcomes: readonly Outcome[]): DeviceState => outcomes.reduce(fold, nothingKnown([modbus]));
const words = (state: DeviceState, now: number): string => {
  const { liveness, cause } = judge(state, at(now));
  return `${liveness}: ${cause}`;
};
const down = after(answered(0), failed(60_000), failed(120_000), failed(180_000));

describe("a device with one check", () => {
  it("is unknown before it was asked", () => assert.equal(words(after(), 0), "unknown: not_asked_yet"));
  it("is up once it answers", () => assert.equal(words(after(answered(0)), 1), "up: answers"));
  it("stays up through two misses and is down with the third", () => {
    assert.equal(words(after(answered(0), failed(1), failed(2)), 3), "up: answers");
    assert.equal(words(down, 180_001), "down: timeout");
  });
  it("is unknown, not down, while the method never yet worked", () => {
    assert.equal(words(after(failed(0), failed(1), failed(2), failed(3)), 4), "unknown: unproven");
  });
  it("is unknown when evidence is older than three intervals and 5 min", () => {
    assert.equal(words(after(answered(0)), 300_000), "up: answers");
    assert.equal(words(after(answered(0)), 300_001), "unknown: no_fresh_evidence");
  });
  it("stays down however long nothing is heard", () => assert.equal(words(down, 1e9), "down: timeout"));
  it("comes back with one answer", () => assert.equal(words(fold(down, answered(200_000)), 200_001), "up: answers"));
  it("is degraded, with the cause, when it answers with an error or an unexpected value", () => {
    const busy = after(answered(0, { said: "degraded", failure: "protocol_error", detail: "exception 6" }));
    assert.equal(words(busy, 1), "degraded: protocol_error");
    const value = after(answered(0, { said: "degraded", failure: "expectation_failed", detail: "7" }));
    assert.equal(words(fold(value, failed(1)), 2), "degraded: timeout");
  });
  it("is missed when only its gateway answers, and down by it", () => {
    const gateway: Answer = { said: "gateway_only", detail: "exception 0x0B" };
    const state = after(answered(0), answered(1, gateway), answered(2, gateway), answered(3, gateway));
    assert.equal(words(state, 4), "down: gateway_target_silent");
    assert.equal(state.lastHeard, 0);
  });
  it("is unknown while a person or the product decided not to ask, whatever was believed before", () => {
    for (const reason of [
      "stopped",
      "window_pause",
      "tripped",
      "not_leader",
      "approval_expired",
      "draining",
      "cut_off",
      "audit_unwritable",
    ] as const) {
      assert.equal(words(fold(down, refused(200_000, reason)), 200_001), `unknown: ${reason}`);
    }
    assert.equal(words(unaskedFrom(down, "stopped"), 200_001), "unknown: stopped");
  });
  it("and is unknown behind what is down, which is named until the device itself is heard or missed", () => {
    const behind = fold(down, { ...refused(200_000, "behind"), behind: "sw-1" });
    assert.deepEqual(judge(behind, monotonicMs(200_001)), { liveness: "unknown", cause: "behind", behind: "sw-1" });
    assert.deepEqual(judge(fold(behind, answered(300_000)), monotonicMs(300_001)), { liveness: "up", cause: "answers" });
    assert.deepEqual(judge(fold(behind, failed(300_000)), monotonicMs(300_001)), { liveness: "unknown", cause: "not_asked_yet" });
    assert.deepEqual(judge(fold(behind, refused(300_000, "stopped")), monotonicMs(300_001)), { liveness: "unknown", cause: "stopped" });
  });
  it("and remains unknown after that until it is asked again", () => {
    const resumed = fold(unaskedFrom(down, "stopped"), failed(400_000));
    assert.equal(words(resumed, 400_001), "unknown: not_asked_yet");
    assert.equal(words(fold(resumed, answered(500_000)), 500_001), "up: answers");
    assert.equal(words(fold(fold(resumed, failed(1)), failed(2)), 3), "down: timeout", "three misses of a method that once worked");
  });
  it("does not change by back-off, budgets and holds", () => {
    for (const reason of [
      "backoff",
      "line_budget",
      "segment_budget",
      "site_budget",
      "breaker_open",
      "gateway_hold",
      "clock_suspect",
    ] as const) {
      assert.equal(words(fold(down, refused(200_000, reason)), 200_001), "down: timeout");
    }
  });
  it("keeps what is known while no connection is free for it, then is unknown for just that until it is asked", () => {
    const waits = fold(after(answered(0)), refused(60_000, "no_free_connection"));
    assert.equal(words(waits, 300_000), "up: answers");
    assert.equal(words(fold(waits, refused(290_000, "line_budget")), 300_001), "unknown: no_free_connection");
    assert.equal(words(fold(after(), refused(0, "no_free_connection")), 1), "unknown: no_free_connection");
    assert.equal(words(fold(waits, failed(300_001)), 600_002), "unknown: no_fresh_evidence");
    assert.equal(words(fold(waits, answered(300_001)), 600_002), "unknown: no_fresh_evidence");
    assert.equal(words(fold(fold(waits, refused(300_001, "window_pause")), failed(400_000)), 400_001), "unknown: not_asked_yet");
    assert.equal(words(fold(down, refused(200_000, "no_free_connection")), 1e9), "down: timeout");
  });
  it("is unknown when the failure is ours", () => {
    for (const failure of ["guard_blocked", "driver_unavailable", "identity_mismatch"] as const) {
      assert.equal(words(fold(after(answered(0)), failed(1, failure)), 2), `unknown: ${failure}`);
    }
  });
  it("is no longer down when it is overheard", () => {
    assert.equal(words(overheard(down, at(200_000)), 200_001), "up: answers");
    assert.equal(overheard(down, at(200_000)).lastHeard, 200_000);
  });
  it("ignores outcomes of checks that a reload has taken out", () => {
    assert.equal(fold(down, answered(1, { said: "alive" }, second)), down);
  });
});

describe("a state that lacks the word for its failure", () => {
  const without = (state: DeviceState): DeviceState => ({
    ...state,
    checks: new Map([...state.checks].map(([id, check]) => [id, { ...check, failure: undefined }])),
  });
  it("is still down or degraded", () => {
    assert.equal(words(without(down), 180_001), "down: timeout");
    const busy = after(answered(0, { said: "degraded", failure: "protocol_error", detail: "" }));
    assert.equal(words(without(busy), 1), "degraded: protocol_error");
  });
});

describe("a device with two checks", () => {
  const both = (...outcomes: readonly Outcome[]): DeviceState => outcomes.reduce(fold, nothingKnown([modbus, second]));
  const alive: Answer = { said: "alive" };
  it("is degraded when one answers and the other no longer does", () => {
    const state = both(answered(0), answered(0, alive, second), failed(1), failed(2), failed(3), answered(4, alive, second));
    assert.equal(words(state, 5), "degraded: timeout");
  });
  it("is up when one answers and the other never worked", () => {
    assert.equal(words(both(answered(0), failed(1, "refused", second)), 2), "up: answers");
  });
  it("is down when one is down and the other unknown", () => {
    assert.equal(words(both(answered(0), failed(1), failed(2), failed(3)), 4), "down: timeout");
  });
  it("carries what is known of a check over a reload, and starts anew with a new one", () => {
    const carried = carriedOver(down, [{ ...modbus, missesToDown: 5 }, second]);
    assert.equal(words(carried, 180_001), "up: answers");
    assert.equal(carried.checks.get(second.id)?.proven, false);
    assert.deepEqual(judge(carriedOver(down, []), at(0)), { liveness: "unknown", cause: "not_approved" });
  });
});

describe("whatever happens", () => {
  it("no device is up without an answer within its evidence time, or down before it ever answered", () => {
    const outcome = fc.oneof(
      fc.record({ does: fc.constant("answer"), what: fc.constantFrom("alive", "gateway_only", "degraded") }),
      fc.record({ does: fc.constant("fail"), what: fc.constantFrom(...Object.keys(failureKinds)) }),
      fc.record({ does: fc.constant("refuse"), what: fc.constantFrom(...Object.keys(passingReasons)) }),
    );
    fc.assert(
      fc.property(fc.array(fc.record({ wait: fc.integer({ min: 0, max: 400_000 }), outcome }), { maxLength: 40 }), (steps) => {
        let state = nothingKnown([modbus]);
        let now = 0;
        let lastAnswer: number | undefined;
        let everAnswered = false;
        for (const { wait, outcome: step } of steps) {
          now += wait;
          if (step.does === "answer") {
            const answer: Answer =
              step.what === "alive"
                ? { said: "alive" }
                : step.what === "degraded"
                  ? { said: "degraded", failure: "protocol_error", detail: "" }
                  : { said: "gateway_only", detail: "" };
            state = fold(state, answered(now, answer));
            if (step.what !== "gateway_only") [lastAnswer, everAnswered] = [now, true];
          } else if (step.does === "fail") state = fold(state, failed(now, step.what as FailureKind));
          else state = fold(state, refused(now, step.what as keyof typeof passingReasons));
          const { liveness } = judge(state, at(now));
          if (liveness === "down") assert.ok(everAnswered);
          if (liveness === "up" || liveness === "degraded") assert.ok(lastAnswer !== undefined);
          const later = judge(state, at(now + 300_001));
          assert.ok(later.liveness !== "up" && later.liveness !== "degraded", "old evidence never keeps a device up");
        }
      }),
    );
  });
});

describe("misses of an earlier run", () => {
  const before = { missed: 5, failure: "timeout", at: at(1000) } as const;
  const proven = after(answered(0));
  it("make a device down, for as long as nobody hears it, where they are late ones", () => {
    const state = missedInAnEarlierRun(proven, modbus.id, { ...before, stands: true });
    assert.equal(words(state, 2_000_000), "down: timeout");
    assert.equal(words(fold(state, answered(2_000_000)), 2_000_000), "up: answers");
  });
  it("are the first of those to come where they are long ago: not asked is never shown as down", () => {
    const state = missedInAnEarlierRun(proven, modbus.id, { ...before, stands: false });
    assert.equal(words(state, 2_000_000), "unknown: not_asked_yet");
    assert.equal(words(fold(state, failed(2_000_000)), 2_000_000), "down: timeout");
  });
  it("of a check that is gone are nothing", () => {
    assert.equal(missedInAnEarlierRun(proven, second.id, { ...before, stands: true }), proven);
  });
});

describe("the checks that answer", () => {
  it("are those whose latest answer still counts, a degraded one too, and neither missed nor old ones", () => {
    const degraded: Answer = { said: "degraded", failure: "protocol_error", detail: "exception 4" };
    const both = [answered(0), answered(1000, degraded, second)].reduce(fold, nothingKnown([modbus, second]));
    assert.deepEqual(answering(both, at(2000)), [modbus.id, second.id]);
    assert.deepEqual(answering(both, at(10_000_000)), []);
    const missed = [2000, 3000, 4000].reduce((state, when) => fold(state, failed(when)), both);
    assert.deepEqual(answering(missed, at(5000)), [second.id]);
  });
  it("are told from those that are asked, never worked and were missed as often as makes a device down", () => {
    const missed = [2000, 3000].reduce((state, when) => fold(state, failed(when)), after());
    assert.deepEqual(neverAnswered(missed), []);
    const often = fold(missed, failed(4000));
    assert.deepEqual(neverAnswered(often), [modbus.id]);
    assert.deepEqual(neverAnswered(fold(often, answered(5000))), []);
    assert.deepEqual(neverAnswered(unaskedFrom(often, "stopped")), []);
  });
});
