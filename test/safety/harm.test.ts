/** Harm needs a witness and no other explanation; two in a day stop the family. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { nothingSent, type Answered, type Failed, type Trip } from "../../src/domain/outcome.ts";
import type { CheckId, DeviceId, PlannedDevice } from "../../src/domain/plan.ts";
import type { FailureKind } from "../../src/domain/reasons.ts";
import { milliseconds, monotonicMs } from "../../src/domain/units.ts";
import { Harm } from "../../src/safety/harm.ts";
import { literalPlan } from "../support/literal-plan.ts";

const minute = 60_000;
const plan = literalPlan([
  { name: "a", address: "192.0.2.1" },
  { name: "b", address: "192.0.2.2" },
  { name: "c", address: "192.0.2.3", segment: "power", profile: "schneider-m221" },
]);
const device = (name: string): PlannedDevice => plan.devices.get(name as DeviceId)!;
const check = (name: string) => plan.checks.get(`${name}/modbus-fc43` as CheckId)!;

class Case {
  readonly harm: Harm;
  constructor(earlier: readonly Trip[] = []) {
    this.harm = new Harm(earlier);
    this.harm.adopt(plan, monotonicMs(0));
  }

  miss(
    name: string,
    atMs: number,
    more: { acknowledged?: boolean; requests?: number; well?: boolean; witnessed?: boolean; failure?: FailureKind } = {},
  ): readonly string[] {
    const { acknowledged, requests = 0, well = false, witnessed = true, failure = "timeout" } = more;
    const sent = { connections: 1, requests, bytes: 0 };
    const at = monotonicMs(atMs);
    const outcome: Failed = {
      kind: "failed",
      check: check(name),
      at,
      failure,
      detail: "",
      sent,
      ...(acknowledged !== undefined && { acknowledged }),
    };
    return this.harm.learn(device(name), outcome, well, () => witnessed).map(({ scope, cause }) => `${cause} ${scope}`);
  }

  /** Acknowledged, unanswered, and gone from then on; what the asking after 15 min comes to. */
  vanish(name: string, fromMs: number, more: Parameters<Case["miss"]>[2] = {}): readonly string[] {
    this.miss(name, fromMs, { acknowledged: true, requests: 1, well: true });
    for (const later of [1, 2, 4, 8]) assert.deepEqual(this.miss(name, fromMs + later * minute), []);
    return this.miss(name, fromMs + 16 * minute, more);
  }

  answer(name: string, atMs: number): void {
    const at = monotonicMs(atMs);
    const outcome: Answered = {
      kind: "answered",
      check: check(name),
      at,
      took: milliseconds(5),
      answer: { said: "alive" },
      sent: nothingSent,
    };
    assert.deepEqual(
      this.harm.learn(device(name), outcome, false, () => true),
      [],
    );
  }
}

describe("harm", () => {
  it("is a device that acknowledged a request and was gone from then on, beside living neighbours", () => {
    const one = new Case();
    assert.deepEqual(one.vanish("a", 0), ["harm device:a"]);
    assert.deepEqual(one.miss("a", 60 * minute), [], "said once");
  });
  it("is none where no neighbour was heard since", () => {
    assert.deepEqual(new Case().vanish("a", 0, { witnessed: false }), []);
  });
  it("is none where the last request was not acknowledged: whoever lost its power or its cable did not read it", () => {
    for (const acknowledged of [{ acknowledged: false }, {}]) {
      const one = new Case();
      one.miss("a", 0, { ...acknowledged, well: true });
      assert.deepEqual(one.miss("a", 20 * minute), []);
    }
  });
  it("is none where the device comes back, refuses, breaks off or takes connections meanwhile", () => {
    const signs: readonly ((one: Case) => unknown)[] = [
      (one) => one.answer("a", 9 * minute),
      (one) => one.miss("a", 9 * minute, { failure: "refused" }),
      (one) => one.miss("a", 9 * minute, { failure: "reset" }),
      (one) => one.miss("a", 9 * minute, { requests: 1, acknowledged: true }),
      (one) => one.harm.excused("a" as DeviceId),
    ];
    for (const sign of signs) {
      const one = new Case();
      one.miss("a", 0, { acknowledged: true, requests: 1, well: true });
      sign(one);
      assert.deepEqual(one.miss("a", 20 * minute), []);
      assert.deepEqual(one.miss("a", 40 * minute), []);
    }
  });
  it("is none where another of the segment or family went at about the same time", () => {
    const one = new Case();
    one.miss("b", 10 * minute, { well: true });
    assert.deepEqual(one.vanish("a", 0), []);
    const apart = new Case();
    apart.miss("c", 10 * minute, { well: true });
    assert.deepEqual(apart.vanish("a", 0), ["harm device:a"]);
    const longGone = new Case();
    longGone.miss("b", 0, { well: true });
    assert.deepEqual(longGone.vanish("a", 100 * minute), ["harm device:a"]);
  });
  it("does not begin with a device that was not well", () => {
    const one = new Case();
    one.miss("a", 0, { acknowledged: true, requests: 1 });
    assert.deepEqual(one.miss("a", 20 * minute), []);
    one.answer("a", 21 * minute);
    assert.deepEqual(one.miss("a", 60 * minute), []);
  });
  it("twice in 24 h stops the family", () => {
    const one = new Case();
    assert.deepEqual(one.vanish("a", 0), ["harm device:a"]);
    assert.deepEqual(one.vanish("b", 600 * minute), ["harm device:b", "harm profile:generic-modbus-tcp"]);
    const rare = new Case();
    rare.vanish("a", 0);
    assert.deepEqual(rare.vanish("b", 1500 * minute), ["harm device:b"]);
  });
  it("of an earlier run counts from the start", () => {
    const earlier: readonly Trip[] = [
      { scope: "device:a", cause: "harm", detail: "" },
      { scope: "device:gone", cause: "harm", detail: "" },
      { scope: "device:b", cause: "slower", detail: "" },
    ];
    const one = new Case(earlier);
    assert.deepEqual(one.vanish("b", 10), ["harm device:b", "harm profile:generic-modbus-tcp"]);
  });
  it("forgets a device that has left the plan", () => {
    const one = new Case();
    one.miss("a", 0, { acknowledged: true, requests: 1, well: true });
    one.harm.adopt(literalPlan([]), monotonicMs(1));
    assert.deepEqual(one.miss("a", 20 * minute), []);
  });
});
