/** Proves that what stands on docs/operators-card.md does what the card says, typed as it stands there, in its order, beside a poller that runs. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import type { Status } from "../../src/domain/control.ts";
import { readProjectFile } from "../support/source-tree.ts";
import { makeNetwork } from "./support/netns.ts";
import { startSimulated } from "./support/simulated.ts";
import { unapprovedSite } from "./support/site.ts";
import { statusOf, untilStatus } from "./support/status.ts";

const card = readProjectFile("docs/operators-card.md");
const lines = /```\n([\s\S]*?)```/u.exec(card)![1]!.trim().split("\n");
const address = "192.0.2.10";

/** What a line must have brought about, by how it begins; of several that fit the longest counts. */
type Proof = (now: Status, before: Status, file: (name: string) => string, out: string) => boolean;
const brings: Readonly<Record<string, Proof>> = {
  "watchkeeper stop": ({ stopped }) => stopped,
  "watchkeeper resume": ({ stopped }) => !stopped,
  "watchkeeper window open --kind pause": ({ windows }) => windows.some(({ id, kind }) => id === "w1" && kind === "pause"),
  "watchkeeper window open --kind mute": ({ windows }) => windows.some(({ id, kind }) => id === "w2" && kind === "mute"),
  "watchkeeper window list": (_now, _before, _file, out) => out.includes("w1") && out.includes("w2"),
  "watchkeeper window extend w1": (now, before) => Date.parse(ends(now)) === Date.parse(ends(before)) + 3_600_000,
  "watchkeeper window close w1": ({ windows }) => windows.map(({ id }) => id).join() === "w2",
  "watchkeeper suspend --segment": (_now, _before, file) => file("watchlist.yaml").includes("suspended"),
  "watchkeeper suspend --segment hvac --end": (_now, _before, file) => !file("watchlist.yaml").includes("suspended"),
  "watchkeeper suspend schneider-m221": (_now, _before, file) => file("device-profiles/schneider-m221.yaml").includes("stage: suspended"),
  "watchkeeper reload": ({ families }) => families.every(({ stage }) => stage === "suspended"),
  "watchkeeper reset": (now, before) => before.trips.length === 1 && now.trips.length === 0,
};

const ends = ({ windows }: Status): string => windows.find(({ id }) => id === "w1")?.until ?? "";

test("each line of the operator's card does what the card says", async () => {
  await using network = await makeNetwork({
    hosts: [
      { name: "poller", address: "192.0.2.1" },
      { name: "plc", address },
    ],
  });
  const [site] = await Promise.all([unapprovedSite(network, { devices: [] }), startSimulated(network, "plc", { [address]: "healthy" })]);
  const watchlist = site.watchlist([{ id: "fresh-water-plc", address, profile: "schneider-m221", changes: { segment: "hvac" } }]);
  const [segment] = watchlist["segments"] as readonly Readonly<Record<string, unknown>>[];
  site.write({ ...watchlist, segments: [{ ...segment, id: "hvac" }] });
  // Another maker than this answers, so that the device trips: somebody must have something to reset.
  writeFileSync(
    path.join(site.folder, "device-profiles/schneider-m221.yaml"),
    "schema: site-profile/v1\nid: schneider-m221\napproval: {stage: draft}\nidentification: {vendors: [Schneider Electric]}\n",
  );
  await site.approve("schneider-m221");
  const poller = await site.start();
  const status = (): Promise<Status> => statusOf(site);
  await untilStatus(site, "the trip", ({ trips }) => trips.length === 1);
  const proved = new Set<string>();
  for (const line of lines) {
    const before = await status();
    const words = [...line.matchAll(/"([^"]*)"|(\S+)/gu)].map(([, quoted, bare]) => quoted ?? bare ?? "");
    const out = await site.done(...words.slice(1));
    const how = Object.keys(brings)
      .filter((key) => line.startsWith(key))
      .toSorted((a, b) => b.length - a.length)[0];
    assert.ok(how, `nobody says what this must bring about: ${line}`);
    const now = await status();
    const file = (name: string): string => readFileSync(path.join(site.folder, name), "utf8");
    assert.ok(brings[how]!(now, before, file, out), `${line}\n${out}\n${JSON.stringify(now, undefined, 1)}`);
    proved.add(how);
  }
  assert.deepEqual([...proved].toSorted(), Object.keys(brings).toSorted());
  assert.equal(await poller.end(), 0, poller.said());
});
