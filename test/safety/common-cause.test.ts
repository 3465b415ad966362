/** Whose silence it is: the device's own, its segment's, or that of what it stands behind. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { nothingSent, type Answered, type Failed } from "../../src/domain/outcome.ts";
import type { Check, CheckId, DeviceId, Plan, PlannedDevice } from "../../src/domain/plan.ts";
import type { FailureKind } from "../../src/domain/reasons.ts";
import { milliseconds, monotonicMs } from "../../src/domain/units.ts";
import { CommonCause, isContact, type CauseChange } from "../../src/safety/common-cause.ts";
import { literalPlan, type LiteralDevice } from "../support/literal-plan.ts";

class Net {
  readonly causes = new CommonCause();
  readonly changes: CauseChange[] = [];
  plan: Plan;
  #at = 0;

  constructor(devices: readonly LiteralDevice[]) {
    this.plan = literalPlan(devices);
    this.causes.adopt(this.plan);
  }

  hears(...names: readonly string[]): void {
    for (const name of names) {
      const check = this.#check(name);
      const outcome: Answered = {
        kind: "answered",
        check,
        at: this.#next(),
        took: milliseconds(5),
        answer: { said: "alive" },
        sent: nothingSent,
      };
      this.changes.push(...this.causes.note(this.device(name), outcome));
    }
  }

  /** What the last of them is told. */
  misses(names: readonly string[], { grave = true, failure = "timeout" as FailureKind, requests = 0, connections = 1 } = {}): string {
    let told = "own";
    for (const name of names) {
      const sent = { connections, requests, bytes: 0 };
      const outcome: Failed = { kind: "failed", check: this.#check(name), at: this.#next(), failure, detail: "", sent };
      this.changes.push(...this.causes.note(this.device(name), outcome));
      const { excuse, begun } = this.causes.excuse(this.device(name), outcome.at, grave);
      this.changes.push(...begun);
      told = !excuse ? "own" : excuse.reason === "behind" ? `behind ${excuse.behind}` : excuse.reason;
    }
    return told;
  }

  said(): readonly string[] {
    return this.changes.splice(0).map(({ scope, held }) => `${scope} ${held ? "begins" : "ends"}`);
  }

  device(name: string): PlannedDevice {
    return this.plan.devices.get(name as DeviceId)!;
  }

  witnessed(name: string, since: number): boolean {
    return this.causes.neighbourLivesSince(this.device(name), this.#check(name), monotonicMs(since));
  }

  #check(name: string): Check {
    return this.plan.checks.get(`${name}/modbus-fc43` as CheckId)!;
  }

  #next() {
    return monotonicMs((this.#at += 1000));
  }
}

const host = (name: string, last: number, more: Partial<LiteralDevice> = {}): LiteralDevice => ({
  name,
  address: `192.0.2.${last}`,
  ...more,
});

describe("a segment", () => {
  const three = [host("a", 1), host("b", 2), host("c", 3)];

  it("has no say in what a serial port of our own hears, and that none in the segment", () => {
    const unit = host("unit", 9, { address: "/dev/ttyS0", overSerial: true });
    const net = new Net([...three, unit]);
    net.hears("a", "b", "c", "unit");
    net.misses(["a", "b", "c"], { grave: false });
    net.hears("unit");
    assert.equal(net.misses(["a"]), "cut_off");
    assert.equal(net.misses(["unit"]), "own");
    net.hears("unit");
    assert.deepEqual(net.said(), ["hvac begins"]);
    assert.deepEqual([net.witnessed("a", 0), net.witnessed("unit", 0)], [false, false]);
  });

  it("of which nothing answers any more is cut off, until something does", () => {
    const net = new Net([...three, host("far", 9, { segment: "power" })]);
    net.hears("a", "b", "c", "far");
    assert.equal(net.misses(["a", "b", "c"], { grave: false }), "own", "nothing is concluded before somebody would go down");
    assert.equal(net.misses(["a"]), "cut_off");
    assert.deepEqual(net.said(), ["hvac begins"]);
    assert.equal(net.misses(["b"], { grave: false }), "cut_off", "once it is known, every miss is excused");
    assert.equal(net.misses(["far"]), "own");
    net.hears("far");
    assert.deepEqual(net.said(), []);
    net.hears("b");
    assert.deepEqual(net.said(), ["hvac ends"]);
    assert.equal(net.misses(["a"], { grave: false }), "own");
  });
  it("of which one answers is there: the others' silence is their own", () => {
    const net = new Net(three);
    net.hears("a", "b", "c");
    assert.equal(net.misses(["a", "b"]), "own");
    net.hears("c");
    assert.equal(net.misses(["a", "b", "a", "b"]), "own");
    assert.deepEqual(net.said(), []);
  });
  it("is there when a device refuses, breaks off, or takes a connection and falls silent", () => {
    for (const miss of [{ failure: "refused" as const }, { failure: "reset" as const }, { failure: "timeout" as const, requests: 1 }]) {
      const net = new Net(three);
      net.hears("a", "b", "c");
      net.misses(["c"], miss);
      net.misses(["a", "b"]);
      net.misses(["c"], miss);
      assert.equal(net.misses(["a"]), "own", miss.failure);
    }
  });
  it("bears witness for one of its devices by another address", () => {
    const net = new Net(three);
    net.hears("a", "b");
    assert.equal(net.witnessed("a", 1000), true);
    assert.equal(net.witnessed("b", 1000), false);
  });
});

describe("a switch that is asked itself", () => {
  const behind = { behind: ["sw-1"] };
  const site = [host("sw-1", 1), host("a", 2, behind), host("b", 3, behind), host("other", 4)];

  it("and is down makes those behind it unknown, and comes back for all of them", () => {
    const net = new Net(site);
    net.hears("sw-1", "a", "b", "other");
    net.misses(["sw-1", "a", "b"], { grave: false });
    net.hears("other");
    assert.equal(net.misses(["a"]), "behind sw-1");
    assert.equal(net.misses(["sw-1"]), "own", "the switch itself is down");
    assert.equal(net.misses(["b"], { grave: false }), "behind sw-1");
    assert.deepEqual(net.said(), ["sw-1 begins"]);
    net.hears("sw-1");
    assert.deepEqual(net.said(), ["sw-1 ends"]);
    assert.equal(net.misses(["a"]), "own");
  });
  it("and silent while something behind it answers is not in the way", () => {
    const net = new Net(site);
    net.hears("sw-1", "a", "b", "other");
    net.misses(["sw-1"], { grave: false });
    net.hears("b", "other");
    assert.equal(net.misses(["a", "a", "a"]), "own");
  });
  it("is over when something behind it answers", () => {
    const net = new Net(site);
    net.hears("other");
    net.misses(["sw-1"], { grave: false });
    assert.equal(net.misses(["a"]), "behind sw-1");
    net.hears("a");
    assert.deepEqual(net.said(), ["sw-1 begins", "sw-1 ends"]);
  });
  it("behind another is named by the one that is farthest out", () => {
    const net = new Net([...site, host("core", 7), host("deep", 8, { behind: ["sw-2"] }), host("sw-2", 6, { behind: ["core"] })]);
    net.hears("core", "sw-2", "deep", "other");
    net.misses(["core", "sw-2", "deep"], { grave: false });
    net.hears("other");
    assert.equal(net.misses(["deep"]), "behind core");
    assert.equal(net.misses(["sw-2"]), "behind core");
    assert.deepEqual(net.said(), ["core begins"]);
  });
  it("that stands behind itself, or two behind each other, excuse each other's silence never, and still that of others", () => {
    const circle = [host("sw-1", 1, { behind: ["sw-1", "sw-2"] }), host("sw-2", 2, { behind: ["sw-1", "core"] })];
    const net = new Net([...circle, host("core", 3), host("a", 4, { behind: ["sw-1"] }), host("other", 5)]);
    net.hears("sw-1", "sw-2", "core", "a", "other");
    net.misses(["sw-1", "sw-2", "a"], { grave: false });
    net.hears("core", "other");
    assert.equal(net.misses(["sw-1"]), "own");
    assert.equal(net.misses(["sw-2"]), "own");
    assert.match(net.misses(["a"]), /^behind sw-/u);
    net.misses(["core"], { grave: false });
    assert.equal(net.misses(["sw-1"]), "behind core", "what stands before the circle excuses both");
  });
  it("that nobody asks, or that is not in the plan, is no excuse", () => {
    const net = new Net([host("a", 2, { behind: ["sw-9"] }), host("b", 3), host("other", 4)]);
    const unasked = { ...net.plan, devices: new Map(net.plan.devices).set("sw-9" as DeviceId, { ...net.device("b"), checks: [] }) };
    net.causes.adopt(unasked);
    net.hears("a", "b", "other");
    net.misses(["a"]);
    net.hears("other");
    assert.equal(net.misses(["a"]), "own");
  });
});

describe("a gateway", () => {
  const unit = (name: string, unitId: number): LiteralDevice =>
    host(name, 30, { unitId, line: "gateway:fw", behind: ["fw"], intervalMs: 60_000 });
  const site = [unit("u1", 1), unit("u2", 2), unit("u3", 3), host("other", 4)];

  it("that takes no connection makes its units unknown, until it takes one", () => {
    const net = new Net(site);
    net.hears("u1", "u2", "u3", "other");
    net.misses(["u1"], { grave: false });
    net.hears("other");
    assert.equal(net.misses(["u1"]), "behind fw");
    net.hears("other");
    assert.deepEqual(net.said(), ["fw begins"]);
    assert.equal(net.misses(["u1"], { requests: 1 }), "own", "it is there: the unit is not");
    assert.deepEqual(net.said(), ["fw ends"]);
  });
  it("none of whose units answers is there as long as it takes connections: their silence is their own", () => {
    const net = new Net(site);
    net.hears("u1", "u2", "u3");
    net.misses(["u1", "u2", "u3"], { grave: false, requests: 1 });
    assert.equal(net.misses(["u1", "u2", "u3"], { requests: 1 }), "own");
    assert.deepEqual(net.said(), []);
    assert.equal(net.misses(["u1"]), "behind fw", "until it takes none");
    net.hears("u3");
    assert.deepEqual(net.said(), ["fw begins", "fw ends"]);
  });
  it("one of whose units answers is there: the silence of the others is their own", () => {
    const net = new Net(site);
    net.hears("u1", "u2", "u3");
    net.misses(["u1"], { requests: 1 });
    net.hears("u2", "u3");
    assert.equal(net.misses(["u1", "u1"], { requests: 1 }), "own");
  });
  it("on which a device with an address of its own depends is judged by its units alone", () => {
    const net = new Net([...site, host("panel", 5, { behind: ["fw"] })]);
    net.hears("u1", "panel", "other");
    net.misses(["panel"], { grave: false });
    net.hears("other");
    assert.equal(net.misses(["panel"]), "own");
  });
});

describe("contact", () => {
  const check = literalPlan([host("a", 1)]).checks.get("a/modbus-fc43" as CheckId)!;
  const failed = (failure: FailureKind, sent: Partial<Failed["sent"]> = {}, over: Partial<Check["target"]> = {}): Failed => ({
    kind: "failed",
    check: { ...check, target: { ...check.target, ...over } },
    at: monotonicMs(1),
    failure,
    detail: "",
    sent: { ...nothingSent, ...sent },
  });
  it("is anything that came back, a connection that was taken included", () => {
    for (const failure of ["refused", "reset", "malformed", "gateway_target_silent"] as const) assert.ok(isContact(failed(failure)));
    assert.ok(isContact(failed("timeout", { connections: 1, requests: 1 })));
  });
  it("is not: a connection that never came, a request on an old one, a datagram", () => {
    assert.ok(!isContact(failed("timeout", { connections: 1 })));
    assert.ok(!isContact(failed("unreachable", { connections: 1 })));
    assert.ok(!isContact(failed("timeout", { requests: 1 })));
    assert.ok(!isContact(failed("timeout", { connections: 1, requests: 1 }, { transport: "udp" })));
  });
  it("knows nothing of what is not in the plan", () => {
    const net = new Net([host("a", 1)]);
    const stranger = { ...net.device("a"), id: "x" as DeviceId, segment: "nowhere" as PlannedDevice["segment"] };
    const outcome = failed("timeout");
    assert.deepEqual(net.causes.note(stranger, outcome), []);
    assert.deepEqual(net.causes.excuse(stranger, outcome.at, true), { begun: [] });
    assert.equal(net.causes.neighbourLivesSince(stranger, check, monotonicMs(0)), false);
    const orphan = { ...net.plan, devices: new Map() };
    net.causes.adopt(orphan);
    assert.deepEqual(net.causes.excuse(net.device("a"), outcome.at, true), { begun: [] });
  });
});

it("says whether it is a segment, a gateway or a device that is out", () => {
  const unit: Partial<LiteralDevice> = { line: "gateway:gw-1", behind: ["gw-1"] };
  const net = new Net([host("u1", 1, unit), host("u2", 1, unit), host("sw-1", 2), host("a", 3, { behind: ["sw-1"] }), host("other", 4)]);
  net.hears("u1", "u2", "sw-1", "a", "other");
  net.misses(["u1", "u2", "sw-1", "a"], { grave: false });
  net.hears("other");
  net.misses(["u1", "a"]);
  net.hears("u1", "a");
  net.misses(["u1", "u2", "sw-1", "a", "other"], { grave: false });
  net.misses(["other"]);
  assert.deepEqual(
    net.changes.map(({ cause, scope, held }) => `${cause} ${scope} ${held}`),
    ["gateway gw-1 true", "device sw-1 true", "gateway gw-1 false", "device sw-1 false", "segment hvac true"],
  );
});
