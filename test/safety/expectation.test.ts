/** An expectation in the gate: a device that answers and does not hold what is expected is degraded, in words that a person can act on. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Expectation } from "../../src/domain/expectation.ts";
import type { Answer } from "../../src/domain/outcome.ts";
import type { Check, CheckId, Plan } from "../../src/domain/plan.ts";
import { seconds } from "../../src/domain/units.ts";
import { literalPlan } from "../support/literal-plan.ts";
import { scriptedDriver } from "../support/scripted-driver.ts";
import { SimulatedSite } from "../support/simulated-site.ts";

const id = "plc/modbus-fc43" as CheckId;

function planOf(expectation: Expectation, changes: Partial<Check> = {}): Plan {
  const plan = literalPlan([{ name: "plc", address: "192.0.2.11" }]);
  const check: Check = { ...plan.checks.get(id)!, expectedValue: { register: "level-alive", expectation }, ...changes };
  return { ...plan, checks: new Map([[id, check]]) };
}

/** What each of the readings, a minute apart, came to. */
async function said(site: SimulatedSite, answers: Answer[], count: number): Promise<readonly string[]> {
  const came: string[] = [];
  for (let round = 0; round < count; round++) {
    await site.clock.advance(60_000);
    const outcome = site.gate.exchange(id, "schedule");
    await site.clock.advance(1000);
    const ended = await outcome;
    assert.equal(ended?.kind, "answered");
    came.push("detail" in ended.answer ? `${ended.answer.said}: ${ended.answer.detail}` : ended.answer.said);
    answers.shift();
  }
  return came;
}

function siteOf(plan: Plan, answers: Answer[]): SimulatedSite {
  const driver = scriptedDriver({ answer: () => answers[0]! });
  const site = new SimulatedSite({ plan, driver: () => driver });
  site.pulse.start();
  return site;
}

const values = (...all: readonly number[]): Answer[] => all.map((value) => ({ said: "alive", value }));

describe("a register's expectation", () => {
  test("degrades a device that holds another value, and no longer once it holds the right one", async () => {
    const answers = values(3, 7, 3);
    const site = siteOf(planOf({ kind: "in-range", from: 1, to: 5 }), answers);
    assert.deepEqual(await said(site, answers, 3), ["alive", "degraded: register level-alive: found 7, expected 1 to 5", "alive"]);
    await site.shutDown();
  });

  test("remembers between two connections what was read", async () => {
    const answers = values(5, 5, 5, 6);
    const site = siteOf(planOf({ kind: "changes", within: seconds(90) }), answers);
    assert.deepEqual(await said(site, answers, 4), [
      "alive",
      "alive",
      "degraded: register level-alive: found 5 for 2 min 2 s, expected another value within 1 min 30 s",
      "alive",
    ]);
    await site.shutDown();
  });

  test("is not met by an exception", async () => {
    const answers: Answer[] = [{ said: "alive", note: "exception 0x02 to FC 3: illegal data address" }];
    const site = siteOf(planOf({ kind: "equals", value: 1 }), answers);
    assert.deepEqual(await said(site, answers, 1), [
      "degraded: register level-alive: found no value (exception 0x02 to FC 3: illegal data address), expected 1",
    ]);
    await site.shutDown();
  });

  test("leaves alone what is degraded already, and a gateway that speaks for its unit", async () => {
    const answers: Answer[] = [
      { said: "degraded", failure: "protocol_error", detail: "busy" },
      { said: "gateway_only", detail: "0x0b" },
    ];
    const site = siteOf(planOf({ kind: "equals", value: 1 }), answers);
    assert.deepEqual(await said(site, answers, 2), ["degraded: busy", "gateway_only: 0x0b"]);
    await site.shutDown();
  });

  test("forgets what another register held, once the check reads another", async () => {
    const answers = values(9, 1, 2);
    const counter: Expectation = { kind: "counter-advances", within: seconds(90), wrapsAfter: 65_535 };
    const site = siteOf(planOf(counter), answers);
    assert.deepEqual(await said(site, answers, 1), ["alive"]);
    site.adopt(planOf(counter, { digest: "sha256:another-register" }));
    assert.deepEqual(await said(site, answers, 2), ["alive", "alive"]);
    await site.shutDown();
  });
});
