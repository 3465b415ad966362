/** Deep queries of S7 and SNMP with the real gate, keeper, drivers and sockets: lists and tables in parts, each in its turn, to their end or to the limit. */
import assert from "node:assert/strict";
import { describe, test, type TestContext } from "node:test";
import { startS7Device } from "../../simulators/s7/device.ts";
import { startSnmpDevice, type SnmpDevice, type SnmpDeviceOptions } from "../../simulators/snmp/device.ts";
import type { DeepRead, DeepReadId } from "../../src/domain/deep-reads.ts";
import { deepQueryTableEntriesMax } from "../../src/domain/limits.ts";
import type { Check, CheckId } from "../../src/domain/plan.ts";
import { s7DriverFrom } from "../../src/drivers/s7/driver.ts";
import { s7Methods } from "../../src/drivers/s7/methods.ts";
import { snmpDriver } from "../../src/drivers/snmp/driver.ts";
import { s7Policy } from "../../src/wire/frames/s7.ts";
import { snmpPolicy } from "../../src/wire/frames/snmp.ts";
import { tcpDialler } from "../../src/wire/tcp.ts";
import { udpDialler } from "../../src/wire/udp.ts";
import { assertInTurn, deepRun, type DeepRunEnd } from "../support/deep-run.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { askOf, route, s7Check } from "../support/s7-checks.ts";
import { StandInHelper } from "../support/s7-helper.ts";
import { community, snmpCheck } from "../support/snmp-checks.ts";

const onViolation = ({ detail }: { readonly detail: string }): never => assert.fail(detail);

function named(check: Check, deep: DeepRead): Check {
  return { ...check, id: `${check.device}/deep-${deep.read}-${deep.number ?? ""}` as CheckId, deep };
}

/** Each question by its read, and where it went on. */
function questionsOf({ device }: DeepRunEnd): readonly string[] {
  return device.questions.map(
    ({ read, number, from }) => `${read}${number === undefined ? "" : ` ${number}`}${from === undefined ? "" : ` from ${from}`}`,
  );
}

function factsOf({ device }: DeepRunEnd): readonly string[] {
  return device.questions.flatMap(({ came }) => (came.kind === "answered" ? came.facts.map((fact) => fact.join(": ")) : []));
}

test("an S7 CPU with PDUs of 240 bytes tells every component, those that its list does not hold one by one, each on a connection of its own", async (t) => {
  const cpu = await startS7Device({ host: "127.0.0.1", port: 0 });
  t.after(() => cpu.close());
  const clock = new FakeClock();
  const method = s7Methods[0]!;
  const beat = s7Check({ method: "s7-cpu-status", port: cpu.port });
  const reads: readonly DeepReadId[] = ["s7-module", "s7-components", "s7-protection"];
  const deep = reads.map((read): Check => {
    const ask = askOf("s7-cpu-status", { s7: route, deep: { read } });
    return named({ ...beat, ask, asking: method.asking(ask) }, { read });
  });
  const dial = tcpDialler({ clock, cutOff: () => undefined, onViolation });
  const run = await deepRun({ clock, beat, deep, dial, speaker: { driver: s7DriverFrom(new StandInHelper()), policy: s7Policy } });
  assert.equal(run.device.ended, "complete", run.device.why);
  // Component 8 and 10 this CPU does not have: an answer, and the next one follows.
  const components = ["", " from 8", " from 9", " from 10", " from 11"].map((from) => `s7-components${from}`);
  assert.deepEqual(questionsOf(run), ["s7-module", ...components, "s7-protection"]);
  const facts = factsOf(run);
  for (const fact of ["plant designation: =A1+B2", "location designation: deck 2", "protection in force: 1 (no protection)"])
    assert.ok(facts.includes(fact), facts.join("\n"));
  assertInTurn(run);
  const { counts } = cpu;
  assert.deepEqual([counts.writes, counts.malformedRequests], [0, 0]);
  // A connection, its setup and one list for each question and each heartbeat.
  assert.equal(counts.requests, 3 * run.asked.length);
});

describe("a managed switch", () => {
  const beatsAndReads = async (
    t: TestContext,
    options: Partial<SnmpDeviceOptions>,
    reads: readonly DeepRead[],
    ready: (bridge: SnmpDevice) => void = () => {},
  ): Promise<DeepRunEnd & { readonly bridge: SnmpDevice }> => {
    const bridge = await startSnmpDevice({ host: "127.0.0.1", port: 0, ...options });
    t.after(() => bridge.close());
    ready(bridge);
    const udp = udpDialler({ cutOff: () => undefined, onViolation });
    t.after(() => udp.close());
    const beat = snmpCheck({ port: bridge.port });
    const deep = reads.map((read) => named(snmpCheck({ port: bridge.port, deep: read }), read));
    const speaker = { driver: snmpDriver, policy: snmpPolicy, credential: community };
    const run = await deepRun({ clock: new FakeClock(), beat, deep, dial: (permit, policy) => udp.dial(permit, policy), speaker });
    assert.deepEqual([bridge.counts.writes, bridge.counts.malformedRequests], [0, 0]);
    return { ...run, bridge };
  };
  const address = (number: number): string => `02:00:00:00:00:${number.toString(16).padStart(2, "0")}`;
  const tableOf = (entries: number): Record<string, number> =>
    Object.fromEntries(Array.from({ length: entries }, (_, at): [string, number] => [address(at + 1), 1]));
  const table: DeepRead = { read: "snmp-bridge-table" };

  test("tells its system group, its interfaces, its ports and its table, one question between two heartbeats", async (t) => {
    const reads: readonly DeepRead[] = [
      { read: "snmp-system" },
      { read: "snmp-interfaces", number: 1 },
      { read: "snmp-interfaces", number: 2 },
      { read: "snmp-bridge-ports" },
      table,
    ];
    const run = await beatsAndReads(t, { ports: { 1: 1 }, bridge: tableOf(2) }, reads);
    assert.equal(run.device.ended, "complete", run.device.why);
    const first = Number.parseInt(address(1).replaceAll(":", ""), 16);
    assert.deepEqual(questionsOf(run), [
      "snmp-system",
      "snmp-interfaces 1",
      "snmp-interfaces 2",
      "snmp-bridge-ports",
      "snmp-bridge-table",
      `snmp-bridge-table from ${first}`,
      `snmp-bridge-table from ${first + 1}`,
    ]);
    const facts = factsOf(run);
    for (const fact of ["sysLocation: deck 2", "ifDescr: port 1", "bridge port 1: interface 1", `${address(2)}: port 1, learned`])
      assert.ok(facts.includes(fact), facts.join("\n"));
    assertInTurn(run);
    assert.deepEqual([run.bridge.counts.getNexts, run.bridge.counts.requests], [3, run.asked.length]);
  });

  test("whose table is longer than the limit is asked for as many entries, and no further", async (t) => {
    const run = await beatsAndReads(t, { ports: { 1: 1 }, bridge: tableOf(deepQueryTableEntriesMax + 6) }, [table]);
    assert.equal(run.bridge.counts.getNexts, deepQueryTableEntriesMax);
    assert.equal(factsOf(run).length, deepQueryTableEntriesMax);
    assert.ok(run.told.some((text) => text.endsWith("still more follows after 64 parts; the rest is left")));
    assertInTurn(run);
  });

  test("whose table turns in a circle is asked once more and then left alone: its answer is malformed, and nothing trips", async (t) => {
    const column = [0x2b, 6, 1, 2, 1, 0x11, 4, 3, 1];
    const again = (reply: Buffer): Buffer => {
      const turned = Buffer.from(reply);
      for (const at of [2, 3]) {
        const second = turned.indexOf(Buffer.from([...column, at, 2, 0, 0, 0, 0, 2]));
        if (second >= 0) turned[second + column.length + 6] = 1;
      }
      return turned;
    };
    const run = await beatsAndReads(t, { ports: { 1: 1 }, bridge: tableOf(3) }, [table], (bridge) =>
      bridge.behave({ kind: "spoiled", by: again }),
    );
    assert.deepEqual([run.device.ended, run.bridge.counts.getNexts], ["partly", 2]);
    assert.match(run.device.why ?? "", /malformed: SNMP: a table that goes on with what lies behind/u);
    assertInTurn(run);
  });
});
