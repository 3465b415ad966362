/** Addresses against node:net: what is an address at all, and which ranges hold it. */
import assert from "node:assert/strict";
import { BlockList, isIP } from "node:net";
import { describe, test } from "node:test";
import fc from "fast-check";
import {
  contains,
  isAddress,
  isLabAddress,
  kindOf,
  networkOf,
  overlap,
  parseAddress,
  parseSubnet,
  roleIn,
  type Address,
  type AddressFlaw,
  type AddressKind,
  type Subnet,
} from "../../src/domain/address.ts";

function address(text: string): Address {
  const parsed = parseAddress(text);
  assert.ok(isAddress(parsed), text);
  return parsed;
}

function subnet(text: string): Subnet {
  const parsed = parseSubnet(text);
  assert.ok(parsed, text);
  return parsed;
}

const ipv4 = fc.ipV4();
const ipv6 = fc.ipV6();
const almost = fc.oneof(
  ipv4,
  ipv6,
  fc.string({ unit: fc.constantFrom(...Array.from("0123456789abcf.:x")), maxLength: 24 }),
  fc
    .array(fc.constantFrom("0", "00", "1", "ffff", "a", ":", "::", ".", "10", "255", "256", "010"), { maxLength: 12 })
    .map((parts) => parts.join("")),
);

describe("parsing", () => {
  test("takes for an address exactly what node:net does, and nothing else", () => {
    fc.assert(
      fc.property(almost, (text) => {
        const parsed = parseAddress(text);
        assert.equal(isAddress(parsed) ? parsed.family : 0, isIP(text), text);
      }),
      { numRuns: 2000 },
    );
  });

  test("keeps the text of every IPv4 address", () => {
    fc.assert(fc.property(ipv4, (text) => address(text).text === text));
  });

  test("spells every IPv6 address as the URL standard does, which follows RFC 5952", () => {
    fc.assert(fc.property(ipv6, (text) => `[${address(text).text}]` === new URL(`http://[${text}]`).hostname));
  });

  const spellings: readonly [string, string][] = [
    ["2001:DB8::1", "2001:db8::1"],
    ["2001:0db8:0:0:0:0:0:1", "2001:db8::1"],
    ["2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"],
    ["2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"],
    ["::ffff:10.0.0.1", "::ffff:a00:1"],
    ["0:0:0:0:0:0:0:0", "::"],
    ["1::", "1::"],
  ];
  for (const [given, spelled] of spellings) {
    test(`spells ${given} as ${spelled}`, () => {
      assert.equal(address(given).text, spelled);
    });
  }

  const flawed: readonly [string, AddressFlaw][] = [
    ["", "blank"],
    [" 10.20.1.11", "blank"],
    ["fe80::1%eth0", "scoped"],
    ["10.20.1.0/24", "range"],
    ["10.20.1.1-20", "range"],
    ["10.20.1.1 - 10.20.1.20", "range"],
    ["10.20.1.*", "range"],
    ["10.20.1.1,10.20.1.2", "range"],
    ["2001:db8::1-5", "range"],
    ["10.20.1.11:502", "with-port"],
    ["[2001:db8::1]", "with-port"],
    ["0x0a14010b", "hexadecimal"],
    ["0x0a.20.1.11", "hexadecimal"],
    ["10.20.1.0x0b", "hexadecimal"],
    ["169083147", "decimal"],
    ["10.20.11", "short"],
    ["10.11", "short"],
    ["010.1.1.1", "leading-zero"],
    ["10.1.1.01", "leading-zero"],
    ["10.020.256.1", "leading-zero"],
    ["10.20.1.256", "octet-too-large"],
    ["plc-1", "name"],
    ["plc-1.example.com", "name"],
    ["plc_ä", "name"],
    ["1::2::3", "malformed"],
    ["10.20.1.11.", "name"],
    ["http://x", "range"],
  ];
  for (const [text, flaw] of flawed) {
    test(`calls ${JSON.stringify(text)} ${flaw}`, () => {
      assert.equal(parseAddress(text), flaw);
    });
  }
});

describe("kinds", () => {
  const kinds: readonly [string, AddressKind][] = [
    ["10.20.1.11", "unicast"],
    ["169.254.3.4", "unicast"],
    ["0.0.0.0", "unspecified"],
    ["0.1.2.3", "this-network"],
    ["127.1.0.3", "loopback"],
    ["224.0.0.1", "multicast"],
    ["239.255.255.250", "multicast"],
    ["240.0.0.1", "reserved"],
    ["255.255.255.255", "broadcast"],
    ["2001:db8::1", "unicast"],
    ["fd00::1", "unicast"],
    ["::", "unspecified"],
    ["::1", "loopback"],
    ["ff02::1", "multicast"],
    ["::ffff:10.20.1.11", "mapped"],
    ["::10.20.1.11", "translated"],
    ["64:ff9b::a14:10b", "translated"],
    ["2002:a14:10b::1", "translated"],
    ["2001:0:1::1", "translated"],
    ["fe80::1", "link-local"],
    ["100::1", "reserved"],
    ["4000::1", "reserved"],
  ];
  for (const [text, kind] of kinds) {
    test(`${text} is ${kind}`, () => {
      assert.equal(kindOf(address(text)), kind);
    });
  }

  test("every IPv4 address that is not unicast is one that BlockList finds in the reserved ranges, and the other way round", () => {
    const refused = new BlockList();
    for (const [net, prefix] of [
      ["0.0.0.0", 8],
      ["127.0.0.0", 8],
      ["224.0.0.0", 4],
      ["240.0.0.0", 4],
    ] as const)
      refused.addSubnet(net, prefix);
    const near = fc.tuple(fc.constantFrom(0, 1, 9, 126, 127, 128, 192, 223, 224, 239, 240, 255), fc.nat(255), fc.nat(255), fc.nat(255));
    fc.assert(
      fc.property(
        near.map((octets) => octets.join(".")),
        (text) => refused.check(text) === (kindOf(address(text)) !== "unicast"),
      ),
    );
  });

  test("lab addresses are exactly those of the documented ranges", () => {
    const lab = new BlockList();
    lab.addSubnet("127.0.0.0", 8);
    lab.addSubnet("192.0.2.0", 24);
    lab.addSubnet("198.51.100.0", 24);
    lab.addSubnet("203.0.113.0", 24);
    lab.addSubnet("198.18.0.0", 15);
    lab.addAddress("::1", "ipv6");
    lab.addSubnet("2001:db8::", 32, "ipv6");
    const octet = fc.constantFrom(0, 2, 3, 18, 19, 20, 51, 100, 113, 127, 192, 198, 203, 255);
    const group = fc.constantFrom("0", "1", "2001", "db8", "db9");
    const four = fc.tuple(octet, octet, octet, octet).map((parts) => parts.join("."));
    const six = fc.array(group, { minLength: 8, maxLength: 8 }).map((parts) => parts.join(":"));
    fc.assert(
      fc.property(four, (text) => lab.check(text) === isLabAddress(address(text))),
      { numRuns: 500 },
    );
    fc.assert(
      fc.property(six, (text) => lab.check(text, "ipv6") === isLabAddress(address(text))),
      { numRuns: 500 },
    );
    assert.ok(isLabAddress(address("::1")));
    assert.ok(!isLabAddress(address("10.20.1.11")));
  });
});

describe("subnets", () => {
  test("hold exactly the addresses that BlockList finds in them", () => {
    fc.assert(
      fc.property(ipv4, fc.integer({ min: 0, max: 32 }), ipv4, fc.integer({ min: 0, max: 32 }), (net, prefix, other, shared) => {
        // An address that shares its first bits with the subnet, so that both answers occur.
        const mask = (2n ** 32n - 1n) >> BigInt(shared);
        const near = (address(net).bits & ~mask) | (address(other).bits & mask);
        const text = [24n, 16n, 8n, 0n].map((shift) => (near >> shift) & 255n).join(".");
        const list = new BlockList();
        list.addSubnet(net, prefix);
        return list.check(text) === contains(subnet(`${net}/${prefix}`), address(text));
      }),
      { numRuns: 500 },
    );
    fc.assert(
      fc.property(ipv6, fc.integer({ min: 1, max: 128 }), ipv6, (net, prefix, other) => {
        const list = new BlockList();
        list.addSubnet(net, prefix, "ipv6");
        return [net, other].every((text) => list.check(text, "ipv6") === contains(subnet(`${net}/${prefix}`), address(text)));
      }),
      { numRuns: 300 },
    );
  });

  test("never hold an address of the other family", () => {
    assert.ok(!contains(subnet("0.0.0.0/0"), address("::1")));
    assert.ok(!contains(subnet("::/0"), address("10.0.0.1")));
  });

  test("name the same subnet without host bits", () => {
    assert.equal(networkOf(subnet("10.20.1.5/24")).text, "10.20.1.0/24");
    assert.equal(networkOf(subnet("10.20.1.85/28")).text, "10.20.1.80/28");
    assert.equal(networkOf(subnet("2001:db8::5/64")).text, "2001:db8::/64");
    assert.equal(networkOf(subnet("10.1.2.3/0")).text, "0.0.0.0/0");
  });

  test("overlap when one holds the other", () => {
    assert.ok(overlap(subnet("10.20.1.0/24"), subnet("10.20.1.128/25")));
    assert.ok(overlap(subnet("10.20.1.128/25"), subnet("10.20.1.0/24")));
    assert.ok(!overlap(subnet("10.20.1.0/25"), subnet("10.20.1.128/25")));
    assert.ok(!overlap(subnet("0.0.0.0/0"), subnet("::/0")));
  });

  test("have a network and a broadcast address unless they are too small for it", () => {
    assert.equal(roleIn(subnet("10.20.1.0/24"), address("10.20.1.0")), "network");
    assert.equal(roleIn(subnet("10.20.1.0/24"), address("10.20.1.255")), "broadcast");
    assert.equal(roleIn(subnet("10.20.1.0/24"), address("10.20.1.254")), "host");
    assert.equal(roleIn(subnet("10.20.1.0/31"), address("10.20.1.0")), "host");
    assert.equal(roleIn(subnet("2001:db8::/64"), address("2001:db8::")), "network");
    assert.equal(roleIn(subnet("2001:db8::/64"), address("2001:db8::ffff:ffff:ffff:ffff")), "host");
  });

  for (const text of [
    "10.20.1.0",
    "10.20.1.0/33",
    "10.20.1.0/",
    "10.20.1.0/024",
    "10.20.1.0/-1",
    "10.20.1.0/24/24",
    "x/24",
    "::/129",
    "010.0.0.0/8",
  ]) {
    test(`${text} is none`, () => {
      assert.equal(parseSubnet(text), undefined);
    });
  }
});
