/** Templates in the words of nftables, judged by a second reading of them. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { fitting, frameTemplate, openEndedTemplate, type FrameTemplate } from "../../src/domain/template.ts";
import { beginsAs, longerThan } from "../../src/fence/frames.ts";

/** As the kernel does: an expression over bytes that are not there is not true. */
function matches(text: string, payload: Uint8Array): boolean {
  const parts = [...text.matchAll(/@ih,(\d+),(\d+) (?:& 0x([0-9a-f]+) == )?0x([0-9a-f]+)/gu)];
  assert.equal(parts.map(([whole]) => whole).join(" "), text);
  return parts.every(([, from = "0", bits = "0", mask, value = "0"]) => {
    const [begin, length] = [Number(from) / 8, Number(bits) / 8];
    if (payload.length < begin + length) return false;
    const found = BigInt(`0x${Buffer.from(payload.subarray(begin, begin + length)).toString("hex")}`);
    return (mask === undefined ? found : found & BigInt(`0x${mask}`)) === BigInt(`0x${value}`);
  });
}

const accepts = (template: FrameTemplate, payload: Uint8Array): boolean =>
  matches(beginsAs(template), payload) && !matches(longerThan(template), payload);

describe("a template", () => {
  test("is told by its fixed bytes, at most sixteen at a time", () => {
    const bytes = Uint8Array.from(Buffer.from("000000000005012b0e0100", "hex"));
    const template = frameTemplate("modbus-read-device-identification", bytes, new Uint8Array(11).fill(255).fill(0, 0, 2));
    assert.equal(beginsAs(template), "@ih,16,72 0x00000005012b0e0100");
    assert.equal(longerThan(template), "@ih,88,8 & 0x0 == 0x0");
    const long = frameTemplate("modbus-report-server-id", new Uint8Array(20), new Uint8Array(20).fill(255));
    assert.equal(beginsAs(long), `@ih,0,128 0x${"0".repeat(32)} @ih,128,32 0x00000000`);
  });

  test("lets out what the wire lets out, byte for byte", () => {
    const bits = fc.constantFrom(0, 0xff, 0xff, 0x0f);
    const cases = fc.record({
      body: fc.array(fc.tuple(fc.integer({ min: 0, max: 255 }), bits), { minLength: 1, maxLength: 40 }),
      open: fc.option(fc.integer({ min: 1, max: 9 })),
      change: fc.option(fc.tuple(fc.nat(39), fc.integer({ min: 0, max: 255 }))),
      resize: fc.integer({ min: -2, max: 12 }),
    });
    fc.assert(
      fc.property(cases, ({ body, open, change, resize }) => {
        fc.pre(body.some(([, mask]) => mask !== 0));
        const [bytes, mask] = [Uint8Array.from(body, ([byte]) => byte), Uint8Array.from(body, ([, one]) => one)];
        const template =
          open === null ? frameTemplate("snmp-get", bytes, mask) : openEndedTemplate("snmp-get", bytes, mask, bytes.length + open);
        const payload = new Uint8Array(Math.max(1, bytes.length + resize));
        payload.set(bytes.subarray(0, payload.length));
        if (change !== null && change[0] < payload.length) payload[change[0]] = change[1];
        assert.equal(accepts(template, payload), fitting([template], payload) !== undefined);
      }),
      { numRuns: 1000 },
    );
  });
});
