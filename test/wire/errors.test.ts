/** What the operating system's error codes say about a device. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { FailureKind } from "../../src/domain/reasons.ts";
import { closedBy } from "../../src/wire/errors.ts";

function systemError(code: string): Error {
  return Object.assign(new Error(`connect ${code} 192.0.2.7:502`), { code, errno: -1, syscall: "connect" });
}

describe("an error of the operating system", () => {
  const cases: readonly [code: string, failure: FailureKind, by: "us" | "peer"][] = [
    ["ECONNREFUSED", "refused", "peer"],
    ["ECONNRESET", "reset", "peer"],
    ["EPIPE", "reset", "peer"],
    ["ETIMEDOUT", "timeout", "peer"],
    ["EHOSTUNREACH", "unreachable", "peer"],
    ["ENETUNREACH", "unreachable", "peer"],
    ["EHOSTDOWN", "unreachable", "peer"],
    ["ENETDOWN", "driver_unavailable", "us"],
    ["EADDRNOTAVAIL", "driver_unavailable", "us"],
    ["EACCES", "driver_unavailable", "us"],
    ["EPERM", "driver_unavailable", "us"],
    ["EMFILE", "driver_unavailable", "us"],
    ["ENOBUFS", "driver_unavailable", "us"],
    ["ESOMETHINGNEW", "driver_unavailable", "us"],
  ];
  for (const [code, failure, by] of cases) {
    test(`${code} is ${failure}, by ${by}`, () => {
      assert.deepEqual(closedBy(systemError(code)), { by, failure, detail: `connect ${code} 192.0.2.7:502` });
    });
  }
});

describe("a bug is not an end", () => {
  test("of our own making", () => {
    assert.equal(closedBy(new TypeError("undefined is not a function")), undefined);
  });

  test("that Node found", () => {
    assert.equal(closedBy(Object.assign(new Error("closed"), { code: "ERR_SOCKET_CLOSED" })), undefined);
  });
});
