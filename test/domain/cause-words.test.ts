/** A cause that several devices share says what it is, and concerns those that are unknown by it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { isUnknownBy, sharedCauseWords } from "../../src/domain/cause-words.ts";

test("each cause has words", () => {
  const words = (["way_out", "segment", "gateway", "device"] as const).map((cause) => sharedCauseWords({ cause, scope: "x" }));
  assert.deepEqual(words, [
    "no way out to segment x",
    "nothing on segment x answers",
    "gateway x is down",
    "x is down, and devices stand behind it",
  ]);
});

test("it concerns who is unknown by it, and nobody else", () => {
  const cutOff = { segment: "hvac", cause: "cut_off", behind: null } as const;
  const behind = { segment: "hvac", cause: "behind", behind: "fw" } as const;
  const down = { segment: "hvac", cause: "timeout", behind: null } as const;
  const concerned = (cause: "segment" | "way_out" | "gateway" | "device", scope: string): readonly boolean[] =>
    [cutOff, behind, down].map((device) => isUnknownBy(device, { cause, scope }));
  assert.deepEqual(concerned("segment", "hvac"), [true, false, false]);
  assert.deepEqual(concerned("way_out", "hvac"), [true, false, false]);
  assert.deepEqual(concerned("segment", "deck"), [false, false, false]);
  assert.deepEqual(concerned("gateway", "fw"), [false, true, false]);
  assert.deepEqual(concerned("device", "sw"), [false, false, false]);
});
