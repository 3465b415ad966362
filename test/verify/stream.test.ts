/** However the bytes of a connection are cut, repeated and mixed up on their way into a capture, each is judged once. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { SentStream } from "../../src/verify/stream.ts";

const none = (): undefined => undefined;
/** Modbus frames: six bytes, the last two of which say how many follow. */
const modbusFrame = fc.uint8Array({ minLength: 1, maxLength: 12 }).map((body) => [1, 2, 0, 0, 0, body.length, ...body]);
const joined = (parts: readonly Uint8Array[]): readonly number[] => parts.flatMap((part) => [...part]);

describe("one direction of a connection", () => {
  test("gives each frame once, in order, with nothing left, however its segments overlap, come early or come again", () => {
    const sent = fc.array(modbusFrame, { minLength: 1, maxLength: 5 });
    const cuts = fc.array(fc.tuple(fc.nat(60), fc.integer({ min: 1, max: 60 })), { maxLength: 12 });
    const begins = fc.constantFrom(0, 7, 0xffff_ffff, 0xffff_fff0);
    fc.assert(
      fc.property(sent, cuts, begins, fc.boolean(), (frames, pieces, begin, wholeFirst) => {
        const bytes = Uint8Array.from(frames.flat());
        const segments = pieces.map(([from, length]) => [from % bytes.length, length] as const);
        // The whole comes too, in one segment: first, or last of all.
        const all = wholeFirst ? [[0, bytes.length] as const, ...segments] : [...segments, [0, bytes.length] as const];
        const stream = new SentStream();
        stream.begin(begin);
        const found = all.flatMap(([from, length]) => {
          stream.take((begin + 1 + from) >>> 0, bytes.subarray(from, from + length));
          return stream.frames("modbus", none);
        });
        assert.deepEqual(
          found.map((frame) => [...frame]),
          frames,
        );
        assert.equal(stream.unjudged, 0);
      }),
    );
  });

  test("gives the same whatever the order in which its segments are captured", () => {
    const pieces = fc
      .uint8Array({ minLength: 1, maxLength: 40 })
      .chain((bytes) =>
        fc.tuple(fc.constant(bytes), fc.uniqueArray(fc.nat(bytes.length), { maxLength: 6 }), fc.infiniteStream(fc.nat(99))),
      );
    fc.assert(
      fc.property(pieces, fc.constantFrom(0, 0xffff_fff0), ([body, cuts, order], begin) => {
        const frame = [0, 1, 0, 0, 0, body.length, ...body];
        const bytes = Uint8Array.from(frame);
        const ends = [0, ...cuts.toSorted((a, b) => a - b), bytes.length];
        const segments = ends.slice(1).map((end, at) => ({ from: ends[at]!, end, rank: order.next().value! }));
        const stream = new SentStream();
        stream.begin(begin);
        for (const { from, end } of segments.toSorted((a, b) => a.rank - b.rank))
          stream.take((begin + 1 + from) >>> 0, bytes.subarray(from, end));
        assert.deepEqual(joined(stream.frames("modbus", none)), frame);
        assert.equal(stream.unjudged, 0);
      }),
    );
  });

  test("loses no byte of a longer segment by a shorter copy of it, while the one before it is missing", () => {
    const [first, second, third] = [
      [1, 1, 0, 0, 0, 1, 1],
      [2, 2, 0, 0, 0, 1, 2],
      [3, 3, 0, 0, 0, 1, 3],
    ] as const;
    const stream = new SentStream();
    stream.begin(0);
    stream.take(8, Uint8Array.from([...second, ...third]));
    stream.take(8, Uint8Array.from(second));
    assert.equal(stream.unjudged, 14);
    stream.take(1, Uint8Array.from(first));
    assert.deepEqual(joined(stream.frames("modbus", none)), [...first, ...second, ...third]);
  });

  test("says of a segment whether it brought anything", () => {
    const stream = new SentStream();
    stream.begin(0);
    assert.equal(stream.take(1, new Uint8Array()), false);
    assert.equal(stream.take(1, Uint8Array.of(1, 2)), true);
    assert.equal(stream.take(1, Uint8Array.of(1, 2)), false, "a copy");
    assert.equal(stream.take(2, Uint8Array.of(2, 3)), true, "one byte more");
    assert.equal(stream.take(9, Uint8Array.of(9)), true, "early");
  });

  test("knows its own SYN again, and one that began elsewhere", () => {
    const stream = new SentStream();
    assert.equal(stream.isBegunBy(7), false, "its beginning was not captured");
    stream.begin(0xffff_ffff);
    assert.equal(stream.isBegunBy(0xffff_ffff), true);
    assert.equal(stream.isBegunBy(7), false);
  });
});

describe("a frame ends where its protocol says", () => {
  for (const [protocol, frame] of [
    ["modbus", [0, 1, 0, 0, 0, 2, 1, 17]],
    ["enip", [0x63, 0, 1, 0, ...new Uint8Array(20), 9]],
    ["s7", [3, 0, 0, 7, 2, 0xf0, 0x80]],
    ["opcua", [0x48, 0x45, 0x4c, 0x46, 9, 0, 0, 0, 1]],
  ] as const)
    test(`of ${protocol}: what is behind it is the next, and one byte less is none yet`, () => {
      const stream = new SentStream();
      stream.take(1, Uint8Array.from([...frame, ...frame.slice(0, -1)]));
      assert.deepEqual(
        stream.frames(protocol, none).map((one) => [...one]),
        [[...frame]],
      );
      assert.equal(stream.unjudged, frame.length - 1);
      const slowly = new SentStream();
      const found = [...frame].flatMap((byte, at) => {
        slowly.take(1 + at, Uint8Array.of(byte));
        return slowly.frames(protocol, none).map((one) => [at, ...one]);
      });
      assert.deepEqual(found, [[frame.length - 1, ...frame]], "byte by byte");
    });

  test("with lengths of more than one byte, in the protocol's own order", () => {
    const long = (head: readonly number[], length: number): Uint8Array =>
      Uint8Array.from([...head, ...new Uint8Array(length - head.length)]);
    for (const [protocol, frame] of [
      ["modbus", long([0, 1, 0, 0, 1, 2], 6 + 0x102)],
      ["enip", long([0x6f, 0, 2, 1], 24 + 0x102)],
      ["s7", long([3, 0, 1, 2], 0x102)],
      ["opcua", long([0x4d, 0x53, 0x47, 0x46, 2, 1, 0, 0], 0x102)],
    ] as const) {
      const stream = new SentStream();
      stream.take(1, frame.subarray(0, -1));
      assert.deepEqual(stream.frames(protocol, none), [], protocol);
      stream.take(frame.length, frame.subarray(-1));
      assert.deepEqual(
        stream.frames(protocol, none).map(({ length }) => length),
        [frame.length],
        protocol,
      );
    }
  });

  test("and what can be none comes whole: no length, a length of nothing, one that no frame has", () => {
    for (const [protocol, bytes] of [
      ["s7", [3, 0, 0, 0, 1]],
      ["opcua", [1, 2, 3, 4, 1, 0, 1, 0]],
      ["opcua", [1, 2, 3, 4, 0, 0, 0, 1]],
      ["modbus-rtu", [1, 17]],
    ] as const) {
      const stream = new SentStream();
      stream.take(1, Uint8Array.from(bytes));
      assert.deepEqual(joined(stream.frames(protocol, none)), bytes, protocol);
    }
  });
});
