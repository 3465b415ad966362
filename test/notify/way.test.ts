/** The notifier reaches nobody in a segment of the watchlist, by no name and by no interface that leads there. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { parseAddress, parseSubnet, contains, isAddress } from "../../src/domain/address.ts";
import { addressesIn, resolveName } from "../../src/notify/names.ts";
import { forbidden, type OtSegment, type OwnWays } from "../../src/notify/way.ts";

const segments: readonly OtSegment[] = [
  { id: "hvac", subnet: "10.20.1.0/24", localAddress: "10.20.1.5" },
  { id: "bilge", subnet: "10.20.8.0/22", localAddress: "10.20.8.5" },
];
/** eth0 is the office's, eth1 and eth2 are the segments'. */
const ways: OwnWays = {
  leavesBy(address, onLink) {
    if (address.startsWith("10.20.1.")) return ["eth1"];
    if (address.startsWith("10.20.")) return ["eth2"];
    if (address.startsWith("172.16.")) return onLink ? [] : ["eth1"];
    return address.startsWith("198.18.") ? [] : onLink ? [] : ["eth0"];
  },
  holding: (address) => (address === "10.20.1.5" ? ["eth1"] : address === "10.20.8.5" ? ["eth2"] : []),
};

describe("an address", () => {
  test("of the office or of this machine may be told", () => {
    for (const address of ["192.168.10.25", "127.0.0.1", "::1", "203.0.113.9"])
      assert.equal(forbidden(address, segments, ways), undefined, address);
  });

  test("in a segment may not, nor one behind a router on its interface, nor one without a way, nor anything but one host", () => {
    assert.match(forbidden("10.20.1.11", segments, ways) ?? "", /10\.20\.1\.11, which lies in the segment hvac/u);
    assert.match(forbidden("10.20.11.255", segments, ways) ?? "", /segment bilge/u);
    assert.match(forbidden("172.16.0.1", segments, ways) ?? "", /would reach by eth1, the interface of the segment hvac/u);
    assert.match(forbidden("198.18.0.1", segments, ways) ?? "", /no route/u);
    assert.match(forbidden("224.0.0.1", segments, ways) ?? "", /multicast/u);
    assert.match(forbidden("mail.ship.example", segments, ways) ?? "", /no address/u);
    assert.match(forbidden("::ffff:10.20.1.11", segments, ways) ?? "", /mapped/u);
  });

  test("is refused while the routes cannot be read, and where the segment's interface has lost its address", () => {
    assert.equal(forbidden("192.168.10.25", segments, { problem: "the routes cannot be read" }), "the routes cannot be read");
    assert.match(forbidden("172.16.0.1", segments, { ...ways, holding: () => [] }) ?? "", /interface of the segment hvac/u);
  });

  test("of a segment is refused even on loopback, as a lab has it", () => {
    assert.match(forbidden("127.1.0.7", [{ id: "lab", subnet: "127.1.0.0/24", localAddress: "127.1.0.200" }], ways) ?? "", /segment lab/u);
  });

  test("of any kind is allowed only outside of every segment", () => {
    fc.assert(
      fc.property(fc.ipV4(), (text) => {
        const address = parseAddress(text);
        if (!isAddress(address) || forbidden(text, segments, ways) !== undefined) return;
        for (const { subnet } of segments) assert.ok(!contains(parseSubnet(subnet)!, address), text);
      }),
    );
  });
});

describe("a name", () => {
  const hosts = "127.0.0.1 localhost\n192.168.10.25\tMail.ship.example mail # relay\n10.20.1.9 hmi\nnonsense\n";
  const parts = { hosts: () => hosts, nameServers: [], forbidden: (address: string) => forbidden(address, segments, ways) };

  test("is looked up in /etc/hosts, whatever its case", async () => {
    assert.deepEqual(await resolveName("mail.SHIP.example", parts), { addresses: ["192.168.10.25"] });
    assert.deepEqual(addressesIn(hosts, "relay"), []);
    assert.deepEqual(await resolveName("192.168.10.1", parts), { addresses: ["192.168.10.1"] });
  });

  test("that is not there is asked of nobody where no name server is named", async () => {
    assert.match(JSON.stringify(await resolveName("alerts.ship.example", parts)), /no such name in \/etc\/hosts and no nameServers/u);
  });

  test("is not asked of a name server in a segment", async () => {
    const found = await resolveName("alerts.ship.example", { ...parts, nameServers: ["192.168.10.53", "10.20.1.53"] });
    assert.match("problem" in found ? found.problem : "", /name server: found 10\.20\.1\.53, which lies in the segment hvac/u);
  });
});
