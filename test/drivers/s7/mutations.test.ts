/** Damaged S7 replies by the ten thousand: each is taken for what it is, none draws a second request, and the process of node-snap7 outlives them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { damaged } from "../../../simulators/s7/behaviour.ts";
import { ExchangeEnded, MalformedReply, type Driver, type Session } from "../../../src/domain/driver.ts";
import type { Answer } from "../../../src/domain/outcome.ts";
import type { S7Helper } from "../../../src/domain/s7.ts";
import { s7DriverFrom } from "../../../src/drivers/s7/driver.ts";
import type { S7Ask } from "../../../src/drivers/s7/methods.ts";
import { s7Policy } from "../../../src/wire/frames/s7.ts";
import { Inbound } from "../../../src/wire/inbound.ts";
import { askOf, counter, healthyS7Reply, route } from "../../support/s7-checks.ts";
import { StandInHelper } from "../../support/s7-helper.ts";
import { startedS7Child } from "../../support/s7-real.ts";
import { FakeWire } from "../support/fake-wire.ts";

const status = askOf("s7-cpu-status", { s7: route });
const read = askOf("s7-read", { s7: route, bytes: counter });
const protection = askOf("s7-cpu-status", { s7: route, deep: { read: "s7-protection" } });
const isConnect = (request: string): boolean => request.slice(10, 12) === "e0";
const isSetup = (request: string): boolean => request.slice(34, 36) === "f0";
const isAsking = (request: string): boolean => !isConnect(request) && !isSetup(request);

const stages: readonly (readonly [what: string, ask: S7Ask, which: (request: string) => boolean])[] = [
  ["the connection", status, isConnect],
  ["the setup", status, isSetup],
  ["the operating mode", status, isAsking],
  ["the bytes", read, isAsking],
  ["the protection level", protection, isAsking],
];

/** Numerical Recipes' congruential generator: a failure repeats itself. */
function dice(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

type Result = "part" | "malformed at the wire" | "not the answer" | "malformed" | "refused" | Answer["said"];

/** The way of a reply through framing, matching and driver, as on the wire. */
async function resultOf(
  helper: S7Helper,
  ask: S7Ask,
  which: (request: string) => boolean,
  roll: (below: number) => number,
): Promise<Result> {
  let result: Result | undefined;
  const ended = Promise.withResolvers<void>();
  const wire = new (class extends FakeWire {
    override send(frame: Uint8Array): void {
      super.send(frame);
      const request = this.sent.at(-1)!;
      if (!which(request)) return this.deliver(healthyS7Reply(request));
      const bytes = damaged(Buffer.from(healthyS7Reply(request), "hex"), roll);
      const taken = bytes.length === 0 ? ({ is: "part" } as const) : new Inbound(s7Policy).take(bytes);
      if (taken.is === "part") result = "part";
      else if (taken.is === "malformed") result = "malformed at the wire";
      else if (!s7Policy.answers(Buffer.from(request, "hex"), taken.frame)) result = "not the answer";
      else return this.deliver(Buffer.from(taken.frame).toString("hex"));
      ended.resolve();
    }
  })(s7Policy);
  const driver: Driver<S7Ask> = s7DriverFrom(helper);
  let session: Session<S7Ask> | undefined;
  const speaking = async (): Promise<void> => {
    session = await driver.open(wire, ask);
    result = (await session.ask(ask)).said;
  };
  await Promise.race([
    speaking().catch((error: unknown) => {
      assert.ok(error instanceof MalformedReply || (error instanceof ExchangeEnded && error.failure === "refused"), String(error));
      result ??= error instanceof MalformedReply ? "malformed" : "refused";
    }),
    ended.promise,
  ]);
  assert.equal(wire.sent.filter(which).length, 1, "asked twice");
  for (const frame of wire.sent) assert.notEqual(s7Policy.operation(Buffer.from(frame, "hex")), undefined, frame);
  wire.end({ by: "us", detail: "over" });
  await session?.leave();
  assert.ok(result !== undefined);
  return result;
}

for (const [what, ask, which] of stages) {
  test(`25,000 damaged replies to ${what}`, async () => {
    const helper = new StandInHelper();
    const roll = dice(102);
    const results = new Map<Result, number>();
    for (let round = 0; round < 25_000; round++) {
      const result = await resultOf(helper, ask, which, roll);
      results.set(result, (results.get(result) ?? 0) + 1);
    }
    // Each kind of end is reached, so that none of them passes unseen.
    for (const result of ["part", "malformed at the wire", "malformed", "alive"] as const)
      assert.ok((results.get(result) ?? 0) > 20, `${result}: ${JSON.stringify([...results])}`);
  });
}

test("10,000 damaged replies leave the process of node-snap7 alive, and what is asked beside them is answered in time", async () => {
  const child = await startedS7Child({ onTrouble: (detail) => assert.fail(detail) });
  const pid = child.pid;
  try {
    const roll = dice(7);
    let left = 10_000;
    const hostile = async (): Promise<void> => {
      while (left-- > 0) {
        const [, ask, which] = stages[left % stages.length]!;
        await resultOf(child, ask, which, roll);
      }
    };
    let slowestMs = 0;
    const healthy = async (): Promise<void> => {
      while (left > 0) {
        const begun = performance.now();
        const wire = new Answering(s7Policy);
        const session = await s7DriverFrom(child).open(wire, status);
        assert.equal((await session.ask(status)).said, "alive");
        await session.leave();
        slowestMs = Math.max(slowestMs, performance.now() - begun);
      }
    };
    await Promise.all([...Array.from({ length: 24 }, hostile), healthy()]);
    assert.equal(child.pid, pid);
    assert.equal(child.unavailable(), undefined);
    assert.ok(slowestMs < 2000, `${slowestMs} ms`);
  } finally {
    await child.close();
  }
});

/** The wire to a healthy CPU. */
class Answering extends FakeWire {
  override send(frame: Uint8Array): void {
    super.send(frame);
    this.deliver(healthyS7Reply(this.sent.at(-1)!));
  }
}
