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
];

for (const [name, options, column] of ways) {
  describe(`${name} of a device that is`, () => {
    for (const row of rows) {
      const [behaviour, , , , objectRequests] = row;
      const expected = row[column];
      test(`${behaviourName(behaviour)} comes out as ${expected}`, async () => {
        await using stack = new AsyncDisposableStack();
        const device = await startEnipDevice({ host: "127.0.0.1", port: 0, behaviour });
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
  for (const [, options] of ways) {
    const { result } = await exchanged(device, enipCheck({ ...options, port: device.port }), "degraded");
    assert.ok("said" in result && result.said === "degraded");
    assert.equal(result.detail, "the device reports a major recoverable fault (status 0x0450)");
  }
});
