/** The item "fence": present, absent or stale by the real listing of a small plan, and not checked where this machine may not say. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { FencePorts } from "../../../src/cli/ports.ts";
import type { SelfTestItem } from "../../../src/domain/self-test.ts";
import { tryFence } from "../../../src/poller/self-test/fence.ts";
import { rawDevice } from "../../config/compile/support/site.ts";
import { smallPlan } from "../../fence/support/small-plan.ts";
import { readProjectFile } from "../../support/source-tree.ts";

/** As nft 1.0.6 listed the small plan's ruleset, for user 987, after it was loaded. */
const listing = readProjectFile("test/fence/small-plan.installed.json");
const interfaces: ReadonlyMap<string, string> = new Map([
  ["10.20.1.5", "eth1"],
  ["2001:db8::5", "eth2"],
]);

function tried(
  installed: Awaited<ReturnType<FencePorts["installed"]>>,
  { plan = smallPlan(), holding = (address: string) => interfaces.get(address), asRoot = false } = {},
): Promise<SelfTestItem> {
  return tryFence(plan, { interfaceHolding: holding, installed: () => Promise.resolve(installed) }, asRoot);
}

test("the plan's own fence is present", async () => {
  assert.deepEqual(await tried(listing), { name: "fence", result: "ok", detail: "present: it is the plan's, for the user 987", toDo: "" });
});

test("none, another plan's, or a table that is not ours is a warning that says what to load", async () => {
  const absent = await tried(undefined);
  assert.match(`${absent.result} ${absent.detail}. ${absent.toDo}`, /^warn absent: .*\. load what `watchkeeper fence print` prints/u);
  const stale = await tried(listing, { plan: smallPlan([rawDevice(1), rawDevice(7)]) });
  assert.match(`${stale.result} ${stale.detail}`, /^warn stale: found the label "[^"]+", expected "[^"]+": .*, and \d+ more differences$/u);
  const other = await tried('{"nftables": [{"chain": {"table": "watchkeeper", "name": "output"}}]}');
  assert.equal(`${other.result} ${other.detail}`, "warn stale: the table inet watchkeeper has no label of a fence");
});

test("a poller that runs as root is not held by another user's fence", async () => {
  const item = await tried(listing, { asRoot: true });
  assert.equal(`${item.result} ${item.detail}`, "warn present, but for the user 987, and this poller runs as root");
});

test("where nft may not list, it is not checked, and says how", async () => {
  assert.deepEqual(await tried({ problems: ["/usr/sbin/nft: Operation not permitted"] }), {
    name: "fence",
    result: "not-checked",
    detail: "needs root (/usr/sbin/nft: Operation not permitted)",
    toDo: "run `sudo watchkeeper fence check`",
  });
  assert.match((await tried("Error")).detail, /^nft: expected the JSON/u);
});

test("without an interface in a segment, or with the loopback one alone, nothing is listed", async () => {
  const holding = (address: string): string | undefined => (address === "10.20.1.5" ? "eth1" : undefined);
  const item = await tried(listing, { holding });
  assert.equal(`${item.result} ${item.detail}`, "not-checked no interface of this machine has 2001:db8::5, the address in segment bridge");
  const loopback = await tried(listing, { holding: () => "lo" });
  assert.equal(`${loopback.result} ${loopback.detail}`, "not-checked the loopback interface needs none");
});
