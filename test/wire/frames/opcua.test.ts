/** The frame policy of OPC UA: strict framing both ways, the read-only list, and what answers what. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { opcuaServerNodes } from "../../../src/domain/opcua.ts";
import { inboundBytesMax, inboundChunksMax, opcuaEncryptedPolicy, opcuaPolicy } from "../../../src/wire/frames/opcua.ts";
import { helloTemplate, messageTemplate } from "../../../src/drivers/opcua/templates.ts";

function uint32(value: number): number[] {
  return [value & 255, (value >>> 8) & 255, (value >>> 16) & 255, value >>> 24];
}

/** One chunk: its type and what stands behind its size. */
function chunk(type: string, ...rest: readonly (readonly number[])[]): Uint8Array {
  const body = rest.flat();
  return Uint8Array.of(...Buffer.from(type), ...uint32(8 + body.length), ...body);
}

const symmetric = (channel: number, request: number): number[] => [channel, 1, request, request].flatMap(uint32);
const service = (id: number): number[] => [1, 0, id & 255, id >> 8];
const noToken = [0, 0];
/** Timestamp, handle, diagnostics, audit entry, timeout, no additional header. */
const header = [...noToken, ...Array.from<number>({ length: 16 }).fill(0), ...uint32(0xffffffff), 0, 0, 0, 0, 0, 0, 0];
const message = (id: number, body: readonly number[] = [], channel = 7, request = 3): Uint8Array =>
  chunk("MSGF", symmetric(channel, request), service(id), header, body);
const item = (node: readonly number[], attribute = 13): number[] => [
  ...node,
  ...uint32(attribute),
  ...uint32(0xffffffff),
  0,
  0,
  ...uint32(0xffffffff),
];
const read = (...items: readonly (readonly number[])[]): Uint8Array => message(631, [...age, ...uint32(items.length), ...items.flat()]);
const state = service(2259);
/** No older than now, and no time stamps. */
const age = [...Array.from<number>({ length: 8 }).fill(0), ...uint32(3)];
/** Of ServerStatus.State, under another token, or with another header behind it. */
const readWith = (token: readonly number[], rest: readonly number[] = header.slice(2)): Uint8Array =>
  chunk("MSGF", symmetric(7, 3), service(631), token, rest, age, uint32(1), item(state));
const serverNodes = opcuaServerNodes.map(([id]) => item(service(id)));
const policy = (name: string): number[] => {
  const uri = [...Buffer.from(`http://opcfoundation.org/UA/SecurityPolicy#${name}`)];
  return [...uint32(uri.length), ...uri];
};
const open = (name: string, id: number): Uint8Array =>
  chunk("OPNF", uint32(0), policy(name), uint32(0xffffffff), uint32(0xffffffff), uint32(1), uint32(1), service(id), header);
const hello = helloTemplate({ address: "192.0.2.11", port: 4840 }).bytes;
/** With the signature of a channel that signs. */
const signed = (frame: Uint8Array): Uint8Array => chunk("MSGF", [...frame.subarray(8)], Array.from<number>({ length: 32 }).fill(7));
/** With an index range of one byte. */
const indexed = (node: readonly number[]): number[] => [...node, ...uint32(13), ...uint32(1), 0x30, 0, 0, ...uint32(0xffffffff)];
const close = chunk("CLOF", symmetric(7, 3), service(452), header);

describe("an OPC UA frame that leaves", () => {
  const lawful: readonly (readonly [string, Uint8Array])[] = [
    ["opcua-hello", hello],
    ["opcua-open-channel", open("None", 446)],
    ["opcua-open-channel", open("Basic256Sha256", 9)],
    ["opcua-get-endpoints", message(428)],
    ["opcua-create-session", message(461)],
    ["opcua-activate-session", message(467)],
    ["opcua-close-session", message(473)],
    ["opcua-create-subscription", message(787)],
    ["opcua-publish", message(826)],
    ["opcua-read", read(item(state))],
    ["opcua-read", read(item(state), item(service(2258)))],
    ["opcua-read", Uint8Array.of(...signed(read(item(state))))],
    ["opcua-read-server", read(...serverNodes)],
    ["opcua-read-server", read(...serverNodes.slice(0, 3))],
    ["opcua-read-server", Uint8Array.of(...signed(read(...serverNodes)))],
    ["opcua-close-channel", close],
    // A session's token may be of any form.
    ...[
      [1, 2, 3, 4],
      [2, 1, 0, 9, 9, 9, 9],
      [3, 1, 0, ...uint32(3), 97, 98, 99],
      [3, 1, 0, ...uint32(0xffffffff)],
      [4, 1, 0, ...Array.from<number>({ length: 16 }).fill(5)],
      [5, 1, 0, ...uint32(2), 1, 2],
    ].map((token) => ["opcua-read", readWith(token)] as const),
  ];
  for (const [operation, frame] of lawful)
    test(`is ${operation} by its service, not by its chunk type`, () => assert.equal(opcuaPolicy.operation(frame), operation));

  // Write, Call, CreateMonitoredItems, TransferSubscriptions, Browse, HistoryRead, DeleteNodes, AddNodes, RegisterNodes, ModifySubscription.
  for (const id of [673, 712, 751, 841, 527, 664, 500, 488, 560, 793])
    test(`is nothing when it asks for service ${id}`, () => assert.equal(opcuaPolicy.operation(message(id)), undefined));

  const refused: readonly (readonly [string, Uint8Array])[] = [
    ["a Read of another node", read(item(service(2277)))],
    ["a Read of another namespace", read(item([1, 2, 0xd3, 8]))],
    ["a Read of another attribute", read(item(state, 1))],
    ["a Read of nothing", read()],
    ["a Read of three nodes", read(item(state), item(state), item(state))],
    ["what a server says of itself in another order", read(...serverNodes.toReversed())],
    ["what a server says of itself without its first node", read(...serverNodes.slice(1))],
    ["what a server says of itself and one node more", read(...serverNodes, item(state))],
    ["what a server says of itself with another node among it", read(...serverNodes.with(4, item(service(2277))))],
    ["the description of one of its nodes", read(...serverNodes.with(4, item(service(3709), 5)))],
    ["a part of a node's value", read(indexed(service(2255)), ...serverNodes.slice(1))],
    ["a Read of values with their times", message(631, [...age.with(8, 2), ...uint32(1), ...item(state)])],
    ["a Read of values that may be old", message(631, [...age.with(6, 1), ...uint32(1), ...item(state)])],
    ["a Read with something behind it", message(631, [...age, ...uint32(1), ...item(state), 1, 0, 0, 0])],
    ["a Read that promises more nodes than there are", message(631, [...age, ...uint32(40), ...item(state)])],
    ["a Read of fewer than no nodes", message(631, [...age, ...uint32(-1)])],
    ["a Read that ends in the middle", read(item(state).slice(0, -3))],
    ["a service of another namespace", chunk("MSGF", symmetric(7, 3), [1, 1, 0x3a, 3], header)],
    ["a channel whose policy is none of OPC UA's", chunk("OPNF", uint32(0), [4, 0, 0, 0, 65, 65, 65, 65], header)],
    ["another request in the clothes of OpenSecureChannel", open("None", 673)],
    ["a first part of a message", chunk("MSGC", symmetric(7, 3), service(826), header)],
    ["an abort", chunk("MSGA", symmetric(7, 3), service(826), header)],
    ["ERR", chunk("ERRF", uint32(0), uint32(0))],
    ["ACK", chunk("ACKF", Array.from<number>({ length: 20 }).fill(0))],
    ["two messages", Uint8Array.of(...message(826), ...message(826))],
    ["more than a message of ours ever has", message(826, Array.from<number>({ length: 9000 }).fill(0))],
    ["another CLO", chunk("CLOF", symmetric(7, 3), service(473), header)],
    ["nothing at all", new Uint8Array()],
    ["a Read under a token of no form", readWith([6, 1, 0, 0])],
    ["a Read under a token that is longer than the message", readWith([5, 1, 0, ...uint32(4000), 1, 2])],
    ...[1, 2, 3].map((back) => ["a Read with an additional header", readWith(noToken, header.slice(2).with(-back, 1))] as const),
  ];
  for (const [what, frame] of refused) test(`is nothing when it is ${what}`, () => assert.equal(opcuaPolicy.operation(frame), undefined));

  test("is, encrypted, what its chunk type says and no more", () => {
    assert.equal(opcuaEncryptedPolicy.operation(message(673)), "opcua-secured-message");
    assert.equal(opcuaEncryptedPolicy.operation(open("Basic256Sha256", 1)), "opcua-open-channel");
    assert.equal(opcuaEncryptedPolicy.operation(chunk("MSGC", symmetric(7, 3), service(826))), undefined);
    assert.equal(opcuaEncryptedPolicy.operation(close), "opcua-close-channel");
    assert.equal(opcuaEncryptedPolicy.operation(hello), "opcua-hello");
  });

  test("fits the template of its operation", () => {
    for (const [operation, frame] of lawful.slice(1)) {
      if (operation === "opcua-open-channel" && frame[45] !== 0x4e) continue;
      const { bytes, mask, lengthMax } = messageTemplate(operation as Parameters<typeof messageTemplate>[0]);
      assert.ok(frame.length <= lengthMax!, operation);
      assert.ok(
        bytes.every((byte, at) => ((byte ^ frame[at]!) & mask[at]!) === 0),
        operation,
      );
    }
  });
});

describe("an OPC UA reply", () => {
  const reply = (request = 3, channel = 7, type = "MSGF", size = 40): Uint8Array =>
    chunk(type, symmetric(channel, request), Array.from<number>({ length: size }).fill(1));

  test("is framed chunk by chunk, up to the final one", () => {
    const whole = Uint8Array.of(...reply(3, 7, "MSGC"), ...reply(3, 7, "MSGC"), ...reply());
    for (let length = 0; length < whole.length; length++) assert.equal(opcuaPolicy.frameLength(whole.subarray(0, length), "in"), 0);
    assert.equal(opcuaPolicy.frameLength(whole, "in"), whole.length);
    assert.equal(opcuaPolicy.frameLength(Uint8Array.of(...whole, 1), "in"), whole.length);
  });

  test("of one piece is framed whatever it is: ACK, ERR, OpenSecureChannel", () => {
    for (const whole of [
      chunk("ACKF", Array.from<number>({ length: 20 }).fill(0)),
      chunk("ERRF", uint32(0x807d0000), uint32(0)),
      chunk("OPNF", uint32(9), Array.from<number>({ length: 200 }).fill(0)),
    ]) {
      for (let length = 0; length < whole.length; length++) assert.equal(opcuaPolicy.frameLength(whole.subarray(0, length), "in"), 0);
      assert.equal(opcuaPolicy.frameLength(whole, "in"), whole.length);
    }
  });

  test("ends with an abort too", () => {
    const whole = Uint8Array.of(...reply(3, 7, "MSGC"), ...reply(3, 7, "MSGA"));
    assert.equal(opcuaPolicy.frameLength(whole, "in"), whole.length);
  });

  const bad: readonly (readonly [string, Uint8Array])[] = [
    ["noise", Uint8Array.of(0xde, 0xad)],
    ["a web server's answer", Buffer.from("HTTP/1.1 400 Bad Request")],
    ["HEL", hello],
    ["CLO", close],
    ["a chunk of 2 GB", Uint8Array.of(...Buffer.from("MSGF"), 0, 0, 0, 0x80)],
    ["a chunk shorter than its head", Uint8Array.of(...Buffer.from("MSGF"), 12, 0, 0, 0)],
    ["an ACK of another length", Uint8Array.of(...Buffer.from("ACKF"), 29, 0, 0, 0)],
    ["an OpenSecureChannel in parts", Buffer.from("OPNC")],
    ["a chunk type that is none", Buffer.from("MSGX")],
    [
      "an OpenSecureChannel behind a part",
      Uint8Array.of(...reply(3, 7, "MSGC"), ...chunk("OPNF", Array.from<number>({ length: 40 }).fill(0))),
    ],
    ["more parts than may be", Uint8Array.of(...Array.from({ length: inboundChunksMax }, () => [...reply(3, 7, "MSGC")]).flat())],
    ["parts that are too long together", Uint8Array.of(...reply(3, 7, "MSGC", 40_000), ...reply(3, 7, "MSGC", 40_000))],
  ];
  for (const [what, bytes] of bad)
    test(`is malformed when it is ${what}`, () => assert.equal(opcuaPolicy.frameLength(bytes, "in"), "malformed"));

  test("is never longer than a message may be, whatever bytes come", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        const length = opcuaPolicy.frameLength(bytes, "in");
        assert.ok(length === "malformed" || (length <= bytes.length && length <= inboundBytesMax));
      }),
    );
  });

  test("answers what has its request id on its channel, in every chunk", () => {
    const asked = message(826);
    assert.ok(opcuaPolicy.answers(asked, reply()));
    assert.ok(!opcuaPolicy.answers(asked, reply(4)));
    assert.ok(!opcuaPolicy.answers(asked, reply(3, 8)));
    assert.ok(!opcuaPolicy.answers(message(826, [], 0), reply(3, 8)), "a message without a channel has no answer on another");
    assert.ok(!opcuaPolicy.answers(asked, Uint8Array.of(...reply(3, 7, "MSGC"), ...reply(4))));
    assert.ok(!opcuaPolicy.answers(asked, Uint8Array.of(...reply(3, 7, "MSGC"), ...reply(3, 8))));
    assert.ok(opcuaEncryptedPolicy.answers(asked, reply(4)));
    assert.ok(!opcuaEncryptedPolicy.answers(asked, reply(3, 8)));
  });

  test("to HEL is ACK, to OpenSecureChannel its like, and ERR to anything", () => {
    const acknowledge = chunk("ACKF", Array.from<number>({ length: 20 }).fill(0));
    const opened = chunk("OPNF", uint32(9), Array.from<number>({ length: 24 }).fill(0));
    const error = chunk("ERRF", uint32(0x807d0000), uint32(0));
    assert.ok(opcuaPolicy.answers(hello, acknowledge) && !opcuaPolicy.answers(hello, opened));
    assert.ok(opcuaPolicy.answers(open("None", 446), opened) && !opcuaPolicy.answers(open("None", 446), reply()));
    for (const asked of [hello, open("None", 446), message(826)]) assert.ok(opcuaPolicy.answers(asked, error));
    const renewal = open("None", 446).with(8, 9);
    assert.ok(opcuaPolicy.answers(renewal, opened) && !opcuaPolicy.answers(renewal.with(8, 5), opened));
  });

  test("is not waited for after CLO", () => assert.deepEqual([...opcuaPolicy.unanswered], ["opcua-close-channel"]));
});
