/** Proves that registers and server ids of independent devices are read as they are, and that a value off its expectation is told in words. */
import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { startLibmodbus, startPymodbus } from "./oracles/oracles.ts";
import { describe, fromUs, onIp, requestsFromUs, startCapture, withPeer } from "./support/capture.ts";
import { makeNetwork } from "./support/netns.ts";
import { unapprovedSite } from "./support/site.ts";
import { untilStatus } from "./support/status.ts";

const [pymodbus, libmodbus] = ["192.0.2.10", "192.0.2.11"] as const;
const profile = "generic-modbus-tcp";

/** Both devices hold 1000 + n in holding register n, and 2000 + n in input register n; pymodbus has even coils and odd inputs on. */
const siteFile = {
  schema: "site-profile/v1",
  id: profile,
  approval: { stage: "draft" },
  agreed: [{ method: "modbus-fc17", by: "eto-1", on: "2026-11-20", reason: "tried here" }],
  liveness: [
    { id: "coil", modicon: 5, expect: { equals: 1 } },
    { id: "input", space: "discrete-inputs", protocolAddress: 5, type: "bit", expect: { inSet: [1] } },
    { id: "holding", modicon: 40_006, type: "uint16", expect: { equals: 1005 } },
    { id: "input-register", modicon: 30_008, type: "int16", expect: { inRange: { from: 2007, to: 2007 } } },
    {
      id: "pair",
      protocolAddress: 5,
      space: "holding-registers",
      type: "uint32",
      wordOrder: "little",
      expect: { equals: 1006 * 65_536 + 1005 },
    },
    { id: "level-alive", modicon: 40_007, type: "uint16", expect: { inRange: { from: 1, to: 5 } } },
    { id: "counter", modicon: 40_008, type: "uint16", expect: { counterAdvances: { within: "7s" } } },
  ],
};
const check = (method: string, register?: string): object => ({ method, unitId: 1, interval: "2s", ...(register && { register }) });
/** What each check of libmodbus comes to in the end. */
const others: Readonly<Record<string, RegExp>> = {
  "libmodbus/modbus-fc3": /^answered$/u,
  "libmodbus/modbus-fc4": /^answered$/u,
  "libmodbus/modbus-fc3#2": /^answered$/u,
  "libmodbus/modbus-fc17": /^LMB3\.1\.6$/u,
  "libmodbus/modbus-fc3#3": /^register level-alive: found 1006, expected 1 to 5$/u,
  "libmodbus/modbus-fc3#4": /^register counter: found 1007 for \d+.* s, expected a counter that advances within 7 s/u,
};
const reads = [check("modbus-fc3", "holding"), check("modbus-fc4", "input-register"), check("modbus-fc3", "pair"), check("modbus-fc17")];

test("FC 1 to 4 and FC 17 of pymodbus and libmodbus are read as they are, in the frames that were approved", async () => {
  await using network = await makeNetwork({
    hosts: [
      { name: "poller", address: "192.0.2.1" },
      { name: "pymodbus", address: pymodbus },
      { name: "libmodbus", address: libmodbus },
    ],
  });
  await Promise.all([startPymodbus(network, "pymodbus"), startLibmodbus(network, "libmodbus")]);
  const site = await unapprovedSite(network, {
    devices: [
      { id: "pymodbus", address: pymodbus, changes: { checks: [...reads, check("modbus-fc1", "coil"), check("modbus-fc2", "input")] } },
      {
        id: "libmodbus",
        address: libmodbus,
        changes: { checks: [...reads, check("modbus-fc3", "level-alive"), check("modbus-fc3", "counter")] },
      },
    ],
    startsPerSecondMax: 20,
  });
  mkdirSync(join(site.folder, "device-profiles"), { recursive: true });
  writeFileSync(join(site.folder, "device-profiles", `${profile}.yaml`), JSON.stringify(siteFile));
  await site.approve(profile);
  const plan = await site.plan();
  assert.deepEqual(plan.refused, []);

  const capture = await startCapture(network, "poller");
  const poller = await site.start();
  // Six checks take turns, 6 s a round: the counter stands still over 7 s in the third.
  const status = await untilStatus(site, "each answer twice and the counter that stands still", ({ devices: [independent, other] }) => {
    // The latest of each: what a busy machine could not ask just then would stand there instead.
    const still = other?.checks.every(({ check: id, last }) => id in others && others[id]!.test(last ?? "")) ?? false;
    return still && (independent?.checks.every(({ answered }) => answered > 1) ?? false);
  });
  poller.signal("SIGTERM");
  assert.equal(await poller.ended, 0, poller.said());
  const packets = onIp(await capture.stop());

  // Nothing left but the approved frames, each of them some time.
  for (const address of [pymodbus, libmodbus]) {
    const approved = plan.checks
      .filter(({ target }) => target.address === address)
      .flatMap(({ asking }) => asking.frames.map(({ hex }) => hex.slice(4)));
    const ours = withPeer(packets, address);
    assert.deepEqual(new Set(requestsFromUs(fromUs(ours)).map(({ payloadHex }) => payloadHex.slice(4))), new Set(approved), describe(ours));
  }

  const [first, second] = status.devices;
  const last = (device: typeof first, id: string): string => device?.checks.find((one) => one.check === id)?.last ?? "";
  assert.deepEqual([first?.liveness, first?.cause], ["up", "answers"], JSON.stringify(first));
  for (const one of first?.checks ?? []) assert.deepEqual([one.failed, one.answered > 1], [{}, true], one.check);
  assert.deepEqual([second?.liveness, second?.cause], ["degraded", "expectation_failed"], JSON.stringify(second));
  for (const [id, said] of Object.entries(others)) assert.match(last(second, id), said, id);
  assert.equal(last(first, "pymodbus/modbus-fc17"), "Oracle Works-PYM-3-3.0.0");
});
