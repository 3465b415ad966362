/** What a deep query means for the heartbeats of a device is said before it is asked. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { turnLines } from "../../src/config/describe-deep.ts";
import type { DeviceId, Plan } from "../../src/domain/plan.ts";
import { literalPlan, type LiteralDevice } from "../support/literal-plan.ts";

const plc: LiteralDevice = { name: "plc", address: "192.0.2.11", deep: true };
const lines = (plan: Plan): readonly string[] => turnLines(plan, plan.devices.get("plc" as DeviceId)!);

describe("what a deep query means for the heartbeats of a device", () => {
  test("is that each question comes between two of them where there is room, and otherwise has the turn of one", () => {
    assert.deepEqual(lines(literalPlan([plc])), [
      "a heartbeat comes every 1 min: each question comes between two of them, 30 s from either",
    ]);
    assert.deepEqual(lines(literalPlan([{ ...plc, intervalMs: 30_000 }])), [
      "a heartbeat comes every 30 s, and 30 s of rest lie between any two requests: each question has the turn of a heartbeat, which comes a slot or two later",
    ]);
  });

  test("is that a session which a heartbeat keeps is given back before each question that is not asked in it", () => {
    const session: LiteralDevice = { ...plc, connection: "kept", closingRequests: 1 };
    assert.match(
      lines(literalPlan([session]))[1] ?? "",
      /^the session that a heartbeat keeps is given back before each question, with a goodbye/u,
    );
    assert.equal(lines(literalPlan([{ ...session, deepWithin: true }])).length, 1);
    assert.equal(lines(literalPlan([{ ...plc, connection: "kept" }])).length, 1);
  });

  test("is nothing where nothing more may be asked, or no heartbeat is", () => {
    const { deep: _deep, ...bare } = plc;
    assert.deepEqual(lines(literalPlan([bare])), []);
    const plan = literalPlan([plc]);
    assert.deepEqual(lines({ ...plan, checks: new Map() }), []);
  });
});
