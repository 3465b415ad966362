/** A device of each protocol is swapped behind its address: real driver, keeper and sockets, and the next reply that carries it tells. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { startEnipDevice } from "../../simulators/enip/device.ts";
import { startModbusDevice } from "../../simulators/modbus/device.ts";
import { startOpcuaStack } from "../../simulators/opcua/stack.ts";
import { startS7Device } from "../../simulators/s7/device.ts";
import { startSnmpDevice } from "../../simulators/snmp/device.ts";
import type { Driver } from "../../src/domain/driver.ts";
import type { Outcome } from "../../src/domain/outcome.ts";
import { nothingSent } from "../../src/domain/outcome.ts";
import type { Check, Plan } from "../../src/domain/plan.ts";
import type { FramePolicy } from "../../src/domain/wire.ts";
import { enipDriver } from "../../src/drivers/enip/driver.ts";
import { modbusDriver } from "../../src/drivers/modbus/driver.ts";
import { opcuaDriverFrom } from "../../src/drivers/opcua/driver.ts";
import { s7DriverFrom } from "../../src/drivers/s7/driver.ts";
import { identityAsk, s7Methods } from "../../src/drivers/s7/methods.ts";
import { snmpDriver } from "../../src/drivers/snmp/driver.ts";
import { Baselines, type IdentityNews } from "../../src/safety/baselines.ts";
import { ConnectionKeeper } from "../../src/safety/keeper.ts";
import { outcomeOf } from "../../src/safety/outcomes.ts";
import { enipPolicy } from "../../src/wire/frames/enip.ts";
import { modbusPolicy } from "../../src/wire/frames/modbus.ts";
import { opcuaPolicy } from "../../src/wire/frames/opcua.ts";
import { s7Policy } from "../../src/wire/frames/s7.ts";
import { snmpPolicy } from "../../src/wire/frames/snmp.ts";
import { tcpDialler } from "../../src/wire/tcp.ts";
import { udpDialler } from "../../src/wire/udp.ts";
import { modbusCheck } from "../support/checks.ts";
import { enipCheck } from "../support/enip-checks.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { literalPlan } from "../support/literal-plan.ts";
import { opcuaCheck } from "../support/opcua-checks.ts";
import { TestPermit } from "../support/permits.ts";
import { route, s7Check } from "../support/s7-checks.ts";
import { startedS7Child } from "../support/s7-real.ts";
import { community, snmpCheck } from "../support/snmp-checks.ts";

const clock = new FakeClock();
const none = { cutOff: () => undefined, onViolation: () => assert.fail("a violation") };
const udp = udpDialler(none);
after(() => udp.close());
const tcp = tcpDialler({ clock, ...none });

interface Told {
  readonly outcome: Outcome;
  readonly news: IdentityNews | undefined;
}

/** One exchange as the gate has it. */
async function asked(check: Check, driver: Driver, policy: FramePolicy, baselines: Baselines): Promise<Told> {
  const overUdp = check.target.transport === "udp";
  const speaker = { driver, policy, ...(check.credentials && { credential: community }) };
  const keeper = new ConnectionKeeper({
    clock,
    dial: overUdp ? udp.dial : tcp,
    speakerOf: () => speaker,
    farewell: () => undefined,
    onClosed: () => undefined,
  });
  const { result, answeredAt } = await keeper.converse(TestPermit.for(check, clock, overUdp ? { connectionsMax: 0 } : {}));
  let news: IdentityNews | undefined;
  const outcome = outcomeOf({
    check,
    startedAt: clock.monotonic(),
    answeredAt,
    at: clock.monotonic(),
    result,
    sent: nothingSent,
    takenBack: undefined,
    weigh: (answer) => answer,
    stranger: (of, identity) => {
      const heard = baselines.heard(of, identity, clock.wall());
      news = heard.news;
      return heard.stranger;
    },
  });
  return { outcome, news };
}

interface Device {
  readonly port: number;
  close(): Promise<void>;
}

/** Asks the first, has a person accept what it says, swaps it for the second and asks that once. */
async function swapped(
  speak: readonly [Driver, FramePolicy],
  checkOf: (port: number) => Check,
  first: () => Promise<Device>,
  second: () => Promise<Device>,
): Promise<Told> {
  const before = await first();
  const check = checkOf(before.port);
  const plan: Plan = { ...literalPlan([]), checks: new Map([[check.id, check]]) };
  const baselines = new Baselines(() => plan, []);
  const { outcome } = await asked(check, ...speak, baselines);
  await before.close();
  assert.equal(outcome.kind, "answered", JSON.stringify(outcome));
  const by = { by: "eto-1", reason: "type plate", at: clock.wall() };
  assert.equal(baselines.accept(check.device, by, false).length, 1);
  assert.equal(baselines.of(check.device)[0]?.state, "as_accepted");
  const swap = await second();
  const told = await asked(checkOf(swap.port), ...speak, baselines);
  await swap.close();
  return told;
}

function alarmed({ outcome, news }: Told, words: RegExp): void {
  assert.equal(outcome.kind, "answered");
  assert.equal(news?.change, "changed");
  assert.match(news.detail, words);
}

function stranger({ outcome, news }: Told, words: RegExp): void {
  assert.equal(news?.change, "changed");
  assert.ok(outcome.kind === "failed" && outcome.failure === "identity_mismatch", JSON.stringify(outcome));
  assert.match(outcome.detail, words);
}

const place = { host: "127.0.0.1", port: 0 };

test("Modbus FC 43: another firmware is an alarm, another vendor a trip", async () => {
  const identity = { vendorName: "Maker", productCode: "P-1", revision: "1.0" };
  const speak = [modbusDriver, modbusPolicy] as const;
  const run = (change: Partial<typeof identity>): Promise<Told> =>
    swapped(
      speak,
      (port) => modbusCheck({ port }),
      () => startModbusDevice({ ...place, identity }),
      () => startModbusDevice({ ...place, identity: { ...identity, ...change } }),
    );
  alarmed(await run({ revision: "1.1" }), /firmware: was "1\.0", is "1\.1"$/u);
  stranger(await run({ vendorName: "Somebody" }), /^vendor: was "Maker", is "Somebody" \(as it was accepted\)$/u);
});

test("EtherNet/IP, both requests: another serial number or firmware is an alarm, another vendor a trip", async () => {
  for (const method of ["enip-list-identity", "enip-identity-object"] as const) {
    const run = (change: object): Promise<Told> =>
      swapped(
        [enipDriver, enipPolicy],
        (port) => enipCheck({ method, port }),
        () => startEnipDevice({ ...place, identity: { serialNumber: 7, revision: [1, 2] } }),
        () => startEnipDevice({ ...place, identity: { serialNumber: 7, revision: [1, 2], ...change } }),
      );
    alarmed(
      await run({ serialNumber: 8, revision: [1, 3] }),
      /firmware: was "1\.2", is "1\.3"; serial number: was "00000007", is "00000008"$/u,
    );
    stranger(await run({ vendorId: 4711 }), /^vendor: was ".* \[no\. \d+\]", is "vendor id 4711 \[no\. 4711\]"/u);
  }
});

test("SNMP: another description is an alarm", async () => {
  const told = await swapped(
    [snmpDriver, snmpPolicy],
    (port) => snmpCheck({ port }),
    () => startSnmpDevice({ ...place, description: "switch SW 05.3" }),
    () => startSnmpDevice({ ...place, description: "switch SW 06.0" }),
  );
  alarmed(told, /description: was "switch SW 05\.3", is "switch SW 06\.0"$/u);
});

test("S7: another CPU's firmware and serial number are an alarm, by the lists that a deep query reads", async () => {
  await using stack = new AsyncDisposableStack();
  const child = await startedS7Child();
  stack.defer(() => child.close());
  const method = s7Methods[0]!;
  for (const [list, cpu, words] of [
    ["module", { firmware: [3, 2, 7] }, /firmware: was "[\d.]+", is "3\.2\.7"$/u],
    ["components", { serial: "S C-OTHER" }, /serial number: was ".*", is "S C-OTHER"$/u],
  ] as const) {
    const ask = identityAsk(route, list);
    const told = await swapped(
      [s7DriverFrom(child), s7Policy],
      (port) => ({ ...s7Check({ method: "s7-cpu-status", port }), ask, asking: method.asking(ask), deep: { read: `s7-${list}` } }),
      () => startS7Device({ ...place, cpu: { serial: "S C-FIRST" } }),
      () => startS7Device({ ...place, cpu: { serial: "S C-FIRST", ...cpu } as object }),
    );
    alarmed(told, words);
  }
});

test("OPC UA: another certificate is an alarm, in GetEndpoints and in a session", async () => {
  const folder = mkdtempSync(join(tmpdir(), "watchkeeper-swapped-"));
  const driver = opcuaDriverFrom();
  await driver.prepare();
  const server = (name: string): Promise<Device> =>
    startOpcuaStack({ ...place, folder: join(folder, name), security: [{ mode: "None" }], anonymous: true });
  try {
    for (const method of ["opcua-get-endpoints", "opcua-read"] as const)
      alarmed(
        await swapped(
          [driver, opcuaPolicy],
          (port) => ({ ...opcuaCheck({ method, port }), connection: "fresh" }),
          () => server("one"),
          () => server("two"),
        ),
        /certificate: was "[0-9a-f]{64}", is "[0-9a-f]{64}"$/u,
      );
  } finally {
    rmSync(folder, { recursive: true });
  }
});
