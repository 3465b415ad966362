/** Driver and wire against every misbehaviour of the simulated device: what is believed, and what the device was sent. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { behaviourName, type ModbusBehaviour, startModbusDevice } from "../../../simulators/modbus/device.ts";
import { type Closed, isOpen } from "../../../src/domain/wire.ts";
import type { Answer } from "../../../src/domain/outcome.ts";
import { modbusDriver } from "../../../src/drivers/modbus/driver.ts";
import { modbusPolicy } from "../../../src/wire/frames/modbus.ts";
import { tcpDialler } from "../../../src/wire/tcp.ts";
import { modbusCheck } from "../../support/checks.ts";
import { FakeClock } from "../../support/fake-clock.ts";
import { TestPermit } from "../../support/permits.ts";

/** What the driver said, or how the wire ended where that came first. */
type Expected = Answer["said"] | NonNullable<Closed["failure"]>;

const cases: readonly (readonly [ModbusBehaviour, Expected, ends?: Closed["failure"]])[] = [
  ["healthy", "alive"],
  ["more-follows-forever", "alive"],
  ["fc43-unsupported", "alive"],
  ["never-closes", "alive", "timeout"],
  ["busy", "degraded"],
  [{ kind: "exception", code: 0x04 }, "degraded"],
  [{ kind: "exception", code: 0x0a }, "gateway_only"],
  [{ kind: "exception", code: 0x0b }, "gateway_only"],
  [{ kind: "drip", intervalMs: 1 }, "alive"],
  [{ kind: "slow", afterMs: 5 }, "alive"],
  ["silent", "timeout"],
  ["half-frame", "timeout"],
  ["reply-after-close", "timeout"],
  ["reset", "reset"],
  ["refuse-after-accept", "reset"],
  ["wrong-transaction", "malformed"],
  ["wrong-unit", "malformed"],
  ["wrong-function", "malformed"],
  ["oversize-length", "malformed"],
  ["zero-length", "malformed"],
  ["bad-protocol-id", "malformed"],
  ["pipelined-garbage", "malformed"],
];

/** Nothing but the deadline ends these. */
const waitsForDeadline: ReadonlySet<ModbusBehaviour> = new Set<ModbusBehaviour>(["silent", "half-frame", "reply-after-close"]);

describe("a device that is", () => {
  for (const [behaviour, expected, ends] of cases) {
    test(`${behaviourName(behaviour)} comes out as ${expected}, after one request`, async () => {
      await using stack = new AsyncDisposableStack();
      const device = await startModbusDevice({ host: "127.0.0.1", port: 0, behaviour });
      stack.defer(() => device.close());
      const clock = new FakeClock();
      const check = modbusCheck({ port: device.port });
      const permit = TestPermit.for(check, clock);
      const wire = await tcpDialler({ clock, cutOff: () => undefined, onViolation: () => assert.fail("a violation") })(
        permit,
        modbusPolicy,
      );
      assert.ok(isOpen(wire));
      const cancel = clock.at(permit.deadline, () => wire.abort("timeout", "no answer in time"));
      const session = await modbusDriver.open(wire, check.ask);
      const result = Promise.race([session.ask(check.ask), wire.closed]);
      if (waitsForDeadline.has(behaviour)) {
        await device.waitUntil(({ requests }) => requests === 1);
        await clock.advance(check.answerWithin);
      }
      const came = await result;
      cancel();
      assert.equal("said" in came ? came.said : came.failure, expected, JSON.stringify(came));
      if (wire.quiet) wire.finish();
      await session.leave();
      if (behaviour === "never-closes") await clock.advance(2000);
      assert.equal((await wire.closed).failure, "said" in came ? ends : came.failure);
      // One that never closes does not look any more, and so does not see our RST.
      if (behaviour !== "never-closes") await device.waitUntil(({ openConnections }) => openConnections === 0);
      assert.equal(clock.waiting, 0);
      const { connections, requests, malformedRequests, writes } = device.counts;
      assert.deepEqual({ connections, malformedRequests, writes }, { connections: 1, malformedRequests: 0, writes: 0 });
      // A device that hangs up at once may do so before the request is there.
      assert.ok(requests === 1 || (behaviour === "refuse-after-accept" && requests === 0));
      assert.deepEqual(permit.violations, []);
    });
  }
});

describe("a device that says more than it was asked", () => {
  for (const behaviour of ["duplicate-reply", "unsolicited"] as const) {
    test(`(${behaviour}) loses the connection`, async () => {
      await using stack = new AsyncDisposableStack();
      const device = await startModbusDevice({ host: "127.0.0.1", port: 0, behaviour });
      stack.defer(() => device.close());
      const clock = new FakeClock();
      const check = modbusCheck({ port: device.port, connection: "kept" });
      const wire = await tcpDialler({ clock, cutOff: () => undefined, onViolation: () => assert.fail("a violation") })(
        TestPermit.for(check, clock),
        modbusPolicy,
      );
      assert.ok(isOpen(wire));
      const session = await modbusDriver.open(wire, check.ask);
      // The second frame may come together with the first, or behind an answer that was good.
      await Promise.race([session.ask(check.ask), wire.closed]);
      assert.equal((await wire.closed).failure, "malformed");
      assert.equal(device.counts.requests, 1);
    });
  }
});
