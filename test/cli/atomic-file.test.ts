/** A file is replaced as a whole or not at all, and stays where and what it was. */
import assert from "node:assert/strict";
import { chmodSync, lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { writeAtomically } from "../../src/cli/atomic-file.ts";

let folder = "";
let file = "";
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "wk-"));
  file = path.join(folder, "profile.yaml");
});
afterEach(() => rmSync(folder, { recursive: true }));

test("a new file is made, and nothing else stays behind", () => {
  writeAtomically(file, "stage: draft\n");
  assert.equal(readFileSync(file, "utf8"), "stage: draft\n");
  assert.deepEqual(readdirSync(folder), ["profile.yaml"]);
});

test("a file that is there keeps its mode", () => {
  writeFileSync(file, "old");
  chmodSync(file, 0o640);
  writeAtomically(file, "new, and longer than before: é");
  assert.equal(readFileSync(file, "utf8"), "new, and longer than before: é");
  assert.equal(statSync(file).mode & 0o777, 0o640);
});

test("what a link points to is written, and the link stays", () => {
  const real = path.join(folder, "real.yaml");
  writeFileSync(real, "old");
  symlinkSync(real, file);
  writeAtomically(file, "new");
  assert.equal(readFileSync(real, "utf8"), "new");
  assert.ok(lstatSync(file).isSymbolicLink());
});

test("what cannot be written leaves nothing behind", () => {
  rmSync(folder, { recursive: true });
  writeFileSync(folder, "a file where the folder was");
  assert.throws(() => writeAtomically(file, "new"), { code: "ENOTDIR" });
  rmSync(folder);
  folder = mkdtempSync(path.join(tmpdir(), "wk-"));
});

test("what a killed writer left is written over", () => {
  writeFileSync(path.join(folder, `.profile.yaml.${process.pid}.tmp`), "half");
  writeAtomically(file, "whole");
  assert.deepEqual(readdirSync(folder), ["profile.yaml"]);
  assert.equal(readFileSync(file, "utf8"), "whole");
});
