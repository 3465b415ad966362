/** Harm needs a witness and no other explanation; two in a day stop the family. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { nothingSent, type Answered, type Failed, type Trip } from "../../src/domain/outcome.ts";
import type { CheckId, DeviceId, PlannedDevice } from "../../src/domain/plan.ts";
import type { FailureKind } from "../../src/domain/reasons.ts";
import { milliseconds, monotonicMs } from "../../src/domain/units.ts";
import { Harm } from "../../src/safety/harm.ts";
import { literalPlan } from "../support/literal-plan.ts";
import { MemoryNotebook } from "../support/memory-notebook.ts";

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
  constructor(earlier: readonly Trip[] = [], notes = new MemoryNotebook(), startedMs = 0) {
    this.harm = new Harm(earlier, notes);
    this.harm.adopt(plan, monotonicMs(startedMs));
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

describe("a restart of the poller", () => {
  const next = (notes: MemoryNotebook, how: { sameBoot?: boolean; ageMs?: number } = {}): MemoryNotebook =>
    new MemoryNotebook({ pages: notes.pages, ...how });
  const vanished = (name = "a"): MemoryNotebook => {
    const notes = new MemoryNotebook();
    new Case([], notes).miss(name, 0, { acknowledged: true, requests: 1, well: true });
    return notes;
  };
  it("every minute, as in a crash loop, hides no device that we have hung", () => {
    let notes = vanished();
    for (let at = 1; at < 15; at++) {
      notes = next(notes);
      assert.deepEqual(new Case([], notes, at * minute).miss("a", at * minute), []);
    }
    notes = next(notes);
    assert.deepEqual(new Case([], notes, 15 * minute).miss("a", 15 * minute), ["harm device:a"]);
    assert.deepEqual(new Case([], next(notes), 16 * minute).miss("a", 40 * minute), [], "said once");
  });
  it("together with the machine begins the quarter of an hour anew, and is over after a day", () => {
    const rebooted = new Case([], next(vanished(), { sameBoot: false, ageMs: 23 * 60 * minute }), 5 * minute);
    assert.deepEqual(rebooted.miss("a", 19 * minute), []);
    assert.deepEqual(rebooted.miss("a", 20 * minute), ["harm device:a"]);
    const later = new Case([], next(vanished(), { sameBoot: false, ageMs: 24 * 60 * minute }), 5 * minute);
    assert.deepEqual(later.miss("a", 60 * minute), []);
  });
  it("forgets nobody who went with it, and takes for such who is not heard any more after it", () => {
    const notes = vanished();
    new Case([], notes).miss("b", 2 * minute, { well: true });
    assert.deepEqual(new Case([], next(notes), 3 * minute).miss("a", 20 * minute), []);
    const one = new Case([], next(vanished()), 3 * minute);
    assert.deepEqual(one.miss("b", 4 * minute), [], "not heard since the start");
    assert.deepEqual(one.miss("a", 20 * minute), []);
    const refusing = new Case([], next(vanished()), 3 * minute);
    assert.deepEqual(refusing.miss("b", 4 * minute, { failure: "refused" }), [], "it is there");
    assert.deepEqual(refusing.miss("a", 20 * minute), ["harm device:a"]);
  });
  it("brings nobody under suspicion who has answered, or has left the plan", () => {
    const notes = vanished();
    new Case([], next(notes)).answer("a", minute);
    const answered = next(notes);
    new Case([], answered, minute).answer("a", 2 * minute);
    assert.deepEqual([...answered.pages], []);
    const left = next(notes);
    new Case([], left).harm.adopt(literalPlan([]), monotonicMs(1));
    assert.deepEqual([...left.pages], []);
  });
  it("counts the family's harms on, whether their trips still stand or were reset", () => {
    const notes = new MemoryNotebook();
    assert.deepEqual(new Case([], notes).vanish("a", 0), ["harm device:a"]);
    const trip: Trip = { scope: "device:a", cause: "harm", detail: "" };
    for (const earlier of [[], [trip]])
      assert.deepEqual(new Case(earlier, next(notes), 20 * minute).vanish("b", 600 * minute), [
        "harm device:b",
        "harm profile:generic-modbus-tcp",
      ]);
    const dayAfter = new Case([trip], next(notes), 20 * minute);
    assert.deepEqual(dayAfter.vanish("b", 1500 * minute), ["harm device:b"], "when it was is known");
    const rebooted = new Case([], next(notes, { sameBoot: false, ageMs: 48 * 60 * minute }), 20 * minute);
    assert.deepEqual(rebooted.vanish("b", 600 * minute), ["harm device:b"]);
  });
  it("reads a damaged note as well as can be", () => {
    const pages = new Map([
      ["lost a", JSON.stringify({ since: "x", acknowledged: true })],
      ["lost b", "null"],
      ["harmed generic-modbus-tcp", "7"],
    ]);
    const one = new Case([], new MemoryNotebook({ pages }), minute);
    assert.deepEqual(one.miss("a", 10 * minute), []);
    assert.deepEqual(one.miss("b", 30 * minute, { failure: "refused" }), []);
    assert.deepEqual(one.miss("a", 31 * minute), ["harm device:a"]);
  });
});
