/** Each segment that is cut off is said once, with the reason, and once when it is reached again. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Fact } from "../../src/domain/outcome.ts";
import type { Plan } from "../../src/domain/plan.ts";
import { WaysOut } from "../../src/poller/ways-out.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { literalPlan } from "../support/literal-plan.ts";

test("a segment that is cut off is said once, and once when it is back; what is out is looked at each time", () => {
  const facts: Fact[] = [];
  const devices = [1, 2, 3].map((n) => ({ name: `plc-${n}`, address: `192.0.2.1${n}` }));
  let plan: Plan = literalPlan(devices);
  let cut: string | undefined;
  let told: string | undefined = "";
  let rerouted = 0;
  const waysOut = new WaysOut({
    clock: new FakeClock(),
    reach: {
      lookAround: () => {
        const changed = told !== cut;
        told = cut;
        return changed;
      },
      cutOff: () => cut,
    },
    gate: { rerouted: () => (rerouted += 1) },
    plan: () => plan,
    record: (fact) => facts.push(fact),
  });
  const said = (): readonly string[] =>
    facts.splice(0).map((fact) => (fact.kind === "held" ? `${fact.scope} ${fact.held} ${fact.detail}` : fact.kind));
  waysOut.look();
  waysOut.look();
  assert.deepEqual([said(), rerouted], [[], 1]);
  cut = "no interface that is up holds 192.0.2.5";
  waysOut.look();
  waysOut.look();
  assert.deepEqual([said(), rerouted], [["hvac true the poller is cut off: no interface that is up holds 192.0.2.5"], 2]);
  plan = literalPlan(devices);
  waysOut.look();
  assert.deepEqual([said(), rerouted], [[], 3], "a reload says nothing again");
  cut = undefined;
  waysOut.look();
  assert.deepEqual([said(), rerouted], [["hvac false the poller reaches it again"], 4]);
});
