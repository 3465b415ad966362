/** Every shipped profile against simulated devices that behave as it declares: full pools, idle timeouts, watchdogs; nothing forbidden leaves, and nothing at all for those that are heard only. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { readLibrary, shippedLibrary } from "../../src/config/library.ts";
import type { Profile } from "../../src/config/schema/profile.ts";
import type { Protocol } from "../../src/domain/operations.ts";
import { operationsOf, type DeviceId } from "../../src/domain/plan.ts";
import type { FramePolicy } from "../../src/domain/wire.ts";
import { driversWith } from "../../src/drivers/registry.ts";
import { enipPolicy } from "../../src/wire/frames/enip.ts";
import { icmpPolicy } from "../../src/wire/frames/icmp.ts";
import { modbusPolicy } from "../../src/wire/frames/modbus.ts";
import { opcuaPolicy } from "../../src/wire/frames/opcua.ts";
import { s7Policy } from "../../src/wire/frames/s7.ts";
import { snmpPolicy } from "../../src/wire/frames/snmp.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { FamilyDevice, ours, traitsOf } from "../support/family-device.ts";
import { familyNetwork, type Emission, type FamilyNetwork } from "../support/family-network.ts";
import { intervalMs, librarySite, type LibraryDevice, type LibrarySite } from "../support/library-site.ts";
import { StandInHelper } from "../support/s7-helper.ts";
import { SimulatedSite } from "../support/simulated-site.ts";
import { community } from "../support/snmp-checks.ts";

const policies: Readonly<Record<Protocol, FramePolicy>> = {
  modbus: modbusPolicy,
  enip: enipPolicy,
  opcua: opcuaPolicy,
  s7: s7Policy,
  icmp: icmpPolicy,
  snmp: snmpPolicy,
};
const rounds = 3;
/** One for the service laptop, one more. */
const reserve = 2;
/** Longer than any device holds a connection that has gone, a hold and a back-off. */
const afterwardsMs = 80 * 60_000;
/** Those of which no method is left, however its owner stands to it. */
const neverAsked: readonly string[] = [
  "eaton-pxr",
  "jtekt-toyopuc",
  "marine-automation",
  "passive-navigation",
  "passive-protection",
  "passive-safety",
  "rockwell-powerflex-527",
  "siemens-s7-200-smart",
  // Their pools are no larger than the reserve, unless the owner states a larger one with its source.
  "solaredge-inverter",
  "yokogawa-fx1000",
  "vacon-100",
  "yokogawa-centum",
];

interface Life {
  readonly site: LibrarySite;
  readonly simulated: SimulatedSite;
  readonly network: FamilyNetwork;
  /** By address. */
  readonly devices: ReadonlyMap<string, FamilyDevice>;
  /** When every cable was in again. */
  pluggedInAtMs: number;
  /** Everything that left, by address. */
  emitted: ReadonlyMap<string, readonly Emission[]>;
}

let life: Life;

function born(): Life {
  const site = librarySite();
  const clock = new FakeClock();
  const devices = new Map(
    site.devices.map(({ address, traits, watchdog, others }) => {
      const device = new FamilyDevice(clock, traits, watchdog);
      for (const who of others) device.connect(who);
      return [address, device] as const;
    }),
  );
  const network = familyNetwork(clock, devices);
  const drivers = driversWith(new StandInHelper());
  const simulated = new SimulatedSite({
    plan: site.plan,
    before: { clock, witness: { packets: [], connections: [] }, proven: new Map() },
    pulseEveryMs: 10_000,
    network: {
      dial: network.dial,
      speakerOf: ({ protocol, credentials }) => {
        const driver = drivers.get(protocol)!;
        return { driver, policy: policies[protocol], ...(credentials && { credential: community }) };
      },
    },
  });
  return { site, simulated, network, devices, pluggedInAtMs: 0, emitted: new Map() };
}

before(async () => {
  life = born();
  const { site, simulated, devices } = life;
  for (const driver of driversWith(new StandInHelper()).values()) await driver.prepare();
  simulated.start();
  await simulated.clock.advance((rounds + 1) * intervalMs);
  // What the plan refuses is refused to whoever asks.
  for (const id of site.plan.refused.keys()) assert.equal(await simulated.gate.exchange(id, "ask-now"), undefined, id);
  for (const device of devices.values()) device.losesNextAnswer = true;
  await simulated.clock.advance(1.5 * intervalMs);
  for (const device of devices.values()) [device.losesNextAnswer, device.unplugged] = [false, false];
  life.pluggedInAtMs = simulated.clock.monotonic();
  await simulated.clock.advance(afterwardsMs);
  life.emitted = Map.groupBy(life.network.emitted, ({ check }) => check.target.address);
});

after(async () => {
  await life.simulated.shutDown();
});

const { profiles } = readLibrary(shippedLibrary, { lint: false });

describe("of each shipped family", () => {
  for (const { value: profile } of profiles.values()) {
    test(profile.id, () => {
      const mine = life.site.devices.filter((one) => one.profile.id === profile.id);
      const emitted = emittedBy(mine);
      if (neverAsked.includes(profile.id)) assert.deepEqual(emitted, []);
      else assert.ok(emitted.length > 0, "nothing was asked");
      for (const emission of emitted) assertAllowed(profile, emission);
      for (const one of mine) assertUnharmed(one);
      assertReturned(mine.filter(({ is }) => is === "room"));
    });
  }
});

/** When each device tripped for connections that were lost for good, by its id. */
function tripsForGood(): ReadonlyMap<string, number> {
  const tripped = life.simulated.facts.flatMap((fact) => (fact.kind === "tripped" ? [fact] : []));
  const lost = tripped.filter(({ trip }) => trip.cause === "connections_lost");
  return new Map(lost.map(({ at, trip }) => [trip.scope.slice("device:".length), at]));
}

test("nothing was off its template, and nobody was tripped but where lost connections are lost for good", () => {
  assert.deepEqual(life.network.violations, []);
  const forGood = [...profiles.values()]
    .filter(({ value }) => value.connection.idleClose?.value === "never")
    .map(({ value }): string => value.id);
  const trips = life.simulated.facts.flatMap((fact) => (fact.kind === "tripped" ? [fact.trip] : []));
  for (const { cause, scope } of trips) {
    const family = life.site.plan.devices.get(scope.slice("device:".length) as DeviceId)?.profile;
    assert.deepEqual([cause, forGood.includes(String(family))], ["connections_lost", true], scope);
  }
  assert.ok(tripsForGood().size > 0, "one that loses connections for good is among the families");
});

describe("a simulated device is as its profile declares it", () => {
  for (const { value: profile } of profiles.values()) {
    test(profile.id, async () => {
      const clock = new FakeClock();
      const traits = traitsOf(profile);
      const device = new FamilyDevice(clock, traits, { fedBy: "any-telegram", functionCodes: [] });
      const [first, ...others] = Array.from({ length: traits.poolSize }, (_, at) => device.connect(`visitor-${at}`)!);
      await clock.advance(1);
      // Who came first has been silent for less long than the others.
      first!.lastUsedMs = clock.monotonic();
      const admitted = device.connect(ours) !== undefined;
      const [victim] = { rejects: [], "evicts-oldest": ["visitor-0"], "evicts-idle": [others[0]?.who ?? "visitor-0"] }[traits.overflow];
      assert.deepEqual([admitted, device.evicted[0]], [victim !== undefined, victim]);
      device.hear(undefined, 3);
      assert.equal(device.fedByUs, 1);
      const stays = new FamilyDevice(clock, traits, { fedBy: "none", functionCodes: [] });
      const silent = stays.connect(ours);
      await clock.advance(traits.idleTimeoutMs - 1);
      assert.deepEqual(stays.holding, [silent?.who]);
      await clock.advance(1);
      assert.deepEqual(stays.holding, []);
    });
  }
});

function emittedBy(mine: readonly LibraryDevice[]): readonly Emission[] {
  return mine.flatMap(({ address }) => life.emitted.get(address) ?? []);
}

/** Neither the method, nor the port, nor the request, nor a register is one that the profile forbids. */
function assertAllowed({ methods, forbidden, registerTables }: Profile, { check, operation, frame }: Emission): void {
  const where = `${check.id}: ${Buffer.from(frame).toString("hex")}`;
  const rule = methods[check.method];
  assert.ok(rule !== undefined && rule.decision !== "forbid" && rule.support.value !== "no", where);
  if (operation !== undefined) assert.ok(operationsOf(check).includes(operation), where);
  const code = check.protocol === "modbus" ? frame[7] : undefined;
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  for (const ban of forbidden) {
    if (ban.kind === "port") assert.notEqual(check.target.port, ban.port, where);
    if (ban.kind === "operation") assert.notEqual(operation, ban.operation, where);
    if (ban.kind === "function-code") assert.notEqual(code, ban.functionCode, where);
    if (ban.kind !== "registers" || code === undefined || code > 4) continue;
    const [from, count] = [view.getUint16(8), view.getUint16(10)];
    const bits = ban.space === "coils" || ban.space === "discrete-inputs";
    if (registerTables?.value === "distinct" ? code !== tableOf[ban.space] : code <= 2 !== bits) continue;
    assert.ok(from + count <= ban.protocolAddress || from >= ban.protocolAddress + ban.count, where);
  }
}

const tableOf = { coils: 1, "discrete-inputs": 2, "holding-registers": 3, "input-registers": 4 } as const;

/** Whoever was there before us still is, its watchdog is not ours to feed, and it does not notice that we come and go. */
function assertUnharmed(one: LibraryDevice): void {
  const device = life.devices.get(one.address)!;
  const emitted = emittedBy([one]);
  assert.deepEqual([device.evicted, device.turnedAway], [[], []], one.id);
  assert.deepEqual(device.holding.slice(0, one.others.length), one.others, one.id);
  // One at a time, and with one that it has not noticed to be gone never more than what others and the reserve leave.
  const left = one.traits.poolSize - one.others.length - reserve;
  assert.ok(device.mostOfOursAtOnce <= Math.max(0, left), `${one.id}: ${device.mostOfOursAtOnce} of ${left}`);
  assert.equal(device.fedByUs, 0, `${one.id}: the loss of its master would have been hidden`);
  assert.equal(device.trippedByUs, 0, `${one.id}: tripped by the end of a connection`);
  const opened = emitted.filter(({ operation }) => operation === undefined).length;
  if (one.is === "full" || one.is === "faults-when-closed") assert.equal(opened, 0, one.id);
  if (one.is === "unstated" || one.is === "forbidden") assert.equal(emitted.length, 0, one.id);
  for (const [, askings] of Map.groupBy(emitted, ({ check }) => check.id)) {
    const begun = [
      ...new Set(
        askings.filter(({ check, operation }) => check.asking.templates.some((own) => own.operation === operation)).map(({ atMs }) => atMs),
      ),
    ];
    for (const [at, time] of begun.slice(1).entries())
      assert.ok(time - begun[at]! >= intervalMs, `${askings[0]!.check.id}: ${time - begun[at]!} ms`);
  }
}

/** It was asked in every round, and again once the cable was back and the lost connection no longer counted; where it is lost for good nothing comes any more. */
function assertReturned(mine: readonly LibraryDevice[]): void {
  const addresses = new Set(mine.map(({ address }) => address));
  const emitted = Map.groupBy(emittedBy(mine), ({ check }) => check.id);
  const forGood = tripsForGood();
  for (const { id, device, target } of life.site.plan.checks.values()) {
    if (!addresses.has(target.address)) continue;
    const asked = (emitted.get(id) ?? []).map(({ atMs }) => atMs);
    const trippedAt = forGood.get(device);
    if (trippedAt !== undefined) {
      assert.ok(asked.length > 0 && asked.every((atMs) => atMs <= trippedAt), `${id}: asked after its trip`);
      continue;
    }
    assert.ok(new Set(asked).size >= rounds, `${id}: asked ${new Set(asked).size} times`);
    assert.ok(
      asked.some((atMs) => atMs > life.pluggedInAtMs),
      `${id}: not asked again`,
    );
  }
}
