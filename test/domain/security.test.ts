/** The words for how an OPC UA channel is secured. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { securityModes, securityPolicies, securityWords } from "../../src/domain/security.ts";

test("a channel's security is named by mode and policy, and its absence is named too", () => {
  assert.equal(securityWords(undefined), "security None");
  for (const mode of securityModes.filter((one) => one !== "None"))
    for (const policy of securityPolicies) assert.equal(securityWords({ mode, policy }), `${mode} ${policy}`);
});
