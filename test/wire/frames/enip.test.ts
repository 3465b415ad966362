/** Which EtherNet/IP frames may leave, how replies are cut, and what answers what. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { enipPolicy } from "../../../src/wire/frames/enip.ts";

function bytes(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex.replaceAll(" ", ""), "hex"));
}

const context = "f401000001000000";
const listIdentity = `6300 0000 00000000 00000000 ${context} 00000000`;
const registerSession = `6500 0400 00000000 00000000 ${context} 00000000 01000000`;
const unregisterSession = `6600 0000 44332211 00000000 ${context} 00000000`;
const readIdentity = `6f00 1600 44332211 00000000 ${context} 00000000 00000000 0500 0200 0000 0000 b200 0600 01 02 2001 2401`;
const manager = "5202 2006 2401";
const identityOf = "0600 01 02 2001 2401";
const routed = (message: string): string => {
  const bytesOf = (text: string): string => text.replaceAll(" ", "");
  const length = (count: number): string => Buffer.from([count & 0xff, count >> 8]).toString("hex");
  const { length: size } = Buffer.from(bytesOf(message), "hex");
  return `6f00 ${length(16 + size)} 44332211 00000000 ${context} 00000000 00000000 0500 0200 0000 0000 b200 ${length(size)} ${message}`;
};
const readSlot = routed(`${manager} 047d ${identityOf} 0100 0103`);

describe("may leave", () => {
  const lawful = [
    ["enip-list-identity", listIdentity],
    ["enip-register-session", registerSession],
    ["enip-unregister-session", unregisterSession],
    ["enip-read-identity", readIdentity],
    ["enip-read-slot-identity", readSlot],
  ] as const;
  for (const [operation, frame] of lawful) {
    test(operation, () => {
      assert.equal(enipPolicy.operation(bytes(frame)), operation);
      assert.equal(enipPolicy.frameLength(bytes(frame), "out"), bytes(frame).length);
    });
  }

  test("and only UnregisterSession has no answer", () => {
    assert.deepEqual([...enipPolicy.unanswered], ["enip-unregister-session"]);
  });
});

describe("may not leave", () => {
  const refused: readonly [what: string, frame: string][] = [
    ["nothing", ""],
    ["half a header", listIdentity.slice(0, 24)],
    ["NOP", listIdentity.replace("6300", "0000")],
    ["List Services, which no method asks", listIdentity.replace("6300", "0400")],
    ["List Interfaces", listIdentity.replace("6300", "6400")],
    ["SendUnitData", readIdentity.replace("6f00", "7000")],
    ["a command whose high byte is set", listIdentity.replace("6300", "6301")],
    ["List Identity with data", `${listIdentity.replace("6300 0000", "6300 0100")} 00`],
    ["List Identity within a session", listIdentity.replace("6300 0000 00000000", "6300 0000 01000000")],
    ["a status that is not zero", listIdentity.replace(`00000000 ${context}`, `01000000 ${context}`)],
    ["options", listIdentity.replace(`${context} 00000000`, `${context} 01000000`)],
    ["a length that is not the frame's", listIdentity.replace("6300 0000", "6300 0100")],
    ["two frames in one", listIdentity + listIdentity],
    ["RegisterSession of version 2", `${registerSession.slice(0, -8)}02000000`],
    ["RegisterSession with options", `${registerSession.slice(0, -4)}0100`],
    ["RegisterSession within a session", registerSession.replace("6500 0400 00000000", "6500 0400 01000000")],
    ["UnregisterSession without a session", unregisterSession.replace("44332211", "00000000")],
    ["a read without a session", readIdentity.replace("44332211", "00000000")],
    ["another interface", readIdentity.replace("00000000 0500", "01000000 0500")],
    ["a read without a timeout", readIdentity.replace("0500 0200", "0000 0200")],
    ["a read with a timeout of 31 s", readIdentity.replace("0500 0200", "1f00 0200")],
    ["one item", readIdentity.replace("0200 0000", "0100 0000")],
    ["a connected message", readIdentity.replace("b200", "b100")],
    ["Set_Attributes_All", readIdentity.replace("01 02 2001", "02 02 2001")],
    ["Reset of the Identity object", readIdentity.replace("01 02 2001", "05 02 2001")],
    ["Set_Attribute_Single", readIdentity.replace("01 02 2001", "10 02 2001")],
    ["Forward_Open", readIdentity.replace("01 02 2001", "54 02 2001")],
    ["Unconnected_Send to the connection manager", readIdentity.replace("01 02 2001", "52 02 2006")],
    ["another class", readIdentity.replace("2001", "2006")],
    ["another instance", readIdentity.replace("2401", "2402")],
    ["a slot without a session", readSlot.replace("44332211", "00000000")],
    ["a slot with a timeout of 31 s", readSlot.replace("0500 0200", "1f00 0200")],
    ["a slot of another port, which may lead out of the device", routed(`${manager} 047d ${identityOf} 0100 0203`)],
    ["a slot that no chassis has", routed(`${manager} 047d ${identityOf} 0100 0120`)],
    ["two hops", routed(`${manager} 047d ${identityOf} 0200 0103 0203`)],
    ["a route that says two hops and has one", routed(`${manager} 047d ${identityOf} 0200 0103`)],
    ["no route", routed(`${manager} 047d ${identityOf} 0000`)],
    ["a route over a link with a longer address", routed(`${manager} 047d ${identityOf} 0200 1103 3132 3300`)],
    ["a reset passed on", routed(`${manager} 047d 0600 05 02 2001 2401 0100 0103`)],
    ["a write passed on", routed(`${manager} 047d 0a00 10 03 2001 2401 3007 0102 0100 0103`)],
    ["a Forward_Open passed on", routed(`${manager} 047d 0600 54 02 2006 2401 0100 0103`)],
    [
      "an Unconnected_Send passed on",
      routed(`${manager} 047d ${Buffer.from([20, 0]).toString("hex")} ${manager} 047d ${identityOf} 0100 0103 0100 0103`),
    ],
    ["another class passed on", routed(`${manager} 047d 0600 01 02 2006 2401 0100 0103`)],
    ["another instance passed on", routed(`${manager} 047d 0600 01 02 2001 2402 0100 0103`)],
    ["an Unconnected_Send of another object", routed(`5202 2001 2401 047d ${identityOf} 0100 0103`)],
    ["a slot with a high priority", routed(`${manager} 147d ${identityOf} 0100 0103`)],
    ["a slot without ticks", routed(`${manager} 0400 ${identityOf} 0100 0103`)],
    ["a slot that is waited for for 32 s", routed(`${manager} 087d ${identityOf} 0100 0103`)],
    ["a multiple service packet", `${readIdentity.replace("1600", "1700").replace("0600 01", "0700 0a")} 00`],
  ];
  for (const [what, frame] of refused) test(what, () => assert.equal(enipPolicy.operation(bytes(frame)), undefined));

  test("any lawful frame with one bit changed, outside its counter, session handle and timeout", () => {
    const free = (at: number): boolean => (at >= 4 && at < 8) || (at >= 12 && at < 20) || at === 28 || at === 29;
    /** Of the read of a slot the time and the slot besides, which have limits of their own. */
    const freeToo = (at: number, length: number): boolean => length === 60 && (at === 46 || at === 47 || at === 59);
    for (const frame of [listIdentity, registerSession, unregisterSession, readIdentity, readSlot].map(bytes)) {
      for (let at = 0; at < frame.length; at++) {
        if (free(at) || freeToo(at, frame.length)) continue;
        for (let bit = 0; bit < 8; bit++) {
          const changed = Uint8Array.from(frame);
          changed[at]! ^= 1 << bit;
          assert.equal(enipPolicy.operation(changed), undefined, `byte ${at}, bit ${bit}`);
        }
      }
    }
  });
});

describe("of what comes", () => {
  test("a part is waited for, a whole frame is cut to its length", () => {
    const frame = bytes(registerSession);
    for (let length = 0; length < frame.length; length++) assert.equal(enipPolicy.frameLength(frame.subarray(0, length), "in"), 0);
    assert.equal(enipPolicy.frameLength(Uint8Array.of(...frame, 1, 2, 3), "in"), frame.length);
  });

  test("nothing is waited for once a byte is wrong", () => {
    for (const wrong of ["48", "00", "6301", "63000902", "6300ffff", `${listIdentity.slice(0, -9)} 00000001`])
      assert.equal(enipPolicy.frameLength(bytes(wrong), "in"), "malformed", wrong);
  });

  test("the longest lawful reply is as long as is allowed", () => {
    const longest = new Uint8Array(24 + 520);
    longest.set([0x63, 0, 0x08, 0x02]);
    assert.equal(enipPolicy.frameLength(longest, "in"), enipPolicy.inboundBytesMax);
  });

  test("no bytes at all make it throw or read beyond them", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 700 }), (noise) => {
        const length = enipPolicy.frameLength(noise, "in");
        assert.ok(length === "malformed" || (length <= noise.length && length <= enipPolicy.inboundBytesMax));
        assert.equal(enipPolicy.operation(noise), undefined);
      }),
    );
  });
});

describe("a reply answers", () => {
  const request = bytes(listIdentity);
  const reply = (change: (frame: Uint8Array) => void): Uint8Array => {
    const frame = Uint8Array.from(request);
    change(frame);
    return frame;
  };

  test("the request of its command and its sender context", () => {
    assert.ok(enipPolicy.answers(request, request));
    assert.ok(
      !enipPolicy.answers(
        request,
        reply((frame) => (frame[0] = 0x65)),
      ),
    );
    for (let at = 12; at < 20; at++)
      assert.ok(
        !enipPolicy.answers(
          request,
          reply((frame) => (frame[at]! ^= 1)),
        ),
        `byte ${at}`,
      );
  });

  test("whatever session handle stands in it, outside a session", () => {
    assert.ok(
      enipPolicy.answers(
        request,
        reply((frame) => (frame[4] = 9)),
      ),
    );
    assert.ok(enipPolicy.answers(bytes(registerSession), bytes(registerSession.replace("0400 00000000", "0400 44332211"))));
  });

  test("only within its own session", () => {
    assert.ok(enipPolicy.answers(bytes(readIdentity), bytes(readIdentity)));
    assert.ok(!enipPolicy.answers(bytes(readIdentity), bytes(readIdentity.replace("44332211", "44332212"))));
  });

  test("also where it tells of an error", () => {
    assert.ok(
      enipPolicy.answers(
        request,
        reply((frame) => (frame[8] = 1)),
      ),
    );
  });
});
