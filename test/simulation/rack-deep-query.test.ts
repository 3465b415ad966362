/** A deep query of a rack with the real gate, keeper, driver and sockets: slot by slot, a heartbeat between, and where a module does not answer nothing more. */
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { type EnipDevice, type EnipDeviceOptions, startEnipDevice } from "../../simulators/enip/device.ts";
import type { DeepRead } from "../../src/domain/deep-reads.ts";
import type { Check, CheckId } from "../../src/domain/plan.ts";
import { enipDriverFrom } from "../../src/drivers/enip/driver.ts";
import { enipPolicy } from "../../src/wire/frames/enip.ts";
import { tcpDialler } from "../../src/wire/tcp.ts";
import { assertInTurn, deepRun, type DeepRunEnd } from "../support/deep-run.ts";
import { enipCheck } from "../support/enip-checks.ts";
import { FakeClock } from "../support/fake-clock.ts";

interface Ran extends DeepRunEnd {
  readonly rack: EnipDevice;
}

async function ran(t: TestContext, options: Partial<EnipDeviceOptions>, reads: readonly DeepRead[]): Promise<Ran> {
  const rack = await startEnipDevice({ host: "127.0.0.1", port: 0, ...options });
  t.after(() => rack.close());
  const { port } = rack;
  const driver = enipDriverFrom(0);
  await driver.prepare();
  const clock = new FakeClock();
  const deep = reads.map((read): Check => {
    const id = `adapter/deep-${read.read}-${read.number ?? ""}` as CheckId;
    return { ...enipCheck({ method: "enip-identity-object", port, deep: read }), id };
  });
  const dial = tcpDialler({ clock, cutOff: () => undefined, onViolation: ({ detail }) => assert.fail(detail) });
  const beat = enipCheck({ method: "enip-list-identity", transport: "tcp", port });
  return { ...(await deepRun({ clock, beat, deep, dial, speaker: { driver, policy: enipPolicy } })), rack };
}

const slotReads = (count: number): readonly DeepRead[] =>
  Array.from({ length: count }, (_, number): DeepRead => ({ read: "enip-slots", number }));

test("a rack with a controller, a drive's module, an empty slot and one slot fewer than was said is read whole, each slot between two heartbeats", async (t) => {
  const slots = [{ productName: "CPU" }, { productName: "MODULE", state: 5 }, null];
  const run = await ran(t, { slots }, [{ read: "enip-identity" }, ...slotReads(4)]);
  const { device, rack } = run;
  assert.deepEqual([device.ended, device.questions.length], ["complete", 5]);
  assert.deepEqual(
    device.questions.map(({ came }) => came.kind === "answered" && (came.identity?.product ?? came.facts[0]?.[1])),
    ["SIM-ETHERNET-IP", "CPU", "MODULE", "none", "none"],
  );
  assert.deepEqual(
    [...rack.counts.requestsBySlot],
    [0, 1, 2, 3].map((slot) => [slot, 1]),
  );
  assert.deepEqual([rack.counts.writes, rack.counts.malformedRequests, rack.counts.pipelinedRequests], [0, 0, 0]);
  assert.equal(rack.counts.sessions, rack.counts.sessionsGivenBack);
  assertInTurn(run);
});

test("a module that answers nobody ends the run of its rack: no slot behind it is asked, and the heartbeat goes on", async (t) => {
  const { device, rack, facts } = await ran(t, { slots: [{}, "silent", {}, {}] }, slotReads(4));
  assert.deepEqual([device.ended, device.questions.length], ["partly", 2]);
  assert.match(device.why ?? "", /slot 1|enip-slots-1: gateway_target_silent: CIP status 0x01, 0x0204 \(no answer in time\)/u);
  assert.deepEqual([...rack.counts.requestsBySlot.keys()], [0, 1]);
  assert.deepEqual(
    facts.filter(({ kind }) => kind === "tripped" || kind === "held"),
    [],
  );
  assert.ok(device.tookAfter !== undefined);
});
