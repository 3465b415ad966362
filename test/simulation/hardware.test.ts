/** A redundant pair on one line: never two conversations at once, and a changeover trips nothing. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Answer } from "../../src/domain/outcome.ts";
import type { Check, Plan } from "../../src/domain/plan.ts";
import { brokenPromises } from "../support/invariants.ts";
import { literalPlan } from "../support/literal-plan.ts";
import { scriptedDriver } from "../support/scripted-driver.ts";
import { SimulatedSite } from "../support/simulated-site.ts";

/** Who may answer, as the compiler makes it of a group's families. */
function pair(products: Readonly<Record<string, readonly string[]>>): Plan {
  const plan = literalPlan([
    { name: "hvac.a", address: "192.0.2.11", line: "hardware:pair" },
    { name: "hvac.b", address: "192.0.2.12", line: "hardware:pair" },
  ]);
  const checks = [...plan.checks.values()].map((check): Check => ({
    ...check,
    expectedIdentity: { vendors: [], products: products[check.device]! },
  }));
  return { ...plan, checks: new Map(checks.map((check) => [check.id, check])) };
}

/** An hour in which the halves change places after half of it. */
async function changeover(plan: Plan): Promise<SimulatedSite> {
  let swapped = false;
  const half = ({ device }: Check): Answer => ({
    said: "alive",
    identity: { product: (device === "hvac.a") === swapped ? "NET 2" : "CPU 1" },
  });
  const site = new SimulatedSite({ plan, driver: (check) => scriptedDriver({ answer: () => half(check) }) });
  site.start();
  await site.clock.advance(1_800_000);
  swapped = true;
  await site.clock.advance(1_800_000);
  return site;
}

test("a pair of one hardware group that changes places is asked on, one at a time", async () => {
  const both = ["CPU 1", "NET 2"];
  const plan = pair({ "hvac.a": both, "hvac.b": both });
  const site = await changeover(plan);
  assert.deepEqual(site.gate.trips(), []);
  assert.deepEqual(brokenPromises(site.witness, [plan], []), []);
  for (const name of ["hvac.a", "hvac.b"]) assert.ok(site.frameTimes(name).length >= 57, `${name}: ${site.frameTimes(name).length}`);
  await site.shutDown();
});

test("two devices that are no group trip when they change places", async () => {
  const site = await changeover(pair({ "hvac.a": ["CPU 1"], "hvac.b": ["NET 2"] }));
  assert.deepEqual(
    site.gate.trips().map(({ scope, cause }) => `${scope} ${cause}`),
    ["device:hvac.a identity_mismatch", "device:hvac.b identity_mismatch"].toSorted(),
  );
  await site.shutDown();
});
