/** What a deep query tells of an Identity object: every attribute that the device has, in words. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { decodeWholeIdentity } from "../../../src/drivers/enip/decode.ts";
import { identityFacts, wholeIdentityAnswer } from "../../../src/drivers/enip/facts.ts";
import { enbtIdentity } from "../../support/enip-checks.ts";

const whole = (tail: string, head: string = enbtIdentity) =>
  decodeWholeIdentity(Uint8Array.from(Buffer.from(`${head}${tail}`.replaceAll(" ", ""), "hex")));
const facts = (tail: string, head?: string): Readonly<Record<string, string>> => Object.fromEntries(identityFacts(whole(tail, head)));

test("all of it, in the order of the attributes", () => {
  assert.deepEqual(identityFacts(whole("03 3412 0a 656e67")), [
    ["vendor", "1 (Rockwell Automation)"],
    ["device type", "12 (communications adapter)"],
    ["product code", "58"],
    ["revision", "4.3"],
    ["status", "0x0030: no I/O connections"],
    ["serial number", "00524d8e"],
    ["product name", "1756-ENBT/A"],
    ["state", "3 (operational)"],
    ["configuration consistency value", "0x1234"],
    ["heartbeat interval", "10 s"],
    ["further bytes", "0x656e67"],
  ]);
});

describe("what a device does not say is left out:", () => {
  const tails: readonly (readonly [tail: string, names: readonly string[]])[] = [
    ["", []],
    ["ff", ["state"]],
    ["03 34", ["state", "further bytes"]],
    ["03 3412", ["state", "configuration consistency value"]],
    ["03 3412 00", ["state", "configuration consistency value", "heartbeat interval"]],
  ];
  for (const [tail, names] of tails)
    test(`behind the name ${tail === "" ? "nothing" : tail}`, () => assert.deepEqual(Object.keys(facts(tail)).slice(7), names));
});

test("status and state are said in words, also those that only the maker knows", () => {
  const status = (word: string): string => facts("", enbtIdentity.replace("04033000", `0403${word}`))["status"]!;
  assert.equal(status("6500"), "0x0065: owned, configured, at least one I/O connection in run mode");
  assert.equal(
    status("500f"),
    "0x0f50: minor recoverable fault, minor unrecoverable fault, major recoverable fault, major unrecoverable fault, major fault",
  );
  assert.equal(status("9000"), "0x0090: extended status 9, the maker's own");
  assert.deepEqual(
    ["ff", "07", "05"].map((state) => facts(state)["state"]),
    ["255 (not kept)", "7", "5 (major unrecoverable fault)"],
  );
  assert.equal(facts("03 3412 00")["heartbeat interval"], "0 s (sends none)");
});

test("a fault is a fault as the heartbeat has it, and everything is told besides", () => {
  const answer = wholeIdentityAnswer(whole("04"));
  assert.ok(answer.said === "degraded");
  assert.match(answer.detail, /major recoverable fault/u);
  assert.equal(answer.facts?.length, 8);
});

test("a device without a name has none", () => {
  assert.equal(facts("", `${enbtIdentity.slice(0, 28)}00`)["product name"], "none");
});
