/** A plan that comes in parts is the plan that was sent. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { addPart, headOf, partsOf } from "../../src/poller/plan-parts.ts";
import { literalPlan } from "../support/literal-plan.ts";

const devices = (count: number) => Array.from({ length: count }, (_, index) => ({ name: `d${index}`, address: `192.0.2.${index % 250}` }));

describe("a plan in parts", () => {
  for (const count of [0, 1, 250, 251, 600])
    it(`of ${count} devices is put together again, in the same order`, () => {
      const plan = { ...literalPlan(devices(count)), digest: "sha256:whole" };
      const received = structuredClone(headOf(plan));
      assert.deepEqual([...received.checks], []);
      for (const part of partsOf(plan)) {
        assert.ok(part.entries.length > 0 && part.entries.length <= 250, `${part.of}: ${part.entries.length}`);
        addPart(received, structuredClone(part));
      }
      assert.deepEqual(received, structuredClone(plan));
      assert.deepEqual([...received.checks.keys()], [...plan.checks.keys()]);
    });
});
