/** What the library would do if it were let: requests that no heartbeat needs are stopped inside it, and at the wire where that can see them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import * as nodeOpcua from "node-opcua";
import { startOpcuaDevice } from "../../../simulators/opcua/device.ts";
import { milliseconds } from "../../../src/domain/units.ts";
import { isOpen } from "../../../src/domain/wire.ts";
import { Channel } from "../../../src/drivers/opcua/channel.ts";
import { loaded } from "../../../src/drivers/opcua/library.ts";
import { opcuaPolicy } from "../../../src/wire/frames/opcua.ts";
import { tcpDialler } from "../../../src/wire/tcp.ts";
import { FakeClock } from "../../support/fake-clock.ts";
import { opcuaCheck } from "../../support/opcua-checks.ts";
import { TestPermit } from "../../support/permits.ts";

const { BrowseRequest, CallRequest, CreateMonitoredItemsRequest, PublishRequest, ReadRequest, ServiceFault, WriteRequest } = nodeOpcua;

test("Write, Call, Browse and CreateMonitoredItems are stopped inside the library; a Read off the plan at the wire", async () => {
  await using stack = new AsyncDisposableStack();
  const device = await startOpcuaDevice({ host: "127.0.0.1", port: 0 });
  stack.defer(() => device.close());
  const clock = new FakeClock();
  const permit = TestPermit.for(opcuaCheck({ method: "opcua-keepalive", port: device.port }), clock);
  const wire = await tcpDialler({ clock, cutOff: () => undefined, onViolation: ({ detail }) => assert.fail(detail) })(permit, opcuaPolicy);
  assert.ok(isOpen(wire));
  const terms = {
    lifetime: milliseconds(3_600_000),
    timeoutHint: milliseconds(60_000),
    secured: undefined,
    url: `opc.tcp://127.0.0.1:${device.port}`,
  };
  const channel = await Channel.open(wire, await loaded(), terms);
  for (const request of [new WriteRequest(), new CallRequest(), new BrowseRequest(), new CreateMonitoredItemsRequest()])
    await assert.rejects(channel.request(request, ServiceFault), /is not among the requests of a heartbeat/u);
  assert.deepEqual(permit.seen, ["opcua-hello", "opcua-open-channel"]);
  assert.ok(wire.quiet);
  const value = 13;
  for (const node of [
    { nodeId: "i=2256", attributeId: value },
    { nodeId: "ns=1;i=2258", attributeId: value },
    { nodeId: "i=2258", attributeId: 1 },
    { nodeId: "i=2255", attributeId: value, indexRange: new nodeOpcua.NumericRange("0:1") },
  ])
    await assert.rejects(channel.request(new ReadRequest({ nodesToRead: [node] }), ServiceFault), /a Read of nodes that nobody reads/u);
  assert.ok(wire.quiet);
  // Allowed to the library, and on no template of this check.
  const read = new ReadRequest({ nodesToRead: [{ nodeId: "i=2260", attributeId: value }] });
  void channel.request(read, ServiceFault).catch(() => undefined);
  assert.equal((await wire.closed).failure, "guard_blocked");
  await assert.rejects(channel.request(new PublishRequest(), ServiceFault));
  assert.deepEqual([device.counts.writes, device.counts.malformedRequests, device.counts.requests], [0, 0, 2]);
});
