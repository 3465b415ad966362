/** Which way a packet would go, from the kernel's tables as Linux writes them. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  holding,
  isProblem,
  leavesBy,
  obstacle,
  routesV4,
  routesV6,
  type OwnAddress,
  type Route,
  type Rows,
} from "../../src/wire/routes.ts";

/** Lines as the kernel pads them. */
const table4 = (...lines: readonly string[]): string =>
  ["Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT", ...lines]
    .map((line) => `${line.padEnd(127)}\n`)
    .join("");
const eth0Lan = "eth0\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0";
const eth1Lan = "eth1\t006433C6\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0";
const defaultByEth1 = "eth1\t00000000\t016433C6\t0003\t0\t0\t0\t00000000\t0\t0\t0";
const hostByTunnel = "tun0\t0B0200C0\t00000000\t0005\t0\t0\t50\tFFFFFFFF\t0\t0\t0";
const halfByTunnel = "tun0\t000200C0\t00000000\t0001\t0\t0\t50\t80FFFFFF\t0\t0\t0";
const hostByRouter = "eth1\t0B0200C0\t016433C6\t0007\t0\t0\t0\tFFFFFFFF\t0\t0\t0";
const blackhole = "*\t000200C0\t00000000\t0001\t0\t0\t4096\t00FFFFFF\t0\t0\t0";
const unreachable = "*\t000200C0\t00000000\t0201\t0\t0\t0\t00FFFFFF\t0\t0\t0";

const eth0: OwnAddress = { interfaceName: "eth0", address: "192.0.2.5", internal: false };
const eth1: OwnAddress = { interfaceName: "eth1", address: "198.51.100.5", internal: false };
const tun0: OwnAddress = { interfaceName: "tun0", address: "203.0.113.5", internal: false };
const lo: OwnAddress = { interfaceName: "lo", address: "127.0.0.1", internal: true };
const allUp = [lo, eth0, eth1, tun0];
const plc = { address: "192.0.2.11", localAddress: "192.0.2.5" };

function understood(rows: Rows): readonly Route[] {
  assert.ok(!isProblem(rows), isProblem(rows) ? rows.problem : "");
  return rows;
}
const way4 = (lines: readonly string[], own: readonly OwnAddress[] = allUp, target: Parameters<typeof obstacle>[1] = plc) =>
  obstacle({ routes: understood(routesV4(table4(...lines))), own }, target);

describe("the table of IPv4", () => {
  test("is read with destinations, masks, gateways and metrics", () => {
    const routes = understood(routesV4(table4(defaultByEth1, eth0Lan, hostByTunnel, blackhole)));
    assert.deepEqual(
      routes.map(({ interfaceName, subnet, leads, metric }) => [interfaceName, `${subnet.address.text}/${subnet.prefix}`, leads, metric]),
      [
        ["eth1", "0.0.0.0/0", "router", 0],
        ["eth0", "192.0.2.0/24", "on-link", 0],
        ["tun0", "192.0.2.11/32", "on-link", 50],
        ["*", "192.0.2.0/24", "nowhere", 4096],
      ],
    );
    assert.deepEqual(routesV4(""), []);
  });
  test("is a problem as a whole when a row cannot be read", () => {
    const bad = [
      "eth0\t000200C\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0",
      "eth0\t000200C0\t00000000\t0001\t0\t0\tx\t00FFFFFF\t0\t0\t0",
      "eth0\t000200C0\t00000000\t0001\t0\t0\t0\t00FF00FF\t0\t0\t0",
      "eth0",
    ];
    for (const line of bad) {
      const rows = routesV4(table4(eth0Lan, line));
      assert.ok(isProblem(rows), line);
      assert.match(rows.problem, /^a row of the routing table cannot be read: eth0/u);
    }
  });
});

describe("a packet to a device of the segment", () => {
  test("leaves by the interface that holds the segment's own address", () => {
    assert.equal(way4([defaultByEth1, eth0Lan, eth1Lan]), undefined);
  });
  test("does not while the interface is down: its address is not listed, its route gone or still there", () => {
    const why = "no interface that is up holds 192.0.2.5";
    assert.equal(way4([defaultByEth1, eth1Lan], [lo, eth1]), why);
    assert.equal(way4([defaultByEth1, eth0Lan, eth1Lan], [lo, eth1]), why);
  });
  test("does not when the address moved to another interface", () => {
    const moved = { ...eth0, interfaceName: "eth2" };
    assert.equal(
      way4([eth0Lan], [lo, moved, { ...eth0, address: "192.0.2.6" }]),
      "packets to 192.0.2.11 would leave by eth0, not by eth2, which holds 192.0.2.5",
    );
  });
  test("would go through the router of another network once the segment's route is gone", () => {
    assert.equal(way4([defaultByEth1, eth1Lan]), "packets to 192.0.2.11 would go through a router, by eth1");
  });
  test("follows a more specific route, whatever its metric", () => {
    for (const row of [hostByTunnel, halfByTunnel])
      assert.equal(way4([eth0Lan, row]), "packets to 192.0.2.11 would leave by tun0, not by eth0, which holds 192.0.2.5");
    assert.equal(way4([eth0Lan, hostByRouter]), "packets to 192.0.2.11 would go through a router, by eth1");
  });
  test("does not care for a more specific route to somebody else", () => {
    assert.equal(way4([eth0Lan, hostByTunnel], allUp, { ...plc, address: "192.0.2.12" }), undefined);
  });
  test("follows the lowest metric among routes of one length, and is not trusted to a tie", () => {
    const onEth1 = (metric: number): string => `eth1\t000200C0\t00000000\t0001\t0\t0\t${metric}\t00FFFFFF\t0\t0\t0`;
    assert.equal(way4([onEth1(100), eth0Lan]), undefined);
    assert.match(way4([eth0Lan, onEth1(0)]) ?? "", /would leave by eth1/u);
    assert.match(way4([onEth1(0), eth0Lan]) ?? "", /would leave by eth1/u);
  });
  test("goes nowhere by a route that refuses, which may stand behind the real one", () => {
    assert.equal(way4([eth0Lan, blackhole]), undefined);
    assert.equal(way4([blackhole, defaultByEth1]), "the route to 192.0.2.11 lets nothing out");
    assert.equal(way4([unreachable]), "the route to 192.0.2.11 lets nothing out");
  });
  test("has no way without a route", () => assert.equal(way4([]), "there is no route to 192.0.2.11"));
  test("never leaves when the address is this machine's own", () => {
    assert.equal(way4([eth0Lan], allUp, { ...plc, address: "192.0.2.5" }), "192.0.2.5 is this machine's own address");
  });
  test("needs an address that is one", () => {
    assert.equal(way4([eth0Lan], allUp, { address: "plc.example" }), "plc.example is no address");
    assert.equal(way4([eth0Lan], allUp, { ...plc, localAddress: "eth0" }), "no interface that is up holds eth0");
  });
});

describe("a packet of a segment that states no address of ours", () => {
  const anywhere = { address: "192.0.2.11" };
  test("leaves by any interface that is up and on-link", () => {
    assert.equal(way4([eth0Lan], allUp, anywhere), undefined);
    assert.equal(way4([eth0Lan, hostByTunnel], allUp, anywhere), undefined);
  });
  test("and through no router, nor by an interface that is down", () => {
    assert.match(way4([defaultByEth1], allUp, anywhere) ?? "", /through a router/u);
    assert.equal(way4([eth0Lan], [lo, eth1], anywhere), "packets to 192.0.2.11 would leave by eth0, which is down or has no address");
    assert.equal(way4([eth0Lan], [], anywhere), "no interface that is up holds an address");
  });
});

describe("a loopback address", () => {
  test("is reached by lo, whatever the table says", () => {
    assert.equal(way4([], [lo], { address: "127.1.0.3" }), undefined);
    assert.equal(way4([defaultByEth1], [lo], { address: "127.1.0.3", localAddress: "127.0.0.9" }), undefined);
    assert.equal(obstacle({ routes: [], own: [lo] }, { address: "::1", localAddress: "::1" }), undefined);
  });
  test("is not reached from another address, nor while lo is down", () => {
    assert.equal(way4([], allUp, { address: "127.1.0.3", localAddress: "192.0.2.5" }), "192.0.2.5 is no loopback address");
    assert.equal(way4([], allUp, { address: "127.1.0.3", localAddress: "lo" }), "lo is no loopback address");
    assert.equal(way4([], [eth0], { address: "127.1.0.3" }), "the loopback interface is down");
  });
});

describe("the table of IPv6", () => {
  const zero = "0".repeat(32);
  const row = (destination: string, length: string, hop: string, metric: string, flags: string, by: string): string =>
    `${destination} ${length} ${zero} 00 ${hop} ${metric} 00000001 00000000 ${flags} ${by.padStart(8)}`;
  const lan = row("20010db8000000010000000000000000", "40", zero, "00000100", "00000001", "eth0");
  const own = row("20010db8000000010000000000000005", "80", zero, "00000000", "80200001", "eth0");
  const byRouter = row(zero, "00", "fe800000000000000000000000000001", "00000400", "00000003", "eth1");
  const none = row(zero, "00", zero, "ffffffff", "00200200", "lo");
  const vpn = row("20010db8000000010000000000000011", "80", zero, "00000032", "00000005", "tun0");
  const anycast = row("20010db8000000010000000000000011", "80", zero, "00000000", "80300001", "eth0");
  const eth0Six: OwnAddress = { interfaceName: "eth0", address: "2001:db8:0:1::5", internal: false };
  const device = { address: "2001:db8:0:1::11", localAddress: "2001:DB8:0:1:0::5" };
  const way6 = (lines: readonly string[], ownAddresses = [lo, eth0Six], target: Parameters<typeof obstacle>[1] = device) =>
    obstacle({ routes: understood(routesV6(lines.map((line) => `${line}\n`).join(""))), own: ownAddresses }, target);

  test("leads to the device by the interface that holds our address, however that is written", () => {
    assert.equal(way6([lan, own, byRouter, none]), undefined);
  });
  test("leads away from it as that of IPv4 does", () => {
    assert.equal(way6([byRouter, none]), "packets to 2001:db8:0:1::11 would go through a router, by eth1");
    assert.equal(way6([none]), "the route to 2001:db8:0:1::11 lets nothing out");
    assert.equal(way6([lan, vpn]), "packets to 2001:db8:0:1::11 would leave by tun0, not by eth0, which holds 2001:DB8:0:1:0::5");
    assert.equal(way6([lan, anycast]), "the route to 2001:db8:0:1::11 lets nothing out");
    assert.equal(way6([lan], [lo]), "no interface that is up holds 2001:DB8:0:1:0::5");
  });
  test("keeps the families apart: the bits of an IPv4 address are no IPv6 address", () => {
    const low = { ...eth0Six, address: "::c000:205" };
    assert.equal(way6([lan], [low], plc), "no interface that is up holds 192.0.2.5");
  });
  test("is a problem as a whole when a row cannot be read", () => {
    for (const line of [
      lan.slice(1),
      lan.replace(" 40 ", " zz "),
      lan.replace(" 40 ", " 81 "),
      lan.replace("00000100", "x"),
      lan.trimEnd().slice(0, -5),
    ])
      assert.ok(isProblem(routesV6(`${line}\n`)), line);
  });
});

describe("for those who do not dial by a segment", () => {
  const ways = { routes: understood(routesV4(table4(eth0Lan, eth1Lan, defaultByEth1, blackhole))), own: allUp };

  test("the interfaces by which packets leave are those of the longest match, with and without a router", () => {
    assert.deepEqual(leavesBy(ways, "192.0.2.77", false), ["eth0"]);
    assert.deepEqual(leavesBy(ways, "203.0.113.9", false), ["eth1"]);
    assert.deepEqual(leavesBy(ways, "203.0.113.9", true), []);
    assert.deepEqual(leavesBy(ways, "198.51.100.9", true), ["eth1"]);
    assert.deepEqual(leavesBy({ ...ways, routes: [] }, "192.0.2.77", false), []);
    assert.deepEqual(leavesBy(ways, "no address", false), []);
  });

  test("an address is held by the interfaces that have it", () => {
    assert.deepEqual(holding(ways, "192.0.2.5"), ["eth0"]);
    assert.deepEqual(holding(ways, "192.0.2.6"), []);
  });
});
