/** Keeper, wire, driver and the real process of node-snap7 against every misbehaviour of a simulated CPU: what comes of it, and what the CPU was sent. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { s7BehaviourName, type S7Behaviour, type S7Device, startS7Device } from "../../../simulators/s7/device.ts";
import type { Answer } from "../../../src/domain/outcome.ts";
import type { Check } from "../../../src/domain/plan.ts";
import type { Closed } from "../../../src/domain/wire.ts";
import { identityAsk, s7Methods } from "../../../src/drivers/s7/methods.ts";
import { s7DriverFrom } from "../../../src/drivers/s7/driver.ts";
import { ConnectionKeeper } from "../../../src/safety/keeper.ts";
import { s7Policy } from "../../../src/wire/frames/s7.ts";
import type { S7Child } from "../../../src/wire/s7-child.ts";
import { tcpDialler } from "../../../src/wire/tcp.ts";
import { FakeClock } from "../../support/fake-clock.ts";
import { TestPermit } from "../../support/permits.ts";
import { route, s7Check } from "../../support/s7-checks.ts";
import { startedS7Child } from "../../support/s7-real.ts";

let child: S7Child;
before(async () => void (child = await startedS7Child()));
after(() => child.close());

type Expected = Answer["said"] | NonNullable<Closed["failure"]>;
/** Requests that the CPU then has had. */
type Row = readonly [behaviour: S7Behaviour, expected: Expected, requests: number];

const rows: readonly Row[] = [
  ["healthy", "alive", 3],
  ["silent", "timeout", 1],
  ["hangs-once-connected", "timeout", 2],
  ["hangs-once-set-up", "timeout", 3],
  ["refuses-basic", "refused", 1],
  ["one-pg-slot", "refused", 1],
  ["no-setup", "refused", 2],
  ["no-list", "alive", 3],
  ["wrong-reference", "malformed", 3],
  ["another-list", "malformed", 3],
  ["more-follows", "malformed", 3],
  ["truncated", "timeout", 1],
  ["oversize", "malformed", 1],
  ["reset", "reset", 3],
  ["never-closes", "alive", 3],
  [{ kind: "late", afterMs: 5 }, "alive", 3],
];

/** One exchange as the gate has it; time moves only where the device lets it run out. */
async function exchanged(device: S7Device, check: Check, expected: Expected, requests: number): Promise<Answer | Closed> {
  const clock = new FakeClock();
  const dial = tcpDialler({ clock, cutOff: () => undefined, onViolation: () => assert.fail("a violation") });
  const speaker = { driver: s7DriverFrom(child), policy: s7Policy };
  const keeper = new ConnectionKeeper({ clock, dial, speakerOf: () => speaker, farewell: () => undefined, onClosed: () => undefined });
  const permit = TestPermit.for(check, clock);
  let over = false;
  const conversation = keeper.converse(permit).finally(() => (over = true));
  if (expected === "timeout") {
    await device.waitUntil((counts) => counts.requests >= requests);
    await clock.advance(check.answerWithin);
  }
  // A device that never closes is waited for, and then reset.
  while (!over) await clock.advance(device.behaviour === "never-closes" && device.counts.cleanCloses > 0 ? 100 : 0);
  const { result } = await conversation;
  assert.deepEqual(permit.violations, []);
  assert.equal(clock.waiting, 0, "a timer was forgotten");
  assert.equal(keeper.heldCount, 0);
  return result;
}

for (const method of ["s7-cpu-status", "s7-read"] as const) {
  describe(`${method} of a CPU that is`, () => {
    for (const [behaviour, expected, requests] of rows) {
      // What only a list can have done to it, bytes have not.
      const listOnly = behaviour === "another-list" || behaviour === "more-follows";
      const outcome = method === "s7-read" && listOnly ? "alive" : expected;
      test(`${s7BehaviourName(behaviour)} comes out as ${outcome}`, async () => {
        await using stack = new AsyncDisposableStack();
        const device = await startS7Device({ host: "127.0.0.1", port: 0, behaviour });
        stack.defer(() => device.close());
        const result = await exchanged(device, s7Check({ method, port: device.port }), outcome, requests);
        assert.equal("said" in result ? result.said : result.failure, outcome, JSON.stringify(result));
        const { counts } = device;
        assert.deepEqual([counts.connections, counts.requests], [1, requests]);
        assert.deepEqual([counts.writes, counts.malformedRequests, counts.pipelinedRequests], [0, 0, 0]);
        assert.deepEqual([...counts.connectsByType], [[3, 1]]);
      });
    }
  });
}

describe("a CPU", () => {
  test("in each of its modes is said to be in it", async () => {
    await using stack = new AsyncDisposableStack();
    const device = await startS7Device({ host: "127.0.0.1", port: 0 });
    stack.defer(() => device.close());
    for (const [mode, said, words] of [
      [8, "alive", "CPU in RUN"],
      [6, "alive", "CPU in startup (warm restart)"],
      [4, "degraded", "CPU STOP"],
      [10, "degraded", "CPU HOLD"],
      [13, "degraded", "CPU DEFECT"],
    ] as const) {
      device.switchTo(mode);
      const result = await exchanged(device, s7Check({ method: "s7-cpu-status", port: device.port }), said, 3);
      assert.ok("said" in result);
      assert.deepEqual(
        [result.said, result.said === "alive" ? result.note : result.said === "degraded" ? result.detail : ""],
        [said, words],
      );
    }
  });

  test("is read the bytes that were named, and no value where there is no such block", async () => {
    await using stack = new AsyncDisposableStack();
    const device = await startS7Device({ host: "127.0.0.1", port: 0, cpu: { memory: { DB1: Buffer.from("1234", "hex") } } });
    stack.defer(() => device.close());
    const check = s7Check({ method: "s7-read", port: device.port });
    assert.deepEqual(await exchanged(device, check, "alive", 3), { said: "alive", value: 0x1234 });
    const nowhere = s7Check({ method: "s7-read", port: device.port, bytes: { area: "DB", db: 9, byte: 0, count: 1 } });
    assert.deepEqual(await exchanged(device, nowhere, "alive", 6), {
      said: "alive",
      note: "S7 error 0x0a to the read of DB9 byte 0: the object does not exist",
    });
  });

  test("says who it is with one request each, and what its PDU does not hold in further ones, each on a connection of its own", async () => {
    await using stack = new AsyncDisposableStack();
    const device = await startS7Device({ host: "127.0.0.1", port: 0 });
    stack.defer(() => device.close());
    const method = s7Methods[0]!;
    let requests = 0;
    const asked = async (
      list: "module" | "components" | "protection",
      from?: number,
    ): Promise<Extract<Answer, { readonly said: "alive" }>> => {
      const ask = identityAsk(route, list);
      const check = { ...s7Check({ method: "s7-cpu-status", port: device.port }), ask, asking: method.asking(ask) };
      const result = await exchanged(device, from === undefined ? check : { ...check, from }, "alive", (requests += 3));
      return "said" in result && result.said === "alive" ? result : assert.fail(JSON.stringify(result));
    };
    const identified = await asked("module");
    assert.deepEqual(identified.identity, { product: "6ES7 000-0SIM0-0XX0", revision: "1.2.3" });
    const whole = await asked("components");
    assert.deepEqual(
      [whole.identity, whole.facts?.length, whole.more, whole.next],
      [{ product: "SIM CPU", serial: "S SIM00000001" }, 6, true, 8],
    );
    const absent = await asked("components", 8);
    assert.deepEqual(absent, {
      said: "alive",
      note: "S7 error 0xd402 to the read of SZL 0x011c index 8: the list does not exist in this way",
      next: 9,
    });
    const last = await asked("components", 11);
    assert.deepEqual([last.facts, last.next], [[["location designation", "deck 2"]], undefined]);
    const { facts } = await asked("protection");
    assert.deepEqual(facts?.[2], ["protection in force", "1 (no protection)"]);
    assert.equal(device.counts.requests, requests);
  });

  test("is not asked for further components where it knows no such list", async () => {
    await using stack = new AsyncDisposableStack();
    const device = await startS7Device({ host: "127.0.0.1", port: 0, behaviour: "no-list" });
    stack.defer(() => device.close());
    const ask = identityAsk(route, "components");
    const check = { ...s7Check({ method: "s7-cpu-status", port: device.port }), ask, asking: s7Methods[0]!.asking(ask), from: 8 };
    const result = await exchanged(device, check, "alive", 3);
    assert.deepEqual(result, { said: "alive", note: "S7 error 0xd401 to the read of SZL 0x011c index 8: the list does not exist" });
  });
});
