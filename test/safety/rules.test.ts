/** The order of the questions is the order of the reasons that people read. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { passingReasons } from "../../src/domain/reasons.ts";
import { standing, starting } from "../../src/safety/rules.ts";

describe("the rules of the gate", () => {
  it("ask in the order of the list of reasons, each once", () => {
    const rules = [...standing, ...starting].map((rule) => rule.reason).filter((reason) => reason !== "approval_expired");
    // A pause is asked about twice in a row: whether it has begun, and whether it is about to.
    const asked = rules.filter((reason, at) => reason !== "window_pause" || rules[at + 1] !== reason);
    const listed = Object.keys(passingReasons).filter((reason) => (asked as readonly string[]).includes(reason));
    assert.deepEqual(asked, listed);
    assert.equal(new Set(asked).size, asked.length);
  });
});
