/** Capture files in each of their forms, and what is no capture or not a whole one. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { capturedFrames, CaptureUnreadable } from "../../src/verify/capture-file.ts";
import { packetOf } from "../../src/verify/packet.ts";
import { device, frames, icmp, instant, ip, pcapFile, poller, tcp, udp, whoHas } from "./support/captured.ts";

const sent = [tcp({ atMs: 0, flags: "S" }), tcp({ atMs: 1500, hex: "0102" })];
const read = (file: Uint8Array): readonly unknown[] =>
  [...capturedFrames(file)].map(({ number, atNs, bytes }) => [number, atNs, bytes.length]);

test("pcap in both byte orders says the same", () => {
  const expected = sent.map(({ atMs, bytes }, at) => [at + 1, instant(atMs), bytes.length]);
  assert.deepEqual(read(pcapFile(sent, "little")), expected);
  assert.deepEqual(read(pcapFile(sent, "big")), expected);
});

test("pcap with nanoseconds keeps them", () => {
  const file = pcapFile(sent);
  new DataView(file.buffer).setUint32(0, 0xa1b23c4d, true);
  new DataView(file.buffer).setUint32(28, 123_456_789, true);
  assert.equal([...capturedFrames(file)][0]?.atNs, instant(0) + 123_456_789n);
});

describe("pcapng", () => {
  const ticks = 1_790_000_000_123_456_789n;
  type Order = "little" | "big";
  const word = (value: number, order: Order): readonly number[] => (order === "little" ? le32(value) : le32(value).toReversed());
  const half = (value: number, order: Order): readonly number[] =>
    order === "little" ? [value & 255, value >> 8] : [value >> 8, value & 255];
  const block = (type: number, body: readonly number[], order: Order = "little"): readonly number[] => {
    const padded = [...body, ...new Uint8Array((4 - (body.length % 4)) % 4)];
    return [...word(type, order), ...word(padded.length + 12, order), ...padded, ...word(padded.length + 12, order)];
  };
  const section = (order: Order = "little"): readonly number[] =>
    block(0x0a0d0d0a, [...word(0x1a2b3c4d, order), ...half(1, order), 0, 0, ...new Uint8Array(8).fill(255)], order);
  const option = (code: number, value: readonly number[], order: Order = "little"): readonly number[] => [
    ...half(code, order),
    ...half(value.length, order),
    ...value,
    ...new Uint8Array((4 - (value.length % 4)) % 4),
  ];
  const nanoseconds = option(9, [9]);
  const port = (options: readonly number[], order: Order = "little"): readonly number[] =>
    block(1, [...half(1, order), 0, 0, ...word(0, order), ...options], order);
  const packet = (bytes: readonly number[], { at = ticks, original = bytes.length, from = 0, order = "little" as Order } = {}) => {
    const time = [...word(Number(at >> 32n), order), ...word(Number(at & 0xffff_ffffn), order)];
    return block(6, [...word(from, order), ...time, ...word(bytes.length, order), ...word(original, order), ...bytes], order);
  };
  const { bytes } = sent[0]!;
  const file = (...parts: readonly (readonly number[])[]): Uint8Array => Uint8Array.from(parts.flat());
  const times = (...parts: readonly (readonly number[])[]): readonly bigint[] =>
    [...capturedFrames(file(...parts))].map(({ atNs }) => atNs);

  test("is read with its own resolution of time", () => {
    assert.deepEqual(read(file(section(), port(nanoseconds), packet(bytes))), [[1, ticks, bytes.length]]);
    const seconds = 1_790_000_000n;
    for (const [what, options, at, expected] of [
      ["microseconds where nothing is said", [], seconds * 1_000_000n + 5n, seconds * 1_000_000_000n + 5000n],
      ["a power of two", option(9, [0x8a]), seconds * 1024n + 512n, seconds * 1_000_000_000n + 500_000_000n],
      ["behind other options", [...option(2, [97, 98, 99]), ...nanoseconds], ticks, ticks],
      ["none behind the end of the options", [...option(0, []), ...nanoseconds], 5n, 5000n],
      ["none of another length", option(9, [9, 0]), 5n, 5000n],
      ["none that reaches beyond its block", [9, 0, 200, 0, 9, 0, 0, 0], 5n, 5000n],
      ["from another beginning", [...nanoseconds, ...option(14, [10, 0, 0, 0, 0, 0, 0, 0])], 7n, 10_000_000_007n],
      ["no beginning of another length", [...nanoseconds, ...option(14, [10, 0, 0, 0])], 7n, 7n],
    ] as const)
      assert.deepEqual(times(section(), port(options), packet(bytes, { at })), [expected], what);
  });

  test("is read in either byte order, section by section, each with its own interfaces", () => {
    const big = [section("big"), port(option(9, [9], "big"), "big"), packet(bytes, { order: "big" })];
    assert.deepEqual(times(...big), [ticks]);
    assert.deepEqual(times(...big, section(), port([]), packet(bytes, { at: 5n })), [ticks, 5000n]);
    assert.deepEqual(times(section(), port([]), port(nanoseconds), packet(bytes, { from: 1 })), [ticks]);
    assert.throws(() => times(...big, section(), packet(bytes)), /packet 2 belongs to no interface/u);
  });

  test("that is damaged, cut, or without times is refused with what was found", () => {
    const begun = [section(), port(nanoseconds)];
    const whole = file(...begun, packet(bytes));
    for (const [what, read, message] of [
      [
        "a packet that was cut",
        file(...begun, packet(bytes, { original: 2000 })),
        /packet 1 was cut to 54 of 2000 bytes: capture whole packets/u,
      ],
      ["an end in a block", whole.subarray(0, 100), /a block of \d+ bytes after packet 0/u],
      ["an end in a block's head", file(...begun, [6, 0, 0, 0]), /cut off after packet 0/u],
      ["a block of no length", file(...begun, [...le32(6), ...le32(0), ...le32(0)]), /a block of 0 bytes after packet 0/u],
      ["a block of odd length", file(...begun, [...le32(6), ...le32(13), ...new Uint8Array(8)]), /a block of 13 bytes after packet 0/u],
      ["a packet without a time", file(...begun, block(3, [...le32(4), 1, 2, 3, 4])), /a simple packet block has no time/u],
      ["a packet of an interface that is none", file(...begun, packet(bytes, { from: 1 })), /packet 1 belongs to no interface/u],
      ["a packet block without a packet", file(...begun, block(6, le32(0))), /packet 1 belongs to no interface/u],
      [
        "more bytes than its block",
        file(...begun, block(6, [...le32(0), ...le32(0), ...le32(0), ...le32(9), ...le32(9), 1])),
        /packet 1 is damaged/u,
      ],
    ] as const)
      assert.throws(
        () => [...capturedFrames(read)],
        (error: unknown) => error instanceof CaptureUnreadable && message.test(error.message),
        what,
      );
  });

  test("every prefix of it is read or refused, never anything else", () => {
    const whole = file(section(), port([...option(2, [97]), ...nanoseconds]), packet(bytes), packet(bytes));
    for (let length = 0; length < whole.length; length++) {
      try {
        assert.ok(read(whole.subarray(0, length)).length < 2);
      } catch (error) {
        assert.ok(error instanceof CaptureUnreadable, `${length} bytes: ${String(error)}`);
      }
    }
  });
});

test("a file that is no capture, a cut one, and one that ends in a packet are refused with what was found", () => {
  assert.throws(() => read(new Uint8Array(10)), /not a capture: 10 bytes/);
  assert.throws(() => read(new Uint8Array(100)), /it begins with 00000000/);
  assert.throws(() => read(pcapFile(sent).subarray(0, 60)), /packet 1 is damaged or cut off/);
  const cut = pcapFile(sent);
  new DataView(cut.buffer).setUint32(36, 9000, true);
  assert.throws(() => read(cut), /packet 1 was cut to 54 of 9000 bytes/);
});

test("every prefix of a capture is read or refused, never anything else", () => {
  const file = pcapFile([...sent, icmp(3, device, 8, 16), whoHas(4, device)]);
  for (let length = 0; length < file.length; length++) {
    try {
      for (const frame of capturedFrames(file.subarray(0, length))) packetOf(frame);
    } catch (error) {
      assert.ok(error instanceof CaptureUnreadable, `${length} bytes: ${String(error)}`);
    }
  }
});

describe("a frame is taken apart", () => {
  const [frame] = frames(tcp({ atMs: 0, flags: "S" }));
  const bytes = frame!.bytes;
  const over = (linkType: number, head: readonly number[]): unknown => {
    const packet = packetOf({ ...frame!, linkType, bytes: Uint8Array.from([...head, ...bytes.subarray(14)]) });
    return packet && [packet.kind, packet.source, packet.destination];
  };

  test("whatever link it was captured on", () => {
    const expected = ["tcp", poller, device];
    assert.deepEqual(over(1, [...bytes.subarray(0, 12), 0x81, 0, 0, 7, 8, 0]), expected, "a VLAN tag");
    assert.deepEqual(over(101, []), expected, "raw IP");
    assert.deepEqual(over(113, [...new Uint8Array(14), 8, 0]), expected, "Linux cooked");
    assert.deepEqual(over(276, [8, 0, ...new Uint8Array(18)]), expected, "Linux cooked, version 2");
    assert.deepEqual(over(0, [2, 0, 0, 0]), expected, "loopback");
    assert.deepEqual(over(108, [0, 0, 0, 2]), expected, "loopback of another system");
    for (const raw of [12, 14]) assert.deepEqual(over(raw, []), expected, "raw IP under its older numbers");
    assert.equal(over(147, []), undefined);
  });

  test("a frame cut anywhere is no packet, and breaks nothing", () => {
    for (let length = 0; length < bytes.length; length++) packetOf({ ...frame!, bytes: bytes.subarray(0, length) });
    assert.equal(packetOf({ ...frame!, bytes: bytes.subarray(0, 20) }), undefined);
  });

  test("of whatever kind, cut anywhere, it breaks nothing, and is of its kind only with its whole header", () => {
    const six = v6(17, [0x20, 1, 0xd, 0xb8, ...new Uint8Array(11), 0x11], [0, 1, 0, 2, 0, 8, 0, 0]);
    const tagged = [...bytes.subarray(0, 12), 0x81, 0, 0, 7, 0x81, 0, 0, 8, 8, 0, ...bytes.subarray(14)];
    const cases: readonly [kind: string, linkType: number, bytes: readonly number[], least: number][] = [
      ["tcp", 1, [...bytes], 54],
      ["tcp", 1, tagged, 62],
      ["tcp", 113, [...new Uint8Array(14), 8, 0, ...bytes.subarray(14)], 56],
      ["tcp", 276, [8, 0, ...new Uint8Array(18), ...bytes.subarray(14)], 60],
      ["udp", 1, udp(0, device, 502, "0102").bytes, 42],
      ["icmp", 1, icmp(0, device, 8, 8).bytes, 42],
      ["arp", 1, whoHas(0, device).bytes, 42],
      ["udp", 101, [...six], 48],
    ];
    for (const [kind, linkType, whole, least] of cases)
      for (let length = 0; length <= whole.length; length++) {
        const packet = packetOf({ ...frame!, linkType, bytes: Uint8Array.from(whole.slice(0, length)) });
        assert.equal(packet?.kind === kind, length >= least, `${kind} on ${linkType}, ${length} bytes`);
      }
  });

  test("a fragment is named as what cannot be judged, the first one and those behind it", () => {
    const whole = tcp({ atMs: 0, hex: "0102" }).bytes;
    for (const [at, bits] of [
      [20, 0x20],
      [20, 0x10],
      [21, 0x01],
    ] as const) {
      const packet = packetOf({ ...frame!, bytes: Uint8Array.from(whole.with(at, bits)) });
      assert.deepEqual(packet?.kind === "other" && packet.what, "a fragment of an IP packet");
    }
    assert.equal(
      packetOf({ ...frame!, bytes: Uint8Array.from(whole.with(20, 0x40)) })?.kind,
      "tcp",
      "one that must not be divided is whole",
    );
  });

  test("what is none of these keeps its name and addresses; what has none is no packet", () => {
    const odd = packetOf({ ...frame!, bytes: Uint8Array.from(ip(0, 253, poller, device, [135, ...new Uint8Array(40)]).bytes) });
    assert.deepEqual(odd?.kind === "other" && [odd.what, odd.destination], ["IP protocol 253", device]);
    const listing = packetOf({ ...frame!, bytes: Uint8Array.from([...bytes.subarray(0, 12), 0x88, 0xcc, ...bytes.subarray(14)]) });
    assert.equal(listing, undefined);
    const arpOfOthers = Uint8Array.from(whoHas(0, device).bytes.with(16, 0x86).with(17, 0xdd));
    assert.equal(packetOf({ ...frame!, bytes: arpOfOthers }), undefined);
  });

  test("IPv6 addresses leave out the longest run of zeros, at the end too, and no single zero", () => {
    const at = (...groups: readonly number[]): string | undefined => {
      const to = groups.flatMap((group) => [group >> 8, group & 255]);
      return packetOf({ ...frame!, linkType: 101, bytes: v6(17, to, [0, 1, 0, 2, 0, 8, 0, 0]) })?.destination;
    };
    assert.equal(at(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1), "2001:db8::1");
    assert.equal(at(0x2001, 0xdb8, 1, 0, 0, 0, 0, 0), "2001:db8:1::");
    assert.equal(at(0, 0, 0, 0, 0, 0, 0, 1), "::1");
    assert.equal(at(0x2001, 0xdb8, 0, 1, 2, 3, 4, 5), "2001:db8:0:1:2:3:4:5");
    assert.equal(at(0x2001, 0, 0, 1, 0, 0, 0, 5), "2001:0:0:1::5");
    assert.equal(at(0x2001, 0, 0, 1, 2, 3, 4, 5), "2001::1:2:3:4:5");
  });

  test("IPv6: addresses as RFC 5952 has them, and a neighbour solicitation is its address resolution", () => {
    const target = [0x20, 1, 0xd, 0xb8, ...new Uint8Array(11), 0x11];
    const solicited = [0xff, 2, ...new Uint8Array(9), 1, 0xff, 0, 0, 0x11];
    const asked = packetOf({ ...frame!, linkType: 101, bytes: v6(58, solicited, [135, 0, 0, 0, 0, 0, 0, 0, ...target]) });
    assert.deepEqual([asked?.kind, asked?.source, asked?.destination], ["arp", "2001:db8::1", "2001:db8::11"]);
    const datagram = packetOf({ ...frame!, linkType: 101, bytes: v6(17, target, [0, 1, 0, 2, 0, 8, 0, 0]) });
    assert.deepEqual([datagram?.kind, datagram?.destination], ["udp", "2001:db8::11"]);
  });
});

/** From `2001:db8::1`. */
function v6(next: number, to: readonly number[], payload: readonly number[]): Uint8Array {
  return Uint8Array.from([0x60, 0, 0, 0, 0, payload.length, next, 64, 0x20, 1, 0xd, 0xb8, ...new Uint8Array(11), 1, ...to, ...payload]);
}

function le32(value: number): readonly number[] {
  return [value & 255, (value >>> 8) & 255, (value >>> 16) & 255, value >>> 24];
}
