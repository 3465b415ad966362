/** Proves that a driver gone bad puts nothing on the wire that the plan does not hold: it is stopped, and its device is tripped. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { describe, fromUs, onIp, requestsFromUs, startCapture, withPeer } from "./support/capture.ts";
import type { Misdeed } from "./support/hostile-poller.ts";
import { makeNetwork } from "./support/netns.ts";
import { nextAnswers } from "./support/next-answers.ts";
import { startPoller } from "./support/poller.ts";
import { keptProfile, productWithKeptProfile } from "./support/product.ts";
import { startSimulated } from "./support/simulated.ts";
import { makeSite } from "./support/site.ts";
import { waitFor } from "./support/wait.ts";
import { webOf } from "./support/web.ts";

const deadlineMs = 60_000;
/** In nobody's plan. */
const [bystander, stranger] = ["192.0.2.8", "192.0.2.9"] as const;
const lawful = "000100000005012b0e0100";

/** By name of the device; `out` is how many lawful requests leave before the misdeed is stopped. */
const bad: Readonly<Record<string, { readonly misdeed: Misdeed; readonly out: 0 | 1; readonly kept?: true }>> = {
  "writes-coil": { misdeed: { does: "sends", hex: "00010000000601050000ff00" }, out: 0 },
  "writes-register": { misdeed: { does: "sends", hex: "000100000006010600010003" }, out: 0 },
  "runs-diagnostics": { misdeed: { does: "sends", hex: "000100000006010800010000" }, out: 0 },
  "writes-coils": { misdeed: { does: "sends", hex: "000100000008010f000000080155" }, out: 0 },
  "writes-registers": { misdeed: { does: "sends", hex: "00010000000901100001000102000a" }, out: 0 },
  "masks-register": { misdeed: { does: "sends", hex: "0001000000080116000400f20025" }, out: 0 },
  "reads-and-writes": { misdeed: { does: "sends", hex: "00010000000d0117000300060000000102000a" }, out: 0 },
  "speaks-umas": { misdeed: { does: "sends", hex: "000100000004015a0002" }, out: 0 },
  "reads-registers": { misdeed: { does: "sends", hex: "000100000006010300000001" }, out: 0 },
  "asks-unit-zero": { misdeed: { does: "sends", hex: "000100000005002b0e0100" }, out: 0 },
  "asks-unit-two": { misdeed: { does: "sends", hex: "000100000005022b0e0100" }, out: 0 },
  "glues-two-frames": { misdeed: { does: "sends", hex: lawful + lawful }, out: 0 },
  "sends-half-a-frame": { misdeed: { does: "sends", hex: lawful.slice(0, 14) }, out: 0 },
  "asks-twice": { misdeed: { does: "asks-twice" }, out: 1 },
  "asks-before-the-answer": { misdeed: { does: "asks-before-the-answer" }, out: 1 },
  "speaks-unasked": { misdeed: { does: "speaks-unasked" }, out: 1, kept: true },
  "dials-a-bystander": { misdeed: { does: "dials", to: bystander }, out: 1 },
  "sends-a-datagram": { misdeed: { does: "sends-a-datagram", to: stranger }, out: 1 },
};
/** A socket of its own that goes to no device of the plan trips none; one that goes to a planned address trips that device. */
const withoutTrip = new Set(["dials-a-bystander", "sends-a-datagram"]);

test("a driver that has gone bad is stopped at the wire, its device tripped and the deed recorded", async () => {
  const names = Object.keys(bad);
  const addressOf = (name: string): string => `192.0.2.${20 + names.indexOf(name)}`;
  const [changer, dialled, dialler] = ["192.0.2.100", "192.0.2.101", "192.0.2.102"] as const;
  const targets = [...names.map(addressOf), changer, dialled, dialler];
  await using network = await makeNetwork({
    hosts: [
      { name: "poller", address: "192.0.2.1" },
      { name: "plant", address: [...targets, bystander, stranger] },
    ],
  });
  const behaviours = Object.fromEntries([...targets, bystander, stranger].map((one) => [one, "healthy"] as const));
  await startSimulated(network, "plant", behaviours);
  const product = productWithKeptProfile(network);
  const others = { changer, dialled, dialler };
  const site = await makeSite(network, {
    product,
    devices: [
      ...names.map((name) => ({ id: name, address: addressOf(name), ...(bad[name]?.kept ? { profile: keptProfile } : {}) })),
      // Its own interval comes first: nothing has asked it when another driver dials it.
      ...Object.entries(others).map(([id, address]) => ({ id, address, ...(id === "dialled" ? { interval: "1h" } : {}) })),
    ],
    startsPerSecondMax: 50,
  });
  const misdeeds: Readonly<Record<string, Misdeed>> = {
    ...Object.fromEntries(names.map((name) => [addressOf(name), bad[name]!.misdeed])),
    [changer]: { does: "changes-the-buffer" },
    [dialler]: { does: "dials", to: dialled },
  };
  const capture = await startCapture(network, "poller");
  const script = fileURLToPath(new URL("support/hostile-poller.ts", import.meta.url));
  const poller = startPoller(network, "poller", [process.execPath, script, product, site.settingsFile, JSON.stringify(misdeeds)]);
  await poller.started();
  const tripped = [...names.filter((name) => !withoutTrip.has(name)), "dialled"].map((name) => `device:${name}`).toSorted();
  const trips = async (): Promise<readonly string[]> => {
    const status = await site.ask("status", {});
    return status.ok
      ? status.result.trips.map(({ scope, cause }) => (cause === "guard_violation" ? scope : `${scope} ${cause}`)).toSorted()
      : [];
  };
  await waitFor(async () => (await trips()).length >= tripped.length, { what: "every device to trip", deadlineMs, everyMs: 100 });
  // Whoever is tripped stays so: nothing goes to it while the others are asked again and again.
  await nextAnswers(site, { what: "two rounds of those that are not tripped", deadlineMs, count: 2, devices: ["changer", ...withoutTrip] });
  assert.deepEqual(await trips(), tripped);
  const page = (await webOf(network, "poller").visit("GET", "/metrics")).body;
  assert.match((await site.cli("status")).out, /writes-coil.*tripped|tripped.*writes-coil/su);
  assert.equal(await poller.end(), 0, poller.said());
  const packets = onIp(await capture.stop());

  for (const name of names) {
    const requests = requestsFromUs(withPeer(packets, addressOf(name)));
    const table = describe(withPeer(packets, addressOf(name)));
    if (withoutTrip.has(name)) assert.ok(requests.length >= 1, table);
    else assert.equal(requests.length, bad[name]?.out, `${name}\n${table}`);
  }
  // Whatever left at all is the one request that the plan holds.
  assert.deepEqual(new Set(requestsFromUs(packets).map(({ payloadHex }) => payloadHex)), new Set([lawful]), describe(fromUs(packets)));
  assert.ok(requestsFromUs(withPeer(packets, changer)).length >= 2, describe(withPeer(packets, changer)));
  for (const nobody of [bystander, stranger, dialled]) assert.deepEqual(withPeer(packets, nobody), [], nobody);
  assert.deepEqual(
    packets.filter(({ protocol }) => protocol !== "tcp"),
    [],
  );

  for (const scope of tripped)
    assert.match(page, new RegExp(`^watchkeeper_tripped\\{[^}]*${scope.slice("device:".length)}"[^}]*\\} 1$`, "mu"));
  const blocked = Number(/^watchkeeper_guard_blocked_total(?:\{[^}]*\})? (\d+)/mu.exec(page)?.[1]);
  assert.ok(blocked >= tripped.length + withoutTrip.size, `${blocked} blocked`);
  assertAudited(join(site.stateDir, "journal.sqlite"), tripped);
});

/** Each trip, and each deed that the guard stopped, is in the audit chain. */
function assertAudited(journal: string, tripped: readonly string[]): void {
  const database = new DatabaseSync(journal, { readOnly: true, timeout: 5000 });
  const rows = database.prepare("SELECT category, type, detail FROM audit WHERE category IN ('trip', 'guard')").all();
  database.close();
  const text = rows.map((row) => JSON.stringify(row)).join("\n");
  for (const scope of tripped)
    assert.ok(
      rows.some(({ detail, category }) => category === "trip" && String(detail).includes(scope)),
      `${scope}\n${text}`,
    );
  assert.ok(
    rows.some(({ category }) => category === "guard"),
    text,
  );
  assert.match(text, /outside the wires/u);
}
