/** What each Modbus exception says about a device. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { exceptionAnswer } from "../../../src/drivers/modbus/exceptions.ts";

describe("an exception", () => {
  for (const [code, name] of [
    [0x01, "illegal function"],
    [0x02, "illegal data address"],
    [0x03, "illegal data value"],
    [0x07, "negative acknowledge"],
    [0x08, "memory parity error"],
    [0x63, "not a code of the standard"],
  ] as const) {
    test(`0x${code.toString(16).padStart(2, "0")} is life, with a note`, () => {
      assert.deepEqual(exceptionAnswer(code, "FC 43/14"), {
        said: "alive",
        note: `exception 0x${code.toString(16).padStart(2, "0")} to FC 43/14: ${name}`,
      });
    });
  }

  for (const code of [0x04, 0x05, 0x06]) {
    test(`0x0${code} is a device that is not well`, () => {
      const answer = exceptionAnswer(code, "FC 43/14");
      assert.ok(answer.said === "degraded" && answer.failure === "protocol_error");
      assert.match(answer.detail, new RegExp(`exception 0x0${code}`));
    });
  }

  for (const code of [0x0a, 0x0b]) {
    test(`0x0${code.toString(16)} is a gateway speaking for a device that does not`, () => {
      assert.equal(exceptionAnswer(code, "FC 43/14").said, "gateway_only");
    });
  }
});
