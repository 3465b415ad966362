/** What a device says to a deep query, object by object; a device that turns in a circle has said everything. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { identificationFacts, serverIdFacts, withFacts } from "../../../src/drivers/modbus/facts.ts";

const bytes = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, "latin1"));

describe("the facts of an identification", () => {
  it("have the standard's names, whole texts, and hexadecimal for what is no text", () => {
    const objects = new Map([
      [0, bytes("Maker")],
      [3, bytes(`http://example.invalid/${"u".repeat(200)}`)],
      [0x80, Uint8Array.of(0x01, 0x02)],
      [0x81, new Uint8Array()],
    ]);
    const { facts, next } = identificationFacts({ objects, more: false, nextObjectId: 4 });
    assert.deepEqual(facts, [
      ["object 0x00 VendorName", "Maker"],
      ["object 0x03 VendorUrl", `http://example.invalid/${"u".repeat(200)}`],
      ["object 0x80", "0x0102"],
      ["object 0x81", "empty"],
    ]);
    assert.equal(next, undefined);
  });

  it("say where the device would go on, unless it has sent that already", () => {
    const objects = new Map([[0, bytes("Maker")]]);
    assert.equal(identificationFacts({ objects, more: true, nextObjectId: 1 }).next, 1);
    assert.equal(identificationFacts({ objects, more: true, nextObjectId: 0 }).next, undefined);
  });
});

describe("the facts of FC 17", () => {
  it("are its bytes, and the run indicator where the second of them is one", () => {
    assert.deepEqual(serverIdFacts(Uint8Array.of(17, 3, 7, 0xff, 0x41)).facts, [
      ["server id", "0x07ff41"],
      ["run indicator", "ON"],
    ]);
    assert.deepEqual(serverIdFacts(Uint8Array.of(17, 2, 7, 0x00)).facts.at(-1), ["run indicator", "OFF"]);
    assert.deepEqual(serverIdFacts(Uint8Array.of(17, 2, 0x4d, 0x61)).facts, [["server id", "0x4d61"]]);
  });

  it("stand beside what the answer means, and beside nothing where only the gateway answered", () => {
    const said = { facts: [["server id", "0x07"]] as const };
    assert.deepEqual(withFacts({ said: "alive" }, said), { said: "alive", ...said });
    assert.deepEqual(withFacts({ said: "gateway_only", detail: "" }, said), { said: "gateway_only", detail: "" });
  });
});
