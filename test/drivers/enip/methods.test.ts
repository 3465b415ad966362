/** What EtherNet/IP methods put into a plan, and that st-ethernet-ip's frames are exactly that. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Method } from "../../../src/domain/driver.ts";
import { hex } from "../../../src/domain/template.ts";
import { type EnipAsk, enipMethods, requestTimeoutSeconds, slotTimeoutMs } from "../../../src/drivers/enip/methods.ts";
import { enipPolicy } from "../../../src/wire/frames/enip.ts";

const method = (id: string): Method<EnipAsk> => enipMethods.find((one) => one.id === id)!;
const listIdentity = method("enip-list-identity");
const identityObject = method("enip-identity-object");

function asked(one: Method<EnipAsk>, input: Parameters<Method["parse"]>[0] = {}): EnipAsk {
  const parsed = one.parse(input);
  assert.ok("ask" in parsed, JSON.stringify(parsed));
  assert.ok(Object.isFrozen(parsed.ask));
  return parsed.ask;
}

function frames(one: Method<EnipAsk>, ask: EnipAsk): readonly (readonly [string, string, string])[] {
  const phases = [one.opening(ask), one.asking(ask), one.closing(ask)];
  return phases.flatMap(({ templates }) => templates.map(({ operation, bytes, mask }) => [operation, hex(bytes), hex(mask)] as const));
}

function figures(one: Method<EnipAsk>, ask: EnipAsk): readonly (readonly number[])[] {
  return [one.opening(ask), one.asking(ask), one.closing(ask)].map(({ connectionsMax, requestsMax, bytesMax }) => [
    connectionsMax,
    requestsMax,
    bytesMax,
  ]);
}

const fixed = "ffffffff";
/** Command and length, session, status, the fixed half of the sender context, its counter, options. */
const outside = `${fixed}${fixed}${fixed}${fixed}00000000${fixed}`;
const within = `${fixed}00000000${fixed}${fixed}00000000${fixed}`;

describe("List Identity", () => {
  test("is one datagram without a connection, as the protocol has it", () => {
    const ask = asked(listIdentity);
    assert.deepEqual(ask, { what: "list-identity", transport: "udp" });
    assert.deepEqual(figures(listIdentity, ask), [
      [0, 0, 0],
      [0, 1, 24],
      [0, 0, 0],
    ]);
    assert.deepEqual(frames(listIdentity, ask), [["enip-list-identity", "630000000000000000000000f40100000000000000000000", outside]]);
    assert.equal(listIdentity.describe(ask), "List Identity (0x63), unicast over UDP");
  });

  test("over TCP is the same frame on a connection, without a session", () => {
    const ask = asked(listIdentity, { transport: "tcp" });
    assert.deepEqual(figures(listIdentity, ask), [
      [1, 0, 0],
      [0, 1, 24],
      [0, 0, 0],
    ]);
    assert.deepEqual(frames(listIdentity, ask), frames(listIdentity, asked(listIdentity)));
    assert.equal(listIdentity.describe(ask), "List Identity (0x63), unicast over TCP");
  });

  test("asks the device to put its reply off by half a second at most", () => {
    const [, bytes] = frames(listIdentity, asked(listIdentity))[0]!;
    assert.equal(Buffer.from(bytes, "hex").readUInt16LE(12), 500);
  });
});

describe("the Identity object", () => {
  test("is a session, one read and the session's end on one connection", () => {
    const ask = asked(identityObject);
    assert.deepEqual(figures(identityObject, ask), [
      [1, 1, 28],
      [0, 1, 46],
      [0, 1, 24],
    ]);
    assert.deepEqual(frames(identityObject, ask), [
      ["enip-register-session", "650004000000000000000000f4010000000000000000000001000000", `${outside}${fixed}`],
      [
        "enip-read-identity",
        "6f0016000000000000000000f40100000000000000000000000000000500020000000000b2000600010220012401",
        `${within}${"ff".repeat(22)}`,
      ],
      ["enip-unregister-session", "660000000000000000000000f40100000000000000000000", within],
    ]);
    assert.match(identityObject.describe(ask), /^RegisterSession, Get_Attributes_All/);
  });
});

describe("a module of the backplane", () => {
  const asks = [0, 17, 31].map((number) => asked(identityObject, { deep: { read: "enip-slots", number } }));

  test("is the same session around one Unconnected_Send of that read, to port 1 and its slot, each slot by itself", () => {
    for (const [at, slot] of ["00", "11", "1f"].entries()) {
      const ask = asks[at]!;
      assert.deepEqual(figures(identityObject, ask), [
        [1, 1, 28],
        [0, 1, 60],
        [0, 1, 24],
      ]);
      const [, read] = frames(identityObject, ask);
      assert.deepEqual(read, [
        "enip-read-slot-identity",
        `6f0024000000000000000000f40100000000000000000000000000000500020000000000b2001400520220062401047d06000102200124010100${`01${slot}`}`,
        `${within}${"ff".repeat(36)}`,
      ]);
    }
    assert.match(
      identityObject.describe(asks[1]!),
      /Unconnected_Send of Get_Attributes_All of Identity object 1 to port 1 \(backplane\), slot 17/,
    );
  });

  test("makes a frame that the frame policy lets out once it carries a session", () => {
    for (const ask of asks) {
      const frame = Uint8Array.from(Buffer.from(frames(identityObject, ask)[1]![1], "hex"));
      assert.equal(enipPolicy.operation(frame), undefined);
      frame[4] = 1;
      assert.equal(enipPolicy.operation(frame), "enip-read-slot-identity");
    }
  });

  test("is asked in a slot from 0 to 31 only", () => {
    for (const number of [-1, 32, undefined]) {
      const parsed = identityObject.parse({ deep: { read: "enip-slots", ...(number !== undefined && { number }) } });
      assert.deepEqual("problems" in parsed && parsed.problems, [`slot: found ${number ?? -1}, expected 0 to 31`]);
    }
  });

  test("is waited for by the one that passes the question on for less than we wait", () => {
    const [, bytes] = frames(identityObject, asks[0]!)[1]!;
    const [priority, ticks] = Buffer.from(bytes, "hex").subarray(46, 48);
    assert.equal(ticks! * 2 ** priority!, slotTimeoutMs);
    assert.ok(slotTimeoutMs < 1000 * requestTimeoutSeconds);
  });
});

test("a deep query of the Identity object itself sends what the heartbeat sends, and tells everything", () => {
  const ask = asked(identityObject, { deep: { read: "enip-identity" } });
  assert.deepEqual(ask, { what: "identity-object", whole: true });
  assert.deepEqual(frames(identityObject, ask), frames(identityObject, asked(identityObject)));
});

for (const one of enipMethods) {
  test(`${one.id} proves no more than the module that answers`, () => {
    assert.equal(one.proves, "comms-module");
    assert.equal(one.defaultPort, 44_818);
  });

  test(`${one.id} knows no units and no registers`, () => {
    const parsed = one.parse({ unitId: 1, register: { protocolAddress: 0, count: 1 } });
    assert.ok("problems" in parsed);
    assert.deepEqual(
      parsed.problems.map((problem) => problem.split(":")[0]),
      ["unitId", "register"],
    );
  });

  test(`${one.id} makes frames that the frame policy lets out once they carry a session`, () => {
    for (const [operation, bytes] of frames(one, asked(one))) {
      const frame = Uint8Array.from(Buffer.from(bytes, "hex"));
      const inSession = operation === "enip-read-identity" || operation === "enip-unregister-session";
      if (inSession) assert.equal(enipPolicy.operation(frame), undefined);
      if (inSession) frame[4] = 1;
      assert.equal(enipPolicy.operation(frame), operation);
    }
  });
}

test("List Identity goes over no ICMP", () => {
  assert.ok("problems" in listIdentity.parse({ transport: "icmp" }));
});
