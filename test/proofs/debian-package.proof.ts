/** Proves that the Debian package installs, runs as the service's account, ends well and is removed, in a root of its own, and never starts anything. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { builtFrom } from "../../scripts/package/built-from.ts";
import { expected, tryPackages } from "../../scripts/package/try.ts";
import { checkout } from "./support/product.ts";

test("the Debian package installs without a network, starts nothing, runs, and leaves the site and nothing else behind", () => {
  const out = mkdtempSync(join(tmpdir(), "wk-packages-"));
  try {
    const build = [join(checkout, "scripts/package.ts"), "--quick", "--only", "deb", "--out", out];
    execFileSync(process.execPath, build, { stdio: ["ignore", "ignore", "inherit"] });
    const deb = readdirSync(out).find((name) => name.endsWith(".deb")) ?? assert.fail("no package");
    assert.deepEqual(tryPackages({ deb: join(out, deb) }), expected(builtFrom(), false));
  } finally {
    rmSync(out, { recursive: true });
  }
});
