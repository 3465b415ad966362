/** What an earlier run left finds its device again, also where it is called otherwise by now. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Check, CheckId, LineId } from "../../src/domain/plan.ts";
import { monotonicMs } from "../../src/domain/units.ts";
import { inherit, poisonTrips } from "../../src/poller/inherited.ts";
import { placeNoted, type LeftBehind } from "../../src/store/in-flight-file.ts";
import { literalPlan } from "../support/literal-plan.ts";

const plan = literalPlan([
  { name: "pump", address: "192.0.2.11", places: ["192.0.2.11"] },
  { name: "fan", address: "192.0.2.12", places: ["192.0.2.12", "192.0.2.11"] },
]);
const id = (name: string) => name as CheckId;

function inherited(left: Partial<LeftBehind>): { lines: readonly LineId[]; asked: readonly string[] } {
  const told: { lines: readonly LineId[]; asked: readonly string[] }[] = [];
  const gate = {
    inherit: (_counted: unknown, lines: Iterable<LineId>, asked: Iterable<{ readonly id: string }>) =>
      void told.push({ lines: [...lines], asked: [...asked].map((check) => check.id) }),
  };
  inherit({ gate, inFlight: { left: { checks: [], lines: [], counted: [], ...left } } }, plan);
  return told[0]!;
}

describe("what a run was asking when it ended", () => {
  it("is counted for what stands there now, and for nothing that is not in the plan any more", () => {
    const checks = [
      { check: id("plc/modbus-fc43"), place: "192.0.2.11" },
      { check: id("fan/modbus-fc43"), place: "" },
      { check: id("gone/modbus-fc43"), place: "192.0.2.99" },
    ];
    const { lines, asked } = inherited({ checks, lines: ["address:192.0.2.50" as LineId], counted: [["x" as LineId, monotonicMs(1)]] });
    assert.deepEqual(asked, ["pump/modbus-fc43", "fan/modbus-fc43"]);
    assert.deepEqual(lines, ["address:192.0.2.50", "address:192.0.2.11", "address:192.0.2.12"]);
  });
});

describe("what a run had asked in vain, and may not have noted", () => {
  it("is told apart: it left no connection", () => {
    const told: unknown[] = [];
    const gate = {
      inherit: (_counted: unknown, lines: Iterable<LineId>, asked: Iterable<Check>, unnoted?: Iterable<Check>) =>
        void told.push(
          [...lines],
          [...asked].map((check) => check.id),
          [...(unnoted ?? [])].map((check) => check.id),
        ),
    };
    const checks = [
      { check: id("plc/modbus-fc43"), place: "192.0.2.11", ended: true },
      { check: id("fan/modbus-fc43"), place: "" },
    ] as const;
    inherit({ gate, inFlight: { left: { checks, lines: [], counted: [] } } }, plan);
    assert.deepEqual(told, [["address:192.0.2.12"], ["fan/modbus-fc43"], ["pump/modbus-fc43"]]);
  });
  it("finds its device by the digest of a place that is long", () => {
    const place = `/dev/serial/by-id/${"u".repeat(400)} unit 7`;
    const there = literalPlan([{ name: "pump", address: "192.0.2.11", places: [place] }]);
    const trips = poisonTrips({ check: id("plc/modbus-fc43"), place: placeNoted(place) }, there);
    assert.deepEqual(
      trips.map(({ scope }) => scope),
      ["device:pump"],
    );
  });
});

describe("a reply that may have ended the poller twice", () => {
  const tripped = (check: string, place: string) => poisonTrips({ check: id(check), place }, plan).map(({ scope }) => scope);
  it("trips what stands at its place, under whichever name", () => {
    assert.deepEqual(tripped("plc/modbus-fc43", "192.0.2.11"), ["device:pump"]);
    assert.deepEqual(tripped("pump/modbus-fc43", "192.0.2.12"), ["device:fan"], "the name went to another machine");
  });
  it("trips by name where nothing stands there, or nobody knows where it stood", () => {
    assert.deepEqual(tripped("plc/modbus-fc43", "192.0.2.99"), ["device:plc"]);
    assert.deepEqual(tripped("pump/modbus-fc43", ""), ["device:pump"]);
    assert.match(poisonTrips({ check: id("plc/modbus-fc43#2"), place: "" }, plan)[0]!.detail, /^plc\/modbus-fc43#2 was being asked/u);
  });
});
