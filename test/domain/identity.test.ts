/** Another vendor or product is noticed; padding, spaces and capitals are not. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { mismatch } from "../../src/domain/identity.ts";

const expected = { vendors: ["Schneider Electric"], products: ["TM221"] };

describe("identity", () => {
  it("fits in other spellings and longer model names", () => {
    assert.equal(mismatch(expected, { vendor: "SCHNEIDER  ELECTRIC ", product: "TM221CE24R" }), undefined);
  });
  it("names what was found and what is expected", () => {
    assert.equal(mismatch(expected, { vendor: "WAGO" }), 'vendor: found "WAGO", expected "Schneider Electric"');
    const two = { vendors: [], products: ["TM221", "TM241"] };
    assert.equal(mismatch(two, { vendor: "anybody", product: "M580" }), 'product: found "M580", expected "TM221" or "TM241"');
  });
  it("what was not said or not expected contradicts nothing", () => {
    assert.equal(mismatch(expected, {}), undefined);
    assert.equal(mismatch(expected, undefined), undefined);
    assert.equal(mismatch(undefined, { vendor: "WAGO" }), undefined);
  });
});
