/** All items of the self-test in their order; what could not be written or is broken in the audit fails it. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, test } from "node:test";
import { failedItems, type SelfTestReport } from "../../../src/domain/self-test.ts";
import type { S7Isolation } from "../../../src/domain/s7.ts";
import { everyPolicy } from "../../../src/poller/assemble.ts";
import { selfTest, type SelfTestParts } from "../../../src/poller/self-test/self-test.ts";
import { JournalDatabase } from "../../../src/store/database.ts";
import { check, plan } from "../../store/support/site.ts";
import { entry } from "../../store/support/journal-bench.ts";

let folder = "";
const journal = (): string => join(folder, "journal.sqlite");

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "wk-self-"));
  JournalDatabase.create(journal());
});
afterEach(() => rmSync(folder, { recursive: true }));

function write(detail: string): undefined {
  const database = JournalDatabase.open(journal(), { busyWithinMs: 2000, transitionsMax: 10 });
  if ("problem" in database) throw new Error(database.problem);
  database.write("test", Number(database.head().sequence) + 1, [{ kind: "audit", ...entry(detail) }]);
  database.close();
  return undefined;
}

function run(changes: Partial<SelfTestParts> = {}): Promise<SelfTestReport> {
  const recorded = (detail: string): Promise<string | undefined> => Promise.resolve(write(detail));
  const site = plan({ plc: { checks: [check("plc", { protocol: "icmp" })] } });
  const parts = {
    stateDir: folder,
    journal: journal(),
    policies: everyPolicy,
    plan: site,
    recorded,
    readProc: () => undefined,
    ping: () => "/usr/bin/ping",
    fence: { interfaceHolding: () => "eth1", installed: () => Promise.resolve({ problems: ["nft: not permitted"] }) },
    s7: () => Promise.reject(new Error("nothing is asked over S7")),
  };
  return selfTest({ ...parts, interfaces: new Map([["eth1", ["192.0.2.5"]]]), ...changes });
}
const outcome = ({ items }: SelfTestReport, name: string): string | undefined => items.find((item) => item.name === name)?.result;

test("a machine in order holds every safeguard, and what is not looked at is said to be so", async () => {
  const report = await run();
  assert.equal(failedItems(report), undefined);
  assert.deepEqual(
    report.items.map(({ name, result }) => `${name} ${result}`),
    [
      "limiter ok",
      "exclusions ok",
      ...everyPolicy.map(([name]) => `frames ${name} ok`),
      "stop ok",
      "audit ok",
      "fence not-checked",
      "ping ok",
      "host eth1 ok",
    ],
  );
});

test("the record says what the others came to, and whether they held", async () => {
  const records: (readonly [string, boolean])[] = [];
  await run({
    recorded: (detail, held) => {
      records.push([detail, held]);
      return Promise.resolve(undefined);
    },
    policies: [["modbus", { ...everyPolicy[0]![1], operation: () => "modbus-read-coils" }]],
  });
  assert.deepEqual(records, [["limiter ok, exclusions ok, frames modbus fail, stop ok", false]]);
});

test("a record that cannot be written, or an audit that was changed, fails it in one line", async () => {
  const full = await run({ recorded: () => Promise.resolve("database or disk is full") });
  assert.match(failedItems(full) ?? "", /^audit: database or disk is full \(make room on the disk of the state folder/u);
  const db = new DatabaseSync(journal());
  db.exec("DROP TRIGGER audit_keeps_records");
  write("one");
  db.exec("UPDATE audit SET detail = 'nothing'");
  db.close();
  assert.match(failedItems(await run()) ?? "", /^audit: audit record 1: changed after it was written/u);
});

test("a site that pings without a ping is told", async () => {
  assert.equal(outcome(await run({ ping: () => undefined }), "ping"), "warn");
  assert.equal(outcome(await run({ plan: plan({}) }), "ping"), undefined);
});

test("a site that asks over S7 is told how its process is kept apart", async () => {
  const site = plan({ cpu: { checks: [check("cpu", { protocol: "s7" })] } });
  const told = async (isolation: Partial<S7Isolation>): Promise<string> => {
    const whole = { running: true, ownNetwork: true, ownUser: true, detail: "as the process said", ...isolation };
    const { items } = await run({ plan: site, s7: () => Promise.resolve(whole) });
    const found = items.find(({ name }) => name === "s7");
    assert.ok(found);
    return `${found.result} ${found.detail}`;
  };
  assert.equal(await told({}), "ok as the process said");
  assert.equal(await told({ ownUser: false }), "ok as the process said");
  assert.equal(await told({ ownNetwork: false }), "warn as the process said");
  assert.equal(await told({ running: false, detail: "not started" }), "warn its process does not run: not started");
});
