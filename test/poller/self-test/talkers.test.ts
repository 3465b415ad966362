/** What a machine says by itself towards devices is found in what Linux shows of it. The texts are of real machines. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Plan, SegmentId } from "../../../src/domain/plan.ts";
import { readProc, talkers } from "../../../src/poller/self-test/talkers.ts";

const hvac = "hvac" as SegmentId;
const plan: Pick<Plan, "segments"> = {
  segments: new Map([[hvac, { id: hvac, zone: "OT-1", subnet: "10.20.1.0/24", localAddress: "10.20.1.5", startsPerSecondMax: 2 }]]),
};
const interfaces = new Map([
  ["lo", ["127.0.0.1"]],
  ["eth1", ["10.20.1.5", "fe80::1"]],
  ["eth0", ["192.168.0.9"]],
]);
const udpHead = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops\n";
const udp = (...sockets: readonly string[]): string =>
  udpHead +
  sockets
    .map(
      (local, index) =>
        `  ${index}: ${local} 00000000:0000 07 00000000:00000000 00:00000000 00000000   102        0 1834${index} 2 0000000000000000 0\n`,
    )
    .join("");

function found(files: Readonly<Record<string, string>>): readonly string[] {
  return talkers(plan, interfaces, (path) => files[path]).map(({ name, result, detail }) => `${name} ${result}: ${detail}`);
}

describe("on the interface of a segment", () => {
  test("nothing is found where nothing speaks", () => {
    assert.deepEqual(found({ "/proc/net/udp": udp() }), ["host eth1 ok: nothing was found that speaks by itself there"]);
  });

  test("services that speak to a whole segment are found by their port, where they are bound to it or to everything", () => {
    const sockets = udp("00000000:14E9", "0501140A:0044", "0900A8C0:14EB", "3500007F:0035");
    assert.deepEqual(found({ "/proc/net/udp": sockets }), [
      "host eth1 warn: a DHCP client is open on UDP port 68",
      "host eth1 warn: mDNS is open on UDP port 5353",
    ]);
    const v6 = `  sl\n  1: ${"0".repeat(32)}:14EB ${"0".repeat(32)}:0000 07\n`;
    assert.deepEqual(found({ "/proc/net/udp6": v6 }), ["host eth1 warn: LLMNR is open on UDP port 5355"]);
  });

  test("groups that were joined there are found, and not those of another interface, nor everybody's", () => {
    const igmp = [
      "Idx\tDevice    : Count Querier\tGroup    Users Timer\tReporter",
      "1\tlo        :     1      V3",
      "\t\t\t\t010000E0     1 0:00000000\t\t0",
      "2\teth0      :     2      V3",
      "\t\t\t\tFAFFFFEF     1 0:00000000\t\t0",
      "\t\t\t\t010000E0     1 0:00000000\t\t0",
      "3\teth1      :     3      V3",
      "\t\t\t\tFB0000E0     1 0:00000000\t\t0",
      "\t\t\t\t0A0100EF     1 0:00000000\t\t0",
      "\t\t\t\t010000E0     1 0:00000000\t\t0",
    ].join("\n");
    assert.deepEqual(found({ "/proc/net/igmp": igmp }), [
      "host eth1 warn: multicast groups are joined, and reported to the segment: mDNS (224.0.0.251), group 239.0.1.10",
    ]);
  });

  test("IPv6 is found with what it says", () => {
    const conf = "/proc/sys/net/ipv6/conf/eth1";
    assert.deepEqual(found({ [`${conf}/disable_ipv6`]: "0\n", [`${conf}/accept_ra`]: "1\n", [`${conf}/router_solicitations`]: "-1\n" }), [
      "host eth1 warn: IPv6 is on: neighbour discovery, multicast reports, router solicitations",
    ]);
    assert.deepEqual(found({ [`${conf}/disable_ipv6`]: "0\n", [`${conf}/accept_ra`]: "0\n" }), [
      "host eth1 warn: IPv6 is on: neighbour discovery, multicast reports",
    ]);
    assert.deepEqual(found({ [`${conf}/disable_ipv6`]: "1\n" }), ["host eth1 ok: nothing was found that speaks by itself there"]);
  });

  test("every warning says what to do", () => {
    const items = talkers(plan, interfaces, (path) => (path === "/proc/net/udp" ? udp("00000000:14E9") : undefined));
    assert.match(items[0]?.toDo ?? "", /avahi-daemon/u);
  });
});

test("a machine without an interface in a segment is not judged, and loopback reaches nobody", () => {
  assert.equal(talkers(plan, new Map([["eth0", ["192.168.0.9"]]]), () => undefined)[0]?.result, "not-checked");
  const lab = {
    segments: new Map([[hvac, { id: hvac, zone: "lab", subnet: "127.1.0.0/24", localAddress: "127.0.0.1", startsPerSecondMax: 2 }]]),
  };
  assert.deepEqual(
    talkers(lab, new Map([["lo", ["127.1.0.1"]]]), () => undefined).map(({ result }) => result),
    ["ok"],
  );
});

test("what Linux has no file for is nothing", () => {
  assert.equal(readProc("/proc/no/such/file"), undefined);
  assert.match(readProc("/proc/net/udp") ?? "", /local_address/u);
});
