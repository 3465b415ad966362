/** What the process of node-snap7 says is believed only in the four forms that it may have. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { fromS7Child } from "../../src/domain/s7-messages.ts";

describe("a message of the process", () => {
  const good: readonly unknown[] = [
    { say: "ready", user: 65_534, network: "net:[4026531840]" },
    { say: "ready", user: 0, network: "" },
    { say: "unavailable", detail: "no such module" },
    { say: "frame", id: 7, hex: "0300" },
    { say: "done", id: 7 },
    { say: "done", id: 7, complaint: "CPU : Item not available" },
  ];
  for (const message of good) {
    test(`${JSON.stringify(message)} is taken as it is`, () => assert.deepEqual(fromS7Child(message), message));
  }

  const bad: readonly unknown[] = [
    undefined,
    null,
    "ready",
    7,
    {},
    { say: "exit" },
    { say: "ready", user: -1, network: "" },
    { say: "ready", user: 1.5, network: "" },
    { say: "ready", user: 1, network: 7 },
    { say: "unavailable" },
    { say: "frame", id: 7 },
    { say: "frame", id: "7", hex: "00" },
    { say: "frame", id: 7, hex: "" },
    { say: "frame", id: 7, hex: "0" },
    { say: "frame", id: 7, hex: "0G" },
    { say: "frame", id: 7, hex: "00".repeat(1025) },
    { say: "done" },
    { say: "done", id: 7, complaint: 7 },
  ];
  for (const message of bad) {
    test(`${JSON.stringify(message)?.slice(0, 60)} is believed nothing of`, () => assert.equal(fromS7Child(message), undefined));
  }

  test("with text that would move a terminal is made fit for one line", () => {
    assert.deepEqual(fromS7Child({ say: "unavailable", detail: "a\nb\u001b[2J" }), { say: "unavailable", detail: "a?b?[2J" });
  });

  test("never throws, whatever it is", () => {
    fc.assert(fc.property(fc.anything(), (message) => void fromS7Child(message)));
  });
});
