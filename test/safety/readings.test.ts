/** What a register held before counts for the very same check only, and an answer without a value does not hold what is expected. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Answer } from "../../src/domain/outcome.ts";
import type { Check } from "../../src/domain/plan.ts";
import { milliseconds, monotonicMs } from "../../src/domain/units.ts";
import { Readings } from "../../src/safety/readings.ts";
import { literalCheck, literalPlan } from "../support/literal-plan.ts";

const check: Check = {
  ...literalCheck({ name: "tank", address: "192.0.2.1" }),
  expectedValue: { register: "level-alive", expectation: { kind: "changes", within: milliseconds(60_000) } },
};
const alive = (value?: number): Answer => ({ said: "alive", ...(value === undefined ? {} : { value }) });
const at = monotonicMs;

describe("readings", () => {
  it("degrade a value that stands still, and forget it when other bytes are asked under the same name", () => {
    const readings = new Readings();
    assert.equal(readings.weigh(check, alive(7), at(0)).said, "alive");
    assert.equal(readings.weigh(check, alive(7), at(120_000)).said, "degraded");
    const changed = { ...check, digest: "sha256:other" };
    assert.equal(readings.weigh(changed, alive(7), at(240_000)).said, "alive");
  });
  it("say that no value came, with the device's own words where it gave some", () => {
    const readings = new Readings();
    const without = readings.weigh(check, alive(), at(0));
    assert.match(without.said === "degraded" ? without.detail : "", /none came/u);
    const noted = readings.weigh(check, { said: "alive", note: "exception 2" }, at(0));
    assert.match(noted.said === "degraded" ? noted.detail : "", /exception 2/u);
    const named = readings.weigh(check, { said: "alive", identity: { vendor: "Maker" } }, at(0));
    assert.deepEqual(named.said === "degraded" && named.identity, { vendor: "Maker" });
  });
  it("leave alone what expects nothing, and what is no plain answer", () => {
    const readings = new Readings();
    const busy: Answer = { said: "gateway_only", detail: "exception 0x0B" };
    assert.equal(readings.weigh(check, busy, at(0)), busy);
    const plain = alive(3);
    assert.equal(readings.weigh(literalCheck({ name: "a", address: "192.0.2.1" }), plain, at(0)), plain);
  });
  it("say once that a device has started anew, beside what it said, and forget what is no longer asked", () => {
    const readings = new Readings();
    const up = (upHundredths: number): Answer => ({ said: "alive", note: "sw-1", upHundredths });
    const plain = literalCheck({ name: "switch", address: "192.0.2.2" });
    const noted = (answer: Answer): string => (answer.said === "alive" ? (answer.note ?? "") : answer.detail);
    assert.equal(noted(readings.weigh(plain, up(900_000), at(0))), "sw-1");
    assert.equal(noted(readings.weigh(plain, up(2000), at(60_000))), "started anew 20 s ago; sw-1");
    assert.equal(noted(readings.weigh(plain, up(8000), at(120_000))), "sw-1");
    const down: Answer = { said: "degraded", failure: "expectation_failed", detail: "port 5 is down", upHundredths: 100 };
    assert.equal(noted(readings.weigh(plain, down, at(180_000))), "port 5 is down; started anew 1 s ago");
    assert.equal(noted(readings.weigh(plain, { said: "alive", upHundredths: 50 }, at(240_000))), "started anew 0 ms ago");
    readings.adopt({ ...literalPlan([]), checks: new Map() });
    assert.equal(noted(readings.weigh(plain, up(10), at(300_000))), "sw-1");
  });
});
