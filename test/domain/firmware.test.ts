/** Versions as makers count them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { firmwareAtLeast } from "../../src/domain/firmware.ts";

test("a version is compared part by part; what is none is not at least anything", () => {
  for (const [stated, wanted, expected] of [
    ["2.80", "2.9", true],
    ["V1.11", "1.9", true],
    ["1.9", "1.11", false],
    ["3", "2.80", true],
    ["2.80", "2.80.1", false],
    ["2.80", "2.80", true],
    ["2.80.1", "2.80", true],
    ["newest", "1.0", false],
    ["", "1.0", false],
  ] as const)
    assert.equal(firmwareAtLeast(stated, wanted), expected, `${stated} and ${wanted}`);
});
