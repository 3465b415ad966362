/** Going back to files that ran: the difference first, and nothing is given back that was taken since. */
import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, test } from "node:test";
import { approve } from "../../../src/cli/commands/approve.ts";
import { plan } from "../../../src/cli/commands/plan.ts";
import { rollback } from "../../../src/cli/commands/rollback.ts";
import { suspend } from "../../../src/cli/commands/suspend.ts";
import type { KeptPlan } from "../../../src/domain/kept-plan.ts";
import { family, signature, TestSite } from "../support/site.ts";

const file = `device-profiles/${family}.yaml`;
const signed = ["--by", "eto-1", "--reason", "the new watchlist is wrong"] as const;
const digest = (number: number): string => `sha256:${String(number).padStart(64, "0")}`;
let site: TestSite;
let before: KeptPlan;

const kept = (number: number): KeptPlan => ({
  schema: "kept-plan/v1",
  digest: digest(number),
  adoptedAt: `2026-11-2${number}T12:00:00.000Z`,
  watchlist: site.read("watchlist.yaml"),
  profiles: { [family]: site.read(file) },
});
const edit = (path: string, from: string | RegExp, to: string): void => {
  const text = site.read(path);
  assert.notEqual(text.replace(from, to), text);
  site.write(path, text.replace(from, to));
};
const asked = async (): Promise<readonly string[]> => {
  const { out } = await site.run(plan, ["--json"]);
  const { checks } = JSON.parse(out) as { checks: readonly { id: string; target: { address: string } }[] };
  return checks.map(({ id, target }) => `${id} ${target.address}`);
};

/** Ran with two devices; then one was moved, and everything approved as it was then. */
beforeEach(async () => {
  site = new TestSite();
  site.watch(2);
  await site.approve();
  before = kept(1);
  edit("watchlist.yaml", "192.0.2.11", "192.0.2.99");
  await site.run(approve, [family, "--devices", "plc-1", "--covers", await site.covers(), ...signature]);
  site.state.ran = [kept(2), before];
});
afterEach(() => site.remove());

describe("rollback", () => {
  test("puts back watchlist and approvals as they ran, shows the difference before, and writes a record", async () => {
    assert.deepEqual(await asked(), ["plc-1/modbus-fc43 192.0.2.99", "plc-2/modbus-fc43 192.0.2.12"]);
    const ran = await site.run(rollback, [...signed, "--yes"]);
    assert.equal(ran.code, 0, ran.err);
    assert.match(
      ran.err,
      /^Back to the plan of 2026-11-21T12:00:00\.000Z, sha256:0+1:\nplc-1\/modbus-fc43: looser \(.*another place\); the approval covers it/,
    );
    assert.equal(site.read("watchlist.yaml"), before.watchlist);
    assert.deepEqual(await asked(), ["plc-1/modbus-fc43 192.0.2.11", "plc-2/modbus-fc43 192.0.2.12"]);
    const record = site.state.audit.at(-1);
    assert.deepEqual([record?.type, record?.source], ["rollback", "eto-1"]);
    assert.match(record?.detail ?? "", /^to sha256:0+1 \(watchlist\.yaml, .*\) by eto-1: the new watchlist is wrong$/);
  });

  test("gives back no device that was revoked, excluded or held back since, whatever ran then", async () => {
    edit(file, /\n +plc-2: sha256:[0-9a-f]{64}/u, "");
    edit("watchlist.yaml", /$/u, 'excluded: [{address: 192.0.2.11, reason: "not ours"}]\n');
    await site.run(suspend, ["--segment", "hvac", ...signed]);
    assert.equal((await site.run(rollback, [...signed, "--yes", "--to", digest(1)])).code, 0);
    assert.deepEqual(await asked(), []);
    const text = site.read("watchlist.yaml");
    assert.match(text, /address: 192\.0\.2\.11\n +reason: not ours/);
    assert.match(text, /segmentStages/);
    await site.run(suspend, ["--segment", "hvac", "--end", ...signed]);
    assert.deepEqual(await asked(), []);
  });

  test("leaves a family as it is that is suspended today, and what is tightened today tight", async () => {
    edit(file, "approval:", "methods: {modbus-fc43: {intervalMin: 5m}}\napproval:");
    assert.equal((await site.run(rollback, [...signed, "--yes", "--to", digest(1)])).code, 0);
    assert.match(site.read(file), /intervalMin: 5m/);
    assert.deepEqual((await asked()).length, 2);
    site.write("watchlist.yaml", site.state.ran[0]!.watchlist);
    await site.run(suspend, [family, ...signed]);
    const suspended = site.read(file);
    assert.equal((await site.run(rollback, [...signed, "--yes", "--to", digest(1)])).code, 0);
    assert.equal(site.read(file), suspended);
    assert.deepEqual(await asked(), []);
  });

  test("lengthens no approval that ends sooner today", async () => {
    edit(file, /expiresOn: .*/u, "expiresOn: 2026-12-31");
    await site.run(rollback, [...signed, "--yes", "--to", digest(1)]);
    assert.match(site.read(file), /expiresOn: 2026-12-31/);
  });

  test("asks no device that is for safety today, neither under its own id nor at its address", async () => {
    edit("watchlist.yaml", /(id: plc-2[^]*?function: )control/u, "$1safety");
    const own = "{id: sis, address: 192.0.2.11, segment: hvac, function: protection, category: III";
    edit("watchlist.yaml", /$/u, `  - ${own}, profile: ${family}, checks: []}\n`);
    const ran = await site.run(rollback, [...signed, "--yes", "--to", digest(1)]);
    assert.equal(ran.code, 0, ran.err);
    assert.deepEqual(await asked(), []);
    assert.match(site.read("watchlist.yaml"), /id: plc-1[^]*function: protection[^]*id: plc-2[^]*function: safety/);
  });

  test("goes by what is stated of a device today", async () => {
    edit("watchlist.yaml", /otherClients: \[\]/u, 'otherClients: ["a panel"]');
    assert.equal((await site.run(rollback, [...signed, "--yes", "--to", digest(1)])).code, 0);
    assert.match(site.read("watchlist.yaml"), /a panel/);
    assert.deepEqual(await asked(), ["plc-2/modbus-fc43 192.0.2.12"]);
  });

  test("loosens nothing that devices share: budgets, the facts of a gateway, and what is one piece of hardware", async () => {
    const more = [
      "siteBudget: {startsPerSecondMax: 3}",
      "hardware: [{id: main, devices: [plc-1, plc-2]}]",
      "gateways:",
      "  - {id: fw, address: 192.0.2.30, segment: hvac, responseTimeout: 2s, retries: 2, unitCount: 4, otherClients: [SCADA]}\n",
    ];
    site.state.ran = [
      {
        ...before,
        watchlist: `${before.watchlist}gateways: [{id: fw, address: 192.0.2.30, segment: hvac, responseTimeout: 1s, retries: 0, unitCount: 2}]\n`,
      },
    ];
    edit("watchlist.yaml", /$/u, more.join("\n"));
    edit("watchlist.yaml", "localAddress: 192.0.2.5", "localAddress: 192.0.2.5, startsPerSecondMax: 1");
    edit("watchlist.yaml", /(?<=id: plc-2)/u, ", asset: {model: TM221}");
    assert.equal((await site.run(rollback, [...signed, "--yes"])).code, 0);
    const { out } = await site.run(plan, ["--json"]);
    const { budgets } = JSON.parse(out) as { budgets: unknown };
    assert.match(JSON.stringify(budgets), /"startsPerSecondMax":3/u);
    assert.match(site.read("watchlist.yaml"), /responseTimeout: 2000ms[^]*retries: 2[^]*unitCount: 4/u);
    assert.match(site.read("watchlist.yaml"), /startsPerSecondMax: 1\b[^]*TM221/u);
    assert.match(site.read("watchlist.yaml"), /hardware:[^]*main[^]*plc-1[^]*plc-2/u);
    assert.deepEqual(await asked(), [], "as one piece of hardware nobody has approved them");
  });

  test("asks no device and no check that today's watchlist has no more, though the approval still names it", async () => {
    const later = site.read("watchlist.yaml");
    site.write("watchlist.yaml", later.slice(0, later.indexOf("  - {id: plc-2")));
    assert.equal((await site.run(rollback, [...signed, "--yes", "--to", digest(1)])).code, 0);
    assert.deepEqual(await asked(), ["plc-1/modbus-fc43 192.0.2.11"]);
    assert.match(site.read("watchlist.yaml"), /id: plc-2/);
    site.write("watchlist.yaml", later.replace(/(?<=id: plc-2[^]*unitId: )1/u, "2"));
    await site.run(rollback, [...signed, "--yes", "--to", digest(1)]);
    assert.deepEqual(await asked(), ["plc-1/modbus-fc43 192.0.2.11"]);
  });

  test("keeps the slower of both paces, in the watchlist and in the approval, whichever is the older", async () => {
    site.write("watchlist.yaml", before.watchlist);
    edit("watchlist.yaml", /(?<=id: plc-2[^]*interval: )60s/u, "5m");
    await site.run(approve, [family, "--devices", "plc-2", "--covers", await site.covers(), ...signature]);
    const slow = kept(2);
    assert.match(slow.profiles[family as never] ?? "", /300s/);
    assert.equal((await site.run(rollback, [...signed, "--yes", "--to", digest(1)])).code, 0);
    assert.match(site.read("watchlist.yaml"), /interval: 300000ms/);
    assert.match(site.read(file), /300s/);
    assert.deepEqual(await asked(), ["plc-2/modbus-fc43 192.0.2.12"]);
    site.write("watchlist.yaml", before.watchlist);
    site.write(file, before.profiles[family as never] ?? "");
    site.state.ran = [slow];
    assert.equal((await site.run(rollback, [...signed, "--yes"])).code, 0);
    assert.match(site.read(file), /300s/);
    assert.deepEqual(await asked(), ["plc-2/modbus-fc43 192.0.2.12"]);
  });

  test("joins only zones that may be joined today", async () => {
    const crossing = 'zoneCrossings: [{zones: [OT-1, OT-2], approvedBy: eto-1, reason: "one poller", changeReference: C-1}]\n';
    const second = "localAddress: 192.0.2.5}\n";
    const joined =
      before.watchlist.replace(second, `${second}  - {id: aft, zone: OT-2, subnet: 198.51.100.0/24, localAddress: 198.51.100.5}\n`) +
      crossing;
    site.state.ran = [{ ...before, watchlist: joined }];
    const today = site.read("watchlist.yaml");
    const ran = await site.run(rollback, [...signed, "--yes"]);
    assert.match(ran.err, /an approved crossing of these two/);
    assert.equal(site.read("watchlist.yaml"), today);
    site.write("watchlist.yaml", joined.replace("192.0.2.11", "192.0.2.99"));
    assert.equal((await site.run(rollback, [...signed, "--yes"])).code, 0);
    assert.equal(site.read("watchlist.yaml"), joined);
  });

  test("changes nothing without a yes, a name and a reason, a record, or a plan to go back to", async () => {
    const today = site.read("watchlist.yaml");
    assert.equal((await site.run(rollback, ["--yes"])).code, 2);
    assert.match((await site.run(rollback, signed)).err, /Nothing is changed: it was not agreed to \(--yes where nobody sits/);
    assert.equal((await site.run(rollback, signed, { prompt: () => Promise.resolve("no") })).code, 1);
    site.state.problem = "the disk is full";
    assert.match((await site.run(rollback, [...signed, "--yes"])).err, /the disk is full[^]*Nothing is changed/);
    site.state.problem = undefined;
    assert.match((await site.run(rollback, [...signed, "--yes", "--to", digest(9)])).err, /^--to: found sha256:0+9, expected a plan/);
    site.state.ran = [kept(2)];
    assert.match((await site.run(rollback, [...signed, "--yes"])).err, /found no other plan that ran/);
    assert.equal(site.read("watchlist.yaml"), today);
  });

  test("asks on a terminal, and lists what is kept", async () => {
    const ran = await site.run(rollback, signed, { prompt: () => Promise.resolve("yes") });
    assert.match(ran.out, /^Written: watchlist\.yaml, .*reload/);
    assert.match((await site.run(rollback, ["--list"])).out, new RegExp(`^2026-11-22T12:00:00\\.000Z ${digest(2)}\n2026-11-21`, "u"));
    assert.equal((JSON.parse((await site.run(rollback, ["--list", "--json"])).out) as unknown[]).length, 2);
  });

  test("says of files that this version cannot read that it cannot", async () => {
    site.state.ran = [{ ...before, watchlist: "schema: watchlist/v0\n", profiles: {} }];
    assert.match((await site.run(rollback, [...signed, "--yes"])).err, /the watchlist that ran cannot be read by this version/);
    site.state.ran = [{ ...before, profiles: { [family]: "schema: x\n" } }];
    assert.match((await site.run(rollback, [...signed, "--yes"])).err, /the profile file of generic-modbus-tcp that ran cannot be read/);
  });
});
