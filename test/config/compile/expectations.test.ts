/** What a register is read as and what it must hold is approved with the rest, and comes into the plan in words. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { requestWords } from "../../../src/config/request-words.ts";
import { formatProblem } from "../../../src/config/problem.ts";
import type { CheckId, ProfileId } from "../../../src/domain/plan.ts";
import { hex } from "../../../src/domain/template.ts";
import { methods } from "../../../src/drivers/registry.ts";
import { compile } from "../../../src/config/compile/compile.ts";
import {
  approved,
  compiledFrom,
  gateway,
  loaded,
  rawDevice,
  rawProfile,
  rawSite,
  rawUnit,
  refusals,
  today,
  type Raw,
  type RawSite,
} from "./support/site.ts";

const id = "plc-1/modbus-fc3" as CheckId;

function site(register: Raw, interval = "60s"): RawSite {
  const profile = rawProfile({ liveness: [{ id: "alive", modicon: 40_101, ...register }] });
  const device = rawDevice(1, { checks: [{ method: "modbus-fc3", unitId: 1, register: "alive", interval }] });
  return rawSite([device], { profiles: { "test-plc": profile } });
}

const expecting = (from: number): Raw => ({ type: "uint16", expect: { inRange: { from, to: 5 } } });
const covers = (register: Raw): string | undefined => compiledFrom(site(register)).covers.get("test-plc" as ProfileId);

describe("an approval covers", () => {
  test("what a register must hold", () => {
    const signed = approved(site(expecting(1)));
    assert.deepEqual(refusals(compiledFrom(signed)), []);
    const changed = { ...signed, profiles: site(expecting(2)).profiles };
    const compiled = compiledFrom(changed);
    assert.deepEqual(refusals(compiled), [`${id} not_admitted`]);
    const [, stale] = compiled.findings.get(id)!;
    assert.equal(stale?.reason, "approval_stale");
    assert.match(stale.detail, /modbus-fc3 of holding-registers 100-100 as uint16, expected 2 to 5 was not approved/);
  });

  for (const [what, one, other] of [
    ["the type", { type: "uint16" }, { type: "int16" }],
    ["the word order", { type: "uint32", wordOrder: "big" }, { type: "uint32", wordOrder: "little" }],
    [
      "a duration to the millisecond",
      { type: "uint16", expect: { changesWithin: "3725s" } },
      { type: "uint16", expect: { changesWithin: "3726s" } },
    ],
    [
      "where a counter wraps",
      { type: "uint16", expect: { counterAdvances: { within: "5m", wrapsAfter: 99 } } },
      { type: "uint16", expect: { counterAdvances: { within: "5m" } } },
    ],
  ] as const satisfies readonly (readonly [string, Raw, Raw])[]) {
    test(what, () => assert.notEqual(covers(one), covers(other)));
  }

  test("no name that people give it", () => {
    const named = site(expecting(1));
    named.watchlist["devices"] = [rawDevice(1, { checks: [{ method: "modbus-fc3", unitId: 1, register: "level" }] })];
    named.profiles = { "test-plc": rawProfile({ liveness: [{ id: "level", modicon: 40_101, ...expecting(1) }] }) };
    assert.equal(compiledFrom(named).covers.get("test-plc" as ProfileId), covers(expecting(1)));
  });
});

describe("an expectation in the plan", () => {
  const raw = approved(site(expecting(1)));
  const { plan } = compile(loaded(raw), { methods, wallNow: today, lab: false });

  test("goes with its register's name", () => {
    const check = plan.checks.size > 0 ? plan.checks.get(id) : undefined;
    // The site was approved with the frames of the tests' own methods, which are the real ones.
    assert.deepEqual(check?.expectedValue, { register: "alive", expectation: { kind: "in-range", from: 1, to: 5 } });
  });

  test("stands in the line that is signed", () => {
    assert.equal(
      requestWords(plan.checks.get(id)!, methods),
      "FC 3 read holding register 100 (0-based) as uint16, unit 1; alive is to be 1 to 5",
    );
  });
});

test("a value that is to move faster than it is looked at is a problem", () => {
  const { problems } = compiledFrom(site({ type: "uint16", expect: { changesWithin: "59s" } }));
  assert.deepEqual(
    problems.map((problem) => formatProblem(problem).replace(/:\d+:/u, ":")),
    [
      'watchlist.yaml: devices[0].checks[0].register: found "alive", whose value is to move within 59 s, expected at least the interval of 1 min: what happens between two askings is not seen',
    ],
  );
  assert.deepEqual(compiledFrom(site({ type: "uint16", expect: { changesWithin: "60s" } })).problems, []);
});

describe("a gateway that takes RTU frames", () => {
  const unit = (method: string): Raw =>
    rawUnit(7, { checks: [{ method, unitId: 7, ...(method === "modbus-fc3" && { register: "alive" }) }] });
  const raw = (device: Raw, framing: Raw): RawSite => rawSite([device], {}, { gateways: [{ ...gateway, ...framing }] });
  const planned = (site_: RawSite) => compile(loaded(site_), { methods, wallNow: today, lab: false });

  test("is asked in them, and the device's digest says so", () => {
    const [plain, framed] = [planned(raw(unit("modbus-fc3"), {})), planned(raw(unit("modbus-fc3"), { framing: "rtu-over-tcp" }))];
    const frames = ({ plan }: typeof plain): string =>
      [...plan.refused.values()].flatMap(({ templates }) => templates.map(({ bytes }) => hex(bytes))).join();
    assert.deepEqual([frames(plain), frames(framed)], ["000000000006070300100002", "070300100002c5a8"]);
    assert.notDeepEqual(plain.deviceDigests, framed.deviceDigests);
  });

  test("is a problem for what has no length in RTU", () => {
    const { problems } = planned(raw(unit("modbus-fc43"), { framing: "rtu-over-tcp" }));
    assert.match(
      problems.map(formatProblem).join(),
      /devices\[0\]\.checks\[0\]: found method: found FC 43\/14 over a gateway with framing rtu-over-tcp/,
    );
  });
});
