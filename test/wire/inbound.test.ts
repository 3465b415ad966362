/** Cutting a device's bytes into frames: the bound, the copies, and what is shown to a person. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import type { FramePolicy } from "../../src/domain/wire.ts";
import { modbusPolicy } from "../../src/wire/frames/modbus.ts";
import { Inbound, shown } from "../../src/wire/inbound.ts";

const reply = Uint8Array.from(Buffer.from("00010000000a012b0e01010000010000", "hex"));

describe("a frame", () => {
  test("is whole however its bytes are cut", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: reply.length - 1 })), (cuts) => {
        const inbound = new Inbound(modbusPolicy);
        const edges = [0, ...new Set(cuts.toSorted((a, b) => a - b)), reply.length];
        const taken = edges.slice(1).map((edge, index) => inbound.take(reply.slice(edges[index], edge)));
        assert.ok(taken.slice(0, -1).every(({ is }) => is === "part"));
        assert.deepEqual(taken.at(-1), { is: "frame", frame: reply });
      }),
    );
  });

  test("and the next one come out of the same cutter", () => {
    const inbound = new Inbound(modbusPolicy);
    inbound.take(reply.slice(0, 5));
    assert.equal(inbound.take(reply.slice(5)).is, "frame");
    assert.deepEqual(inbound.take(reply), { is: "frame", frame: reply });
  });

  test("and its beginnings are copies, so that the buffer they were read into can be used again", () => {
    const inbound = new Inbound(modbusPolicy);
    const buffer = reply.slice(0, 5);
    inbound.take(buffer);
    buffer.fill(0xff);
    const rest = reply.slice(5);
    const taken = inbound.take(rest);
    rest.fill(0xff);
    assert.deepEqual(taken, { is: "frame", frame: reply });
  });
});

describe("a policy that cannot make up its mind", () => {
  const undecided: FramePolicy = { ...modbusPolicy, inboundBytesMax: 10, frameLength: () => 0 };

  test("is not waited for beyond the longest frame of its protocol", () => {
    const inbound = new Inbound(undecided);
    assert.equal(inbound.take(new Uint8Array(9)).is, "part");
    const taken = inbound.take(new Uint8Array(1));
    assert.ok(taken.is === "malformed" && /longer than 10 bytes/.test(taken.detail));
  });

  test("is not believed when it finds a frame longer than that", () => {
    const taken = new Inbound({ ...undecided, frameLength: (bytes) => bytes.length }).take(new Uint8Array(11));
    assert.equal(taken.is, "malformed");
  });
});

test("evidence is short, and says how much there was", () => {
  assert.equal(shown(Uint8Array.of(0xab, 0x01)), "ab01");
  assert.equal(shown(new Uint8Array(260)), `${"00".repeat(32)}… (260 bytes)`);
});
