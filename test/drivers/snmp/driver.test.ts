/** The SNMP driver over real UDP wires against a simulated switch: what it sends, what it makes of every answer, and that nothing of it stays. */
import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, test } from "node:test";
import { snmpDriver } from "../../../src/drivers/snmp/driver.ts";
import type { Credential } from "../../../src/domain/credentials.ts";
import { MalformedReply, type Session } from "../../../src/domain/driver.ts";
import type { Answer } from "../../../src/domain/outcome.ts";
import { Secret } from "../../../src/domain/secret.ts";
import { isOpen, type Closed, type OwnedWire } from "../../../src/domain/wire.ts";
import { snmpPolicy } from "../../../src/wire/frames/snmp.ts";
import { udpDialler, type UdpDialler } from "../../../src/wire/udp.ts";
import { startSnmpDevice, type SnmpDevice, type SnmpDeviceOptions } from "../../../simulators/snmp/device.ts";
import { FakeClock } from "../../support/fake-clock.ts";
import { TestPermit } from "../../support/permits.ts";
import { community, keys, snmpCheck, user, type SnmpCheckOptions } from "../../support/snmp-checks.ts";

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
  assert.equal(process.getActiveResourcesInfo().filter((kind) => kind === "Timeout").length, 0, "the library left a timer behind");
});

async function start(options: Partial<SnmpDeviceOptions> = {}): Promise<void> {
  device = await startSnmpDevice({ host: "127.0.0.1", port: 0, user: keys, ...options });
}

interface Conversation {
  readonly wire: OwnedWire;
  readonly permit: TestPermit;
  readonly session: Session;
  readonly ask: unknown;
}

async function begin(credential: Credential, options: SnmpCheckOptions = {}): Promise<Conversation> {
  const check = snmpCheck({ port: device.port, credential, ...options });
  const permit = TestPermit.for(check, clock, { connectionsMax: 0 });
  const wire = await udp.dial(permit, snmpPolicy);
  assert.ok(isOpen(wire), JSON.stringify(wire));
  return { wire, permit, session: await snmpDriver.open(wire, check.ask, credential), ask: check.ask };
}

/** The answer, how the wire ended, or what the driver threw. */
async function asked({ wire, session, ask }: Conversation): Promise<Answer | Closed | Error> {
  const result = await Promise.race([session.ask(ask).catch((error: unknown) => error as Error), wire.closed]);
  return result;
}

async function exchange(
  credential: Credential,
  options: SnmpCheckOptions = {},
): Promise<{ readonly result: Answer | Closed | Error; readonly permit: TestPermit }> {
  const conversation = await begin(credential, options);
  const result = await asked(conversation);
  conversation.wire.finish();
  await conversation.session.leave();
  assert.deepEqual(conversation.permit.violations, []);
  assert.deepEqual(violations, []);
  return { result, permit: conversation.permit };
}

const ways: readonly [name: string, credential: Credential, frames: number][] = [
  ["v2c", community, 1],
  ["v3", user(), 2],
];

for (const [version, credential, frames] of ways) {
  describe(`SNMP ${version}`, () => {
    test(`takes an answer for ${frames} datagram(s), and tells who it is`, async () => {
      await start({ upHundredths: 8_640_000 * 3, ports: { 1: 1, 7: 1 } });
      const { result, permit } = await exchange(credential, {
        portsUp: [
          { ifIndex: 1, name: "uplink" },
          { ifIndex: 7, name: "port 7" },
        ],
      });
      assert.ok("said" in result && result.said === "alive", JSON.stringify(result));
      assert.match(result.note ?? "", /^SIM-SWITCH, up for 3 d; 2 ports up$/u);
      assert.deepEqual(result.identity, {
        code: "1.3.6.1.4.1.8072.3.2.255",
        vendor: "Net-SNMP",
        vendorCode: "8072",
        product: "simulated managed switch",
      });
      assert.ok(Math.abs((result.upHundredths ?? 0) - 25_920_000) < 500);
      assert.equal(permit.sent.requests, frames);
      assert.deepEqual([device.counts.datagrams, device.counts.writes], [frames, 0]);
    });

    test("names every port that is not up", async () => {
      await start({ ports: { 1: 1, 2: 2, 3: 7, 4: 5 } });
      const portsUp = [1, 2, 3, 4, 5].map((ifIndex) => ({ ifIndex, name: ifIndex === 2 ? "bridge PLC" : `port ${ifIndex}` }));
      const { result } = await exchange(credential, { portsUp });
      assert.ok("said" in result && result.said === "degraded", JSON.stringify(result));
      assert.equal(result.failure, "expectation_failed");
      assert.equal(
        result.detail,
        "bridge PLC (port 2) is down, expected up; port 3 is lowerLayerDown, expected up; port 5: there is no such port",
      );
      assert.ok(result.upHundredths !== undefined);
    });

    test("asks again on a kept conversation with one datagram, and draws numbers that always fit", async () => {
      await start();
      const conversation = await begin(credential, { connection: "kept" });
      for (let round = 0; round < 60; round++) {
        if (round > 0) {
          conversation.wire.reclaim();
          conversation.wire.lend(
            TestPermit.for(snmpCheck({ port: device.port, credential, connection: "kept" }), clock, { connectionsMax: 0 }),
          );
        }
        const result = await asked(conversation);
        assert.ok("said" in result && result.said === "alive", JSON.stringify(result));
      }
      conversation.wire.finish();
      await conversation.session.leave();
      assert.deepEqual(violations, []);
      assert.equal(device.counts.datagrams, 60 + frames - 1);
    });

    for (const behaviour of ["wrong-id", "in-the-clear"] as const) {
      test(`takes nothing from a device that is ${behaviour}: the wait goes on until the wire ends it`, async () => {
        await start({ behaviour });
        const conversation = await begin(credential);
        const result = asked(conversation);
        while (device.counts.datagrams === 0) await new Promise((resolve) => setImmediate(resolve));
        await new Promise((resolve) => setImmediate(resolve));
        conversation.wire.abort("timeout", "no answer in time");
        const closed = await result;
        assert.ok("failure" in closed && closed.failure === "timeout", JSON.stringify(closed));
        await conversation.session.leave();
      });
    }

    test("calls a truncated answer malformed, and asks no second time", async () => {
      await start({ behaviour: "truncated" });
      const { result, permit } = await exchange(credential);
      assert.ok("failure" in result && result.failure === "malformed", JSON.stringify(result));
      assert.equal(permit.sent.requests, 1);
    });
  });
}

describe("SNMP v3", () => {
  test("with an unknown user is answered, degraded, and says why without saying whom", async () => {
    await start();
    const { result } = await exchange(user({ user: new Secret("nobody") }));
    assert.ok("said" in result && result.said === "degraded", JSON.stringify(result));
    assert.match(result.detail, /does not know the user/u);
    assert.doesNotMatch(result.detail, /nobody/u);
  });

  test("says so on a kept conversation too, where the library would ask once more", async () => {
    await start();
    const conversation = await begin(user({ user: new Secret("nobody") }), { connection: "kept" });
    for (let round = 0; round < 3; round++) {
      if (round > 0) {
        conversation.wire.reclaim();
        const check = snmpCheck({ port: device.port, credential: user({ user: new Secret("nobody") }), connection: "kept" });
        conversation.wire.lend(TestPermit.for(check, clock, { connectionsMax: 0 }));
      }
      const result = await asked(conversation);
      assert.ok("said" in result && result.said === "degraded", JSON.stringify(result));
      assert.match(result.detail, /does not know the user/u);
    }
    conversation.wire.finish();
    await conversation.session.leave();
    assert.deepEqual(violations, []);
    assert.equal(device.counts.datagrams, 4);
  });

  for (const [authProtocol, privProtocol, library] of [
    ["sha", "aes", "aes"],
    ["sha384", "aes256", "aes256b"],
    ["sha512", "aes256-cisco", "aes256r"],
  ] as const) {
    test(`speaks ${authProtocol} and ${privProtocol}`, async () => {
      await start({ user: { ...keys, authProtocol, privProtocol: library } });
      const { result } = await exchange(user({ authProtocol, privProtocol }));
      assert.ok("said" in result && result.said === "alive", JSON.stringify(result));
    });
  }
});

describe("spoiled answers", () => {
  const table = { deep: { read: "snmp-bridge-table" } } as const;
  for (const [version, credential, rounds, options] of [
    ["v2c", community, 2000, {}],
    ["v3", user(), 600, {}],
    ["v2c with an entry of a table", community, 300, table],
    ["v3 with an entry of a table", user(), 150, table],
  ] as const) {
    test(`of ${version} draw no further datagram, throw nothing, and are each taken for what they are`, async () => {
      await start({ ports: { 1: 1 }, bridge: { "00:80:f4:0a:0b:0c": 3 } });
      let seed = 1;
      const next = (): number => (seed = (seed * 48_271) % 2_147_483_647);
      const spoil = (reply: Buffer): Buffer => {
        const bytes = Buffer.from(reply);
        for (let count = 1 + (next() % 3); count > 0; count--) bytes[next() % bytes.length] = next() & 0xff;
        return next() % 5 === 0 ? bytes.subarray(0, next() % bytes.length) : bytes;
      };
      let spoiling = false;
      let waits = 0;
      device.behave({ kind: "spoiled", by: (reply) => (spoiling ? spoil(reply) : reply) });
      for (let round = 0; round < rounds; round++) {
        const before = device.counts.datagrams;
        const conversation = await begin(credential, options);
        spoiling = true;
        let over = false;
        const patience = new Promise<Closed>((resolve) => {
          let turns = 0;
          const look = (): void => {
            if (over) return;
            if (++turns > 25 && device.counts.datagrams > before) {
              waits += 1;
              conversation.wire.abort("timeout", "no answer in time");
              resolve({ by: "us", failure: "timeout", detail: "" });
            } else if (conversation.wire.quiet && turns > 5) resolve({ by: "us", detail: "" });
            else setImmediate(look);
          };
          look();
        });
        const result = await Promise.race([asked(conversation), patience]);
        if (result instanceof Error) assert.ok(result instanceof MalformedReply, String(result.stack));
        else if ("failure" in result && !("said" in result)) assert.match(String(result.failure), /malformed|timeout/u);
        over = true;
        conversation.wire.abort("timeout", "over");
        await conversation.session.leave();
        assert.deepEqual(conversation.permit.violations, []);
        assert.ok(device.counts.datagrams - before <= (credential.kind === "snmp-v3" ? 2 : 1));
      }
      assert.ok(waits < rounds);
    });
  }
});
