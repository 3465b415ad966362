/** The library's timer for a new token waits for leave: the renewal goes with the next asking, once, and never between two. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { startOpcuaDevice } from "../../../simulators/opcua/device.ts";
import { isOpen } from "../../../src/domain/wire.ts";
import { opcuaDriverFrom } from "../../../src/drivers/opcua/driver.ts";
import { opcuaPolicy } from "../../../src/wire/frames/opcua.ts";
import { tcpDialler } from "../../../src/wire/tcp.ts";
import { FakeClock } from "../../support/fake-clock.ts";
import { opcuaCheck } from "../../support/opcua-checks.ts";
import { TestPermit } from "../../support/permits.ts";

test("a channel is renewed under a permit, before the question, and at most once in it", async () => {
  await using stack = new AsyncDisposableStack();
  const device = await startOpcuaDevice({ host: "127.0.0.1", port: 0, behaviour: { kind: "short-token", lifetimeMs: 300 } });
  stack.defer(() => device.close());
  const clock = new FakeClock();
  // Publish waits for the server, so that time goes by without a timer here.
  const check = opcuaCheck({ method: "opcua-keepalive", port: device.port, intervalMs: 60 });
  const opening = TestPermit.for(check, clock);
  const wire = await tcpDialler({ clock, cutOff: () => undefined, onViolation: ({ detail }) => assert.fail(detail) })(opening, opcuaPolicy);
  assert.ok(isOpen(wire));
  const session = await opcuaDriverFrom().open(wire, check.ask);
  const askings: TestPermit[] = [];
  while (device.counts.renewals < 2 && askings.length < 500) {
    const permit = askings.length === 0 ? opening : TestPermit.for(check, clock, { connectionsMax: 0 });
    askings.push(permit);
    wire.lend(permit);
    assert.equal((await session.ask(check.ask)).said, "alive");
    wire.reclaim();
  }
  assert.equal(device.counts.renewals, 2);
  const [first, ...later] = askings.map(({ seen }) => seen);
  // On a busy machine the token of 300 ms ages within the first asking, which is a session's whole beginning.
  const begun = first!.indexOf("opcua-open-channel") + 1;
  const renewing = [first!.slice(begun), ...later].filter((seen) => seen.includes("opcua-open-channel"));
  assert.deepEqual(
    renewing.map((seen) => seen.slice(-2)),
    [
      ["opcua-open-channel", "opcua-publish"],
      ["opcua-open-channel", "opcua-publish"],
    ],
  );
  assert.ok(later.every(({ length }) => length <= 2));
  assert.deepEqual(
    askings.flatMap(({ violations }) => violations),
    [],
  );
  assert.equal(device.counts.channels, 1);
  wire.abort("timeout", "the test is over");
  await wire.closed;
});
