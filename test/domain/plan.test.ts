/** The operations of a check are what its templates carry, whichever phase sends them. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Operation } from "../../src/domain/operations.ts";
import { type Allowance, operationsOf } from "../../src/domain/plan.ts";
import { frameTemplate } from "../../src/domain/template.ts";

function allowance(...operations: Operation[]): Allowance {
  const templates = operations.map((operation) => frameTemplate(operation, Uint8Array.of(1), Uint8Array.of(255)));
  return { connectionsMax: 0, requestsMax: operations.length, bytesMax: operations.length, templates };
}

describe("the operations of a check", () => {
  test("stand in the order of sending: opening, asking, closing", () => {
    const check = {
      opening: allowance("modbus-read-coils"),
      asking: allowance("modbus-report-server-id"),
      closing: allowance("modbus-read-input-registers"),
    };
    assert.deepEqual(operationsOf(check), ["modbus-read-coils", "modbus-report-server-id", "modbus-read-input-registers"]);
  });

  test("stand once each, where they come first", () => {
    const check = {
      opening: allowance("modbus-report-server-id"),
      asking: allowance("modbus-read-coils", "modbus-report-server-id", "modbus-read-coils"),
      closing: allowance("modbus-read-coils"),
    };
    assert.deepEqual(operationsOf(check), ["modbus-report-server-id", "modbus-read-coils"]);
  });

  test("are none where nothing is sent", () => {
    assert.deepEqual(operationsOf({ opening: allowance(), asking: allowance(), closing: allowance() }), []);
  });
});
