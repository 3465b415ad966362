/** What a person is shown of a certificate before it is believed, and what is said to be wrong with it. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, test } from "node:test";
import { certificateFacts, certificateWarnings, fingerprintWords } from "../../src/config/certificate-facts.ts";
import { wallMs } from "../../src/domain/units.ts";
import { projectRoot } from "../support/source-tree.ts";

const read = (name: string): string => readFileSync(path.join(projectRoot, "test/fixtures/certificates", `${name}.pem`), "utf8");
const now = wallMs(Date.parse("2026-11-21T12:00:00Z"));
const warnings = (name: string, address: string | undefined = "192.0.2.11"): readonly string[] =>
  certificateWarnings(certificateFacts(read(name))!, address, now);

describe("a certificate", () => {
  test("is told with subject, issuer, validity, key and names, and its fingerprint as servers show it", () => {
    const facts = certificateFacts(read("good"))!;
    const { subject, issuer, notBefore, notAfter, key, names } = facts;
    assert.deepEqual(
      [subject, issuer, new Date(notBefore).toISOString(), new Date(notAfter).toISOString(), key, names],
      [
        "CN=HMI 2, O=Acme",
        "CN=HMI 2, O=Acme",
        "2026-01-01T00:00:00.000Z",
        "2031-01-01T00:00:00.000Z",
        "RSA, 2048 bits",
        "URI:urn:hmi-2, IP Address:192.0.2.11",
      ],
    );
    assert.match(fingerprintWords(facts.sha256), /^[0-9A-F]{2}(:[0-9A-F]{2}){31}$/u);
    assert.equal(facts.pem, read("good"));
  });

  test("without a fault has no warning, also where nobody knows its address", () => {
    assert.deepEqual(warnings("good"), []);
    assert.deepEqual(warnings("good", undefined), []);
  });

  test("that has ended, has not begun, is short or is made out to another host says so", () => {
    assert.match(warnings("ended").join(), /^it ended, its last day was 2025-12-31/u);
    const weak = warnings("weak");
    assert.match(weak[0]!, /not valid before 2027-01-01T00:00:00/u);
    assert.match(weak[1]!, /its key has 1024 bits: expected at least 2048/u);
    assert.match(weak[2]!, /not made out to 192\.0\.2\.11 \(URI:urn:hmi-2, DNS:hmi\)/u);
    assert.match(warnings("good", "192.0.2.12").join(), /not made out to 192\.0\.2\.12/u);
    assert.match(warnings("ec").join("; "), /its key is EC, prime256v1: expected RSA.*it names no host/u);
  });

  test("that is none is none", () => {
    assert.equal(certificateFacts("hello"), undefined);
    assert.equal(certificateFacts(Buffer.of(0x30, 0x82, 0x00, 0x01)), undefined);
  });
});
