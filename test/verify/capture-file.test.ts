/** Capture files in each of their forms, and what is no capture or not a whole one. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { capturedFrames, CaptureUnreadable } from "../../src/verify/capture-file.ts";
import { packetOf } from "../../src/verify/packet.ts";
import { device, frames, icmp, instant, ip, pcapFile, poller, tcp, whoHas } from "./support/captured.ts";

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
  /** One section, one interface with the resolution 10^-9, one packet. */
  const blocks = (bytes: readonly number[], original = bytes.length): Uint8Array => {
    const block = (type: number, body: readonly number[]): readonly number[] => {
      const padded = [...body, ...new Uint8Array((4 - (body.length % 4)) % 4)];
      return [...le32(type), ...le32(padded.length + 12), ...padded, ...le32(padded.length + 12)];
    };
    const section = block(0x0a0d0d0a, [...le32(0x1a2b3c4d), 1, 0, 0, 0, ...new Uint8Array(8).fill(255)]);
    const port = block(1, [1, 0, 0, 0, ...le32(0), 9, 0, 1, 0, 9, 0, 0, 0, 0, 0, 0, 0]);
    const ticks = 1_790_000_000_123_456_789n;
    const at = [...le32(Number(ticks >> 32n)), ...le32(Number(ticks & 0xffff_ffffn))];
    return Uint8Array.from([...section, ...port, ...block(6, [...le32(0), ...at, ...le32(bytes.length), ...le32(original), ...bytes])]);
  };

  test("is read with its own resolution of time", () => {
    assert.deepEqual(read(blocks(sent[0]!.bytes)), [[1, 1_790_000_000_123_456_789n, sent[0]!.bytes.length]]);
  });

  test("with a packet that was cut is refused", () => {
    assert.throws(() => read(blocks(sent[0]!.bytes, 2000)), /packet 1 was cut to 54 of 2000 bytes: capture whole packets/);
  });

  test("that ends in a block is refused", () => {
    assert.throws(() => read(blocks(sent[0]!.bytes).subarray(0, 100)), CaptureUnreadable);
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
    assert.equal(over(147, []), undefined);
  });

  test("a frame cut anywhere is no packet, and breaks nothing", () => {
    for (let length = 0; length < bytes.length; length++) packetOf({ ...frame!, bytes: bytes.subarray(0, length) });
    assert.equal(packetOf({ ...frame!, bytes: bytes.subarray(0, 20) }), undefined);
  });

  test("a fragment is named as what cannot be judged", () => {
    const fragment = ip(0, 6, poller, device, [1, 2, 3, 4]).bytes.with(20, 0x20);
    assert.equal(packetOf({ ...frame!, bytes: Uint8Array.from(fragment) })?.kind, "other");
  });

  test("IPv6: addresses as RFC 5952 has them, and a neighbour solicitation is its address resolution", () => {
    const head = (next: number, to: readonly number[], payload: readonly number[]): Uint8Array =>
      Uint8Array.from([0x60, 0, 0, 0, 0, payload.length, next, 64, 0x20, 1, 0xd, 0xb8, ...new Uint8Array(11), 1, ...to, ...payload]);
    const target = [0x20, 1, 0xd, 0xb8, ...new Uint8Array(11), 0x11];
    const solicited = [0xff, 2, ...new Uint8Array(9), 1, 0xff, 0, 0, 0x11];
    const asked = packetOf({ ...frame!, linkType: 101, bytes: head(58, solicited, [135, 0, 0, 0, 0, 0, 0, 0, ...target]) });
    assert.deepEqual([asked?.kind, asked?.source, asked?.destination], ["arp", "2001:db8::1", "2001:db8::11"]);
    const datagram = packetOf({ ...frame!, linkType: 101, bytes: head(17, target, [0, 1, 0, 2, 0, 8, 0, 0]) });
    assert.deepEqual([datagram?.kind, datagram?.destination], ["udp", "2001:db8::11"]);
  });
});

function le32(value: number): readonly number[] {
  return [value & 255, (value >>> 8) & 255, (value >>> 16) & 255, value >>> 24];
}
