/** The audit chain shows every change, gap and new order. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, test } from "node:test";
import type { AuditEntry } from "../../src/domain/board.ts";
import { wallMs } from "../../src/domain/units.ts";
import { breach, chained, emptyChain, type AuditRecord } from "../../src/store/audit-chain.ts";

const entry = (detail: string): AuditEntry => ({
  at: wallMs(1_763_726_400_000.4),
  source: "eto-1",
  category: "stop",
  type: "stopped",
  result: "success",
  detail,
});

function chain(...details: readonly string[]): readonly AuditRecord[] {
  const records: AuditRecord[] = [];
  for (const detail of details) records.push(chained(records.at(-1) ?? emptyChain, entry(detail)));
  return records;
}

test("a record's hash is SHA-256 over its other fields in canonical JSON, so that anybody can check it", () => {
  const [record] = chain("pump 2 – odd");
  const text =
    `{"at":1763726400000,"category":"stop","detail":"pump 2 – odd","previous":"${"0".repeat(64)}",` +
    `"result":"success","sequence":1,"source":"eto-1","type":"stopped"}`;
  assert.equal(record?.hash, createHash("sha256").update(text).digest("hex"));
});

describe("a chain", () => {
  const records = chain("one", "two", "three");

  test("that nobody touched holds", () => {
    assert.deepEqual(
      records.map((record, index) => breach(records[index - 1] ?? emptyChain, record)),
      [undefined, undefined, undefined],
    );
  });

  const [one, two, three] = records as [AuditRecord, AuditRecord, AuditRecord];
  test("shows a changed record", () => {
    for (const changed of [{ detail: "2" }, { at: wallMs(1) }, { source: "eto-2" }, { result: "failure" as const }]) {
      assert.match(breach(one, { ...two, ...changed }) ?? "", /record 2: changed after it was written/u);
    }
  });

  test("shows a record that is missing", () => {
    assert.match(breach(one, three) ?? "", /record 2: missing; the next one found is 3/u);
    assert.match(breach(emptyChain, two) ?? "", /record 1: missing/u);
  });

  test("shows a record of another chain", () => {
    const [, other] = chain("1", "two");
    assert.match(breach(one, other!) ?? "", /record 2: it does not follow record 1/u);
  });
});

test("half characters do not keep a record from being hashed", () => {
  assert.equal(breach(emptyChain, chained(emptyChain, entry("\ud800"))), undefined);
});
