/** Out goes a small echo request and nothing else; its answer is the reply with the same identifier, number and payload. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { echoRequest } from "../../../src/drivers/icmp/methods.ts";
import { icmpPolicy } from "../../../src/wire/frames/icmp.ts";

const { frameLength, operation, answers } = icmpPolicy;
const message = (type: number, code: number, payloadBytes: number): Uint8Array =>
  Uint8Array.of(type, code, 0x5a, 0xa5, 0x12, 0x34, 0, 1, ...Array.from({ length: payloadBytes }, (_, at) => at));

describe("what may leave", () => {
  test("is an echo request with up to 56 bytes behind its head, the one that is approved among them", () => {
    assert.equal(operation(Uint8Array.from(echoRequest)), "icmp-echo");
    for (let payload = 0; payload <= 56; payload++) {
      assert.equal(operation(message(8, 0, payload)), "icmp-echo");
      assert.equal(frameLength(message(8, 0, payload), "out"), 8 + payload);
    }
  });

  test("is no longer one, no half one, no other type and no other code", () => {
    assert.equal(operation(message(8, 0, 57)), undefined);
    assert.equal(frameLength(message(8, 0, 57), "out"), "malformed");
    for (let length = 0; length < 8; length++) {
      assert.equal(operation(message(8, 0, 0).subarray(0, length)), undefined);
      assert.equal(frameLength(message(8, 0, 0).subarray(0, length), "out"), 0);
    }
    for (let other = 0; other < 256; other++) {
      assert.equal(operation(message(other, 0, 8)) !== undefined, other === 8, `type ${other}`);
      assert.equal(operation(message(8, other, 8)) !== undefined, other === 0, `code ${other}`);
      assert.equal(frameLength(message(other, 0, 8), "out"), other === 8 ? 16 : "malformed", `type ${other}`);
      assert.equal(frameLength(message(8, other, 8), "out"), other === 0 ? 16 : "malformed", `code ${other}`);
    }
  });
});

describe("an answer", () => {
  const asked = message(8, 0, 8);
  const reply = message(0, 0, 8).with(2, 0).with(3, 1);

  test("is an echo reply in one piece, refused at its first wrong byte", () => {
    assert.equal(frameLength(reply, "in"), 16);
    assert.equal(frameLength(asked, "in"), "malformed", "our own request is none");
    for (const [bytes, expected] of [
      [[], 0],
      [[0], 0],
      [[3], "malformed"],
      [[0, 0], 0],
      [[0, 1], "malformed"],
    ] as const)
      assert.equal(frameLength(Uint8Array.from(bytes), "in"), expected);
    assert.equal(icmpPolicy.inboundBytesMax, 64);
  });

  test("brings back identifier, number and payload as they went, with a check sum of its own", () => {
    assert.equal(answers(asked, reply), true);
    assert.equal(answers(asked, asked), false, "our own request");
    assert.equal(answers(asked, reply.subarray(0, 15)), false);
    assert.equal(answers(asked, Uint8Array.of(...reply, 8)), false);
    fc.assert(
      fc.property(fc.nat(15), fc.integer({ min: 1, max: 255 }), (at, bits) => {
        assert.equal(answers(asked, reply.with(at, reply[at]! ^ bits)), at === 2 || at === 3, `byte ${at}`);
      }),
    );
  });
});
