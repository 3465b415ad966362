/** Whatever leaves the poller and is not in the plan is found; what is in the plan accuses nobody. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { judge } from "../../src/verify/judge.ts";
import type { Judgement, Quiet } from "../../src/verify/judgement.ts";
import { device, exchange, frames, icmp, instant, ip, poller, tcp, udp, whoHas, type Bytes } from "./support/captured.ts";
import { approved, check, fc43Frame, once, writeFrame } from "./support/plans.ts";

const other = "192.0.2.66";
/** Eight bytes of payload, from 00 to 07. */
const echo = { operation: "icmp-echo", hex: "08000000000000010001020304050607", mask: "ffff00000000ffffffffffffffffffff" };
const ping = check({
  id: "plc/icmp-echo",
  protocol: "icmp",
  target: { address: device, port: 0, transport: "icmp", localAddress: poller },
  asking: once(echo),
});

function judged(sent: readonly (Bytes | readonly Bytes[])[], checks: readonly object[] = [], quiet: readonly Quiet[] = []): Judgement {
  return judge({ frames: frames(...sent), approved: approved(...checks), quiet });
}
function kinds(judgement: Judgement): readonly string[] {
  return judgement.violations.map(({ kind }) => kind);
}

describe("lawful traffic", () => {
  test("two fresh exchanges an interval apart accuse nobody, and their figures are right", () => {
    const judgement = judged([exchange(0, fc43Frame), exchange(60_100, fc43Frame, { sourcePort: 40_001 })]);
    assert.deepEqual(judgement.violations, []);
    assert.deepEqual(judgement.checks, [
      { check: "plc/modbus-fc43", line: `address:${device}`, requests: 2, intervalMs: 60_000, smallestGapMs: 60_100 },
    ]);
    assert.equal(judgement.lines[0]?.connectionsAtOnceMost, 1);
    assert.equal(judgement.lines[0]?.connections, 2);
    assert.equal(judgement.ours, 12);
  });

  test("copies that the kernel repeats are one request", () => {
    const copies = [200, 400, 800].map((after) => tcp({ atMs: 0.5 + after, flags: "PA", hex: fc43Frame }));
    const judgement = judged([exchange(0, fc43Frame).slice(0, 4), copies, tcp({ atMs: 5000, sequence: 12, flags: "R" })]);
    assert.deepEqual(judgement.violations, []);
    assert.equal(judgement.checks[0]?.requests, 1);
  });

  test("a port used again after a connection that nobody answered, or that stood when it was left", () => {
    const unanswered = [0, 1000, 3000].map((atMs) => tcp({ atMs, sequence: 900, flags: "S" }));
    const left = exchange(60_100, fc43Frame).slice(0, 4);
    const again = [
      tcp({ atMs: 120_200, sequence: 5000, flags: "S" }),
      tcp({ atMs: 120_201, sequence: 5001 }),
      tcp({ atMs: 120_202, sequence: 5001, flags: "PA", hex: fc43Frame }),
    ];
    const judgement = judged([unanswered, left, again]);
    assert.deepEqual(judgement.violations, []);
    assert.equal(judgement.checks[0]?.requests, 2);
    assert.equal(judgement.lines[0]?.connections, 3);
    assert.equal(judgement.lines[0]?.connectionsAtOnceMost, 1);
  });

  test("a request in two segments, the later one first, is one request", () => {
    const [head, tail] = [fc43Frame.slice(0, 8), fc43Frame.slice(8)];
    const judgement = judged([
      exchange(0, fc43Frame).slice(0, 3),
      tcp({ atMs: 1, sequence: 5, hex: tail }),
      tcp({ atMs: 2, sequence: 1, hex: head }),
    ]);
    assert.deepEqual(judgement.violations, []);
    assert.equal(judgement.checks[0]?.requests, 1);
  });

  test("an exchange that we reset, and the next one in its time", () => {
    const reset = [...exchange(0, fc43Frame).slice(0, 4), tcp({ atMs: 5000, sequence: 12, flags: "R" })];
    const judgement = judged([reset, exchange(60_100, fc43Frame, { sourcePort: 40_001 })]);
    assert.deepEqual(judgement.violations, []);
    assert.equal(judgement.lines[0]?.connectionsAtOnceMost, 1);
  });

  test("a frame that speaks to no address, as switches send them", () => {
    const neighbours = { atMs: 0, bytes: [1, 0x80, 0xc2, 0, 0, 0x0e, 2, 0, 0, 0, 0, 1, 0x88, 0xcc, ...new Uint8Array(46)] };
    const judgement = judged([neighbours, exchange(1, fc43Frame)]);
    assert.deepEqual([judgement.violations, judgement.packets, judgement.ours], [[], 10, 6]);
  });

  test("as much address resolution as the worst case has, broadcasts and probes each for themselves", () => {
    const worstCase = { packetsMax: 20, packetsMaxFrozen: 22, packetsMaxKilled: 22, arpBroadcastsMax: 3, arpProbesMax: 5 };
    const asked = (broadcasts: number, probes: number): Judgement => {
      const times = (count: number, broadcast: boolean): readonly Bytes[] =>
        Array.from({ length: count }, (_, at) => whoHas(at, device, { broadcast }));
      return judged([times(broadcasts, true), times(probes, false)], [check({ worstCase })]);
    };
    const details = ({ violations }: Judgement): readonly string[] => violations.map(({ detail }) => detail);
    assert.deepEqual(details(asked(3, 5)), []);
    assert.equal(asked(3, 5).arpRequests, 8);
    assert.deepEqual(details(asked(4, 5)), [`4 ARP broadcasts for ${device}; 3 at worst in this time`]);
    assert.deepEqual(details(asked(3, 6)), [`6 ARP probes for ${device}; 5 at worst in this time`]);
  });

  test("a kept connection whose beginning was not captured", () => {
    const at = (atMs: number, sequence: number): Bytes => tcp({ atMs, sequence, flags: "PA", hex: fc43Frame });
    assert.deepEqual(judged([at(0, 1000), at(60_100, 1011)]).violations, []);
  });

  test("what others say to each other, and the poller to itself", () => {
    const sent = [tcp({ atMs: 0, from: other, to: device }), tcp({ atMs: 1, to: poller }), whoHas(2, other, { from: device })];
    const judgement = judged(sent);
    assert.deepEqual(judgement.violations, []);
    assert.equal(judgement.ours, 0);
  });

  test("an approved echo, and an approved datagram", () => {
    const target = (transport: string, port: number): object => ({ address: device, port, transport, localAddress: poller });
    const listIdentity = { operation: "enip-list-identity", hex: "6300000000000000", mask: "ffffffffffffffff" };
    const list = check({ id: "plc/enip", protocol: "enip", target: target("udp", 44_818), asking: once(listIdentity) });
    const pinged = judged([icmp(0, device, 8, 8), icmp(60_000, device, 8, 8)], [ping]);
    assert.deepEqual(pinged.violations, []);
    assert.equal(pinged.checks[0]?.requests, 2);
    assert.deepEqual(judged([udp(0, device, 44_818, "6300000000000000")], [list]).violations, []);
  });
});

describe("a planted violation is found", () => {
  const planted: readonly [what: string, sent: readonly (Bytes | readonly Bytes[])[], kind: string][] = [
    ["another address", [tcp({ atMs: 0, to: other, flags: "S" })], "destination-not-listed"],
    ["another port", [tcp({ atMs: 0, port: 80, flags: "S" })], "destination-not-listed"],
    ["another protocol to the right port", [udp(0, device, 502, fc43Frame)], "destination-not-listed"],
    ["an answer to nobody's question", [tcp({ atMs: 0, to: other, flags: "R" })], "destination-not-listed"],
    ["an ICMP error", [icmp(0, device, 3, 28)], "destination-not-listed"],
    ["a ping that nobody approved", [icmp(0, device, 8, 16)], "destination-not-listed"],
    ["multicast", [udp(0, "224.0.0.251", 5353, "00")], "destination-not-listed"],
    ["a group membership", [ip(0, 2, poller, "224.0.0.22", [0, 0, 0, 0])], "destination-not-listed"],
    ["a write", [exchange(0, writeFrame)], "payload-not-approved"],
    ["a second request behind the first, in one segment", [exchange(0, fc43Frame + writeFrame)], "payload-not-approved"],
    ["bytes that never become a frame", [exchange(0, fc43Frame).slice(0, 3), tcp({ atMs: 1, hex: "0001" })], "payload-not-approved"],
    [
      "a write behind a segment that was not captured",
      [exchange(0, fc43Frame).slice(0, 3), tcp({ atMs: 1, hex: fc43Frame }), tcp({ atMs: 2, sequence: 13, hex: writeFrame })],
      "payload-not-approved",
    ],
    [
      "the same, in a connection that was ended",
      [
        exchange(0, fc43Frame).slice(0, 3),
        tcp({ atMs: 1, hex: fc43Frame }),
        tcp({ atMs: 2, sequence: 13, hex: writeFrame }),
        tcp({ atMs: 3, sequence: 25, flags: "FA" }),
      ],
      "payload-not-approved",
    ],
    [
      "the same, and the port used again",
      [
        exchange(0, fc43Frame).slice(0, 4),
        tcp({ atMs: 2, sequence: 13, hex: writeFrame }),
        tcp({ atMs: 3, sequence: 25, flags: "R" }),
        exchange(60_100, fc43Frame),
      ],
      "payload-not-approved",
    ],
    [
      "a write that promises more than it brings, and a reset",
      [exchange(0, fc43Frame).slice(0, 3), tcp({ atMs: 1, hex: "0001000000ff0106000100ff" }), tcp({ atMs: 2, sequence: 13, flags: "R" })],
      "payload-not-approved",
    ],
    [
      "a write over a port that was used before by a connection which nobody answered",
      [tcp({ atMs: 0, sequence: 900, flags: "S" }), exchange(60_100, writeFrame)],
      "payload-not-approved",
    ],
    ["a byte in a SYN before what is approved", [tcp({ atMs: 0, sequence: 0, flags: "S", hex: "00" + fc43Frame })], "payload-not-approved"],
    [
      "connected again too early, over the same port",
      [900, 7].map((sequence, at) => tcp({ atMs: at * 59_999, sequence, flags: "S" })),
      "too-early",
    ],
    ["asked again too early", [exchange(0, fc43Frame), exchange(59_999, fc43Frame, { sourcePort: 40_001 })], "too-early"],
    ["connected again too early", [0, 30_000].map((atMs) => tcp({ atMs, sourcePort: 40_000 + atMs, flags: "S" })), "too-early"],
    [
      "a connection beside one that stands",
      [exchange(0, fc43Frame).slice(0, 6), exchange(60_100, fc43Frame, { sourcePort: 40_001 })],
      "two-connections",
    ],
    [
      "copies without end",
      [exchange(0, fc43Frame).slice(0, 4), ...Array.from({ length: 30 }, (_, at) => tcp({ atMs: at + 10, hex: fc43Frame }))],
      "too-many-packets",
    ],
    ["resolution of an address that is not listed", [whoHas(0, other)], "arp-beyond-bound"],
    ["resolution without end", [0, 1, 2, 3].map((atMs) => whoHas(atMs, device)), "arp-beyond-bound"],
    ["probes without end", [0, 1, 2, 3].map((atMs) => whoHas(atMs, device, { broadcast: false })), "arp-beyond-bound"],
  ];
  for (const [what, sent, kind] of planted) {
    test(what, () => {
      assert.deepEqual([...new Set(kinds(judged(sent)))], [kind]);
    });
  }

  test("a connection beside one that stands, also where an earlier one was ended twice, by us and by the device", () => {
    const ended = exchange(0, fc43Frame);
    const reset = tcp({ atMs: 2, from: device, to: poller, sourcePort: 502, port: 40_000, flags: "R" });
    const two = [40_001, 40_002].map((sourcePort, at) => exchange(60_100 + at, fc43Frame, { sourcePort }).slice(0, 3));
    assert.ok(kinds(judged([ended, reset, ...two])).includes("two-connections"));
  });

  test("copies without end, said once; and an address that is not listed, once", () => {
    const copies = Array.from({ length: 30 }, (_, at) => tcp({ atMs: at + 10, hex: fc43Frame }));
    assert.deepEqual(kinds(judged([exchange(0, fc43Frame).slice(0, 4), copies])), ["too-many-packets"]);
    const asked = judged([whoHas(0, other), whoHas(1, other), whoHas(2, other, { broadcast: false })]);
    assert.deepEqual(kinds(asked), ["arp-beyond-bound"]);
    assert.match(asked.violations[0]?.detail ?? "", /^asked who has 192\.0\.2\.66, which the plan does not list$/u);
  });

  test("an echo request that is not the approved one, byte for byte and in its time", () => {
    for (const [sent, expected] of [
      [[icmp(0, device, 8, 56)], "payload-not-approved"],
      [[icmp(0, device, 8, 7)], "payload-not-approved"],
      [[icmp(0, device, 8, 8, { sequence: 2 })], "payload-not-approved"],
      [[icmp(0, device, 8, 8, { code: 1 })], "destination-not-listed"],
      [[icmp(0, device, 0, 8)], "destination-not-listed"],
      [[icmp(0, other, 8, 8)], "destination-not-listed"],
      [[icmp(0, device, 8, 8), icmp(59_999, device, 8, 8)], "too-early"],
    ] as const)
      assert.deepEqual(kinds(judged(sent, [ping])), [expected]);
  });

  test("a frame that begins as approved and is longer than that", () => {
    const open = { operation: "opcua-publish", hex: "4d534746", mask: "ffffffff", lengthMax: 12 };
    const opcua = check({ protocol: "opcua", asking: once(open) });
    assert.deepEqual(kinds(judged([exchange(0, "4d5347460c00000000000000")], [opcua])), []);
    assert.deepEqual(kinds(judged([exchange(0, "4d5347460d0000000000000000")], [opcua])), ["payload-not-approved"]);
  });
});

describe("quiet times", () => {
  const stop = (graceMs: number, addresses?: ReadonlySet<string>): Quiet => ({
    why: "stopped",
    fromNs: instant(10),
    toNs: instant(5000),
    graceMs,
    addresses,
  });

  test("a packet after the grace is found, one within it or after the end is not", () => {
    assert.deepEqual(kinds(judged([tcp({ atMs: 1009 })], [], [stop(1000)])), []);
    assert.deepEqual(kinds(judged([tcp({ atMs: 1011 })], [], [stop(1000)])), ["not-quiet"]);
    assert.deepEqual(kinds(judged([tcp({ atMs: 5001 })], [], [stop(1000)])), []);
  });

  test("a pause of another device is none for this one", () => {
    assert.deepEqual(kinds(judged([tcp({ atMs: 2000 })], [], [stop(0, new Set([other]))])), []);
    assert.deepEqual(kinds(judged([tcp({ atMs: 2000 })], [], [stop(0, new Set([device]))])), ["not-quiet"]);
  });
});

test("who else speaks to a listed place is named, and not judged", () => {
  const judgement = judged([tcp({ atMs: 0, from: "192.0.2.77", flags: "S" }), tcp({ atMs: 1, from: "192.0.2.77", hex: writeFrame })]);
  assert.deepEqual(judgement.others, [{ address: "192.0.2.77", packets: 2 }]);
  assert.equal(judgement.ours, 0);
  assert.deepEqual(judgement.violations, []);
});

test("a plan without an address of the poller asks for it", () => {
  const bare = check({ target: { address: device, port: 502, transport: "tcp", localAddress: null } });
  assert.throws(() => judge({ frames: [], approved: approved(bare) }), RangeError);
  assert.deepEqual(judge({ frames: frames(exchange(0, fc43Frame)), approved: approved(bare), pollerAddresses: [poller] }).violations, []);
});
