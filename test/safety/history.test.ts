/** Back-off begins only once a device is down; being turned away again and again needs a person. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Failed, Outcome } from "../../src/domain/outcome.ts";
import { nothingSent } from "../../src/domain/outcome.ts";
import { milliseconds, monotonicMs } from "../../src/domain/units.ts";
import { backoffUntil, noHistory, refusedTooOften, remembered, waitAfter, type CheckHistory } from "../../src/safety/history.ts";
import { literalCheck } from "../support/literal-plan.ts";

const check = literalCheck({ name: "a", address: "192.0.2.1" });
const at = monotonicMs;
const failed = (failure: Failed["failure"], when: number): Outcome => ({
  kind: "failed",
  check,
  at: at(when),
  failure,
  detail: "",
  sent: nothingSent,
});
const answered = (when: number, said: "alive" | "gateway_only" = "alive"): Outcome => ({
  kind: "answered",
  check,
  at: at(when),
  took: milliseconds(1),
  answer: said === "alive" ? { said } : { said, detail: "" },
  sent: nothingSent,
});
const after = (...outcomes: readonly Outcome[]): CheckHistory => outcomes.reduce(remembered, noHistory);

describe("back-off", () => {
  it("waits 60, 60, 60, 120, 240, 480, 900, 900 s at an interval of 60 s", () => {
    const waits = [0, 1, 2, 3, 4, 5, 6, 7, 100].map((missed) => waitAfter(check, missed) / 1000);
    assert.deepEqual(waits, [60, 60, 60, 120, 240, 480, 900, 900, 900]);
  });
  it("never shortens an interval that is longer than 15 min", () => {
    assert.equal(waitAfter({ interval: milliseconds(3_600_000), missesToDown: 3 }, 9), 3_600_000);
  });
  it("is counted from the last asking and ends with an answer", () => {
    const down = after(failed("timeout", 0), failed("timeout", 60_000), failed("timeout", 120_000));
    assert.equal(backoffUntil(check, down), 240_000);
    assert.equal(backoffUntil(check, remembered(down, answered(240_000))), undefined);
    assert.equal(backoffUntil(check, noHistory), undefined);
  });
  it("counts a gateway's answer for a silent device as a miss, and as no proof", () => {
    const silent = after(answered(0, "gateway_only"), answered(1, "gateway_only"), answered(2, "gateway_only"));
    assert.equal(silent.missed, 3);
    assert.equal(silent.proven, false);
    assert.equal(after(answered(0)).proven, true);
  });
  it("does not come from what this machine could not do", () => {
    const own = [1, 2, 3, 4].map((when) => failed("driver_unavailable", when));
    assert.equal(after(...own), noHistory);
    assert.equal(backoffUntil(check, after(failed("timeout", 0), failed("timeout", 1), ...own)), undefined);
  });
  it("leaves the history alone when nothing was asked", () => {
    const refused: Outcome = { kind: "refused", check, at: at(5), reason: "backoff", retryAt: undefined, sent: nothingSent };
    assert.equal(remembered(noHistory, refused), noHistory);
  });
});

describe("refusal episodes", () => {
  it("run from the first refusal to the next answer", () => {
    const history = after(
      failed("refused", 0),
      failed("reset", 1),
      failed("timeout", 2),
      failed("refused", 3),
      answered(4),
      failed("reset", 5),
    );
    assert.deepEqual(history.episodes, [0, 5]);
  });
  it("five within 24 h are too many, and older ones no longer count", () => {
    const episode = (when: number) => [failed("refused", when), answered(when + 1)];
    const hour = 3_600_000;
    const five = after(...[0, 1, 2, 3, 4].flatMap((n) => episode(n * hour)));
    assert.equal(refusedTooOften(five, at(4 * hour)), true);
    assert.equal(refusedTooOften(five, at(25 * hour)), false);
    const four = after(...[0, 1, 2, 3].flatMap((n) => episode(n * hour)), ...episode(30 * hour));
    assert.equal(refusedTooOften(four, at(30 * hour)), false);
    assert.equal(after(...Array.from({ length: 50 }, (_, n) => episode(n * 1000)).flat()).episodes.length, 5, "bounded");
  });
});
