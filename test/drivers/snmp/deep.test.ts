/** What a deep query reads of a switch by SNMP, over real UDP wires: facts, identity and continuation, each question one request of its own. */
import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, test } from "node:test";
import type { Credential } from "../../../src/domain/credentials.ts";
import type { DeepRead } from "../../../src/domain/deep-reads.ts";
import type { Answer } from "../../../src/domain/outcome.ts";
import { isOpen, type Closed } from "../../../src/domain/wire.ts";
import { snmpDriver } from "../../../src/drivers/snmp/driver.ts";
import { snmpPolicy } from "../../../src/wire/frames/snmp.ts";
import { udpDialler, type UdpDialler } from "../../../src/wire/udp.ts";
import { startSnmpDevice, type SnmpDevice, type SnmpDeviceOptions } from "../../../simulators/snmp/device.ts";
import { FakeClock } from "../../support/fake-clock.ts";
import { TestPermit } from "../../support/permits.ts";
import { community, keys, snmpCheck, user } from "../../support/snmp-checks.ts";

type Alive = Extract<Answer, { readonly said: "alive" }>;

let clock: FakeClock;
let udp: UdpDialler;
let device: SnmpDevice;
let violations: string[];

beforeEach(() => {
  clock = new FakeClock();
  violations = [];
  udp = udpDialler({ cutOff: () => undefined, onViolation: ({ detail }) => violations.push(detail) });
});
afterEach(async () => {
  udp.close();
  await device.close();
});

async function start(options: Partial<SnmpDeviceOptions> = {}): Promise<void> {
  device = await startSnmpDevice({ host: "127.0.0.1", port: 0, user: keys, ...options });
}

/** One question, as the gate has it: a permit and a wire of its own. */
async function outcome(deep: DeepRead, from?: number, credential: Credential = community): Promise<Answer | Closed | Error> {
  const check = snmpCheck({ port: device.port, credential, deep });
  const permit = TestPermit.for(check, clock, { connectionsMax: 0 });
  const wire = await udp.dial(permit, snmpPolicy);
  assert.ok(isOpen(wire), JSON.stringify(wire));
  const session = await snmpDriver.open(wire, check.ask, credential);
  const before = device.counts.datagrams;
  const result = await Promise.race([session.ask(check.ask, from).catch((error: unknown) => error as Error), wire.closed]);
  wire.finish();
  await session.leave();
  assert.deepEqual([permit.violations, violations], [[], []]);
  assert.equal(device.counts.datagrams - before, credential.kind === "snmp-v3" ? 2 : 1);
  assert.equal(device.counts.writes, 0);
  return result;
}

async function asked(deep: DeepRead, from?: number, credential?: Credential): Promise<Alive> {
  const result = await outcome(deep, from, credential);
  return "said" in result && result.said === "alive" ? result : assert.fail(JSON.stringify(result));
}

for (const [version, credential] of [
  ["v2c", community],
  ["v3", user()],
] as const) {
  describe(`by SNMP ${version}`, () => {
    test("the system group is told whole", async () => {
      await start({ upHundredths: 8_640_000 * 3 });
      const answer = await asked({ read: "snmp-system" }, undefined, credential);
      assert.deepEqual(answer.facts, [
        ["sysDescr", "simulated managed switch"],
        ["sysObjectID", "1.3.6.1.4.1.8072.3.2.255"],
        ["sysUpTime", "3 d"],
        ["sysContact", "eto"],
        ["sysName", "SIM-SWITCH"],
        ["sysLocation", "deck 2"],
        ["sysServices", "2 (layer 2)"],
      ]);
      assert.deepEqual(answer.identity, {
        code: "1.3.6.1.4.1.8072.3.2.255",
        vendor: "Net-SNMP",
        vendorCode: "8072",
        product: "simulated managed switch",
      });
      assert.ok((answer.upHundredths ?? 0) >= 25_920_000);
    });

    test("an interface is told with its speed, address, states and errors; its address is its identity", async () => {
      await start({ ports: { 1: 1, 3: 2 } });
      const answer = await asked({ read: "snmp-interfaces", number: 3 }, undefined, credential);
      assert.deepEqual(answer, {
        said: "alive",
        facts: [
          ["ifDescr", "port 3"],
          ["ifType", "6 (ethernetCsmacd)"],
          ["ifSpeed", "100000000 bit/s"],
          ["ifPhysAddress", "02:00:00:00:00:03"],
          ["ifAdminStatus", "1 (up)"],
          ["ifOperStatus", "2 (down)"],
          ["ifLastChange", "1 h after its management started"],
          ["ifInErrors", "3"],
          ["ifOutErrors", "0"],
        ],
        identity: { hardwareAddress: "02:00:00:00:00:03" },
      });
      assert.deepEqual(await asked({ read: "snmp-interfaces", number: 2 }, undefined, credential), {
        said: "alive",
        facts: [],
        note: "it has no interface 2",
      });
    });

    test("the ports of a bridge come sixteen at a time, as many as it says it has", async () => {
      const ports = Object.fromEntries(Array.from({ length: 20 }, (_, at) => [at + 1, 1]));
      await start({ ports, bridge: {} });
      const first = await asked({ read: "snmp-bridge-ports" }, undefined, credential);
      assert.deepEqual(first.facts?.slice(0, 3), [
        ["dot1dBaseBridgeAddress", "02:00:00:00:00:00"],
        ["dot1dBaseNumPorts", "20"],
        ["bridge port 1", "interface 1"],
      ]);
      assert.deepEqual(
        [first.facts?.length, first.more, first.next, first.identity],
        [18, true, 17, { hardwareAddress: "02:00:00:00:00:00" }],
      );
      const last = await asked({ read: "snmp-bridge-ports" }, 17, credential);
      assert.deepEqual([last.facts?.[0], last.facts?.length, last.next], [["bridge port 17", "interface 17"], 4, undefined]);
    });

    test("the table of a bridge is followed entry by entry to its end", async () => {
      // With none to six bytes from 0x80 on, which take two bytes each in the request behind them.
      const addresses = [
        "00:01:02:03:04:05",
        "00:80:02:03:04:05",
        "00:80:f4:03:04:05",
        "00:80:f4:8c:04:05",
        "00:80:f4:8c:ff:05",
        "00:80:f4:8c:ff:81",
        "ff:fe:fd:fc:fb:80",
      ];
      const bridge = Object.fromEntries(addresses.toReversed().map((address, at): [string, number] => [address, at + 1]));
      await start({ ports: { 1: 1 }, bridge });
      const facts: string[] = [];
      let from: number | undefined;
      let questions = 0;
      for (;;) {
        questions += 1;
        const answer = await asked({ read: "snmp-bridge-table" }, from, credential);
        facts.push(...(answer.facts ?? []).map((fact) => fact.join(": ")));
        if (answer.next === undefined) break;
        assert.ok(from === undefined || answer.next > from);
        from = answer.next;
      }
      assert.deepEqual(
        facts,
        addresses.map((address) => `${address}: port ${bridge[address]!}, learned`),
      );
      assert.equal(questions, 8);
      assert.equal(device.counts.getNexts, version === "v2c" ? 8 : 0);
    });
  });
}

describe("a device that is no bridge", () => {
  test("says so to both questions", async () => {
    await start({ ports: { 1: 1 } });
    assert.deepEqual(await asked({ read: "snmp-bridge-ports" }), {
      said: "alive",
      facts: [],
      note: "it says nothing of a bridge (BRIDGE-MIB)",
    });
    assert.deepEqual(await asked({ read: "snmp-bridge-table" }), {
      said: "alive",
      facts: [],
      note: "its table of addresses is empty, or it has none (BRIDGE-MIB)",
    });
  });
});
