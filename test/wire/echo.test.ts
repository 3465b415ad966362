/** An echo leaves only with a permit, to its address, one at a time; whatever ping does, the exchange ends and no process stays. */
import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, beforeEach, describe, test } from "node:test";
import { echoRequest, icmpMethods } from "../../src/drivers/icmp/methods.ts";
import { echoesAtOnceMax } from "../../src/domain/limits.ts";
import type { Check } from "../../src/domain/plan.ts";
import { isOpen, type Closed, type OwnedWire } from "../../src/domain/wire.ts";
import { echoDialler, type EchoDiallerParts } from "../../src/wire/echo.ts";
import { icmpPolicy } from "../../src/wire/frames/icmp.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { icmpCheck } from "../support/icmp-checks.ts";
import { TestPermit } from "../support/permits.ts";
import type { Violation } from "../../src/wire/tcp.ts";

const folder = mkdtempSync(join(tmpdir(), "watchkeeper-ping-"));
after(() => rmSync(folder, { recursive: true }));

const answered = 'echo "1 packets transmitted, 1 received, 0% packet loss, time 0ms"';
const silent = 'echo "1 packets transmitted, 0 received, 100% packet loss"; exit 1';
const hanging = "exec sleep 600";

/** In the place of ping: notes how it was called, then does as it is told. */
function pingThat(does: string): string {
  const path = join(folder, `ping-${pings++}`);
  writeFileSync(path, `#!/bin/sh\necho "$$ $*" >> ${path}.calls\nenv > ${path}.env\n${does}\n`);
  chmodSync(path, 0o755);
  return path;
}
let pings = 0;
const callsOf = (path: string): readonly string[] => readFileSync(`${path}.calls`, "utf8").trim().split("\n");

let clock: FakeClock;
let violations: Violation[];
beforeEach(() => {
  clock = new FakeClock();
  violations = [];
});
afterEach(() => assert.equal(clock.waiting, 0));

interface Conversation {
  readonly wire: OwnedWire;
  readonly permit: TestPermit;
  readonly frames: Uint8Array[];
}

async function dialled(
  ping: string | undefined,
  changes: Partial<EchoDiallerParts> = {},
  check: Check = icmpCheck(),
): Promise<Conversation | Closed> {
  const permit = TestPermit.for(check, clock);
  const wire = await echoDialler({ clock, cutOff: () => undefined, onViolation: (one) => violations.push(one), ping, ...changes })(
    permit,
    icmpPolicy,
  );
  if (!isOpen(wire)) return wire;
  const frames: Uint8Array[] = [];
  wire.onFrame((frame) => frames.push(frame));
  return { wire, permit, frames };
}

async function open(ping: string): Promise<Conversation> {
  const made = await dialled(ping);
  assert.ok("wire" in made, JSON.stringify(made));
  return made;
}

const request = (): Uint8Array => Uint8Array.from(echoRequest);

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}

test("an echo that comes is one frame, and nothing but the call and English reaches ping", async () => {
  const ping = pingThat(answered);
  const { wire, permit, frames } = await open(ping);
  wire.send(request());
  assert.equal(wire.quiet, false);
  assert.deepEqual(permit.sent, { connections: 0, requests: 1, bytes: 16 });
  await until(() => wire.quiet);
  assert.deepEqual(frames, [Uint8Array.of(0, 0, ...echoRequest.slice(2))]);
  wire.finish();
  assert.deepEqual(await wire.closed, { by: "us", detail: "over after the answer" });
  assert.deepEqual(
    callsOf(ping).map((line) => line.replace(/^\d+ /u, "")),
    ["-n -q -c 1 -W 5 -s 8 -I 127.0.0.1 -- 127.0.0.9"],
  );
  const names = readFileSync(`${ping}.env`, "utf8")
    .split("\n")
    .map((line) => line.split("=")[0]);
  assert.deepEqual(
    names.filter((name) => !["LC_ALL", "PWD", "_", "SHLVL", "OLDPWD", ""].includes(name ?? "")),
    [],
  );
});

describe("an exchange ends", () => {
  const cases: readonly [what: string, does: string, failure: string, detail: RegExp][] = [
    ["without an echo", silent, "timeout", /no echo came/u],
    ["without a way", silent.replace("100%", "+1 errors, 100%"), "unreachable", /no way/u],
    ["without leave", 'echo "ping: socket: Operation not permitted" >&2; exit 2', "driver_unavailable", /ping_group_range/u],
    ["with nonsense", "head -c 100000 /dev/zero; exit 7", "driver_unavailable", /code 7/u],
  ];
  for (const [what, does, failure, detail] of cases) {
    test(what, async () => {
      const { wire, frames } = await open(pingThat(does));
      wire.send(request());
      const closed = await wire.closed;
      assert.equal(closed.failure, failure);
      assert.match(closed.detail, detail);
      assert.deepEqual(frames, []);
    });
  }

  test("when it is aborted: ping is killed, and closed comes when it is gone", async () => {
    const ping = pingThat(hanging);
    const { wire } = await open(ping);
    wire.send(request());
    await until(() => {
      try {
        return callsOf(ping).length > 0;
      } catch {
        return false;
      }
    });
    wire.abort("timeout", "no answer in time");
    assert.deepEqual(await wire.closed, { by: "us", failure: "timeout", detail: "no answer in time" });
    const pid = Number(callsOf(ping)[0]!.split(" ")[0]);
    assert.throws(() => process.kill(pid, 0), /ESRCH/u);
  });

  test("when the permit is taken back, and when it is finished before the answer", async () => {
    const first = await open(pingThat(hanging));
    first.wire.send(request());
    first.permit.revoke("stopped");
    assert.match((await first.wire.closed).detail, /taken back: stopped/u);
    const second = await open(pingThat(hanging));
    second.wire.send(request());
    second.wire.finish();
    assert.equal((await second.wire.closed).failure, "timeout");
  });

  test("when the driver throws at the answer", async () => {
    const { wire } = await open(pingThat(answered));
    wire.onFrame(() => {
      throw new TypeError("no such field");
    });
    wire.send(request());
    const closed = await wire.closed;
    assert.equal(closed.failure, "malformed");
    assert.match(closed.detail, /no such field/u);
  });
});

describe("the interval counts from the latest moment at which the echo can have left", () => {
  const left = async (does: string, during: (made: Conversation) => Promise<void>): Promise<number | undefined> => {
    const made = await open(pingThat(does));
    const startedAt = clock.monotonic();
    made.wire.send(request());
    await during(made);
    await until(() => made.permit.leftAt.length > 0);
    return made.permit.leftAt[0]! - startedAt;
  };
  const over = (ms: number) => (): Promise<void> => clock.advance(ms);

  test("its answer, where it is answered", async () => {
    assert.equal(await left(answered, over(70)), 70);
  });
  test("the end of ping less its wait of 5 s, where nothing came", async () => {
    assert.equal(await left(silent, over(4990)), 0);
    assert.equal(await left(silent, over(5060)), 60);
  });
  test("a second at most, where a router or this machine says that there is no way", async () => {
    const unreachable = silent.replace("100%", "+1 errors, 100%");
    assert.equal(await left(unreachable, over(30)), 30);
    assert.equal(await left(unreachable, over(3000)), 1000);
  });
  test("its end, where it was ended from outside", async () => {
    const killed = ({ wire }: Conversation): Promise<void> => clock.advance(2000).then(() => wire.abort("timeout", "test"));
    assert.equal(await left(hanging, killed), 2000);
  });
  test("at the deadline it is left to end by itself, and ended where it does not", async () => {
    const late = async ({ wire }: Conversation): Promise<void> => {
      await clock.advance(5000);
      wire.abort("timeout", "late");
      await clock.advance(1499);
      assert.equal(wire.quiet, false);
      await clock.advance(1);
      assert.deepEqual(await wire.closed, { by: "us", failure: "timeout", detail: "late" });
    };
    assert.equal(await left(hanging, late), 6500);
  });
});

describe("no ping is started", () => {
  const lacking = (changes: Partial<EchoDiallerParts>, check?: Check): Promise<Conversation | Closed> =>
    dialled("/nowhere/ping", changes, check);

  test("where the way is another", async () => {
    const closed = await lacking({ cutOff: () => "the cable is out" });
    assert.deepEqual(closed, { by: "us", failure: "driver_unavailable", detail: "the cable is out" });
  });
  test("where there is none", async () => {
    const closed = await dialled(undefined);
    assert.match("failure" in closed ? closed.detail : "", /install ping/u);
  });
  for (const [what, target] of [
    ["a name", { address: "device.example", transport: "icmp" }],
    ["an option in the place of an address", { address: "-f", transport: "icmp" }],
    ["a broadcast", { address: "255.255.255.255", transport: "icmp" }],
    ["a group", { address: "224.0.0.1", transport: "icmp" }],
    ["another transport", { address: "127.0.0.9", transport: "udp" }],
  ] as const) {
    test(`for ${what}, which voids the permit`, async () => {
      const check = icmpCheck();
      const closed = await lacking({}, { ...check, target: { ...check.target, ...target } });
      assert.equal("failure" in closed && closed.failure, "guard_blocked");
    });
  }
  for (const [what, frame] of [
    ["a redirect", [5, ...echoRequest.slice(1)]],
    ["a timestamp request", [13, ...echoRequest.slice(1)]],
    ["an echo reply", [0, ...echoRequest.slice(1)]],
    ["another code", [8, 1, ...echoRequest.slice(2)]],
    ["another payload", [...echoRequest.slice(0, -1), 9]],
    ["a longer payload", [...echoRequest, 8]],
    ["a payload beyond all", [...echoRequest, ...Array<number>(60).fill(0)]],
    ["no header", [8, 0]],
    ["nothing", []],
  ] as const) {
    test(`for ${what}`, async () => {
      const ping = pingThat(answered);
      const { wire, permit } = await open(ping);
      wire.send(Uint8Array.from(frame));
      assert.equal((await wire.closed).failure, "guard_blocked");
      assert.equal(permit.violations.length, 1);
      assert.throws(() => callsOf(ping), /ENOENT/u);
    });
  }
  test("without a permit, a second time before the answer, or with another device's permit", async () => {
    const bare = await open(pingThat(answered));
    bare.wire.reclaim();
    bare.wire.send(request());
    assert.equal((await bare.wire.closed).failure, "guard_blocked");
    assert.equal(violations.length, 1);
    const twice = await open(pingThat(hanging));
    twice.wire.send(request());
    twice.wire.send(request());
    assert.equal((await twice.wire.closed).failure, "guard_blocked");
    const lent = await open(pingThat(answered));
    const check = icmpCheck();
    lent.wire.lend(TestPermit.for({ ...check, target: { ...check.target, address: "127.0.0.10" } }, clock));
    assert.equal((await lent.wire.closed).failure, "guard_blocked");
  });
  test("once the permit is void, or its deadline past", async () => {
    const ping = pingThat(answered);
    const { wire, permit } = await open(ping);
    permit.expire("stopped");
    wire.send(request());
    assert.equal((await wire.closed).failure, "timeout");
    wire.send(request());
    assert.throws(() => callsOf(ping), /ENOENT/u);
  });
  test("beyond the bound, and again once one has ended", async () => {
    const ping = pingThat(hanging);
    const dial = echoDialler({ clock, cutOff: () => undefined, onViolation: (one) => violations.push(one), ping });
    const begin = async (): Promise<OwnedWire> => {
      const wire = await dial(TestPermit.for(icmpCheck(), clock), icmpPolicy);
      assert.ok(isOpen(wire));
      wire.send(request());
      return wire;
    };
    const wires = await Promise.all(Array.from({ length: echoesAtOnceMax }, begin));
    const closed = await (await begin()).closed;
    assert.equal(closed.failure, "driver_unavailable");
    assert.match(closed.detail, /64 echoes are under way/u);
    wires[0]!.abort("timeout", "test");
    await wires[0]!.closed;
    const another = await begin();
    assert.equal(another.quiet, false);
    for (const wire of [...wires, another]) wire.abort("timeout", "test");
    await Promise.all([...wires, another].map((wire) => wire.closed));
  });
});

test("the method has one template: an echo request of 16 bytes, identifier and checksum alone open", () => {
  const [method] = icmpMethods;
  const parsed = method!.parse({});
  assert.ok("ask" in parsed);
  const { templates, requestsMax, connectionsMax } = method!.asking(parsed.ask);
  assert.deepEqual([templates.length, requestsMax, connectionsMax, templates[0]!.bytes.length], [1, 1, 0, 16]);
  assert.deepEqual([...templates[0]!.mask], [255, 255, 0, 0, 0, 0, ...Array<number>(10).fill(255)]);
  assert.ok("problems" in method!.parse({ unitId: 1, register: { protocolAddress: 0, count: 1 } }));
  assert.equal(method!.proves, "network-interface");
});
