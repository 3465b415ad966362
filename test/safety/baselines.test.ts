/** The identity baseline: what is accepted never alarms, any change always does, and a changeover of a redundant pair never. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { acceptancesMax, type KnownIdentity } from "../../src/domain/baseline.ts";
import type { Identity } from "../../src/domain/outcome.ts";
import type { Check, CheckId, DeviceId, Plan } from "../../src/domain/plan.ts";
import { wallMs } from "../../src/domain/units.ts";
import { Baselines, type Heard } from "../../src/safety/baselines.ts";
import { literalPlan } from "../support/literal-plan.ts";

const start = wallMs(1_763_726_400_000);
const signed = { by: "eto-1", reason: "type plate", at: start };
const plain: Identity = { vendor: "Schneider", product: "TM221CE24R", revision: "1.11", serial: "7", certificate: "ab".repeat(32) };

class Site {
  plan: Plan;
  readonly baselines: Baselines;

  constructor(names: readonly string[] = ["plc"], { paired = false, firmwareFrom = "" } = {}, earlier: readonly KnownIdentity[] = []) {
    const others = (name: string): readonly string[] => names.filter((one) => one !== name);
    const plan = literalPlan(
      names.map((name, index) => ({ name, address: `192.0.2.${index + 11}`, ...(paired && { hardware: others(name) }) })),
    );
    const checks = new Map([...plan.checks].map(([id, check]) => [id, firmwareFrom === "" ? check : { ...check, firmwareFrom }]));
    this.plan = { ...plan, checks };
    this.baselines = new Baselines(() => this.plan, earlier);
  }

  heard(name: string, identity: Identity): Heard {
    return this.baselines.heard(checkOf(this.plan, name), identity, start);
  }

  accept(name: string, beside = false): void {
    this.baselines.accept(name as DeviceId, signed, beside);
  }

  states(name: string): readonly string[] {
    return this.baselines.of(name as DeviceId).map(({ state }) => state);
  }
}

function checkOf(plan: Plan, name: string): Check {
  return [...plan.checks.values()].find(({ device }) => device === name)!;
}

describe("the first word of a device", () => {
  test("is remembered, told once, and not accepted by itself", () => {
    const one = new Site();
    const { news, stranger } = one.heard("plc", plain);
    assert.deepEqual([news?.change, stranger], ["first_said", undefined]);
    assert.match(news?.detail ?? "", /^plc, modbus-fc43 at 192\.0\.2\.11( unit 1)?: vendor "Schneider", product "TM221CE24R"/u);
    assert.deepEqual(one.heard("plc", plain), {});
    assert.deepEqual(one.states("plc"), ["not_accepted"]);
    assert.deepEqual(one.heard("plc", {}), {});
    assert.deepEqual(one.states("other"), []);
    assert.deepEqual(one.baselines.accept("other" as DeviceId, signed, false), []);
  });

  test("that changes before anybody has accepted it is told, and no alarm", () => {
    const one = new Site();
    one.heard("plc", plain);
    const { news, stranger } = one.heard("plc", { ...plain, vendor: "Somebody" });
    assert.deepEqual([news?.change, stranger], ["said_otherwise", undefined]);
    assert.deepEqual(one.states("plc"), ["not_accepted"]);
  });
});

describe("what was accepted", () => {
  test("is an alarm with before and after where firmware, serial number or certificate change, and none when it is as before again", () => {
    for (const [change, words] of [
      [{ revision: "1.12" }, 'firmware: was "1.11", is "1.12"'],
      [{ serial: "8" }, 'serial number: was "7", is "8"'],
      [{ certificate: "cd".repeat(32) }, `certificate: was "${"ab".repeat(32)}", is "${"cd".repeat(32)}"`],
    ] as const) {
      const one = new Site();
      one.heard("plc", plain);
      one.accept("plc");
      assert.deepEqual(one.states("plc"), ["as_accepted"]);
      const { news, stranger } = one.heard("plc", { ...plain, ...change });
      assert.deepEqual([news?.change, stranger], ["changed", undefined]);
      assert.ok(news?.detail.endsWith(`: ${words}`), news?.detail);
      assert.deepEqual(one.states("plc"), ["changed"]);
      assert.equal(one.heard("plc", plain).news?.change, "as_accepted");
      assert.deepEqual(one.states("plc"), ["as_accepted"]);
    }
  });

  test("and another vendor or product: nothing more is asked, at every such reply, until a person accepts it", () => {
    for (const change of [{ vendor: "Somebody" }, { product: "TM241" }]) {
      const one = new Site();
      one.heard("plc", plain);
      one.accept("plc");
      for (const times of [1, 2]) {
        const { stranger } = one.heard("plc", { ...plain, ...change, serial: "8" });
        assert.match(stranger ?? "", /^(vendor|product): was "[^"]+", is "[^"]+" \(as it was accepted\)$/u, `time ${times}`);
      }
      one.accept("plc");
      assert.deepEqual(one.heard("plc", { ...plain, ...change, serial: "8" }), {});
      assert.deepEqual(one.states("plc"), ["as_accepted"]);
    }
  });

  test("and said no more is an alarm and no trip, also of vendor and product; newly said is not accepted yet", () => {
    const one = new Site();
    one.heard("plc", plain);
    one.accept("plc");
    const { news, stranger } = one.heard("plc", { product: "TM221CE24R" });
    assert.deepEqual([news?.change, stranger], ["changed", undefined]);
    one.heard("plc", { ...plain, hardwareAddress: "00:80:f4:0a:0b:0c" });
    assert.deepEqual(one.states("plc"), ["not_accepted"]);
  });

  test("outside the firmware that the profile allows trips, and so does one that is no version or is not said any more", () => {
    for (const [revision, trips] of [
      ["1.12", false],
      ["1.10", true],
      ["unknown", true],
      [undefined, true],
    ] as const) {
      const one = new Site(["plc"], { firmwareFrom: "1.11" });
      one.heard("plc", plain);
      one.accept("plc");
      const { revision: _was, ...rest } = plain;
      const { stranger } = one.heard("plc", { ...rest, ...(revision !== undefined && { revision }) });
      assert.equal(stranger !== undefined, trips, revision);
      if (trips) assert.match(stranger!, /^firmware: was "1\.11".*; the profile allows asking it from firmware 1\.11 on$/u);
      const unlisted = new Site();
      unlisted.heard("plc", plain);
      unlisted.accept("plc");
      assert.equal(unlisted.heard("plc", { ...rest, ...(revision !== undefined && { revision }) }).stranger, undefined);
    }
  });

  test("of several checks the one that wants the latest firmware counts", () => {
    const one = new Site(["plc"], { firmwareFrom: "1.9" });
    const check = checkOf(one.plan, "plc");
    const id = "plc/modbus-fc3" as CheckId;
    for (const firmwareFrom of ["1.11", "1.2"]) {
      const checks = new Map(one.plan.checks).set(id, { ...check, id, firmwareFrom });
      const device = { ...one.plan.devices.get(check.device)!, checks: [check.id, id, "plc/none" as CheckId] };
      one.plan = { ...one.plan, checks, devices: new Map([[check.device, device]]) };
      one.heard("plc", plain);
      one.accept("plc");
      assert.equal(one.heard("plc", { ...plain, revision: "1.10" }).stranger !== undefined, firmwareFrom === "1.11");
    }
  });

  test("by a deep query in several replies is compared part by part: what one of them does not say contradicts nothing", () => {
    const reads = ["modbus-identification-regular", "modbus-identification-extended", "s7-components"] as const;
    for (const read of reads) partByPart({ read });
  });

  function partByPart(deep: NonNullable<Check["deep"]>): void {
    const one = new Site();
    const check: Check = { ...checkOf(one.plan, "plc"), deep };
    const heard = (identity: Identity): Heard => one.baselines.heard(check, identity, start);
    heard({ vendor: "Schneider", product: "TM221CE24R" });
    heard({ revision: "1.11" });
    one.accept("plc");
    for (const part of [{ vendor: "Schneider" }, { revision: "1.11" }]) assert.deepEqual(heard(part), {});
    assert.equal(heard({ revision: "1.12" }).news?.change, "changed");
    assert.match(heard({ product: "TM241" }).stranger ?? "", /^product/u);
  }

  test("outlives the run, and comes back with an address that the device had before", () => {
    const before = new Site();
    before.heard("plc", plain);
    before.accept("plc");
    const kept = before.baselines.of("plc" as DeviceId);
    const after = new Site(["plc"], {}, kept);
    assert.deepEqual(after.states("plc"), ["as_accepted"]);
    assert.equal(after.heard("plc", { ...plain, serial: "8" }).news?.change, "changed");
    const moved = new Site(["x", "plc"], {}, kept);
    assert.deepEqual(moved.states("plc"), []);
    assert.equal(moved.heard("plc", plain).news?.change, "first_said");
  });
});

describe("a redundant pair", () => {
  const [a, b] = [plain, { ...plain, serial: "8", product: "TM241" }];

  test("at two addresses may change over, and a third device at either is found", () => {
    const pair = new Site(["a", "b"], { paired: true });
    pair.heard("a", a);
    pair.heard("b", b);
    assert.deepEqual([pair.states("a"), pair.states("b")], [["not_accepted"], ["not_accepted"]]);
    pair.accept("a");
    pair.accept("b");
    assert.equal(pair.heard("a", b).stranger, undefined);
    assert.equal(pair.heard("b", a).stranger, undefined);
    assert.deepEqual([pair.states("a"), pair.states("b")], [["as_accepted"], ["as_accepted"]]);
    assert.equal(pair.heard("b", { ...a, serial: "9" }).news?.change, "changed");
  });

  test("at one address is accepted half beside half, and no mixture of the two", () => {
    const one = new Site();
    one.heard("plc", a);
    one.accept("plc");
    one.heard("plc", b);
    one.accept("plc", true);
    for (const half of [a, b, a]) {
      assert.equal(one.heard("plc", half).stranger, undefined);
      assert.deepEqual(one.states("plc"), ["as_accepted"]);
    }
    assert.equal(one.heard("plc", { ...a, serial: "8" }).news?.change, "changed");
    one.heard("plc", { vendor: "Schneider" });
    for (let time = 0; time < acceptancesMax; time++) one.accept("plc", true);
    assert.equal(one.baselines.of("plc" as DeviceId)[0]?.accepted.length, acceptancesMax);
    // What one half does not say, and the other was accepted with, is compared with the other.
    assert.equal(one.heard("plc", { vendor: "Schneider", serial: "9" }).news?.change, "said_otherwise");
  });

  test("a half that says less hides no other value of what the other half says", () => {
    const one = new Site();
    one.heard("plc", { vendor: "Schneider" });
    one.accept("plc");
    one.heard("plc", { vendor: "Schneider", serial: "7" });
    one.accept("plc", true);
    assert.equal(one.heard("plc", { vendor: "Schneider", serial: "9" }).news?.change, "changed");
    assert.equal(one.heard("plc", { vendor: "Schneider", serial: "7", product: "P" }).news?.change, "said_otherwise");
  });
});

const word = fc.stringMatching(/^[A-Z][a-z0-9]{1,8}$/u);
const field = fc.constantFrom("vendor", "product", "revision", "serial", "certificate", "hardwareAddress" as const);
const identity: fc.Arbitrary<Identity> = fc
  .record({ vendor: word, product: word, revision: word, serial: word, certificate: word, hardwareAddress: word }, { requiredKeys: [] })
  .filter((one) => Object.keys(one).length > 0);

describe("for every identity", () => {
  test("accepted, then the same reply, padded or not: never an alarm", () => {
    const padding = fc.constantFrom("", " ", "\u0000", "  \u0000");
    fc.assert(
      fc.property(identity, padding, padding, fc.boolean(), (said, before, behind, loud) => {
        const one = new Site();
        one.heard("plc", said);
        one.accept("plc");
        const again = Object.fromEntries(
          Object.entries(said as Readonly<Record<string, string>>).map(([name, text]) => [
            name,
            `${before}${loud ? text.toUpperCase() : text}${behind}`,
          ]),
        );
        assert.deepEqual(one.heard("plc", again), {});
        assert.deepEqual(one.states("plc"), ["as_accepted"]);
      }),
    );
  });

  test("accepted, then any field with another value: always an alarm; vendor and product always a trip", () => {
    fc.assert(
      fc.property(identity, field, word, (said, name, other) => {
        fc.pre(said[name] !== undefined && said[name].toLowerCase() !== other.toLowerCase());
        const one = new Site();
        one.heard("plc", said);
        one.accept("plc");
        const { news, stranger } = one.heard("plc", { ...said, [name]: `${other}x` });
        assert.equal(news?.change, "changed");
        assert.equal(stranger !== undefined, name === "vendor" || name === "product");
        assert.deepEqual(one.states("plc"), ["changed"]);
      }),
    );
  });

  test("both halves accepted: no changeover is ever an alarm, however often", () => {
    fc.assert(
      fc.property(identity, identity, fc.array(fc.boolean(), { maxLength: 10 }), (a, b, swaps) => {
        const pair = new Site(["a", "b"], { paired: true });
        pair.heard("a", a);
        pair.heard("b", b);
        pair.accept("a");
        pair.accept("b");
        for (const swapped of swaps) {
          for (const [name, said] of [
            ["a", swapped ? b : a],
            ["b", swapped ? a : b],
          ] as const) {
            const { news, stranger } = pair.heard(name, said);
            assert.ok(stranger === undefined && (news === undefined || news.change === "as_accepted"));
            assert.deepEqual(pair.states(name), ["as_accepted"]);
          }
        }
      }),
    );
  });
});
