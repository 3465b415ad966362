/** Objects as they may come to a question of a deep query: in types that are wrong, under names that nobody asked for, and with nothing behind them. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { MalformedReply } from "../../../src/domain/driver.ts";
import { hardwareAddressNumber, hardwareAddressOf } from "../../../src/domain/hardware-address.ts";
import type { Answer } from "../../../src/domain/outcome.ts";
import { deepAnswer, type SnmpDeep } from "../../../src/drivers/snmp/deep-answers.ts";
import { forwardingColumns, readingOf } from "../../../src/drivers/snmp/objects.ts";
import type { Variable } from "../../../src/drivers/snmp/values.ts";

const [integer, octets, objectId, counter, gauge, ticks, noSuchInstance, endOfMibView] = [2, 4, 6, 0x41, 0x42, 0x43, 0x81, 0x82];
const table: SnmpDeep = { read: "snmp-bridge-table" };
const bridge: SnmpDeep = { read: "snmp-bridge-ports" };
const third: SnmpDeep = { read: "snmp-interfaces", ifIndex: 3 };
const entry = (index: string, port: number, status = 3): readonly Variable[] =>
  forwardingColumns.map((column, at) => ({ oid: `${column}.${index}`, type: integer, value: at === 0 ? port : status }));
const malformed = (deep: SnmpDeep, variables: readonly Variable[], from?: number): void =>
  assert.throws(() => deepAnswer(deep, variables, from), MalformedReply);
const alive = (answer: Answer): Extract<Answer, { readonly said: "alive" }> => (answer.said === "alive" ? answer : assert.fail());

describe("an entry of the table", () => {
  test("is an address, its port and how that is known, and goes on behind it", () => {
    assert.deepEqual(deepAnswer(table, entry("0.128.244.10.11.12", 3)), {
      said: "alive",
      facts: [["00:80:f4:0a:0b:0c", "port 3, learned"]],
      more: true,
      next: 0x00_80_f4_0a_0b_0c,
    });
    assert.deepEqual(alive(deepAnswer(table, entry("0.0.0.0.0.0", 0, 9))).facts, [["00:00:00:00:00:00", "port not known"]]);
  });

  test("tells nothing of how it is known where the row went between the two columns", () => {
    const [port] = entry("0.128.244.10.11.12", 3);
    const [, other] = entry("0.128.244.10.11.13", 4);
    const gone: Variable = { oid: forwardingColumns[1], type: endOfMibView };
    for (const status of [other!, gone])
      assert.deepEqual(alive(deepAnswer(table, [port!, status])).facts, [["00:80:f4:0a:0b:0c", "port 3"]]);
  });

  test("is none beyond the column, at the end of everything, or where there is no such table: the answer is whole", () => {
    const beyond: readonly Variable[] = [
      { oid: "1.3.6.1.2.1.17.4.3.1.3.0.128.244.10.11.12", type: integer, value: 3 },
      { oid: "1.3.6.1.2.1.17.4.4.1.1.1", type: integer, value: 1 },
    ];
    const end = forwardingColumns.map((oid): Variable => ({ oid, type: endOfMibView }));
    for (const variables of [beyond, end]) {
      assert.deepEqual(deepAnswer(table, variables, 7), { said: "alive", facts: [] });
      assert.match(alive(deepAnswer(table, variables)).note ?? "", /is empty, or it has none/u);
    }
  });

  test("that does not lie behind the one before is malformed, and so is one under another index than a hardware address", () => {
    const here = hardwareAddressNumber([0, 128, 244, 10, 11, 12]);
    for (const from of [here, here + 1]) malformed(table, entry("0.128.244.10.11.12", 3), from);
    assert.equal(alive(deepAnswer(table, entry("0.128.244.10.11.12", 3), here - 1)).next, here);
    for (const index of ["0.128.244.10.11", "0.128.244.10.11.12.13", "0.128.244.10.11.256", "0.128.244.10.11.", "7"])
      malformed(table, entry(index, 3));
    malformed(table, entry("0.128.244.10.11.12", 3).slice(1));
    malformed(table, [...entry("0.128.244.10.11.12", 3), ...entry("0.128.244.10.11.13", 3)]);
  });
});

describe("the ports of a bridge", () => {
  const ports = (count: number, first = 1): readonly Variable[] =>
    readingOf({ ports: [], deep: bridge }, first).oids.map((oid, at): Variable => {
      if (at === 0) return { oid, type: octets, value: Buffer.from("0080f40a0b0c", "hex") };
      if (at === 1) return { oid, type: integer, value: count };
      return first + at - 2 <= count ? { oid, type: integer, value: 10_100 + at } : { oid, type: noSuchInstance };
    });

  test("are asked about to the last that it says it has, and to the 64th at most, which is told", () => {
    assert.equal(alive(deepAnswer(bridge, ports(16))).next, undefined);
    assert.equal(alive(deepAnswer(bridge, ports(17))).next, 17);
    assert.equal(alive(deepAnswer(bridge, ports(64, 33), 33)).next, 49);
    const last = alive(deepAnswer(bridge, ports(200, 49), 49));
    assert.deepEqual([last.next, last.note], [undefined, "it has 200 ports, of which 64 are asked about"]);
    assert.deepEqual(last.identity, { hardwareAddress: "00:80:f4:0a:0b:0c" });
  });

  test("under other names than were asked for, or in another number, are malformed", () => {
    malformed(bridge, ports(16).toReversed());
    malformed(bridge, ports(16).slice(1));
    malformed(bridge, ports(16), 17);
  });
});

describe("an interface", () => {
  const of = (values: readonly (readonly [type: number, value?: unknown])[]): readonly Variable[] =>
    readingOf({ ports: [], deep: third }).oids.map((oid, at) => ({ oid, type: noSuchInstance, ...pairOf(values[at]) }));
  const pairOf = (pair: readonly [type: number, value?: unknown] | undefined): Partial<Variable> =>
    pair === undefined ? {} : { type: pair[0], value: pair[1] };

  test("is told as far as it says something; numbers without a name stand alone", () => {
    const address = Buffer.alloc(40, 1);
    assert.deepEqual(
      deepAnswer(
        third,
        of([
          [octets, Buffer.from("\u0000x")],
          [integer, 999],
          [gauge, 2 ** 32 - 1],
          [octets, address],
        ]),
      ),
      {
        said: "alive",
        facts: [
          ["ifDescr", "?x"],
          ["ifType", "999"],
          ["ifSpeed", "4294967295 bit/s or more"],
          ["ifPhysAddress", `${"01:".repeat(19)}01…`],
        ],
      },
    );
    assert.deepEqual(alive(deepAnswer(third, of([[octets, Buffer.alloc(0)]]))).facts, [["ifDescr", "empty"]]);
  });

  test("whose address is empty or zeros has no identity by it", () => {
    for (const address of [Buffer.alloc(0), Buffer.alloc(6)])
      assert.equal(
        alive(
          deepAnswer(
            third,
            of([
              [octets, Buffer.from("lo")],
              [integer, 24],
              [gauge, 0],
              [octets, address],
            ]),
          ),
        ).identity,
        undefined,
      );
  });

  test("in other types is malformed", () => {
    malformed(third, of([[integer, 3]]));
    malformed(
      third,
      of([
        [octets, Buffer.from("x")],
        [octets, Buffer.from("6")],
      ]),
    );
    malformed(
      third,
      of([
        [octets, Buffer.from("x")],
        [integer, 6],
        [counter, -1],
      ]),
    );
    malformed(
      third,
      of([
        [octets, Buffer.from("x")],
        [integer, 6],
        [gauge, 0.5],
      ]),
    );
  });
});

test("a system group that is not there is told as that; a service without a layer as its number", () => {
  const { oids } = readingOf({ ports: [], deep: { read: "snmp-system" } });
  const none = oids.map((oid): Variable => ({ oid, type: noSuchInstance }));
  assert.deepEqual(deepAnswer({ read: "snmp-system" }, none), { said: "alive", facts: [], note: "it has no system group" });
  const services = none.map((one, at): Variable => (at === oids.length - 1 ? { oid: one.oid, type: integer, value: 0 } : one));
  assert.deepEqual(alive(deepAnswer({ read: "snmp-system" }, services)).facts, [["sysServices", "0"]]);
});

test("whatever comes is an answer or malformed, its texts are printable, and a table only ever goes forward", () => {
  const value = fc.oneof(
    fc.constant(undefined),
    fc.double(),
    fc.integer(),
    fc.string(),
    fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
  );
  const type = fc.constantFrom(undefined, integer, octets, objectId, counter, gauge, ticks, noSuchInstance, endOfMibView, 5);
  const from = fc.option(fc.integer({ min: 0, max: 2 ** 48 - 1 }), { nil: undefined });
  const kinds = fc.constantFrom<SnmpDeep>({ read: "snmp-system" }, third, bridge, table);
  const index = fc.oneof(
    fc.integer({ min: 0, max: 2 ** 48 - 1 }).map((number) => hardwareAddressOf(number).join(".")),
    fc.array(fc.nat(300), { maxLength: 8 }).map((numbers) => numbers.join(".")),
  );
  fc.assert(
    fc.property(kinds, from, fc.infiniteStream(fc.record({ type, value, index })), (deep, start, stream) => {
      const first = deep.read === "snmp-bridge-ports" && start !== undefined ? 1 + 16 * (start % 4) : start;
      const { oids } = readingOf({ ports: [], deep }, first);
      const variables = oids.map((oid, at): Variable => {
        const [given] = stream.take(1);
        const name = deep.read === "snmp-bridge-table" ? `${forwardingColumns[at]!}.${given!.index}` : oid;
        return { oid: name, ...(given!.type !== undefined && { type: given!.type }), value: given!.value };
      });
      try {
        const answer = alive(deepAnswer(deep, variables, first));
        for (const text of (answer.facts ?? []).flat()) assert.doesNotMatch(text, /\p{Cc}/u);
        if (answer.next !== undefined && first !== undefined) assert.ok(answer.next > first);
      } catch (error) {
        assert.ok(error instanceof MalformedReply, String(error));
      }
    }),
    { numRuns: 2000 },
  );
});
