/** The files of the latest ten plans that ran are kept, and nothing that goes wrong with them disturbs anything. */
import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import type { KeptPlan } from "../../src/domain/kept-plan.ts";
import { keepPlan, keptPlans, keptPlansMax } from "../../src/store/kept-plans.ts";

let folder = "";
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "wk-"))));
afterEach(() => rmSync(folder, { recursive: true }));

const kept = (number: number, at = number): KeptPlan => ({
  schema: "kept-plan/v1",
  digest: `sha256:${String(number).padStart(64, "0")}`,
  adoptedAt: `2026-11-21T12:00:${String(at).padStart(2, "0")}.000Z`,
  watchlist: `# ${number}`,
  profiles: { "schneider-m221": "x" },
});

test("the latest ten are there, the latest first, one for each plan", async () => {
  for (let number = 0; number < keptPlansMax + 3; number++) assert.equal(await keepPlan(folder, kept(number)), undefined);
  assert.equal(await keepPlan(folder, kept(5, 50)), undefined);
  const found = keptPlans(folder);
  assert.equal(found.length, keptPlansMax);
  assert.deepEqual([found[0], found.at(-1)], [kept(5, 50), kept(3)]);
  const [name] = readdirSync(join(folder, "plans"));
  assert.equal(statSync(join(folder, "plans", name!)).mode & 0o777, 0o600);
});

test("what is no kept plan is passed over", async () => {
  assert.deepEqual(keptPlans(folder), []);
  await keepPlan(folder, kept(1));
  for (const text of [
    "",
    "{",
    "null",
    "{}",
    JSON.stringify({ ...kept(2), profiles: { x: 1 } }),
    JSON.stringify({ ...kept(2), watchlist: 1 }),
  ])
    writeFileSync(join(folder, "plans", `${text.length}.json`), text);
  assert.deepEqual(keptPlans(folder), [kept(1)]);
});

test("a disk that refuses is told and nothing else", async () => {
  writeFileSync(join(folder, "plans"), "a file in its way");
  assert.match((await keepPlan(folder, kept(1))) ?? "", /could not be kept for a rollback/);
  assert.deepEqual(keptPlans(folder), []);
});
