/** Proves that a pause gives a device's connection back before it begins, that nothing leaves in it, that its end brings no burst, and that the checker of captures knows it from the state folder. */
import assert from "node:assert/strict";
import { describe as suite, test } from "node:test";
import type { Judgement } from "../../src/verify/judgement.ts";
import type { WindowStatus } from "../../src/domain/control.ts";
import { startBareClient } from "./support/bare.ts";
import {
  describe,
  fromUs,
  gapsBetweenRequests,
  onIp,
  requestsFromUs,
  startCapture,
  withFlag,
  withPeer,
  type Packet,
} from "./support/capture.ts";
import { tcpSockets } from "./support/kernel.ts";
import { makeNetwork } from "./support/netns.ts";
import { nextAnswers } from "./support/next-answers.ts";
import { keptProfile, productWithKeptProfile } from "./support/product.ts";
import { startSimulated } from "./support/simulated.ts";
import { makeSite } from "./support/site.ts";
import { waitFor } from "./support/wait.ts";

const paused = "192.0.2.10";
const beside = "192.0.2.11";
/** Somebody else speaks to it from the poller's address while it is paused. */
const disturbed = "192.0.2.12";
const intervalMs = 1000;
/** Time enough for somebody who has to start a program first to disturb it, and for the device beside to be asked more than twice. */
const pauseMs = 5000;

suite("a pause", () => {
  test("of one device has its connection back before it begins; the device beside is asked on; then both again in their slots", async () => {
    await using network = await makeNetwork({
      hosts: [
        { name: "poller", address: "192.0.2.1" },
        { name: "plc", address: [paused, beside, disturbed] },
      ],
    });
    const devices = [
      { id: "plc", address: paused, profile: keptProfile },
      { id: "pump", address: beside, profile: keptProfile },
      { id: "valve", address: disturbed },
    ];
    const [site] = await Promise.all([
      makeSite(network, { devices, product: productWithKeptProfile(network), startsPerSecondMax: 10 }),
      startSimulated(network, "plc", { [paused]: "healthy", [beside]: "healthy", [disturbed]: "healthy" }),
    ]);
    const capture = await startCapture(network, "poller");
    const poller = await site.start();
    const connected = async (): Promise<number> =>
      (await tcpSockets(network, "poller")).filter(
        ({ state, remoteAddress, remotePort }) => state === "ESTABLISHED" && remotePort === 502 && remoteAddress !== disturbed,
      ).length;
    await waitFor(async () => (await connected()) === 2, { what: "both kept connections", deadlineMs: 60_000 });
    await nextAnswers(site, { what: "each to answer", deadlineMs: 60_000, devices: devices.map(({ id }) => id) });
    const open = async (scope: string): Promise<WindowStatus> => {
      const opened = await site.ask("window-open", { kind: "pause", scope, forMs: pauseMs, by: "eto-1", reason: "firmware" });
      assert.ok(opened.ok, JSON.stringify(opened));
      return opened.result.window;
    };
    const [{ from, until }, valve] = [await open("device:plc"), await open("device:valve")];
    const begun = async (): Promise<boolean> => {
      const listed = await site.ask("window-list", {});
      return listed.ok && listed.result.windows.some(({ id, open: stands }) => id === valve.id && stands);
    };
    await waitFor(begun, { what: "the pause to begin", deadlineMs: 60_000, everyMs: 100 });
    await startBareClient(network, "poller", { address: disturbed, replyTimeoutMs: 500 }).next("closed", 60_000);
    const over = async (): Promise<boolean> => {
      const listed = await site.ask("window-list", {});
      return listed.ok && listed.result.windows.length === 0;
    };
    await waitFor(over, { what: "the pause to end", deadlineMs: 60_000, everyMs: 200 });
    await nextAnswers(site, { what: "each to answer again", deadlineMs: 60_000, count: 2, devices: devices.map(({ id }) => id) });
    assert.equal(await poller.end(), 0, poller.said());
    const packets = onIp(await capture.stop());
    const table = describe(packets);
    const [fromNs, untilNs] = [from, until].map((at) => BigInt(Date.parse(at)) * 1_000_000n) as [bigint, bigint];
    const ofPaused = withPeer(packets, paused);
    const before = ofPaused.filter(({ epochNs }) => epochNs < fromNs);
    // FIN both ways, and no RST: in order, before it begins.
    assert.equal(withFlag(fromUs(before), "FIN").length, 1, table);
    assert.equal(withFlag(before, "FIN").length, 2, table);
    assert.equal(withFlag(ofPaused, "RST").length, 0, table);
    const within = (one: readonly Packet[]): readonly Packet[] => one.filter(({ epochNs }) => epochNs >= fromNs && epochNs < untilNs);
    assert.deepEqual(within(ofPaused), [], table);
    assert.ok(requestsFromUs(within(withPeer(packets, beside))).length >= 2, table);
    assert.ok(
      requestsFromUs(ofPaused).some(({ epochNs }) => epochNs >= untilNs),
      table,
    );
    assert.ok(
      gapsBetweenRequests(ofPaused).every((gap) => gap >= intervalMs),
      table,
    );
    // The checker knows both pauses from the state folder, where they are over: it accuses whoever disturbed one, and names the window.
    const { out } = await site.cli("conduits", "--verify", capture.file, "--json");
    const { quiet, violations } = JSON.parse(out) as Pick<Judgement, "quiet" | "violations">;
    assert.deepEqual(
      quiet.map((why) => why.slice(0, 24)),
      ["pause w1 of device:plc fr", "pause w2 of device:valve "].map((why) => why.slice(0, 24)),
    );
    assert.ok(violations.length >= 4, JSON.stringify(violations));
    for (const { kind, destination, detail } of violations) {
      assert.deepEqual([kind, destination], ["not-quiet", disturbed], detail);
      assert.match(detail, /ms after the beginning of: pause w2 of device:valve from .*, by eto-1: firmware$/u);
    }
  });
});
