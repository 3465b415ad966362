/** A deep query of a rack with the real gate, keeper, driver and sockets: slot by slot, a heartbeat between, and where a module does not answer nothing more. */
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { type EnipDevice, type EnipDeviceOptions, startEnipDevice } from "../../simulators/enip/device.ts";
import type { Beat, DeepDevice } from "../../src/domain/deep-query.ts";
import type { DeepRead } from "../../src/domain/deep-reads.ts";
import type { Circumstances } from "../../src/domain/gate.ts";
import { deepQueryGap } from "../../src/domain/limits.ts";
import type { Fact } from "../../src/domain/outcome.ts";
import type { Check, CheckId, Plan } from "../../src/domain/plan.ts";
import { milliseconds, type MonotonicMs } from "../../src/domain/units.ts";
import { enipDriverFrom } from "../../src/drivers/enip/driver.ts";
import { HeartbeatGate } from "../../src/safety/gate.ts";
import { ConnectionKeeper } from "../../src/safety/keeper.ts";
import { DeepQuery } from "../../src/scheduler/deep-query.ts";
import { enipPolicy } from "../../src/wire/frames/enip.ts";
import { tcpDialler } from "../../src/wire/tcp.ts";
import { enipCheck } from "../support/enip-checks.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { MemoryNotebook } from "../support/memory-notebook.ts";
import { literalPlan } from "../support/literal-plan.ts";

const intervalMs = 60_000;
const floorMs = 30_000;
const circumstances: Circumstances = {
  stopped: () => false,
  heardUntil: () => undefined,
  linkDownUntil: () => undefined,
  pause: () => undefined,
  deepQuery: () => ({ leave: "open", endsIn: milliseconds(7_200_000) }),
  deepQueryRuns: () => true,
  cutOff: () => undefined,
  auditWritable: () => true,
  leading: () => true,
};

function planFor({ port }: EnipDevice, reads: readonly DeepRead[]): Plan {
  const bare = literalPlan([{ name: "adapter", address: "127.0.0.1", intervalMs }]);
  const floor = { device: "address:127.0.0.1", gap: milliseconds(floorMs) };
  const beat: Check = { ...enipCheck({ method: "enip-list-identity", transport: "tcp", port }), floor };
  const deep = reads.map((read): Check => {
    const id = `adapter/deep-${read.read}-${read.number ?? ""}` as CheckId;
    return { ...enipCheck({ method: "enip-identity-object", port, deep: read }), id, digest: id, floor };
  });
  const devices = [...bare.devices].map(([id, device]) => [id, { ...device, checks: [beat.id] }] as const);
  return { ...bare, checks: new Map([[beat.id, beat]]), deep: new Map(deep.map((one) => [one.id, one])), devices: new Map(devices) };
}

interface Ran {
  readonly device: DeepDevice;
  readonly facts: readonly Fact[];
  readonly rack: EnipDevice;
  /** When each question of the deep query, or heartbeat, was answered, in order. */
  readonly asked: readonly { readonly deep: boolean; readonly at: MonotonicMs }[];
}

/** Time passes only while nothing is out. */
async function ran(t: TestContext, options: Partial<EnipDeviceOptions>, reads: readonly DeepRead[]): Promise<Ran> {
  const rack = await startEnipDevice({ host: "127.0.0.1", port: 0, ...options });
  t.after(() => rack.close());
  const driver = enipDriverFrom(0);
  await driver.prepare();
  const clock = new FakeClock();
  const facts: Fact[] = [];
  const plan = planFor(rack, reads);
  const dial = tcpDialler({ clock, cutOff: () => undefined, onViolation: ({ detail }) => assert.fail(detail) });
  const gate = new HeartbeatGate(
    {
      clock,
      circumstances,
      keeper: (farewell, onClosed) =>
        new ConnectionKeeper({ clock, dial, farewell, onClosed, speakerOf: () => ({ driver, policy: enipPolicy }) }),
      suspect: () => false,
      trips: [],
      proven: new Map(),
      record: (fact) => void facts.push(fact),
      notes: new MemoryNotebook(),
      inFlight: { begin: () => {}, end: () => {}, kept: () => {}, counted: () => {} },
      stranger: () => undefined,
    },
    plan,
  );
  const [beat] = plan.checks.keys();
  let latest: Beat | undefined;
  let over: DeepDevice | undefined;
  const until = async (done: () => boolean): Promise<void> => {
    for (let nextBeat = intervalMs; !done();) {
      await clock.advance(gate.inFlight > 0 ? 0 : 1000);
      if (clock.monotonic() < nextBeat) continue;
      nextBeat += intervalMs;
      void gate.exchange(beat!, "schedule").then((outcome) => {
        if (outcome?.kind === "answered") latest = { at: clock.wall(), took: outcome.took };
      });
    }
  };
  await until(() => latest !== undefined);
  const query = new DeepQuery({ clock, gate, plan: () => plan, beat: () => latest, tell: () => {} }, [...plan.devices.values()]);
  void query.run().then(({ devices }) => (over = devices[0]));
  await until(() => over !== undefined);
  await gate.drain();
  const asked = facts.flatMap((fact) => (fact.kind === "answered" ? [{ deep: fact.check.deep !== undefined, at: fact.at }] : []));
  return { device: over!, facts, rack, asked };
}

const slotReads = (count: number): readonly DeepRead[] =>
  Array.from({ length: count }, (_, number): DeepRead => ({ read: "enip-slots", number }));

test("a rack with a controller, a drive's module, an empty slot and one slot fewer than was said is read whole, each slot between two heartbeats", async (t) => {
  const slots = [{ productName: "CPU" }, { productName: "MODULE", state: 5 }, null];
  const { device, rack, asked, facts } = await ran(t, { slots }, [{ read: "enip-identity" }, ...slotReads(4)]);
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
  for (const [at, { deep }] of asked.entries()) assert.ok(!deep || (!asked[at - 1]!.deep && asked[at + 1]?.deep !== true));
  for (const [at, one] of asked.entries()) if (at > 0) assert.ok(one.at - asked[at - 1]!.at >= Math.max(floorMs, deepQueryGap));
  assert.deepEqual(
    facts.filter(({ kind }) => kind === "tripped" || kind === "blocked"),
    [],
  );
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
