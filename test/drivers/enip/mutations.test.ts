/** 100,000 damaged EtherNet/IP replies: no crash, no second request, and the right failure for each. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { MalformedReply, type Driver, type Session } from "../../../src/domain/driver.ts";
import type { Answer } from "../../../src/domain/outcome.ts";
import { enipDriverFrom } from "../../../src/drivers/enip/driver.ts";
import type { EnipAsk } from "../../../src/drivers/enip/methods.ts";
import { Inbound } from "../../../src/wire/inbound.ts";
import { enipPolicy } from "../../../src/wire/frames/enip.ts";
import { enbtItem, enipReply, healthyReply } from "../../support/enip-checks.ts";
import { FakeWire } from "../support/fake-wire.ts";

const repliesEach = 25_000;
const asks: readonly (readonly [string, EnipAsk, stage: string])[] = [
  ["List Identity", { what: "list-identity", transport: "tcp" }, "6300"],
  ["RegisterSession", { what: "identity-object" }, "6500"],
  ["the Identity object", { what: "identity-object" }, "6f00"],
  ["the Identity object of a module", { what: "slot-identity", slot: 3 }, "6f00"],
];

/** Numerical Recipes' congruential generator: a failure repeats itself. */
function dice(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** Bits turned, bytes set, cut out, put in, cut off or added; every second time with lengths and counts set to an extreme. */
function damaged(reply: Buffer, roll: (below: number) => number): Buffer {
  let frame = Buffer.from(reply);
  for (let blow = roll(3); blow >= 0; blow--) {
    const at = roll(frame.length);
    switch (roll(7)) {
      case 0:
        frame.writeUInt8(frame.readUInt8(at) ^ (1 << roll(8)), at);
        break;
      case 1:
        frame.writeUInt8(roll(256), at);
        break;
      case 2:
        frame = Buffer.concat([frame.subarray(0, at), frame.subarray(at + 1 + roll(8))]);
        break;
      case 3:
        frame = Buffer.concat([frame.subarray(0, at), Buffer.alloc(1 + roll(8), roll(256)), frame.subarray(at)]);
        break;
      case 4:
        frame = frame.subarray(0, at);
        break;
      case 5:
        frame = Buffer.concat([frame, Buffer.alloc(1 + roll(700), roll(256))]);
        break;
      default: {
        const places = [2, 24, 28, 30, 34, 38, 40].filter((place) => place + 1 < frame.length);
        if (places.length > 0) frame.writeUInt16LE([0, 1, 0xff, 0x100, 0xffff][roll(5)]!, places[roll(places.length)]!);
      }
    }
    if (frame.length === 0) return frame;
  }
  // Half of them with a length that fits, so that they get past the framing.
  if (roll(2) === 0 && frame.length >= 24 && frame.length < 24 + 0xffff) frame.writeUInt16LE(frame.length - 24, 2);
  return frame;
}

type Result = "part" | "malformed at the wire" | "not the answer" | "malformed" | Answer["said"];

/** The way of a reply through framing, matching and driver, as on the wire. */
async function resultOf(driver: Driver<EnipAsk>, ask: EnipAsk, stage: string, damage: (reply: Buffer) => Buffer): Promise<Result> {
  let result: Result | undefined;
  const ended = Promise.withResolvers<void>();
  const wire = new (class extends FakeWire {
    override send(frame: Uint8Array): void {
      super.send(frame);
      const request = this.sent.at(-1)!;
      const reply = healthyReply(request);
      if (reply === undefined) return;
      if (!request.startsWith(stage)) return this.deliver(reply);
      const bytes = damage(Buffer.from(reply, "hex"));
      const taken = bytes.length === 0 ? ({ is: "part" } as const) : new Inbound(enipPolicy).take(bytes);
      if (taken.is === "part") result = "part";
      else if (taken.is === "malformed") result = "malformed at the wire";
      else if (!enipPolicy.answers(Buffer.from(request, "hex"), taken.frame)) result = "not the answer";
      else return this.deliver(Buffer.from(taken.frame).toString("hex"));
      ended.resolve();
    }
  })(enipPolicy);
  let session: Session<EnipAsk> | undefined;
  const speaking = async (): Promise<void> => {
    session = await driver.open(wire, ask);
    result = (await session.ask(ask)).said;
  };
  await Promise.race([
    speaking().catch((error: unknown) => {
      assert.ok(error instanceof MalformedReply, String(error));
      result = "malformed";
    }),
    ended.promise,
  ]);
  const requests = wire.sent.length;
  assert.equal(wire.sent.filter((frame) => frame.startsWith(stage)).length, 1, "asked twice");
  await session?.leave();
  assert.ok(wire.sent.length - requests <= 1, "a goodbye of more than one frame");
  assert.ok(result !== undefined);
  return result;
}

for (const [what, ask, stage] of asks) {
  test(`${repliesEach} damaged replies to ${what}`, async () => {
    const driver = enipDriverFrom(0);
    const roll = dice(44_818);
    const results = new Map<Result, number>();
    for (let round = 0; round < repliesEach; round++) {
      const result = await resultOf(driver, ask, stage, (reply) => damaged(reply, roll));
      results.set(result, (results.get(result) ?? 0) + 1);
    }
    // Each kind of end is reached, so that none of them passes unseen.
    for (const result of ["part", "malformed at the wire", "not the answer", "malformed", "alive", "degraded"] as const)
      assert.ok((results.get(result) ?? 0) > 20, `${result}: ${JSON.stringify([...results])}`);
    // Only a slot can be silent behind a device that answers; an identity that was damaged rarely says so.
    if (ask.what !== "slot-identity") assert.equal(results.get("gateway_only"), undefined);
  });
}

test("a reply is believed only where nothing but what it says of the device was changed", async () => {
  const request = "630000000000000000000000f40100000100000000000000";
  const reply = Buffer.from(enipReply(request, `0100${enbtItem}`), "hex");
  /** Session, status, socket address, vendor to serial number, the name's letters, the state. */
  const free = (at: number): boolean => (at >= 4 && at < 12) || (at >= 32 && at < 62) || at >= 63;
  for (let at = 0; at < reply.length; at++) {
    if (free(at)) continue;
    for (let bit = 0; bit < 8; bit++) {
      const result = await resultOf(enipDriverFrom(0), { what: "list-identity", transport: "tcp" }, "6300", (whole) => {
        const changed = Buffer.from(whole);
        changed.writeUInt8(changed.readUInt8(at) ^ (1 << bit), at);
        return changed;
      });
      assert.ok(result !== "alive" && result !== "degraded", `byte ${at}, bit ${bit}: ${result}`);
    }
  }
});
