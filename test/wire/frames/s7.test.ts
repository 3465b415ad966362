/** The S7 frame policy: what is framed, what may leave, what answers what. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { s7Policy } from "../../../src/wire/frames/s7.ts";
import { healthyS7Reply } from "../../support/s7-checks.ts";

const bytes = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text.replaceAll(" ", ""), "hex"));
const put = (frame: Uint8Array, at: number, ...values: readonly number[]): Uint8Array => {
  const copy = Uint8Array.from(frame);
  copy.set(values, at);
  return copy;
};

const connect = bytes("0300001611e00000000100c0010ac1020100c2020302");
const setup = bytes("0300001902f08032010000000000080000f0000001000101e0");
const mode = bytes("0300002102f080320700000100000800080001120411440100ff09000404240000");
const read = bytes("0300001f02f080320100000500000e00000401120a10020002000184000010");

const readBytes = ({ count = 2, db = 1, area = 0x84, bits = 16 }): Uint8Array =>
  put(read, 23, count >> 8, count & 0xff, db >> 8, db & 0xff, area, bits >> 16, (bits >> 8) & 0xff, bits & 0xff);

describe("a frame that leaves", () => {
  const lawful: readonly [what: string, frame: Uint8Array, operation: string][] = [
    ["a connection as S7-basic", connect, "s7-connect"],
    ["a connection as OP", put(connect, 20, 0x02), "s7-connect"],
    ["a connection to rack 7, slot 31", put(connect, 21, 0xff), "s7-connect"],
    ["the setup", setup, "s7-setup"],
    ["the setup under another reference", put(setup, 11, 0x64, 0xa6), "s7-setup"],
    ["the operating mode", mode, "s7-read-szl"],
    ["the module identification", put(mode, 29, 0x00, 0x11), "s7-read-szl"],
    ["the component identification", put(mode, 29, 0x00, 0x1c), "s7-read-szl"],
    ["the protection level", put(mode, 29, 0x02, 0x32, 0x00, 0x04), "s7-read-szl"],
    ["the first component by itself", put(mode, 29, 0x01, 0x1c, 0x00, 0x01), "s7-read-szl"],
    ["the last component by itself", put(mode, 29, 0x01, 0x1c, 0x00, 0x0b), "s7-read-szl"],
    ["two bytes of a data block", read, "s7-read-area"],
    ["four bytes of the memory", readBytes({ count: 4, db: 0, area: 0x83 }), "s7-read-area"],
    ["the last byte of the inputs", readBytes({ count: 1, db: 0, area: 0x81, bits: 65_535 * 8 }), "s7-read-area"],
    ["a byte of the outputs", readBytes({ count: 1, db: 0, area: 0x82 }), "s7-read-area"],
  ];
  for (const [what, frame, operation] of lawful) {
    test(`${what} is ${operation}`, () => {
      assert.equal(s7Policy.frameLength(frame, "out"), frame.length);
      assert.equal(s7Policy.operation(frame), operation);
    });
  }

  const refused: readonly [what: string, frame: Uint8Array][] = [
    ["a connection as a programming device", put(connect, 20, 0x01)],
    ["a connection as anything else", put(connect, 20, 0x10)],
    ["a connection from another TSAP", put(connect, 16, 0x02)],
    ["a connection with larger frames", put(connect, 13, 0x0d)],
    ["a COTP disconnect request", bytes("03000007028080")],
    ["a setup with more jobs", put(setup, 20, 0x08)],
    ["a setup with a larger PDU", put(setup, 23, 0x03, 0xc0)],
    ["another list", put(mode, 29, 0x01, 0x31)],
    ["protection levels of another index", put(mode, 29, 0x02, 0x32, 0x00, 0x05)],
    ["all protection levels", put(mode, 29, 0x02, 0x32)],
    ["component 0", put(mode, 29, 0x01, 0x1c)],
    ["component 12", put(mode, 29, 0x01, 0x1c, 0x00, 0x0c)],
    ["component 257", put(mode, 29, 0x01, 0x1c, 0x01, 0x01)],
    ["part of a list", put(mode, 31, 0x00, 0x01)],
    ["the rest of a list", put(mode, 24, 0x01)],
    ["the clock", put(mode, 22, 0x47)],
    ["a list of blocks", put(mode, 22, 0x43)],
    ["a write", put(read, 17, 0x05)],
    ["two items", put(read, 18, 0x02)],
    ["words", put(read, 22, 0x04)],
    ["no bytes", readBytes({ count: 0 })],
    ["five bytes", readBytes({ count: 5 })],
    ["hundreds of bytes", readBytes({ count: 0x0101 })],
    ["a bit address", readBytes({ bits: 17 })],
    ["data block 0", readBytes({ db: 0 })],
    ["a data block's number beside the memory", readBytes({ area: 0x83 })],
    ["counters", readBytes({ area: 0x1c, db: 0 })],
    ["bytes behind the end", readBytes({ count: 2, bits: 65_535 * 8 })],
    ["PLC stop", bytes("0300002102f0803201000003000010000029000000000009505f50524f4752414d")],
    ["PLC hot start", bytes("0300002502f08032010000040000140000280000000000 00fd000009505f50524f4752414d")],
    ["a download", bytes("0300002302f080320100000500001200001a00010000000000095f30413030303031 50")],
    ["two frames at once", Uint8Array.from([...mode, ...mode])],
    ["nothing", new Uint8Array()],
  ];
  for (const [what, frame] of refused) {
    test(`${what} is nothing that may leave`, () => assert.equal(s7Policy.operation(frame), undefined));
  }

  test("one bit off anywhere is another request or none, but in the reference, the list, the place and the bytes", () => {
    const free: ReadonlyMap<Uint8Array, readonly number[]> = new Map([
      [connect, [20, 21]],
      [setup, [11, 12]],
      [mode, [11, 12, 29, 30]],
      [read, [11, 12, 24, 25, 26, 27, 28, 29, 30]],
    ]);
    for (const [frame, places] of free) {
      for (let at = 0; at < frame.length; at++) {
        for (let bit = 0; bit < 8 && !places.includes(at); bit++)
          assert.equal(s7Policy.operation(put(frame, at, frame[at]! ^ (1 << bit))), undefined, `byte ${at}`);
      }
    }
  });
});

describe("inbound bytes", () => {
  const reply = bytes(healthyS7Reply(Buffer.from(mode).toString("hex")));

  test("are waited for until the frame is whole", () => {
    for (let length = 0; length < reply.length; length++) assert.equal(s7Policy.frameLength(reply.subarray(0, length), "in"), 0);
    assert.equal(s7Policy.frameLength(reply, "in"), reply.length);
  });

  const malformed: readonly [what: string, text: string][] = [
    ["another version", "04"],
    ["a reserved byte", "0301"],
    ["a length of 65535", "0300ffff"],
    ["a length below the shortest frame", "0300000a"],
    ["a length beyond the PDU that was asked for", "030001e8"],
    ["a COTP length that fits nothing", "0300003d07"],
    ["a COTP code that is none", "0300003d02e1"],
    ["a connection request of the device's", "0300001611e0"],
    ["a data frame that goes on", "0300003d02f000"],
    ["another protocol", "0300003d02f08072"],
    ["a web server's answer", Buffer.from("HTTP").toString("hex")],
  ];
  for (const [what, text] of malformed) {
    test(`with ${what} are malformed at once`, () => assert.equal(s7Policy.frameLength(bytes(text), "in"), "malformed"));
  }

  test("never make a frame longer than the bound", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), (noise) => {
        const length = s7Policy.frameLength(noise, "in");
        assert.ok(length === "malformed" || length <= s7Policy.inboundBytesMax);
      }),
    );
  });
});

describe("a reply answers", () => {
  const to = (request: Uint8Array): Uint8Array => bytes(healthyS7Reply(Buffer.from(request).toString("hex")));

  test("the request that it is the reply to", () => {
    for (const request of [connect, setup, mode, read]) assert.ok(s7Policy.answers(request, to(request)));
  });

  test("no other", () => {
    for (const [request, other] of [
      [connect, setup],
      [setup, connect],
      [setup, mode],
      [mode, read],
      [read, mode],
    ] as const)
      assert.ok(!s7Policy.answers(request, to(other)));
  });

  test("nothing under another reference, and no bare header", () => {
    assert.ok(!s7Policy.answers(mode, put(to(mode), 12, 9)));
    assert.ok(!s7Policy.answers(mode, to(mode).subarray(0, 17)));
  });

  test("with a refusal, whatever was asked", () => {
    const refusal = bytes("0300000b06800001002a82");
    assert.equal(s7Policy.frameLength(refusal, "in"), refusal.length);
    for (const request of [connect, setup, mode, read]) assert.ok(s7Policy.answers(request, refusal));
  });

  test("a job with an error alone", () => {
    assert.ok(s7Policy.answers(setup, bytes("0300001302f080320200000000 0000 0000 8500")));
    assert.ok(!s7Policy.answers(mode, bytes("0300001302f080320200000001 0000 0000 8500")));
  });
});
