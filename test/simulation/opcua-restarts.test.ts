/** A poller that is started and ended a hundred times: its OPC UA server is given every session back, and never holds two. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type OpcuaDevice, startOpcuaDevice } from "../../simulators/opcua/device.ts";
import type { Fact } from "../../src/domain/outcome.ts";
import type { Check, Plan } from "../../src/domain/plan.ts";
import { opcuaDriver } from "../../src/drivers/opcua/driver.ts";
import { opcuaPolicy } from "../../src/wire/frames/opcua.ts";
import { tcpDialler } from "../../src/wire/tcp.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { literalPlan } from "../support/literal-plan.ts";
import { loopbackGate } from "../support/loopback-gate.ts";
import { opcuaCheck } from "../support/opcua-checks.ts";

const restarts = 100;
/** So short that the server's first keep-alive, after an eighth and more of it, comes in no time; the poller's own clock is not real. */
const intervalMs = 200;

function planFor(check: Check): Plan {
  const plan = literalPlan([{ name: check.device, address: check.target.address, intervalMs }]);
  const devices = [...plan.devices].map(([id, device]) => [id, { ...device, checks: [check.id] }] as const);
  return { ...plan, checks: new Map([[check.id, check]]), devices: new Map(devices) };
}

/** Real gate, keeper, driver and sockets on loopback, from start to drained end. */
async function aLife(server: OpcuaDevice): Promise<readonly Fact[]> {
  const clock = new FakeClock();
  const facts: Fact[] = [];
  const check = opcuaCheck({ method: "opcua-keepalive", port: server.port, intervalMs });
  const dial = tcpDialler({ clock, cutOff: () => undefined, onViolation: ({ detail }) => assert.fail(detail) });
  const speaker = { driver: opcuaDriver, policy: opcuaPolicy };
  const gate = loopbackGate(planFor(check), { clock, dial, speaker, facts });
  // The poller's own first interval, and until its budgets have filled.
  await clock.advance(10_000);
  await gate.exchange(check.id, "schedule");
  await gate.drain();
  return facts;
}

test(`after ${restarts} restarts an OPC UA server has given and got back as many sessions, one at a time`, async (t) => {
  const server = await startOpcuaDevice({ host: "127.0.0.1", port: 0, sessionTimeoutMs: { min: 100, max: 3_600_000 } });
  t.after(() => server.close());
  await opcuaDriver.prepare();
  for (let life = 1; life <= restarts; life += 1) {
    const facts = await aLife(server);
    assert.deepEqual(
      facts.map(({ kind }) => kind),
      ["answered"],
      `life ${life}`,
    );
  }
  await server.waitUntil(({ openConnections }) => openConnections === 0);
  const { connections, mostConnectionsAtOnce, mostSessionsAtOnce, openSessions, sessions, sessionsClosed, uncleanCloses, writes } =
    server.counts;
  assert.deepEqual([connections, sessions, sessionsClosed, openSessions], [restarts, restarts, restarts, 0]);
  assert.deepEqual([mostConnectionsAtOnce, mostSessionsAtOnce, uncleanCloses, writes], [1, 1, 0, 0]);
});
