/** What is made of the answer for a slot of the backplane: a module, no module, or a failure that ends the asking. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import fc from "fast-check";
import { MalformedReply } from "../../../src/domain/driver.ts";
import { decodeCipReply, decodeEncapsulation, decodeRoutedReply, decodeWholeIdentity } from "../../../src/drivers/enip/decode.ts";
import { identityFacts } from "../../../src/drivers/enip/facts.ts";
import { slotAnswer } from "../../../src/drivers/enip/slots.ts";
import { enipPolicy } from "../../../src/wire/frames/enip.ts";
import { enbtIdentity, unconnected } from "../../support/enip-checks.ts";

const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex.replaceAll(" ", ""), "hex"));
const reply = (message: string) => decodeRoutedReply(bytes(unconnected(message.replaceAll(" ", ""))), 0x01);
const answer = (message: string) => slotAnswer(reply(message), 3);

test("a module says who it is, with every attribute; a fault of its own is told as one", () => {
  const sound = answer(`81000000${enbtIdentity}03`);
  assert.ok(sound.said === "alive");
  assert.deepEqual([sound.identity?.product, sound.facts?.length], ["1756-ENBT/A", 8]);
  const faulted = answer(`81000000${enbtIdentity}05`);
  assert.ok(faulted.said === "degraded");
  assert.match(faulted.detail, /major unrecoverable fault/u);
});

describe("no module is an answer, and the next slot may be asked:", () => {
  const cases: readonly (readonly [message: string, words: string])[] = [
    ["d2 00 05 00", "CIP status 0x05 (path destination unknown)"],
    ["d2 00 05 01 0000 01", "CIP status 0x05 (path destination unknown)"],
    ["d2 00 04 01 0000 01 00", "CIP status 0x04 (path segment error)"],
    ["81 00 05 00", "CIP status 0x05 (path destination unknown)"],
    ["d2 00 01 00", "CIP status 0x01 (connection failure)"],
    ["d2 00 01 01 1103 01", "CIP status 0x01, 0x0311 (its port to the backplane is not there)"],
    ["d2 00 01 01 1203 01 00", "CIP status 0x01, 0x0312 (the slot is not there)"],
    ["d2 00 01 01 1503", "CIP status 0x01, 0x0315 (the route is not understood)"],
    ["d2 00 01 01 1803", "CIP status 0x01, 0x0318 (the slot is its own)"],
  ];
  for (const [message, words] of cases)
    test(message, () =>
      assert.deepEqual(answer(message), {
        said: "alive",
        note: `no module in slot 3 (${words} to a question for slot 3)`,
        facts: [["module", "none"]],
      }),
    );
});

describe("nobody answers there, or there is no room for the question: a failure, which ends the asking", () => {
  const cases: readonly (readonly [message: string, words: string])[] = [
    ["d2 00 01 01 0402", "CIP status 0x01, 0x0204 (no answer in time)"],
    ["81 00 01 01 0402", "CIP status 0x01, 0x0204 (no answer in time)"],
    ["d2 00 01 01 0502", "CIP status 0x01, 0x0205 (a parameter of the request is wrong)"],
    ["d2 00 01 01 0103", "CIP status 0x01, 0x0301 (no buffer memory)"],
    ["d2 00 01 01 9909", "CIP status 0x01, 0x0999 (connection failure)"],
    ["d2 00 02 00", "CIP status 0x02 (resource unavailable)"],
  ];
  for (const [message, words] of cases)
    test(message, () => assert.deepEqual(answer(message), { said: "gateway_only", detail: `${words} to a question for slot 3` }));
});

test("what else a device answers is said as a heartbeat says it", () => {
  assert.deepEqual(answer("d2 00 08 00"), {
    said: "alive",
    note: "the device passes nothing on to a backplane (CIP status 0x08 (service not supported) to a question for slot 3)",
  });
  assert.deepEqual(answer("81 00 08 00"), {
    said: "alive",
    note: "CIP status 0x08 to Get_Attributes_All of the Identity object in slot 3: service not supported",
  });
  assert.equal(answer("81 00 0c 00").said, "degraded");
  assert.equal(answer("d2 00 1e 00").said, "degraded");
});

describe("the replies of OpENer and cpppo (test/oracles/enip.md)", () => {
  const file = new URL("../../fixtures/real-replies/enip-slots.json", import.meta.url);
  const captured = JSON.parse(readFileSync(file, "utf8")) as readonly Readonly<Record<"kind" | "hex" | "request" | "repo", string>>[];

  test("answer what was asked, and what was asked may leave", () => {
    assert.deepEqual(
      captured.map(({ request }) => enipPolicy.operation(bytes(request))),
      ["enip-read-identity", "enip-read-slot-identity", "enip-read-slot-identity", "enip-read-slot-identity"],
    );
    for (const { hex, request } of captured) assert.ok(enipPolicy.answers(bytes(request), bytes(hex)));
  });

  test("hold a controller in slot 0, with every attribute", () => {
    const [own, slot] = captured.map(({ hex }) => decodeEncapsulation(bytes(hex)).data);
    const said = slotAnswer(decodeRoutedReply(slot!, 0x01), 0);
    assert.ok(said.said === "alive");
    assert.equal(said.identity?.product, "1756-L61/B LOGIX5561");
    assert.deepEqual(said.facts, identityFacts(decodeWholeIdentity(decodeCipReply(own!, 0x01).data)));
    assert.deepEqual(said.facts?.slice(-3), [
      ["state", "255 (not kept)"],
      ["configuration consistency value", "0x0000"],
      ["heartbeat interval", "0 s (sends none)"],
    ]);
  });

  test("say that no such way is taken: cpppo in the envelope, OpENer in the message", () => {
    const [, , refused, unknown] = captured.map(({ hex }) => decodeEncapsulation(bytes(hex)));
    assert.deepEqual([refused!.status, refused!.data.length], [8, 0]);
    const said = slotAnswer(decodeRoutedReply(unknown!.data, 0x01), 0);
    assert.match(said.said === "alive" ? (said.note ?? "") : "", /^the device passes nothing on to a backplane/u);
  });
});

describe("a reply is malformed", () => {
  const cases: readonly (readonly [what: string, message: string, reason: RegExp])[] = [
    ["to another service", `8e000000${enbtIdentity}`, /another service, 0x8e/],
    ["of Unconnected_Send with a success", `d2000000${enbtIdentity}`, /a success of Unconnected_Send itself/],
    ["with something in the reserved byte", "d201 05 00", /another service/],
    ["with an additional status cut off", "d2 00 01 02 1203", /an additional status that ends in the middle/],
    ["with more of a route left than a count", "d2 00 05 00 010203", /data behind an error/],
    ["of a module with data behind an error", "81 00 08 00 01", /data behind an error/],
    ["with half an identity", `81000000${enbtIdentity.slice(0, -2)}`, /a name of 11 bytes/],
    ["with a message of 3 bytes", "d20005", /a message of 3 bytes/],
  ];
  for (const [what, message, reason] of cases) test(what, () => assert.throws(() => answer(message), reason));

  test("whatever bytes it holds, or it is an answer: nothing else is thrown", () => {
    const seen = new Set<string>();
    const service = fc.constantFrom(0x81, 0xd2);
    const status = fc.constantFrom(0x00, 0x01, 0x02, 0x05, 0x08, 0x0c, 0xff);
    const words = fc.constantFrom("0402", "1203", "0000");
    const message = fc.tuple(service, status, fc.nat(2), words, fc.uint8Array({ maxLength: 60 }));
    fc.assert(
      fc.property(message, ([first, second, count, word, rest]) => {
        const head = Buffer.from([first, 0, second, count]).toString("hex");
        try {
          seen.add(answer(`${head}${word}${Buffer.from(rest).toString("hex")}`).said);
        } catch (error) {
          assert.ok(error instanceof MalformedReply, String(error));
          seen.add("malformed");
        }
      }),
      { numRuns: 3000 },
    );
    assert.deepEqual([...seen].toSorted(), ["alive", "degraded", "gateway_only", "malformed"]);
  });
});
