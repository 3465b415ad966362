/** What `status` says of approvals that run out, of stages and of segments that are held back. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { needsAttention, siteView } from "../../src/cli/status-view.ts";
import { plain } from "../../src/cli/style.ts";
import { at, siteStatus } from "./support/status.ts";

describe("what is said of approvals and stages", () => {
  const approval = { age: "expiring", expiresAt: at, endsAt: at, warning: "the approval of x ends soon" } as const;
  const family = { profile: "x", stage: "approved", since: null, approval, proposed: null } as const;
  const lines = (changes: Parameters<typeof siteStatus>[0]): string =>
    siteView(siteStatus(changes), undefined, { width: 120, style: plain }).join("\n");

  test("stands above the table, and calls nobody while it only warns", () => {
    const status = { families: [{ ...family, proposed: "x is in dry run" }], heldSegments: ["segment hvac is suspended"] };
    for (const line of ["the approval of x ends soon", "x is in dry run", "segment hvac is suspended"])
      assert.ok(lines(status).includes(line), line);
    assert.equal(needsAttention(siteStatus(status)), false);
  });

  test("tells of a certificate that ends, and calls a person once it has", () => {
    const certificate = { device: "hmi-2", sha256: "ab", notAfterAt: "2026-12-01T00:00:00.000Z", warning: "the certificate of hmi-2 ends" };
    const status = siteStatus({ certificates: [certificate] });
    assert.ok(lines({ certificates: [certificate] }).includes("the certificate of hmi-2 ends"));
    assert.equal(needsAttention(status), false);
    assert.equal(needsAttention(siteStatus({ certificates: [{ ...certificate, notAfterAt: at }] })), true);
  });

  test("calls a person once an approval has expired", () => {
    for (const age of ["grace", "ended"] as const)
      assert.equal(needsAttention(siteStatus({ families: [{ ...family, approval: { ...approval, age } }] })), true);
  });
});
