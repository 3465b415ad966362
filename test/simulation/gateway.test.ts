/** Six units on a serial bus, two of them dead: what the bus itself would count, and whether the live ones are asked on time. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Answer } from "../../src/domain/outcome.ts";
import type { Check, Plan } from "../../src/domain/plan.ts";
import { slotPeriod } from "../../src/domain/slots.ts";
import { milliseconds } from "../../src/domain/units.ts";
import { brokenPromises } from "../support/invariants.ts";
import { literalPlan } from "../support/literal-plan.ts";
import { scriptedDriver } from "../support/scripted-driver.ts";
import type { Script } from "../support/scripted-wire.ts";
import { SimulatedSite, type SimulatedSiteOptions } from "../support/simulated-site.ts";

const intervalMs = 60_000;
/** A gateway that waits 1 s and repeats 3 times. */
const deadUnitTakesMs = 4000;
const liveUnitTakesMs = 80;
const dead = new Set(["hvac.2", "hvac.5"]);
const hourMs = 3_600_000;

function planOf(answerWithinMs: number): Plan {
  const units = Array.from({ length: 6 }, (_, index) => index + 1);
  return literalPlan(
    units.map((unitId) => ({
      name: `hvac.${unitId}`,
      address: "192.0.2.30",
      line: "gateway:fw-serial",
      unitId,
      intervalMs,
      answerWithinMs,
      holdAfterTimeoutMs: deadUnitTakesMs + 500,
    })),
  );
}

async function hourOf(plan: Plan, options: Partial<SimulatedSiteOptions>): Promise<SimulatedSite> {
  const site = new SimulatedSite({ plan, ...options });
  site.start();
  await site.clock.advance(hourMs);
  await site.shutDown();
  return site;
}

/** The bus as a queue of what it was given: busy time for dead units, and requests that came while it was busy. */
function busOf({ witness }: SimulatedSite): { readonly deadMs: number; readonly collisions: number } {
  let [busyUntil, deadMs, collisions] = [0, 0, 0];
  for (const { at, kind, check } of witness.packets) {
    if (kind !== "frame") continue;
    const takes = dead.has(check.device) ? deadUnitTakesMs : liveUnitTakesMs;
    if (at < busyUntil) collisions++;
    busyUntil = Math.max(at, busyUntil) + takes;
    if (dead.has(check.device)) deadMs += takes;
  }
  return { deadMs, collisions };
}

function assertLiveUnitsOnTime(site: SimulatedSite): void {
  const period = slotPeriod(milliseconds(intervalMs));
  for (const name of ["hvac.1", "hvac.3", "hvac.4", "hvac.6"]) {
    const times = site.frameTimes(name);
    assert.ok(times.length >= Math.floor(hourMs / period) - 2, `${name}: ${times.length} askings in an hour`);
    const gaps = times.slice(1).map((at, index) => at - times[index]!);
    assert.ok(Math.max(...gaps) <= period + intervalMs / 2, `${name}: ${Math.max(...gaps)} ms between two askings`);
  }
}

const answering = (check: Check): Script =>
  dead.has(check.device) ? { does: "answer", afterMs: deadUnitTakesMs } : { does: "answer", afterMs: liveUnitTakesMs };
const silent: Answer = { said: "gateway_only", detail: "exception 0x0b to FC 43/14: gateway target device failed to respond" };
const alive: Answer = { said: "alive" };

describe("a bus of six units with two dead ones", () => {
  const gateways: readonly [what: string, answerWithinMs: number, Partial<SimulatedSiteOptions>][] = [
    [
      "whose gateway says so",
      5000,
      { script: answering, driver: ({ device }) => scriptedDriver({ answer: () => (dead.has(device) ? silent : alive) }) },
    ],
    [
      "whose gateway says nothing, and goes on sending after we gave up",
      1000,
      { script: ({ device }) => (dead.has(device) ? { does: "silence" } : { does: "answer", afterMs: liveUnitTakesMs }) },
    ],
  ];
  for (const [what, answerWithinMs, options] of gateways) {
    test(`${what}, gives the dead ones less than a tenth of its time, and is never asked while it is busy`, async () => {
      const plan = planOf(answerWithinMs);
      const site = await hourOf(plan, options);
      assert.deepEqual(brokenPromises(site.witness, [plan], []), []);
      const { deadMs, collisions } = busOf(site);
      assert.equal(collisions, 0);
      assert.ok(deadMs > 0 && deadMs < 0.1 * hourMs, `${deadMs} ms of ${hourMs} ms`);
      assertLiveUnitsOnTime(site);
    });
  }

  test("backs off its dead units alone, each by itself", async () => {
    const site = await hourOf(planOf(1000), gateways[1]![2]);
    for (const name of dead) {
      const times = site.frameTimes(name);
      // 60, 60, 120, 240, 480, 900 s and so on: nine askings at most in the hour.
      assert.ok(times.length >= 5 && times.length <= 9, `${name}: ${times.length}`);
    }
    const refusedLive = site.facts.filter((fact) => fact.kind === "refused" && fact.reason === "backoff" && !dead.has(fact.check.device));
    assert.deepEqual(refusedLive, []);
  });
});
