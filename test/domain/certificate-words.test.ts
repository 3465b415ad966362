/** A certificate that ends is announced for 60 days, whosever it is, and said to have ended from its last moment on. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { certificatesOf, certificateWords } from "../../src/domain/certificate-words.ts";
import type { DeviceId, PlannedDevice } from "../../src/domain/plan.ts";
import { wallMs } from "../../src/domain/units.ts";
import { literalPlan } from "../support/literal-plan.ts";

const day = 86_400_000;
const notAfter = wallMs(Date.parse("2027-03-01T00:00:00Z"));
const end = { sha256: "ab".repeat(32), notAfter };
const words = (device: string | undefined, before: number): string | undefined =>
  certificateWords({ ...(device !== undefined && { device }), ...end }, wallMs(notAfter - before));

describe("a certificate", () => {
  test("says nothing until 60 days before its end, then the days that are left", () => {
    for (const device of [undefined, "hmi-2"]) {
      assert.equal(words(device, 60 * day + 1), undefined);
      assert.match(words(device, 60 * day) ?? "", /ends on 2027-02-28, in 60 d/u);
      assert.match(words(device, 1) ?? "", /in 1 d/u);
    }
  });

  test("that has ended says so, and what to do", () => {
    assert.equal(
      words("hmi-2", 0),
      "the pinned certificate of hmi-2 ENDED on 2027-02-28: it is not asked; when its server has a new one: watchkeeper opcua trust hmi-2 --replace …",
    );
    assert.match(
      words(undefined, 0) ?? "",
      /^the poller's own OPC UA certificate ENDED on 2027-02-28: no secured server is asked; renew it/u,
    );
  });

  test("is the poller's own first, then each device's that has one", () => {
    const { devices } = literalPlan([
      { name: "hmi-1", address: "192.0.2.11" },
      { name: "hmi-2", address: "192.0.2.12" },
    ]);
    const withOne = new Map<DeviceId, PlannedDevice>(
      [...devices].map(([id, device]) => [id, id === "hmi-2" ? { ...device, serverCertificate: end } : device]),
    );
    assert.deepEqual(certificatesOf({ devices: withOne }, undefined), [{ device: "hmi-2", ...end }]);
    assert.deepEqual(certificatesOf({ devices }, end), [end]);
    assert.deepEqual(certificatesOf({ devices: withOne }, end), [end, { device: "hmi-2", ...end }]);
  });
});
