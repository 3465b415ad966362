/** What nobody has learnt yet is not known; and what a deep query does to a device is learnt from its heartbeats. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { CheckId, DeviceId, Plan } from "../../src/domain/plan.ts";
import { wallMs } from "../../src/domain/units.ts";
import { Experience } from "../../src/safety/experience.ts";
import { literalPlan } from "../support/literal-plan.ts";
import { MemoryNotebook } from "../support/memory-notebook.ts";
import { SimulatedSite } from "../support/simulated-site.ts";

const plcId = "plc" as DeviceId;
const regular = "plc/deep-modbus-identification-regular" as CheckId;
const minute = 60_000;

const neighbourly = literalPlan([
  { name: "plc", address: "192.0.2.11", deep: true },
  ...["n1", "n2", "n3"].map((name, index) => ({ name, address: `192.0.2.${12 + index}` })),
]);

/** A device that acknowledges the question of a deep query and is gone from then on; an hour later. */
async function killed(heardBefore: boolean): Promise<SimulatedSite> {
  let gone = false;
  const site = new SimulatedSite({
    plan: neighbourly,
    script: (check) => {
      if (check.device !== plcId) return { does: "answer", afterMs: 10 };
      if (gone) return { does: "no-connect" };
      gone = check.deep !== undefined;
      return gone ? { does: "silence" } : { does: "answer", afterMs: 10 };
    },
  });
  site.deepWindows.set(plcId, wallMs(site.clock.wall() + 300 * minute));
  site.pulse.start();
  if (heardBefore) site.scheduler.start();
  await site.clock.advance(2 * minute);
  // A reload forgets nothing of the heartbeats.
  site.gate.adopt(neighbourly);
  while (!gone) {
    void site.gate.exchange(regular, "deep-query");
    await site.clock.advance(1000);
  }
  if (!heardBefore) site.scheduler.start();
  await site.clock.advance(60 * minute);
  return site;
}

it("without a plan there is no trial to wait for", () =>
  assert.equal(new Experience([], new MemoryNotebook(), new Map()).trialAt("segment:hvac"), undefined));

describe("a device that vanishes with the question of a deep query", () => {
  it("was harmed by it, however new the question was: its heartbeats say that it was well", async () => {
    const site = await killed(true);
    assert.deepEqual(
      site.gate.trips().map(({ scope, cause }) => `${cause} ${scope}`),
      ["harm device:plc"],
    );
    await site.shutDown();
  });

  it("was not harmed by it where nobody had heard a heartbeat of it before", async () => {
    const site = await killed(false);
    assert.deepEqual(site.gate.trips(), []);
    await site.shutDown();
  });
});

it("a deep query waits for the latest of the device's checks that are backed off", async () => {
  const [beat] = [...neighbourly.checks.values()];
  const { devices, checks, deep } = neighbourly;
  const second = { ...beat!, id: "plc/modbus-fc43-2" as CheckId, digest: `${beat!.digest} second` };
  const plan: Plan = {
    ...neighbourly,
    checks: new Map([...checks, [second.id, second]]),
    devices: new Map([...devices, [plcId, { ...devices.get(plcId)!, checks: [beat!.id, second.id] }]]),
  };
  const site = new SimulatedSite({ plan });
  const experience = new Experience([], new MemoryNotebook(), new Map());
  const now = site.clock.monotonic();
  experience.adopt(plan, now);
  const device = plan.devices.get(plcId)!;
  const fails = (check: typeof second, times: number): void => {
    for (let time = 1; time <= times; time++) {
      const sent = { connections: 1, requests: 0, bytes: 0 };
      experience.learn(check, device, { kind: "failed", check, at: now, failure: "refused", detail: "", sent });
    }
  };
  const until = (check: typeof second): number | undefined => experience.of(check, device).backoffUntil;
  const question = deep.get(regular)!;
  assert.equal(until(question), undefined);
  fails(beat!, 3);
  assert.equal(until(question), until(beat!));
  fails(second, 4);
  assert.ok(until(second)! > until(beat!)!);
  assert.equal(until(question), until(second));
  fails(beat!, 2);
  assert.ok(until(beat!)! > until(second)!);
  assert.equal(until(question), until(beat!));
});
