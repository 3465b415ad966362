/** Each request of the self-test is whole, so that it is refused for what it asks, and every policy of the product refuses those of its protocol. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { everyPolicy } from "../../../src/poller/assemble.ts";
import { tryPolicy, writeFrames } from "../../../src/poller/self-test/write-frames.ts";

describe("requests that change something", () => {
  for (const [protocol, policy] of everyPolicy) {
    test(`of ${protocol} are known, and its policy refuses each`, () => {
      const item = tryPolicy(protocol, policy);
      assert.equal(item.result, "ok", item.detail);
    });

    // A damaged frame would be refused for another reason. ICMP has only one kind of frame that is whole.
    if (protocol === "icmp") continue;
    for (const [what, frame] of writeFrames(protocol)) {
      test(`of ${protocol} are whole: ${what}`, () => {
        assert.equal(policy.frameLength(frame, "out"), frame.length);
      });
    }
  }

  test("fail the self-test where a policy takes one for a read", () => {
    const [, policy] = everyPolicy[0]!;
    const item = tryPolicy("modbus", { ...policy, operation: () => "modbus-read-coils" });
    assert.equal(item.result, "fail");
    assert.match(item.detail, /taken for a read: FC 5 write single coil, FC 6/u);
  });

  test("of a protocol that nobody has written down are not claimed to be refused", () => {
    assert.equal(tryPolicy("profinet", everyPolicy[0]![1]).result, "not-checked");
  });
});
