/** Lets nmap's enip-info judge the simulated EtherNet/IP device, so that its replies are not only what this project takes them for. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { makeNetwork } from "./support/netns.ts";
import { startSimulatedEnip } from "./support/simulated-enip.ts";

const device = "192.0.2.10";

for (const [transport, scan] of [
  ["TCP", ["-sT"]],
  ["UDP", ["-sU"]],
] as const) {
  test(`nmap's enip-info reads the simulated device over ${transport}`, async () => {
    await using network = await makeNetwork({
      hosts: [
        { name: "nmap", address: "192.0.2.1" },
        { name: "plant", address: device },
      ],
    });
    const script = await startSimulatedEnip(network, "plant", { [device]: "healthy" });
    // Of this one host, which has nothing but the simulated device; never anywhere else.
    const said = await network.run("nmap", ["nmap", "-n", "-Pn", ...scan, "-p", "44818", "--script", "enip-info", device]);
    assert.match(said, new RegExp(`44818/${transport.toLowerCase()} +open`, "u"), said);
    assert.match(said, /type: Communications Adapter \(12\)/u, said);
    assert.match(said, /productName: SIM-ETHERNET-IP/u, said);
    assert.match(said, /serialNumber: 0x51510001/u, said);
    assert.match(said, /productCode: 1$/mu, said);
    assert.match(said, /revision: 1\.1/u, said);
    assert.match(said, /status: 0x0030/u, said);
    assert.match(said, /state: 0x03/u, said);
    assert.match(said, /deviceIp: 192\.0\.2\.10/u, said);
    assert.match(String((await script.next("asked", 5000))["hex"]), /^6300/u);
  });
}
