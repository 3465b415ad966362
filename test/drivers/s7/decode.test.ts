/** S7 replies, real and damaged: what each is taken for, against the request that was out. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { MalformedReply } from "../../../src/domain/driver.ts";
import type { S7Bytes } from "../../../src/domain/s7.ts";
import { bytesAnswer, errorAnswer, modeAnswer } from "../../../src/drivers/s7/answers.ts";
import { decodeReply, type Decoded } from "../../../src/drivers/s7/decode.ts";
import { s7Policy } from "../../../src/wire/frames/s7.ts";
import { healthyS7Reply, withReference } from "../../support/s7-checks.ts";

interface Recorded {
  readonly kind: string;
  readonly hex: string;
  readonly real_device: boolean;
  readonly note: string;
  readonly frame: number;
}

const recorded = JSON.parse(readFileSync(new URL("../../fixtures/real-replies/s7.json", import.meta.url), "utf8")) as readonly Recorded[];
const of = (kind: string, frame: number): string =>
  (recorded.find((one) => one.kind === kind && one.frame === frame) ?? assert.fail(`no ${kind} ${frame}`)).hex;

const connect = "0300001611e00000000100c0010ac1020100c2020302";
const setup = "0300001902f08032010000000000080000f0000001000101e0";
const list = (id: string): string => `0300002102f080320700000000000800080001120411440100ff090004${id}0000`;
const read = (count: number): string =>
  `0300001f02f080320100000000000e00000401120a100200${count.toString(16).padStart(2, "0")}000184000000`;

const bytes = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text.replaceAll(" ", ""), "hex"));

/** As on the wire: what the policy does not take for an answer is not decoded. */
function decoded(request: string, reply: string): Decoded {
  const [asked, came] = [bytes(withReference(request, reply.slice(22, 26))), bytes(reply)];
  const sent = request === connect ? bytes(request) : asked;
  assert.equal(s7Policy.frameLength(came, "in"), came.length);
  assert.ok(s7Policy.answers(sent, came));
  return decodeReply(sent, came);
}

function listOf(request: string, reply: string) {
  const found = decoded(request, reply);
  assert.ok(found.is === "list", JSON.stringify(found));
  return found.list;
}

describe("recorded replies", () => {
  test("confirm a connection and a setup", () => {
    assert.deepEqual(decoded(connect, of("s7_cotp_cc", 6)), { is: "confirmed" });
    assert.deepEqual(decoded(setup, of("s7_setup_reply", 9)), { is: "confirmed" });
  });

  test("of a real S7-1200 that was asked for three jobs at a time: it allows three, and is believed", () => {
    assert.deepEqual(decoded(setup, of("s7_setup_reply", 2)), { is: "confirmed" });
  });

  test("say the operating mode", () => {
    assert.deepEqual(modeAnswer(listOf(list("0424"), of("s7_szl_reply", 17))), { said: "alive", note: "CPU in RUN" });
  });

  test("to another list than was asked for are malformed", () => {
    assert.throws(() => decoded(list("0424"), of("s7_szl_reply", 15)), MalformedReply);
  });

  test("of a real S7-1200 hold a byte; a bit in its place, or five items, are malformed", () => {
    assert.deepEqual(decoded(read(1), of("s7_readvar_reply", 8)), { is: "bytes", bytes: Uint8Array.of(0x2a) });
    assert.throws(() => decoded(read(1), of("s7_readvar_reply", 6)), MalformedReply);
    assert.throws(() => decoded(read(2), of("s7_readvar_reply", 8)), MalformedReply);
    assert.throws(() => decoded(read(1), of("s7_readvar_reply", 32)), MalformedReply);
  });
});

describe("a refusal", () => {
  test("is a refusal, whatever was asked", () => {
    for (const request of [connect, setup, list("0424"), read(1)])
      assert.deepEqual(decoded(request, "0300000b06800001002a82"), { is: "refused", detail: "COTP disconnect request, reason 0x82" });
  });
});

describe("an error", () => {
  const noList = "0300002102f08032070000000000 0c0004 000112081284010000 00d401 0a000000".replaceAll(" ", "");
  const cases: readonly [what: string, request: string, reply: string, expected: Decoded][] = [
    ["in the header of a job", setup, "0300001302f0803202000000000000 0000 8500", { is: "error", code: 0x8500, source: "header" }],
    ["in the parameters of a list", list("0424"), noList, { is: "error", code: 0xd401, source: "parameter" }],
    ["in the data of a list", list("0424"), noList.replace("d401", "0000"), { is: "error", code: 0x0a, source: "item" }],
    ["in an item", read(2), "0300001902f0803203000000000002000400000401 0a000000", { is: "error", code: 0x0a, source: "item" }],
  ];
  for (const [what, request, reply, expected] of cases) {
    test(`${what} is an error`, () => assert.deepEqual(decoded(request, reply.replaceAll(" ", "")), expected));
    test(`${what} with something behind it is malformed`, () => {
      const longer = Buffer.from(`${reply.replaceAll(" ", "")}00`, "hex");
      longer.writeUInt16BE(longer.length, 2);
      longer.writeUInt16BE(longer.readUInt16BE(15) + 1, 15);
      assert.throws(() => decodeReply(bytes(request), longer), MalformedReply);
    });
  }

  test("that means the question is an answer of a living CPU; a fault of its own is degraded", () => {
    const words = errorAnswer({ is: "error", code: 0xd401, source: "parameter" }, "the read of SZL 0x0424");
    assert.deepEqual(words, { said: "alive", note: "S7 error 0xd401 to the read of SZL 0x0424: the list does not exist" });
    assert.equal(errorAnswer({ is: "error", code: 0x05, source: "item" }, "x").said, "alive");
    assert.equal(errorAnswer({ is: "error", code: 0x01, source: "item" }, "x").said, "degraded");
    assert.deepEqual(errorAnswer({ is: "error", code: 0x8500, source: "header" }, "x"), {
      said: "degraded",
      failure: "protocol_error",
      detail: "S7 error 0x8500 to x: not among the common codes",
    });
  });
});

describe("the operating mode", () => {
  const said = (code: number) => {
    const record = new Uint8Array(20);
    record[3] = code;
    return modeAnswer({ recordBytes: 20, records: [record], more: false });
  };

  test("is alive in RUN and while it starts, degraded in STOP, HOLD and DEFECT with its own cause", () => {
    const words = Object.fromEntries(
      Array.from({ length: 16 }, (_, code) => {
        const answer = said(code);
        return [code, answer.said === "degraded" ? `${answer.failure}: ${answer.detail}` : answer.said === "alive" ? answer.note : ""];
      }),
    );
    assert.deepEqual(words, {
      0: "protocol_error: CPU mode unknown: the CPU says 0x00",
      1: "cpu_not_running: CPU STOP: STOP (update)",
      2: "cpu_not_running: CPU STOP: STOP (memory reset)",
      3: "cpu_not_running: CPU STOP: STOP (self-initialization)",
      4: "cpu_not_running: CPU STOP",
      5: "CPU in startup (cold restart)",
      6: "CPU in startup (warm restart)",
      7: "CPU in startup (hot restart)",
      8: "CPU in RUN",
      9: "CPU in RUN (redundant)",
      10: "cpu_not_running: CPU HOLD",
      11: "CPU in link-up",
      12: "CPU in update",
      13: "cpu_not_running: CPU DEFECT",
      14: "CPU in self-test",
      15: "cpu_not_running: CPU DEFECT: without power",
    });
  });

  test("is the lower half of its byte: the upper one is the mode before", () => {
    assert.deepEqual(said(0x48), said(0x08));
    assert.deepEqual(said(0x84), said(0x04));
  });

  test("in more or other records than one of 20 bytes is malformed", () => {
    const record = new Uint8Array(20);
    assert.throws(() => modeAnswer({ recordBytes: 20, records: [], more: false }), MalformedReply);
    assert.throws(() => modeAnswer({ recordBytes: 20, records: [record, record], more: false }), MalformedReply);
    assert.throws(() => modeAnswer({ recordBytes: 28, records: [new Uint8Array(28)], more: false }), MalformedReply);
    assert.throws(() => modeAnswer({ recordBytes: 20, records: [record], more: true }), MalformedReply);
  });
});

describe("bytes are read as a value, the high byte first:", () => {
  const value = (asked: Partial<S7Bytes>, content: readonly number[]): number | undefined => {
    const answer = bytesAnswer({ area: "DB", db: 1, byte: 0, count: content.length, ...asked }, Uint8Array.from(content));
    return answer.said === "alive" ? answer.value : assert.fail();
  };
  const cases: readonly [S7Bytes["value"], readonly number[], number][] = [
    [{ type: "uint8" }, [0xfe], 254],
    [{ type: "uint16" }, [0x12, 0x34], 0x1234],
    [{ type: "int16" }, [0xff, 0xfe], -2],
    [{ type: "uint32" }, [0xff, 0, 0, 1], 0xff00_0001],
    [{ type: "int32" }, [0xff, 0xff, 0xff, 0xff], -1],
    [{ type: "float32" }, [0x42, 0x48, 0, 0], 50],
  ];
  for (const [type, content, expected] of cases) {
    test(`${type!.type}`, () => assert.equal(value({ ...(type && { value: type }) }, content), expected));
  }

  test("a bit of a byte", () => {
    assert.equal(value({ value: { type: "bit" }, bit: 3 }, [0b0000_1000]), 1);
    assert.equal(value({ value: { type: "bit" }, bit: 4 }, [0b0000_1000]), 0);
  });

  test("nothing where no type was named", () => assert.equal(value({}, [1]), undefined));
});

test("of a healthy reply nothing but references, times, reserved bytes and the mode may change a bit without being noticed", () => {
  const request = bytes(list("0424"));
  const reply = Buffer.from(healthyS7Reply(list("0424")), "hex");
  /** Sequence and data unit of the reply; the record but for its mode. */
  const free = (at: number): boolean => at === 24 || at === 25 || at >= 41;
  for (let at = 0; at < reply.length; at++) {
    for (let bit = 0; bit < 8 && !free(at); bit++) {
      const changed = Buffer.from(reply);
      changed[at] = changed[at]! ^ (1 << bit);
      const verdict = ((): string => {
        if (s7Policy.frameLength(changed, "in") !== changed.length || !s7Policy.answers(request, changed)) return "malformed";
        try {
          const found = decodeReply(request, changed);
          return found.is === "list" ? modeAnswer(found.list).said : found.is;
        } catch (error) {
          assert.ok(error instanceof MalformedReply);
          return "malformed";
        }
      })();
      assert.equal(verdict, "malformed", `byte ${at}, bit ${bit}`);
    }
  }
});
