/** Before an upgrade a person sees what it changes: looser, tighter, new or gone, and what the approvals still cover. */
import assert from "node:assert/strict";
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { plan } from "../../src/cli/commands/plan.ts";
import { changeLines, planChanges, readPlan, type ComparablePlan } from "../../src/config/plan-against.ts";
import { family, TestSite, type Ran } from "./support/site.ts";

const shipped = path.resolve(import.meta.dirname, "../../device-profiles");
type Writable<T> = { -readonly [Key in keyof T]: Writable<T[Key]> };
let site: TestSite;
beforeEach(async () => {
  site = new TestSite();
  site.watch(2);
  await site.approve();
});
afterEach(() => site.remove());

/** Against the library with one text of this family's profile exchanged. */
async function against(found: RegExp, instead: string): Promise<Ran> {
  const library = path.join(site.folder, "library");
  cpSync(shipped, library, { recursive: true });
  const file = path.join(library, `${family}.yaml`);
  const before = readFileSync(file, "utf8");
  const after = before.replace(found, instead);
  assert.notEqual(after, before);
  writeFileSync(file, after);
  return site.run(plan, ["--against", "library"]);
}

describe("plan --against a folder of profiles", () => {
  test("that are the same says that nothing changes", async () => {
    const ran = await site.run(plan, ["--against", shipped]);
    assert.deepEqual(
      [ran.code, ran.out],
      [0, "Nothing changes.\n0 new, 0 gone, 0 looser, 0 tighter, 2 same; 0 no longer asked until somebody looks."],
    );
  });

  test("of which one is asked more slowly says so, and that the approval covers it", async () => {
    const ran = await against(/(modbus-fc43:\n(?:.*\n)*?)( +)decision: allow/u, "$1$2decision: allow\n$2intervalMin: 5m");
    assert.equal(ran.code, 0, ran.out);
    assert.match(ran.out, /^plc-1\/modbus-fc43: tighter \(asked every 1 min, then 5 min\); the approval covers it$/m);
    assert.match(ran.out, /2 tighter, 0 same; 0 no longer asked[^]*Profiles with other content: generic-modbus-tcp\.$/);
  });

  test("of which one is no longer covered says which check ends, and exits with 1", async () => {
    const ran = await against(/ownerMustState: \[.*\]/u, "ownerMustState: [otherClients, watchdog, firmware]");
    assert.equal(ran.code, 1);
    assert.match(ran.out, /^plc-1\/modbus-fc43: same; NO LONGER ASKED: statement_missing: .*firmware is not stated/m);
    assert.match(ran.out, /2 no longer asked until somebody looks/);
  });
});

describe("plan --against a plan", () => {
  const saved = async (change: (plan: Writable<ComparablePlan>) => unknown): Promise<Ran> => {
    const { out } = await site.run(plan, ["--json"]);
    const other = JSON.parse(out) as Writable<ComparablePlan>;
    change(other);
    site.write("other.json", JSON.stringify(other));
    return site.run(plan, ["--against", "other.json"]);
  };

  test("says what is looser, in figures, bytes and place", async () => {
    const ran = await saved(({ checks }) => {
      Object.assign(checks[0]!, { intervalMs: 30_000, connection: "kept", connectWithinMs: 3000, answerWithinMs: 1000 });
      checks[1]!.asking.frames[0]!.hex = "00";
      checks[1]!.target.address = "192.0.2.99";
    });
    assert.equal(ran.code, 1);
    assert.match(
      ran.out,
      /^plc-1\/modbus-fc43: looser \(asked every 1 min, then 30 s; connection fresh, then kept; connect within 800 ms, then 3 s; answer within 5 s, then 1 s\); the approval covers it$/m,
    );
    assert.match(ran.out, /^plc-2\/modbus-fc43: looser \(other bytes; another place\); /m);
  });

  test("says what is new and what is gone", async () => {
    const ran = await saved(({ checks }) => (checks[0]!.id = "plc-3/modbus-fc43"));
    assert.match(ran.out, /^plc-1\/modbus-fc43: gone\nplc-3\/modbus-fc43: new, and asked$/m);
    assert.match(ran.out, /1 new, 1 gone, 0 looser, 0 tighter, 1 same/);
    const json = await site.run(plan, ["--against", "other.json", "--json"]);
    assert.equal((JSON.parse(json.out) as { checks: unknown[] }).checks.length, 3);
  });

  test("of another site, or that is none, is refused", async () => {
    assert.match((await saved((other) => (other.site = "mv-borealis"))).err, /found a plan of site mv-borealis, expected one of mv-aurora/);
    site.write("other.json", "{}");
    assert.match((await site.run(plan, ["--against", "other.json"])).err, /is no plan\/v1/);
    site.write("other.json", "x");
    assert.match((await site.run(plan, ["--against", "other.json"])).err, /neither a folder of profiles nor JSON/);
    assert.match((await site.run(plan, ["--against", "nothing"])).err, /cannot be read \(ENOENT/);
  });
});

test("what is refused on one side and asked on the other is told from what changes", async () => {
  const { out } = await site.run(plan, ["--json"]);
  const asked = readPlan(JSON.parse(out))!;
  const [first, ...rest] = asked.checks;
  const { id, target, intervalMs, connectWithinMs, answerWithinMs } = first!;
  const frames = [first!.opening, first!.asking, first!.closing].flatMap((phase) => phase.frames);
  const refused = {
    check: id,
    reason: "stage",
    detail: "in dry run",
    frames,
    target,
    intervalMs,
    connection: "fresh" as const,
    connectWithinMs,
    answerWithinMs,
  };
  const waiting = { ...asked, checks: rest, refused: [refused] };
  assert.match(
    changeLines(planChanges(waiting, asked))[0] ?? "",
    /^plc-1\/modbus-fc43: looser; asked from then on; now not: stage: in dry run$/,
  );
  assert.match(changeLines(planChanges(asked, waiting))[0] ?? "", /same; NO LONGER ASKED: stage: in dry run$/);
  const other = { ...waiting, refused: [{ ...refused, intervalMs: 30_000, target: null, detail: "suspended" }] };
  assert.match(changeLines(planChanges(waiting, other))[0] ?? "", /looser \(asked every 1 min, then 30 s\); not asked: stage: suspended$/);
  const unspoken = { ...waiting, refused: [{ ...refused, intervalMs: null, connectWithinMs: 0 }] };
  assert.match(changeLines(planChanges(waiting, unspoken))[0] ?? "", /connect within 800 ms, then 0 s/);
});
