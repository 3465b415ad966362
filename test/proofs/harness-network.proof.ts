/** Proves that the harness's networks are closed, quiet and gone afterwards. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { describe, startCapture } from "./support/capture.ts";
import { isRunning, sweepLeftovers } from "./support/leftovers.ts";
import { makeNetwork } from "./support/netns.ts";
import { waitFor, watchTheWireFor } from "./support/wait.ts";

const deadlineMs = 60_000;
/** One request, and as much time for the answer as a busy machine takes. */
const ping = (address: string): readonly string[] => ["ping", "-n", "-q", "-c", "1", "-W", "30", address];
const pollerAndPlc = [
  { name: "poller", address: "192.0.2.1" },
  { name: "plc", address: "192.0.2.10" },
];

test("hosts reach each other and nothing else", async () => {
  await using network = await makeNetwork({ hosts: pollerAndPlc });
  await network.run("poller", ping("192.0.2.10"));
  const routes = await network.run("poller", ["ip", "route"]);
  assert.equal(routes.trim().split("\n").length, 1, routes);
  await assert.rejects(network.run("poller", ping("198.51.100.1")), /unreachable/);
});

test("an idle network is silent from the moment it is made", async () => {
  await using network = await makeNetwork({ hosts: pollerAndPlc });
  const capture = await startCapture(network, "poller");
  await watchTheWireFor(1500);
  const packets = await capture.stop();
  assert.equal(packets.length, 0, describe(packets));
});

test("a pulled cable takes the carrier and leaves the address", async () => {
  await using network = await makeNetwork({ hosts: pollerAndPlc });
  const carrier = async (): Promise<string> => (await network.run("plc", ["cat", "/sys/class/net/eth0/carrier"])).trim();
  await waitFor(async () => (await carrier()) === "1", { what: "the carrier to come", deadlineMs });
  await network.linkDown("plc");
  await waitFor(async () => (await carrier()) === "0", { what: "the carrier to go", deadlineMs });
  assert.match(await network.run("plc", ["ip", "-4", "address", "show", "eth0"]), /192\.0\.2\.10\/24/);
  await network.linkUp("plc");
  await waitFor(async () => (await carrier()) === "1", { what: "the carrier to come back", deadlineMs });
});

test("a device that vanished is back after it reappears, and a kernel setting holds in its own host only", async () => {
  await using network = await makeNetwork({ hosts: pollerAndPlc });
  await network.vanish("plc");
  await assert.rejects(network.run("poller", ["ping", "-n", "-q", "-c", "1", "-W", "1", "192.0.2.10"]), /ping/);
  await network.reappear("plc");
  await network.run("poller", ping("192.0.2.10"));
  const key = "net.ipv4.tcp_syn_retries";
  const before = await network.run("plc", ["sysctl", "-n", key]);
  await network.sysctl("poller", key, Number(before) + 1);
  assert.equal(await network.run("plc", ["sysctl", "-n", key]), before);
  assert.equal(Number(await network.run("poller", ["sysctl", "-n", key])), Number(before) + 1);
});

test("two segments are two wires", async () => {
  await using network = await makeNetwork({
    hosts: [
      ...pollerAndPlc,
      { name: "poller", address: "198.51.100.1", segment: "hvac" },
      { name: "fan", address: ["198.51.100.7", "198.51.100.8"], segment: "hvac" },
    ],
  });
  const [onLan, onHvac] = [await startCapture(network, "poller"), await startCapture(network, "poller", { interfaceName: "eth1" })];
  for (const address of network.addresses("fan")) await network.run("poller", ping(address));
  assert.equal(await onLan.count(), 0);
  const pings = (await onHvac.stop()).filter(({ protocol, fromUs }) => protocol === "icmp" && fromUs);
  assert.deepEqual(
    pings.map(({ destination }) => destination),
    ["198.51.100.7", "198.51.100.8"],
  );
});

test("an address that could be somebody's is refused", async () => {
  for (const address of ["10.20.1.11", "8.8.8.8", "192.0.2.0", "192.0.2.255", "198.20.0.1", "2001:db8::1"]) {
    await assert.rejects(makeNetwork({ hosts: [{ name: "poller", address }] }), RangeError, address);
  }
});

test("disposing ends every process in the network, grandchildren too, and is harmless when repeated", async () => {
  const network = await makeNetwork({ hosts: pollerAndPlc });
  const shell = network.exec("plc", ["sh", "-c", "sleep 600 & echo $!; wait"]);
  const [line] = (await once(createInterface({ input: shell.stdout }), "line")) as [string];
  const grandchild = Number(line);
  const path = `/run/netns/${network.namespace("plc")}`;
  assert.ok(isRunning(grandchild) && existsSync(path) && existsSync(network.folder));
  await network.dispose();
  await network.dispose();
  await waitFor(() => !isRunning(grandchild), { what: "the grandchild to end", deadlineMs });
  assert.ok(!existsSync(path) && !existsSync(network.folder));
});

for (const signal of ["SIGTERM", "SIGKILL"] as const) {
  test(`a proof ended by ${signal} leaves nothing that the next one does not sweep away`, async () => {
    const abandoned = fileURLToPath(new URL("support/abandon-network.ts", import.meta.url));
    const child = spawn(process.execPath, [abandoned], { stdio: ["ignore", "pipe", "inherit"] });
    const [line] = (await once(createInterface({ input: child.stdout }), "line")) as [string];
    const { namespace, folder, sleeperPid } = JSON.parse(line) as { namespace: string; folder: string; sleeperPid: number };
    assert.ok(existsSync(`/run/netns/${namespace}`) && existsSync(folder) && isRunning(sleeperPid));
    child.kill(signal);
    await once(child, "exit");
    sweepLeftovers();
    await waitFor(() => !isRunning(sleeperPid), { what: "the abandoned process to end", deadlineMs });
    // Another proof may be sweeping just now, and be in the middle of it.
    await waitFor(() => !existsSync(`/run/netns/${namespace}`) && !existsSync(folder), { what: "it to be swept away", deadlineMs });
  });
}
