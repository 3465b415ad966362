/** What happens to the process of node-snap7 delays no other protocol: Modbus is asked beside it while it is killed. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { startModbusDevice } from "../../../simulators/modbus/device.ts";
import { startS7Device } from "../../../simulators/s7/device.ts";
import type { Check } from "../../../src/domain/plan.ts";
import { modbusDriver } from "../../../src/drivers/modbus/driver.ts";
import { s7DriverFrom } from "../../../src/drivers/s7/driver.ts";
import { ConnectionKeeper, type Conversation, type Speaker } from "../../../src/safety/keeper.ts";
import { systemClock as clock } from "../../../src/system-clock.ts";
import { modbusPolicy } from "../../../src/wire/frames/modbus.ts";
import { s7Policy } from "../../../src/wire/frames/s7.ts";
import { tcpDialler } from "../../../src/wire/tcp.ts";
import { modbusCheck } from "../../support/checks.ts";
import { TestPermit } from "../../support/permits.ts";
import { s7Check } from "../../support/s7-checks.ts";
import { startedS7Child } from "../../support/s7-real.ts";

/** Half of what an answer may take: whoever waits for the hanging CPU, or for its process, waits for all of it. */
const withinMs = 2500;

function converse(check: Check, speaker: Speaker): Promise<Conversation> {
  const dial = tcpDialler({ clock, cutOff: () => undefined, onViolation: ({ detail }) => assert.fail(detail) });
  const keeper = new ConnectionKeeper({
    clock,
    dial,
    speakerOf: () => speaker,
    farewell: () => undefined,
    onClosed: () => undefined,
  });
  return keeper.converse(TestPermit.for(check, clock));
}

test("killed in the middle of an exchange, it ends its own as driver_unavailable, and 200 others are in time", async () => {
  await using stack = new AsyncDisposableStack();
  const plc = await startModbusDevice({ host: "127.0.0.1", port: 0 });
  stack.defer(() => plc.close());
  const cpu = await startS7Device({ host: "127.0.0.1", port: 0, behaviour: "hangs-once-set-up" });
  stack.defer(() => cpu.close());
  const child = await startedS7Child();
  stack.defer(() => child.close());
  const s7: Speaker = { driver: s7DriverFrom(child), policy: s7Policy };
  const modbus: Speaker = { driver: modbusDriver, policy: modbusPolicy };
  let slowestMs = 0;
  let others = 0;
  const asked = async (): Promise<void> => {
    for (; others < 200; others += 1) {
      const begun = clock.monotonic();
      const { result } = await converse(modbusCheck({ port: plc.port }), modbus);
      assert.ok("said" in result && result.said === "alive", JSON.stringify(result));
      slowestMs = Math.max(slowestMs, clock.monotonic() - begun);
    }
  };
  const killed = async (): Promise<void> => {
    const exchange = converse(s7Check({ method: "s7-cpu-status", port: cpu.port }), s7);
    await cpu.waitUntil(({ requestsByKind }) => (requestsByKind.get("list") ?? 0) > 0);
    process.kill(child.pid!, "SIGKILL");
    const { result } = await exchange;
    assert.equal("said" in result ? result.said : result.failure, "driver_unavailable", JSON.stringify(result));
    assert.match(child.unavailable() ?? "", /started again 1 s later/u);
  };
  await Promise.all([asked(), killed()]);
  assert.ok(slowestMs < withinMs, `${slowestMs} ms`);
  assert.equal(others, 200);
});
