/** What a rule does reads the same from the plan's text and from the listing of it, and differently where something else is done. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { meaningOfListed, meaningOfText } from "../../src/fence/meaning.ts";

const raw = (base: string, offset: number, len: number): object => ({ payload: { base, offset, len } });
const match = (left: object, right: unknown, op = "=="): object => ({ match: { op, left, right } });
const flags = { payload: { protocol: "tcp", field: "flags" } };

describe("what a rule does", () => {
  // As nft 1.0.6 lists them, but where it is said.
  const alike: readonly [text: string, expr: readonly object[]][] = [
    ["@th,0,16 0x0800 drop", [match({ payload: { protocol: "th", field: "sport" } }, 2048), { drop: null }]],
    ["@th,0,16 0x0800 drop", [match(raw("th", 0, 16), 2048), { drop: null }]],
    ["@ih,0,64 0xffffffffffffffff accept", [match(raw("ih", 0, 64), -1), { accept: null }]],
    ["@ih,0,64 0xfffffffffffffff1 accept", [match(raw("ih", 0, 64), "18446744073709551601"), { accept: null }]],
    [
      "@ih,0,128 0x00112233445566778899aabbccddeeff return",
      [match(raw("ih", 0, 128), "0x112233445566778899aabbccddeeff"), { return: null }],
    ],
    ["@ih,8,8 & 0xf0 == 0x20 goto ask_1", [match({ "&": [raw("ih", 8, 8), 240] }, 32), { goto: { target: "ask_1" } }]],
    [
      "tcp flags & (fin | rst) != 0x0 counter drop",
      [match(flags, ["fin", "rst"], "in"), { counter: { packets: 3, bytes: 9 } }, { drop: null }],
    ],
    // As a later nft may.
    ["tcp flags & (fin | rst) != 0x0 drop", [match({ "&": [flags, { "|": ["rst", "fin"] }] }, 0, "!="), { drop: null }]],
  ];
  for (const [text, expr] of alike)
    test(`reads the same of ${text} and ${JSON.stringify(expr[0])}`, () => assert.deepEqual(meaningOfListed(expr), meaningOfText(text)));

  test("that the plan never writes is shown as it stands", () => {
    const add = { op: "add", elem: raw("th", 0, 8), set: "@data4" };
    for (const one of ["notrack", { log: null }, { jump: { target: "x" } }, { set: add }, { set: { ...add, op: "update" } }])
      assert.deepEqual(meaningOfListed([one]), [JSON.stringify(one)]);
    assert.deepEqual(meaningOfListed([match({ rt: { key: "mtu" } }, null)]), ['{"rt":{"key":"mtu"}} == null']);
    assert.deepEqual(meaningOfListed([{ goto: { target: null } }, { match: { op: "==", left: 1, right: { prefix: 2 } } }]), [
      "goto null",
      '1 == {"prefix":2}',
    ]);
  });

  test("cannot be told of words that no rule of the plan has", () => {
    assert.throws(() => meaningOfText("counter tcp sport 502 drop"), /no rule of the plan has the words "tcp sport 502 drop"/u);
  });
});
