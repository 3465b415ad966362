/** The poller's own certificate as plan and status know it: read where the poller makes it, and nothing where there is none. */
import assert from "node:assert/strict";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { readOwnCertificate } from "../../src/config/server-certificates.ts";
import { projectRoot } from "../support/source-tree.ts";

test("the poller's own certificate is read from its keys, and is absent before it is made or where it is none", () => {
  const folder = mkdtempSync(path.join(tmpdir(), "watchkeeper-own-"));
  try {
    assert.equal(readOwnCertificate(folder), undefined);
    const file = path.join(folder, "pki/own/certs/watchkeeper.pem");
    mkdirSync(path.dirname(file), { recursive: true });
    copyFileSync(path.join(projectRoot, "test/fixtures/certificates/good.pem"), file);
    assert.equal(readOwnCertificate(folder)?.notAfter, Date.parse("2031-01-01"));
    writeFileSync(file, "hello");
    assert.equal(readOwnCertificate(folder), undefined);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
