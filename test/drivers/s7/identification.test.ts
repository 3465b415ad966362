/** What a CPU says of itself to a deep query: recorded answers, whole and in parts, and answers of another form. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import fc from "fast-check";
import { MalformedReply } from "../../../src/domain/driver.ts";
import { decodeReply, type SystemList } from "../../../src/drivers/s7/decode.ts";
import { componentAfter, componentsAnswer, moduleAnswer, protectionAnswer } from "../../../src/drivers/s7/identification.ts";
import { withReference } from "../../support/s7-checks.ts";

interface Recorded {
  readonly kind: string;
  readonly hex: string;
  readonly frame: number;
}
const recorded = JSON.parse(readFileSync(new URL("../../fixtures/real-replies/s7.json", import.meta.url), "utf8")) as readonly Recorded[];

function listIn(id: string, frame: number): SystemList {
  const reply = recorded.find((one) => one.kind === "s7_szl_reply" && one.frame === frame)!.hex;
  const request = `0300002102f080320700000000000800080001120411440100ff090004${id}0000`;
  const found = decodeReply(Buffer.from(withReference(request, reply.slice(22, 26)), "hex"), Buffer.from(reply, "hex"));
  assert.ok(found.is === "list", JSON.stringify(found));
  return found.list;
}

const bytes = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text.replaceAll(" ", ""), "hex"));
const component = (index: number, text = ""): Uint8Array =>
  Uint8Array.from([index >> 8, index & 0xff, ...Buffer.from(text.padEnd(32, "\0"), "latin1")]);

describe("the module", () => {
  test("of snap7's CPU 315-2 is told with its order number, hardware, firmware and boot loader", () => {
    for (const frame of [11, 19])
      assert.deepEqual(moduleAnswer(listIn("0011", frame)), {
        said: "alive",
        identity: { product: "6ES7 315-2EH14-0AB0", revision: "3.2.6" },
        facts: [
          ["module", "6ES7 315-2EH14-0AB0, release 4"],
          ["basic hardware", "6ES7 315-2EH14-0AB0, release 4"],
          ["basic firmware", "V3.2.6"],
          ["firmware extension", "Boot Loader, A9.9"],
        ],
      });
  });

  test("of a real S7-1212 is told with its release and its firmware", () => {
    assert.deepEqual(moduleAnswer(listIn("0011", 4)), {
      said: "alive",
      identity: { product: "6ES7 212-1AE40-0XB0", revision: "4.4.0" },
      facts: [
        ["module", "6ES7 212-1AE40-0XB0, release 10"],
        ["basic hardware", "6ES7 212-1AE40-0XB0, release 10"],
        ["basic firmware", "6ES7 212-1AE40-0XB0, V4.4.0"],
      ],
    });
  });

  test("in records of another size is malformed, without any says nothing, and names records that nobody documents by their number", () => {
    assert.throws(() => moduleAnswer({ recordBytes: 20, records: [], more: false }), MalformedReply);
    assert.deepEqual(moduleAnswer({ recordBytes: 28, records: [], more: true }), { said: "alive", identity: {}, facts: [], more: true });
    const record = new Uint8Array(28).fill(0x20);
    record.set([0x01, 0x07]);
    assert.deepEqual(moduleAnswer({ recordBytes: 28, records: [record], more: false }), {
      said: "alive",
      identity: {},
      facts: [["record 0x0107", "release 8224"]],
    });
  });
});

describe("the components", () => {
  test("of snap7's CPU 315-2 are told by name", () => {
    assert.deepEqual(componentsAnswer(listIn("001c", 13)), {
      said: "alive",
      identity: { product: "CPU 315-2 PN/DP", serial: "S C-C2UR28922012" },
      facts: [
        ["station name", "SNAP7-SERVER"],
        ["module name", "CPU 315-2 PN/DP"],
        ["plant designation", "empty"],
        ["copyright", "Original Siemens Equipment"],
        ["serial number", "S C-C2UR28922012"],
        ["module type", "CPU 315-2 PN/DP"],
        ["serial number of the memory card", "MMC 267FF11F"],
        ["manufacturer and profile", "manufacturer 0x002a (Siemens), profile 0xf600, type 0x0001"],
        ["OEM id", "empty"],
        ["location designation", "empty"],
      ],
    });
  });

  test("that one PDU does not hold go on with the one after the last that came", () => {
    const records = [component(1), component(2, "CPU 1"), component(5, "S1")];
    const answer = componentsAnswer({ recordBytes: 34, records, more: true });
    assert.ok(answer.said === "alive");
    assert.deepEqual([answer.identity, answer.more, answer.next], [{ product: "CPU 1", serial: "S1" }, true, 6]);
    const none = componentsAnswer({ recordBytes: 34, records: [], more: true });
    assert.ok(none.said === "alive" && none.next === 1);
    const all = componentsAnswer({ recordBytes: 34, records: [component(11)], more: true });
    assert.ok(all.said === "alive" && all.next === undefined);
  });

  test("one by one are the one that was asked for, and end with the last there is", () => {
    const one = componentsAnswer({ recordBytes: 34, records: [component(7, "CPU 1")], more: false }, 7);
    assert.deepEqual(one, { said: "alive", identity: { product: "CPU 1" }, facts: [["module type", "CPU 1"]], next: 8 });
    const last = componentsAnswer({ recordBytes: 34, records: [component(11, "deck 2")], more: false }, 11);
    assert.deepEqual(last, { said: "alive", identity: {}, facts: [["location designation", "deck 2"]] });
    for (const [records, more] of [
      [[component(8)], false],
      [[component(7), component(8)], false],
      [[], false],
      [[component(7)], true],
    ] as const)
      assert.throws(() => componentsAnswer({ recordBytes: 34, records, more }, 7), MalformedReply);
    assert.deepEqual([componentAfter(1), componentAfter(10), componentAfter(11), componentAfter(12)], [2, 11, undefined, undefined]);
  });

  test("in records of another size are malformed; other makers, OEM ids and unknown components are told as numbers", () => {
    assert.throws(() => componentsAnswer({ recordBytes: 28, records: [], more: false }), MalformedReply);
    const records = [
      bytes(`0009 0117 0001 0002 ${"00".repeat(26)}`),
      bytes(`000a ${Buffer.from("Pump Ltd".padEnd(26, " ")).toString("hex")} 0001 00000002`),
      bytes(`000a ${"00".repeat(26)} 0001 00000000`),
      component(0x0405, "S2"),
    ];
    const answer = componentsAnswer({ recordBytes: 34, records, more: false });
    assert.deepEqual(answer.said === "alive" && answer.facts, [
      ["manufacturer and profile", "manufacturer 0x0117, profile 0x0001, type 0x0002"],
      ["OEM id", "Pump Ltd, 0x000100000002"],
      ["OEM id", "0x000100000000"],
      ["component 0x0405", "S2"],
    ]);
  });
});

describe("the protection level", () => {
  const record = (...words: readonly number[]): Uint8Array => {
    const made = Buffer.alloc(40);
    for (const [at, word] of words.entries()) made.writeUInt16BE(word, 2 * at);
    return Uint8Array.from(made);
  };
  const said = (...words: readonly number[]) => protectionAnswer({ recordBytes: 40, records: [record(...words)], more: false });

  test("is told in words: by selector, by configuration, in force, where the selector stands, and the startup switch", () => {
    assert.deepEqual(said(4, 1, 0, 1, 2, 0), {
      said: "alive",
      facts: [
        ["protection by the mode selector", "1 (no protection)"],
        ["protection by configuration", "0 (no password)"],
        ["protection in force", "1 (no protection)"],
        ["position of the mode selector", "2 (RUN-P)"],
        ["startup switch", "0 (not known, or there is none)"],
      ],
    });
    const locked = said(4, 3, 3, 3, 3, 2);
    assert.deepEqual(locked.said === "alive" && locked.facts?.map(([, words]) => words), [
      "3 (read and write protection)",
      "3 (read and write protection)",
      "3 (read and write protection)",
      "3 (STOP)",
      "2 (WRST)",
    ]);
    const strange = said(4, 9, 2, 2, 5, 7);
    assert.deepEqual(strange.said === "alive" && strange.facts?.[0]?.[1], "9 (not among the documented values)");
  });

  test("in anything but one record of index 4 is malformed", () => {
    for (const list of [
      { recordBytes: 40, records: [], more: false },
      { recordBytes: 40, records: [record(4), record(4)], more: false },
      { recordBytes: 40, records: [record(4)], more: true },
      { recordBytes: 40, records: [record(5)], more: false },
      { recordBytes: 10, records: [new Uint8Array(10)], more: false },
    ])
      assert.throws(() => protectionAnswer(list), MalformedReply);
  });
});

test("whatever the records hold, an answer is an answer or malformed, and its texts are printable", () => {
  const lists = fc
    .record({
      recordBytes: fc.constantFrom(1, 12, 28, 34, 40),
      count: fc.nat(12),
      more: fc.boolean(),
      seed: fc.uint8Array({ minLength: 1 }),
    })
    .map(({ recordBytes, count, more, seed }): SystemList => ({
      recordBytes,
      more,
      records: Array.from({ length: count }, (_, row) =>
        Uint8Array.from({ length: recordBytes }, (_byte, at) => seed[(row * 7 + at) % seed.length]!),
      ),
    }));
  fc.assert(
    fc.property(lists, fc.option(fc.integer({ min: 1, max: 11 }), { nil: undefined }), (list, from) => {
      for (const answer of [moduleAnswer, (one: SystemList) => componentsAnswer(one, from), protectionAnswer]) {
        try {
          const found = answer(list);
          assert.ok(found.said === "alive");
          // oxlint-disable-next-line no-control-regex
          for (const text of (found.facts ?? []).flat()) assert.doesNotMatch(text, /[\u0000-\u001f\u007f]/u);
        } catch (error) {
          assert.ok(error instanceof MalformedReply, String(error));
        }
      }
    }),
  );
});
