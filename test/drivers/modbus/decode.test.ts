/** Replies to Read Device Identification: real ones, divided ones, and everything that does not fit. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { describe, test } from "node:test";
import fc from "fast-check";
import { MalformedReply } from "../../../src/domain/driver.ts";
import type { Identity } from "../../../src/domain/outcome.ts";
import { decodeIdentification, identityOf } from "../../../src/drivers/modbus/decode.ts";
import { exceptionAnswer } from "../../../src/drivers/modbus/exceptions.ts";
import { modbusPolicy } from "../../../src/wire/frames/modbus.ts";

const basic = 1;

function bytes(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex.replaceAll(" ", ""), "hex"));
}

function object(id: number, text: string | Uint8Array): string {
  const value = Buffer.from(text as string);
  return Buffer.from([id, value.length, ...value]).toString("hex");
}

function identity(...objects: readonly string[]): Identity | undefined {
  const count = objects.length.toString(16).padStart(2, "0");
  return identityOf(decodeIdentification(bytes(`2b0e01 01 00 00 ${count} ${objects.join("")}`), basic).objects);
}

interface RealReply {
  readonly kind: string;
  readonly hex: string;
  readonly path: string;
  readonly frame: number;
}

describe("the captures of real networks", () => {
  const file = new URL("../../fixtures/real-replies/modbus-fc43.json", import.meta.url);
  const captured = JSON.parse(readFileSync(file, "utf8")) as readonly RealReply[];
  type Expected = "malformed" | "not on the list" | "lawful request" | ReturnType<typeof exceptionAnswer> | Identity;
  /** What a person reads in each of them. */
  const expected: ReadonlyMap<string, Expected> = new Map<string, Expected>([
    ["modbus-eit.pcap 2", "malformed"],
    ["modbus-eit.pcap 4", { said: "degraded", failure: "protocol_error", detail: "exception 0x04 to FC 43/14: server device failure" }],
    ["modbus-eit.pcap 1", "not on the list"],
    ["modbus-eit.pcap 3", "lawful request"],
    ["modbus_example.pcap 94", { vendor: "Zeek Modbus Test", product: "Protocol Parsing is fun!", revision: "1.2.3.6" }],
    // A byte too many; that device did not answer it.
    ["modbus.pcap 32", "not on the list"],
  ]);

  function read(frame: Uint8Array, kind: string): Expected | undefined {
    assert.equal(modbusPolicy.frameLength(frame, "in"), frame.length);
    if (kind !== "modbus_fc43_reply") return modbusPolicy.operation(frame) === undefined ? "not on the list" : "lawful request";
    const pdu = frame.subarray(7);
    if (pdu[0]! & 0x80) return exceptionAnswer(pdu[1]!, "FC 43/14");
    try {
      return identityOf(decodeIdentification(pdu, basic).objects);
    } catch (error) {
      assert.ok(error instanceof MalformedReply);
      return "malformed";
    }
  }

  for (const { kind, hex, path, frame } of captured) {
    const name = `${basename(path)} ${frame}`;
    test(`${name} is read as a person would`, () => {
      assert.ok(expected.has(name), `nobody has said yet what ${name} should be read as`);
      assert.deepEqual(read(bytes(hex), kind), expected.get(name));
    });
  }

  test("are all there", () => {
    assert.equal(captured.length, expected.size);
  });
});

describe("a reply is malformed", () => {
  const ok = object(0, "Maker");
  const cases: readonly [what: string, hex: string, reason: RegExp][] = [
    ["when it is shorter than its head", "2b0e01 01 00 00", /6 bytes, expected at least 7/],
    ["with another function code", "030e01 01 00 00 00", /function code 0x03, expected 0x2b/],
    ["with another MEI type", "2b0d01 01 00 00 00", /MEI type 0x0d/],
    ["to another read code", "2b0e02 01 00 00 00", /read code 0x02, expected 0x01/],
    ["with conformity level 0x00", "2b0e01 00 00 00 00", /conformity level 0x00/],
    ["with conformity level 0x04", "2b0e01 04 00 00 00", /conformity level 0x04/],
    ["with conformity level 0x80", "2b0e01 80 00 00 00", /conformity level 0x80/],
    ["with more follows 0x01", `2b0e01 01 01 00 01 ${ok}`, /more follows 0x01/],
    ["with fewer objects than it counts", `2b0e01 01 00 00 02 ${ok}`, /1 objects, but a count of 2/],
    ["with more objects than it counts", `2b0e01 01 00 00 00 ${ok}`, /1 objects, but a count of 0/],
    ["with more objects than it counts, though more follows", `2b0e01 01 ff 01 00 ${ok}`, /1 objects, but a count of 0/],
    ["with an object beyond its end", "2b0e01 01 00 00 01 00 05 4d61", /object 0 of 5 bytes, 2 are there/],
    ["with an object without a length", "2b0e01 01 00 00 01 00", /object 0 without a length/],
    ["with a byte behind the last object", `2b0e01 01 00 00 01 ${ok} 00`, /object 0 without a length/],
    ["with one object twice", `2b0e01 01 00 00 02 ${ok}${ok}`, /object 0 twice/],
  ];
  for (const [what, hex, reason] of cases) {
    test(what, () => {
      assert.throws(
        () => decodeIdentification(bytes(hex), basic),
        (error) => error instanceof MalformedReply && reason.test(error.message),
      );
    });
  }

  test("or read, but nothing else, whatever bytes come", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 253 }), (tail) => {
        const pdu = Uint8Array.of(0x2b, 0x0e, 0x01, ...tail);
        try {
          const { objects } = decodeIdentification(pdu, basic);
          const size = [...objects.values()].reduce((sum, value) => sum + 2 + value.length, 7);
          assert.equal(size, pdu.length);
        } catch (error) {
          assert.ok(error instanceof MalformedReply, String(error));
        }
      }),
    );
  });
});

describe("a lawful reply", () => {
  test("may hold no object at all", () => {
    assert.equal(identity(), undefined);
  });

  test("comes back as it was put together", () => {
    const objects = fc.uniqueArray(fc.tuple(fc.integer({ min: 0, max: 255 }), fc.uint8Array({ maxLength: 30 })), {
      selector: ([id]) => id,
      maxLength: 7,
    });
    fc.assert(
      fc.property(objects, fc.constantFrom(1, 2, 3, 0x81, 0x82, 0x83), (parts, conformity) => {
        const body = parts.flatMap(([id, value]) => [id, value.length, ...value]);
        const decoded = decodeIdentification(Uint8Array.of(0x2b, 0x0e, 1, conformity, 0, 0, parts.length, ...body), basic);
        assert.deepEqual([...decoded.objects], parts);
        assert.equal(decoded.more, false);
      }),
    );
  });

  test("may be a part of a longer one", () => {
    const part = bytes(`2b0e01 01 ff 01 01 ${object(0, "Maker")}`);
    assert.deepEqual(decodeIdentification(part, basic), {
      objects: new Map([[0, new Uint8Array(Buffer.from("Maker"))]]),
      more: true,
      nextObjectId: 1,
    });
  });

  test("may count the objects of the whole stream when more follows, as the standard's example does", () => {
    const decoded = decodeIdentification(bytes(`2b0e01 01 ff 02 03 ${object(0, "Company")}${object(1, "Product code")}`), basic);
    assert.equal(decoded.objects.size, 2);
    assert.ok(decoded.more);
  });
});

describe("identity text", () => {
  const cases: readonly [what: string, raw: string | Uint8Array, expected: string | undefined][] = [
    ["is taken as it is", "Schneider Electric", "Schneider Electric"],
    ["loses its padding of blanks", "  BMX P34 2020   ", "BMX P34 2020"],
    ["loses its padding of NULs", "750-881\0\0\0\0", "750-881"],
    ["loses doubled blanks", "BMX  P34   2020", "BMX P34 2020"],
    ["loses control characters", "A\u0007B\r\nC\u001b[31m", "A B C [31m"],
    ["loses marks that turn the writing direction", "safe\u202Eexe.cod", "safe exe.cod"],
    ["loses line separators", "a\u2028b\u2029c", "a b c"],
    ["keeps UTF-8", Buffer.from("Gerätebau GmbH", "utf8"), "Gerätebau GmbH"],
    ["keeps Latin-1", Buffer.from("Gerätebau GmbH", "latin1"), "Gerätebau GmbH"],
    ["is absent when nothing can be printed", "\0\0  \u0001", undefined],
    ["is absent when it is empty", "", undefined],
    ["is cut at 128 characters", "x".repeat(200), "x".repeat(128)],
  ];
  for (const [what, raw, expected] of cases) {
    test(what, () => {
      assert.equal(identity(object(0, raw))?.vendor, expected);
    });
  }

  test("is printable, trimmed and bounded, whatever bytes come", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 240 }), (raw) => {
        const vendor = identity(object(0, raw))?.vendor ?? "";
        assert.doesNotMatch(vendor, /[\p{C}\p{Zl}\p{Zp}]/u);
        assert.equal(vendor, vendor.trim());
        assert.ok(Array.from(vendor).length <= 128);
      }),
    );
  });

  test("names vendor, product and revision, and leaves out what was not said", () => {
    assert.deepEqual(identity(object(0, "Maker"), object(1, "P-1"), object(2, "v2")), { vendor: "Maker", product: "P-1", revision: "v2" });
    assert.deepEqual(identity(object(1, "P-1")), { product: "P-1" });
    assert.equal(identity(object(5, "a model name")), undefined);
  });
});
