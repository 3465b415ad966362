/** Keeper, wire and driver against every misbehaviour of the simulated OPC UA server: what comes of it, and what the server was sent. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { behaviourName, type OpcuaBehaviour, type OpcuaDevice, startOpcuaDevice } from "../../../simulators/opcua/device.ts";
import type { Answer } from "../../../src/domain/outcome.ts";
import type { Check } from "../../../src/domain/plan.ts";
import type { Closed } from "../../../src/domain/wire.ts";
import { opcuaDriver } from "../../../src/drivers/opcua/driver.ts";
import { ConnectionKeeper } from "../../../src/safety/keeper.ts";
import { opcuaPolicy } from "../../../src/wire/frames/opcua.ts";
import { tcpDialler } from "../../../src/wire/tcp.ts";
import { FakeClock } from "../../support/fake-clock.ts";
import { opcuaCheck } from "../../support/opcua-checks.ts";
import { TestPermit } from "../../support/permits.ts";

type Expected = Answer["said"] | NonNullable<Closed["failure"]>;
type Row = readonly [behaviour: OpcuaBehaviour, hello: Expected, keepalive: Expected, detail?: RegExp];

const rows: readonly Row[] = [
  ["healthy", "alive", "alive"],
  ["silent", "timeout", "timeout"],
  ["silent-publish", "alive", "timeout"],
  ["closes-at-once", "reset", "reset"],
  ["busy", "degraded", "degraded", /^ERR: BadTcpServerTooBusy \(0x807d0000\)/],
  ["garbage-after-ack", "malformed", "malformed"],
  ["huge-chunk", "alive", "malformed"],
  ["chunked", "alive", "alive"],
  ["wrong-request-id", "alive", "malformed"],
  ["wrong-channel", "alive", "malformed"],
  ["too-many-sessions", "alive", "degraded", /^CreateSession: BadTooManySessions \(0x80560000\): every session of the server is taken/],
  ["publish-error", "alive", "degraded", /^Publish: BadTimeout \(0x800a0000\)/],
  ["reset", "alive", "reset"],
  ["never-closes", "alive", "alive"],
  [
    { kind: "impatient", publishingIntervalMs: 5 },
    "alive",
    "degraded",
    /^CreateSubscription: the server grants a publishing interval of 5 ms, expected 50 ms to 11[01] ms/,
  ],
  [
    { kind: "short-token", lifetimeMs: 20 },
    "alive",
    "degraded",
    /^OpenSecureChannel: the server grants a channel for 20 ms, expected at least 2 s/,
  ],
  [{ kind: "redirecting", endpointUrl: "opc.tcp://192.0.2.99:4840" }, "alive", "alive"],
  [
    { kind: "refused", service: "createSubscription", status: 0x80770000 },
    "alive",
    "degraded",
    /^CreateSubscription: BadTooManySubscriptions \(0x80770000\)/,
  ],
  [
    { kind: "refused", service: "activateSession", status: 0x80210000 },
    "alive",
    "degraded",
    /^ActivateSession: BadIdentityTokenRejected \(0x80210000\)/,
  ],
  [{ kind: "late", afterMs: 5 }, "alive", "alive"],
];

interface Site {
  readonly clock: FakeClock;
  readonly keeper: ConnectionKeeper;
  readonly permits: TestPermit[];
}

function siteOf(): Site {
  const clock = new FakeClock();
  const permits: TestPermit[] = [];
  const dial = tcpDialler({ clock, cutOff: () => undefined, onViolation: ({ detail }) => assert.fail(detail) });
  const farewell = (check: Check): TestPermit & ReturnType<typeof TestPermit.for> => {
    const permit = TestPermit.for({ ...check, opening: check.closing, asking: check.closing }, clock, { connectionsMax: 0 });
    permits.push(permit);
    return permit;
  };
  const speaker = { driver: opcuaDriver, policy: opcuaPolicy };
  return { clock, permits, keeper: new ConnectionKeeper({ clock, dial, speakerOf: () => speaker, farewell, onClosed: () => undefined }) };
}

/** One exchange as the gate has it; time moves only where the server lets it run out. */
async function exchanged(
  { clock, keeper, permits }: Site,
  device: OpcuaDevice,
  check: Check,
  expected: Expected,
): Promise<Answer | Closed> {
  const permit = TestPermit.for(check, clock, { connectionsMax: keeper.holds(check) ? 0 : 1 });
  permits.push(permit);
  let over = false;
  const conversation = keeper.converse(permit).finally(() => (over = true));
  if (expected === "timeout") {
    const last = device.behaviour === "silent-publish" && check.method === "opcua-keepalive" ? 6 : 1;
    await device.waitUntil(({ requests }) => requests >= last);
    await clock.advance(check.answerWithin);
  }
  // One that never closes is waited for, and then reset.
  const waits = device.behaviour === "never-closes" && check.connection === "fresh";
  while (!over) await clock.advance(waits && device.counts.requests > 0 ? 100 : 0);
  return (await conversation).result;
}

async function goodbye({ clock, keeper }: Site, device: OpcuaDevice, check: Check): Promise<void> {
  let over = false;
  void keeper.letGo(check.line).then(() => (over = true));
  while (!over) await clock.advance(device.behaviour === "never-closes" ? 100 : 0);
}

for (const [method, column] of [
  ["opcua-hello", 1],
  ["opcua-keepalive", 2],
] as const) {
  describe(`${method} of a server that is`, () => {
    for (const row of rows) {
      const [behaviour, , , detail] = row;
      const expected = row[column];
      test(`${behaviourName(behaviour)} comes out as ${expected}`, async () => {
        await using stack = new AsyncDisposableStack();
        const device = await startOpcuaDevice({ host: "127.0.0.1", port: 0, behaviour });
        stack.defer(() => device.close());
        const check = opcuaCheck({ method, port: device.port, intervalMs: 400 });
        const site = siteOf();
        const result = await exchanged(site, device, check, expected);
        await goodbye(site, device, check);
        assert.equal("said" in result ? result.said : result.failure, expected, JSON.stringify(result));
        if (expected === "degraded") assert.match((result as { readonly detail: string }).detail, detail!);
        if (behaviour !== "never-closes") await device.waitUntil(({ openConnections }) => openConnections === 0);
        const { counts } = device;
        assert.deepEqual([counts.writes, counts.malformedRequests, counts.pipelinedRequests], [0, 0, 0]);
        assert.equal(counts.connections, 1);
        assert.deepEqual(
          site.permits.flatMap(({ violations }) => violations),
          [],
        );
        assert.equal(site.clock.waiting, 0, "a timer was forgotten");
        if (expected === "alive" && method === "opcua-keepalive") assert.deepEqual([counts.sessionsClosed, counts.channelCloses], [1, 1]);
        await stack.disposeAsync();
        assert.deepEqual(
          process.getActiveResourcesInfo().filter((kind) => kind === "Timeout"),
          [],
          "the library left a timer",
        );
      });
    }
  });
}
