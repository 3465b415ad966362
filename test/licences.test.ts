/** Every package that an installation brings is under a licence the product can be given away with, and in exactly the version that was tried. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { directDependencies, lockedPackages } from "./support/packages.ts";
import { readProjectFile } from "./support/source-tree.ts";

/** Permissive licences only. For a choice between licences, one of them. */
const accepted = new Set([
  "MIT",
  "ISC",
  "Apache-2.0",
  "BSD-2-Clause",
  "BSD-3-Clause",
  "0BSD",
  "BlueOak-1.0.0",
  "CC0-1.0",
  "Unlicense",
  "MIT-0",
]);

/** Packages whose manifest names no licence; where it was read instead. For exactly this version. */
const readByHand: Readonly<Record<string, { readonly licence: string; readonly where: string }>> = {
  "dequeue@1.0.5": { licence: "BSD-2-Clause", where: "its LICENSE" },
  "humanize@0.0.9": { licence: "MIT", where: "its LICENSE" },
  "precond@0.2.3": { licence: "MIT", where: "the last section of its README.md" },
};

function isAccepted(licence: string): boolean {
  const choices = licence.replace(/^\((?<inside>.*)\)$/u, "$<inside>").split(" OR ");
  return choices.some((choice) => choice.split(" AND ").every((part) => accepted.has(part)));
}

test("every locked package has an accepted licence", () => {
  const packages = lockedPackages();
  assert.ok(packages.length > 100, "the lockfile was not read");
  const stated = packages.map((found) => ({ ...found, licence: readByHand[`${found.name}@${found.version}`]?.licence ?? found.licence }));
  assert.deepEqual(
    stated.filter(({ licence }) => !isAccepted(licence)),
    [],
  );
  const locked = new Set(packages.map(({ name, version }) => `${name}@${version}`));
  assert.deepEqual(
    Object.keys(readByHand).filter((name) => !locked.has(name)),
    [],
    "a licence read by hand of a package that is no longer installed",
  );
});

test("a licence that takes back what it gives is not accepted", () => {
  for (const licence of ["GPL-3.0", "AGPL-3.0-only", "UNLICENSED", "none stated", "MIT AND GPL-2.0", "(GPL-2.0 OR LGPL-3.0)"])
    assert.ok(!isAccepted(licence), licence);
  for (const licence of ["MIT", "(MIT OR WTFPL)", "(BSD-2-Clause OR MIT OR Apache-2.0)", "MIT AND ISC"])
    assert.ok(isAccepted(licence), licence);
});

test("package.json asks for exact versions", () => {
  const loose = Object.entries(directDependencies()).filter(([, version]) => !/^\d+\.\d+\.\d+$/u.test(version));
  assert.deepEqual(loose, []);
});

test("ARCHITECTURE.md names every dependency with its licence, on one line", () => {
  const lines = readProjectFile("ARCHITECTURE.md").split("\n");
  const licences = new Map(lockedPackages().map(({ name, licence }) => [name, licence]));
  const isNamedIn = (line: string, name: string): boolean => new RegExp(`(?<![\\w@/-])${RegExp.escape(name)}(?![\\w/-])`, "u").test(line);
  const missing = Object.keys(directDependencies())
    .map((name) => ({ name, licence: licences.get(name) ?? "none stated" }))
    .filter(({ name, licence }) => !lines.some((line) => isNamedIn(line, name) && line.includes(licence)));
  assert.deepEqual(missing, []);
});
