/** The poller's own certificate: made once, kept over plans, and made anew over the same key once it was moved away. */
import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { wallMs } from "../../../src/domain/units.ts";
import { opcuaDriverFrom } from "../../../src/drivers/opcua/driver.ts";
import { opcuaCheck } from "../../support/opcua-checks.ts";

test("a reload keeps the poller's own certificate, and makes another over the same key where it was moved away", async () => {
  const folder = mkdtempSync(path.join(tmpdir(), "watchkeeper-keys-"));
  try {
    const driver = opcuaDriverFrom();
    const security = { mode: "Sign", policy: "Basic256Sha256" } as const;
    const { ask } = opcuaCheck({ method: "opcua-read", port: 4840, input: { security } });
    const prepare = (day: string): Promise<void> => driver.prepare({ asks: [ask], keysFolder: folder, wallNow: wallMs(Date.parse(day)) });
    const file = path.join(folder, "own/certs/watchkeeper.pem");
    const read = (): X509Certificate => new X509Certificate(readFileSync(file));
    await prepare("2026-11-21");
    const first = read();
    assert.equal(Date.parse(first.validTo), Date.parse("2031-11-19"));
    await prepare("2031-11-01");
    assert.equal(read().fingerprint256, first.fingerprint256);
    renameSync(file, `${file}.old`);
    await prepare("2031-11-01");
    const second = read();
    assert.equal(Date.parse(second.validTo), Date.parse("2036-10-29"));
    assert.equal(second.publicKey.export({ type: "spki", format: "pem" }), first.publicKey.export({ type: "spki", format: "pem" }));
  } finally {
    rmSync(folder, { recursive: true });
  }
});
