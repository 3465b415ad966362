/** A secured check is not asked with a certificate of the poller's own that has ended; nothing else minds it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { wallMs } from "../../src/domain/units.ts";
import { unavailable, type OwnMeans } from "../../src/poller/unavailable.ts";

const notAfter = wallMs(Date.parse("2031-11-20T00:00:00Z"));
const security = { mode: "Sign", policy: "Basic256Sha256" } as const;
const means = (now: number, own = true): OwnMeans => ({
  s7: { unavailable: () => "its process has ended" },
  ownCertificate: () => (own ? { sha256: "ab".repeat(32), notAfter } : undefined),
  now: () => wallMs(now),
});

test("a secured check is asked until the poller's own certificate ends, and then says so", () => {
  const check = { protocol: "opcua", security } as const;
  assert.equal(unavailable(check, means(notAfter - 1)), undefined);
  assert.equal(
    unavailable(check, means(notAfter)),
    "the poller's own OPC UA certificate ENDED on 2031-11-19: no secured server is asked; renew it (README, OPC UA)",
  );
  assert.equal(unavailable(check, means(notAfter, false)), undefined);
});

test("a check without security is asked all the same, and S7 goes by its process alone", () => {
  assert.equal(unavailable({ protocol: "opcua" }, means(notAfter)), undefined);
  assert.equal(unavailable({ protocol: "s7" }, means(0)), "its process has ended");
});
