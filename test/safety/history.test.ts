/** Back-off begins only once a device is down; being turned away again and again needs a person. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Failed, Outcome } from "../../src/domain/outcome.ts";
import { nothingSent } from "../../src/domain/outcome.ts";
import { milliseconds, monotonicMs } from "../../src/domain/units.ts";
import {
  backoffUntil,
  isMiss,
  isNewLoss,
  loadsBus,
  noHistory,
  recalled,
  refusedTooOften,
  remembered,
  toBeNoted,
  waitAfter,
  type CheckHistory,
} from "../../src/safety/history.ts";
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
  it("takes for a miss what was asked in vain, whoever says so, and nothing else", () => {
    assert.equal(isMiss(failed("timeout", 1)), true);
    assert.equal(isMiss(answered(1, "gateway_only")), true);
    assert.equal(isMiss(answered(1)), false);
    assert.equal(isMiss(failed("driver_unavailable", 1)), false);
    assert.equal(isMiss({ kind: "refused", check, at: at(1), reason: "stopped", retryAt: undefined, sent: nothingSent }), false);
  });
  it("loads a bus with a request that went out on it, and no other line", () => {
    const over = (line: string, requests: number) =>
      loadsBus({ ...failed("timeout", 1), check: { ...check, line: line as never }, sent: { ...nothingSent, requests } } as Failed);
    assert.equal(over("gateway:fw", 1), true);
    assert.equal(over("gateway:fw", 0), false, "nothing went out");
    assert.equal(over("address:192.0.2.1", 1), false);
  });
  it("tells a loss once, when it is down, of a device that answered before", () => {
    const told = (more: Partial<CheckHistory>, before = false) => isNewLoss({ ...noHistory, proven: true, missed: 3, ...more }, 3, before);
    assert.equal(told({}), true);
    assert.equal(told({ missed: 2 }), false);
    assert.equal(told({ proven: false }), false);
    assert.equal(told({ proven: false }, true), true);
    assert.equal(told({ lostAt: at(1) }), false);
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
  it("no longer count once a day has gone by since, though nothing was asked meanwhile", () => {
    const day = 24 * 3_600_000;
    const episodes = [1, 2, 3, 4, 5].map((hour) => at(day + hour * 3_600_000));
    const last = episodes.at(-1)!;
    assert.equal(refusedTooOften({ ...noHistory, episodes }, last), true);
    assert.equal(refusedTooOften({ ...noHistory, episodes }, at(episodes[0]! + day - 1)), true);
    assert.equal(refusedTooOften({ ...noHistory, episodes }, at(episodes[0]! + day)), false);
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

describe("what a restart keeps of a history", () => {
  const noted = (value: unknown, sameBoot = true, ageMs = 0) => ({
    value: JSON.parse(JSON.stringify(value)) as unknown,
    sameBoot,
    age: milliseconds(ageMs),
  });
  const hour = 3_600_000;
  it("is how often the device turned us away, and whether it still does: five times in a day remain five", () => {
    let history = noHistory;
    for (let n = 0; n < 5; n++) {
      const before = history;
      history = [failed("refused", n * hour), answered(n * hour + 1000)].reduce(remembered, history);
      history = recalled(noted(toBeNoted(before, history)?.value), at(n * hour + 2000));
    }
    assert.ok(refusedTooOften(history, at(5 * hour)));
    assert.equal(refusedTooOften(history, at(25 * hour)), false);
  });
  it("is one episode for as long as it goes on, over however many restarts", () => {
    let history = noHistory;
    for (let n = 0; n < 20; n++) {
      const before = history;
      history = remembered(before, failed("refused", n * hour));
      const change = toBeNoted(before, history);
      assert.equal(change !== undefined, n === 0, "noted once");
      history = recalled(noted(change?.value ?? { episodes: before.episodes, inEpisode: before.inEpisode }), at(n * hour));
    }
    assert.equal(history.episodes.length, 1);
  });
  it("counts from now after another boot, for a day", () => {
    const value = { episodes: [5 * hour, 6 * hour], inEpisode: false };
    assert.deepEqual(recalled(noted(value, false, 23 * hour), at(1)).episodes, [1, 1]);
    assert.equal(recalled(noted(value, false, 24 * hour), at(1)), noHistory);
    assert.equal(recalled(undefined, at(1)), noHistory);
    for (const damaged of [null, 7, { episodes: 7 }]) assert.equal(recalled(noted(damaged), at(1)), noHistory);
  });
  it("is nothing any more when no episode is left", () => {
    const turnedAway = remembered(noHistory, failed("refused", 0));
    assert.equal(toBeNoted(noHistory, noHistory), undefined);
    assert.deepEqual(toBeNoted(turnedAway, noHistory), { value: undefined });
  });
});
