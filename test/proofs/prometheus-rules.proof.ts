/** Proves the alerts with Prometheus' own tool: each is raised by its symptom and no other, and a rule that is wrong would be found. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { checkout } from "./support/product.ts";

const folder = join(checkout, "deploy/prometheus");
const rules = "watchkeeper.rules.yaml";
const tests = "watchkeeper.rules.test.yaml";

function promtool(...args: readonly string[]): { readonly code: number | null; readonly said: string } {
  const { status, stdout, stderr } = spawnSync("promtool", args, { encoding: "utf8" });
  return { code: status, said: `${stdout}${stderr}` };
}

test("promtool check rules and promtool test rules are content", () => {
  for (const args of [
    ["check", "rules", join(folder, rules)],
    ["check", "config", join(folder, "prometheus.yaml")],
    ["test", "rules", join(folder, tests)],
  ]) {
    const { code, said } = promtool(...args);
    assert.equal(code, 0, said);
    assert.match(said, /SUCCESS/u);
  }
});

test("a rule that forgets the mute would be found", (t) => {
  const changed = mkdtempSync(join(tmpdir(), "watchkeeper-rules-"));
  t.after(() => rmSync(changed, { recursive: true, force: true }));
  copyFileSync(join(folder, tests), join(changed, tests));
  const forgetful = readFileSync(join(folder, rules), "utf8").replaceAll(" unless on (instance, device) watchkeeper_device_muted == 1", "");
  writeFileSync(join(changed, rules), forgetful);
  const { code, said } = promtool("test", "rules", join(changed, tests));
  assert.equal(code, 1, said);
  assert.match(said, /FAILED/u);
});
