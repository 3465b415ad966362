/** Keeper, wires and driver against every misbehaviour of the simulated EtherNet/IP device, over each way: what comes of it, and what the device was sent. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { behaviourName, type EnipBehaviour, type EnipDevice, startEnipDevice } from "../../../simulators/enip/device.ts";
import type { Answer } from "../../../src/domain/outcome.ts";
import type { Check } from "../../../src/domain/plan.ts";
import type { Closed, Dial } from "../../../src/domain/wire.ts";
import { enipDriverFrom } from "../../../src/drivers/enip/driver.ts";
import { ConnectionKeeper } from "../../../src/safety/keeper.ts";
import { enipPolicy } from "../../../src/wire/frames/enip.ts";
import { tcpDialler } from "../../../src/wire/tcp.ts";
import { udpDialler } from "../../../src/wire/udp.ts";
import { enipCheck, type EnipCheckOptions } from "../../support/enip-checks.ts";
import { FakeClock } from "../../support/fake-clock.ts";
import { TestPermit } from "../../support/permits.ts";

type Expected = Answer["said"] | NonNullable<Closed["failure"]>;
/** Requests that the device then has had. */
type Row = readonly [behaviour: EnipBehaviour, udp: Expected, tcp: Expected, object: Expected, objectRequests: number];

const rows: readonly Row[] = [
  ["healthy", "alive", "alive", "alive", 3],
  ["silent", "timeout", "timeout", "timeout", 1],
  ["truncated", "malformed", "timeout", "timeout", 1],
  // Over UDP it may be a late reply to something else: it is dropped, and the wait goes on.
  ["wrong-context", "timeout", "malformed", "malformed", 1],
  ["wrong-command", "timeout", "malformed", "malformed", 1],
  ["wrong-session", "alive", "alive", "malformed", 2],
  ["oversize", "malformed", "malformed", "malformed", 1],
  ["item-too-long", "malformed", "malformed", "malformed", 2],
  ["session-refused", "alive", "alive", "degraded", 1],
  ["reset", "timeout", "reset", "reset", 1],
  ["never-closes", "alive", "alive", "alive", 3],
  [{ kind: "late", afterMs: 5 }, "alive", "alive", "alive", 3],
  [{ kind: "cip-error", status: 0x08 }, "alive", "alive", "alive", 3],
  [{ kind: "cip-error", status: 0x0c }, "alive", "alive", "degraded", 3],
  [{ kind: "encapsulation-error", status: 0x01 }, "alive", "alive", "alive", 1],
  [{ kind: "encapsulation-error", status: 0x02 }, "degraded", "degraded", "degraded", 1],
];

interface Came {
  readonly result: Answer | Closed;
  readonly permit: TestPermit;
}

const slots: readonly (object | null)[] = [{}, { productName: "SIM-MODULE" }, null];

/** One exchange as the gate has it; time moves only where the device lets it run out. */
async function exchanged(device: EnipDevice, check: Check, expected: Expected): Promise<Came> {
  const clock = new FakeClock();
  const door = udpDialler({ cutOff: () => undefined, onViolation: () => assert.fail("a violation") });
  const overTcp = tcpDialler({ clock, cutOff: () => undefined, onViolation: () => assert.fail("a violation") });
  const dial: Dial = (permit, policy) => (permit.check.target.transport === "udp" ? door.dial : overTcp)(permit, policy);
  const speaker = { driver: enipDriverFrom(0), policy: enipPolicy };
  const keeper = new ConnectionKeeper({ clock, dial, speakerOf: () => speaker, farewell: () => undefined, onClosed: () => undefined });
  const permit = TestPermit.for(check, clock, { connectionsMax: check.opening.connectionsMax });
  let over = false;
  const conversation = keeper.converse(permit).finally(() => (over = true));
  if (expected === "timeout") {
    await device.waitUntil(({ requests }) => requests > 0);
    await clock.advance(check.answerWithin);
  }
  // A device that never closes is waited for, and then reset.
  while (!over)
    await clock.advance(device.behaviour === "never-closes" && device.counts.sessionsGivenBack + device.counts.requests > 0 ? 100 : 0);
  const { result } = await conversation;
  door.close();
  assert.equal(clock.waiting, 0, "a timer was forgotten");
  assert.equal(keeper.heldCount, 0);
  return { result, permit };
}

const ways: readonly (readonly [name: string, options: Omit<EnipCheckOptions, "port">, column: 1 | 2 | 3])[] = [
  ["List Identity over UDP", { method: "enip-list-identity" }, 1],
  ["List Identity over TCP", { method: "enip-list-identity", transport: "tcp" }, 2],
  ["the Identity object", { method: "enip-identity-object" }, 3],
  ["the Identity object of a module", { method: "enip-identity-object", deep: { read: "enip-slots", number: 1 } }, 3],
];

for (const [name, options, column] of ways) {
  describe(`${name} of a device that is`, () => {
    for (const row of rows) {
      const [behaviour, , , , objectRequests] = row;
      const expected = row[column];
      test(`${behaviourName(behaviour)} comes out as ${expected}`, async () => {
        await using stack = new AsyncDisposableStack();
        const device = await startEnipDevice({ host: "127.0.0.1", port: 0, behaviour, slots });
        stack.defer(() => device.close());
        const { result, permit } = await exchanged(device, enipCheck({ ...options, port: device.port }), expected);
        assert.equal("said" in result ? result.said : result.failure, expected, JSON.stringify(result));
        if (behaviour !== "never-closes") await device.waitUntil(({ openConnections }) => openConnections === 0);
        const { counts } = device;
        assert.deepEqual([counts.writes, counts.malformedRequests, counts.pipelinedRequests], [0, 0, 0]);
        assert.equal(counts.connections, column === 1 ? 0 : 1);
        assert.ok(counts.requests <= (column === 3 ? objectRequests : 1), String(counts.requests));
        assert.ok(counts.requests >= (column === 3 ? Math.min(objectRequests, 2) : 1) - (behaviour === "reset" ? 1 : 0));
        assert.equal(counts.sessionsGivenBack, column === 3 && objectRequests === 3 ? 1 : 0);
        assert.deepEqual(permit.violations, []);
      });
    }
  });
}

describe("a device that answers twice", () => {
  test("over UDP has its second answer dropped", async () => {
    await using stack = new AsyncDisposableStack();
    const device = await startEnipDevice({ host: "127.0.0.1", port: 0, behaviour: "duplicate-reply" });
    stack.defer(() => device.close());
    const { result } = await exchanged(device, enipCheck({ method: "enip-list-identity", port: device.port }), "alive");
    assert.ok("said" in result && result.said === "alive");
  });

  test("over TCP loses the connection, before or after it is believed, as the two come together or not", async () => {
    await using stack = new AsyncDisposableStack();
    const device = await startEnipDevice({ host: "127.0.0.1", port: 0, behaviour: "duplicate-reply" });
    stack.defer(() => device.close());
    const { result } = await exchanged(device, enipCheck({ method: "enip-identity-object", port: device.port }), "malformed");
    assert.ok("said" in result || result.failure === "malformed", JSON.stringify(result));
    assert.ok(device.counts.requests <= 3);
  });
});

test("a device with a major fault is degraded, whichever way it is asked", async () => {
  await using stack = new AsyncDisposableStack();
  const device = await startEnipDevice({ host: "127.0.0.1", port: 0, identity: { status: 0x0450 } });
  stack.defer(() => device.close());
  for (const [, options] of ways.filter(([, { deep }]) => deep === undefined)) {
    const { result } = await exchanged(device, enipCheck({ ...options, port: device.port }), "degraded");
    assert.ok("said" in result && result.said === "degraded");
    assert.equal(result.detail, "the device reports a major recoverable fault (status 0x0450)");
  }
});

describe("what comes of a slot", () => {
  const cases: readonly (readonly [what: string, slot: number, behaviour: EnipBehaviour, said: Answer["said"], words: RegExp])[] = [
    ["with a module is its identity, attribute by attribute", 1, "healthy", "alive", /"product name","SIM-MODULE"/u],
    ["without one is an answer", 2, "healthy", "alive", /no module in slot 2 .*0x05 \(path destination unknown\)/u],
    ["that the rack does not have is an answer", 9, "healthy", "alive", /no module in slot 9 .*0x01, 0x0312 \(the slot is not there\)/u],
    [
      "whose module says nothing in time is a failure",
      1,
      { kind: "cip-error", status: 1, additional: 0x0204 },
      "gateway_only",
      /0x0204 \(no answer in time\)/u,
    ],
    [
      "of a rack that has no room for the question is a failure",
      1,
      { kind: "cip-error", status: 2 },
      "gateway_only",
      /0x02 \(resource unavailable\)/u,
    ],
  ];
  for (const [what, number, behaviour, said, words] of cases) {
    test(what, async () => {
      await using stack = new AsyncDisposableStack();
      const device = await startEnipDevice({ host: "127.0.0.1", port: 0, behaviour, slots });
      stack.defer(() => device.close());
      const check = enipCheck({ method: "enip-identity-object", port: device.port, deep: { read: "enip-slots", number } });
      const { result, permit } = await exchanged(device, check, said);
      assert.ok("said" in result, JSON.stringify(result));
      assert.equal(result.said, said);
      assert.match(JSON.stringify(result), words);
      assert.deepEqual([...device.counts.requestsBySlot], [[number, 1]]);
      assert.deepEqual([device.counts.requests, device.counts.sessionsGivenBack, device.counts.writes], [3, 1, 0]);
      assert.deepEqual(permit.violations, []);
    });
  }
});
