/** What every driver must do on a real wire, whatever the device does: one suite, run over each of them. */
import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, test } from "node:test";
import { type Driver, MalformedReply, type Session } from "../../src/domain/driver.ts";
import type { Operation } from "../../src/domain/operations.ts";
import type { Answer } from "../../src/domain/outcome.ts";
import { type Check, operationsOf } from "../../src/domain/plan.ts";
import { type Closed, type FramePolicy, isOpen, type OwnedWire } from "../../src/domain/wire.ts";
import { tcpDialler, type Violation } from "../../src/wire/tcp.ts";
import { FakeClock, settled } from "../support/fake-clock.ts";
import { TestPermit } from "../support/permits.ts";
import { type Kernel, type Peer, type PeerOptions, startPeer, watchKernel } from "../wire/support/peer.ts";

/** One protocol, as the suite needs it. */
export interface Subject {
  readonly name: string;
  readonly driver: Driver;
  readonly policy: FramePolicy;
  check(port: number, connection: "fresh" | "kept"): Check;
  /** The lawful answer to a request, both as hex. */
  reply(requestHex: string): string;
  /** Answers that no device may give: badly framed, or well framed and senseless. */
  readonly garbage: readonly (readonly [what: string, reply: (requestHex: string) => string])[];
}

/** Steps of an exchange, in order; an abort may fall behind each of them. */
const steps = ["connected", "opened", "asked", "answered", "left"] as const;
type Step = (typeof steps)[number];

interface Conversation {
  readonly wire: OwnedWire;
  readonly permit: TestPermit & Parameters<OwnedWire["lend"]>[0];
  session: Session | undefined;
}

export function driverContract(subject: Subject): void {
  const { driver } = subject;
  let clock: FakeClock;
  let kernel: Kernel;
  let peer: Peer | undefined;
  let asked: (Operation | undefined)[];
  let violations: Violation[];
  let timersBefore: number;

  const policy: FramePolicy = {
    ...subject.policy,
    operation(frame) {
      const operation = subject.policy.operation(frame);
      asked.push(operation);
      return operation;
    },
  };

  beforeEach(() => {
    clock = new FakeClock();
    kernel = watchKernel();
    asked = [];
    violations = [];
    timersBefore = liveTimers();
  });

  afterEach(async () => {
    kernel.stopWatching();
    await peer?.close();
    peer = undefined;
    assert.equal(clock.waiting, 0, "the wire left a timer behind");
    assert.ok(liveTimers() <= timersBefore, "a library left a timer behind");
  });

  async function begin(device: PeerOptions, connection: "fresh" | "kept" = "fresh"): Promise<Conversation> {
    peer = await startPeer(device);
    const permit = TestPermit.for(subject.check(peer.port, connection), clock);
    const wire = await tcpDialler({ clock, cutOff: () => undefined, onViolation: (violation) => violations.push(violation) })(
      permit,
      policy,
    );
    assert.ok(isOpen(wire), JSON.stringify(wire));
    return { wire, permit, session: undefined };
  }

  /** Opens and asks; `until` names the last step that is taken. What has settled by the time the wire has is the result. */
  async function converse(conversation: Conversation, until: Step = "answered"): Promise<Answer | Closed> {
    const { wire, permit } = conversation;
    const speaking = async (): Promise<Answer | Closed> => {
      if (until === "connected") return await wire.closed;
      conversation.session = await driver.open(wire, permit.check.ask);
      if (until === "opened") return await wire.closed;
      const answer = await conversation.session.ask(permit.check.ask);
      if (until === "left") await conversation.session.leave();
      return answer;
    };
    return await Promise.race([speaking(), wire.closed]);
  }

  async function end({ wire, session }: Conversation): Promise<Closed> {
    wire.finish();
    await session?.leave();
    return await wire.closed;
  }

  const answering: PeerOptions = { onData: (visit, hex) => visit.say(subject.reply(hex)) };

  describe(`${subject.name} on a wire`, () => {
    test("takes an answer, asks for nothing but what it declared, and leaves a clean end", async () => {
      const conversation = await begin(answering);
      const answer = await converse(conversation, "left");
      assert.ok("said" in answer && answer.said === "alive", JSON.stringify(answer));
      assert.ok(conversation.wire.quiet);
      assert.equal((await end(conversation)).failure, undefined);
      const { check, violations: offences } = conversation.permit;
      assert.deepEqual(offences, []);
      assert.ok(asked.length > 0);
      for (const operation of asked) assert.ok(operation !== undefined && operationsOf(check).includes(operation), String(operation));
    });

    test("asks again on a kept connection, and says nothing in between", async () => {
      const conversation = await begin(answering, "kept");
      const { wire, permit } = conversation;
      await converse(conversation);
      const { session } = conversation;
      for (let round = 0; round < 3; round++) {
        wire.reclaim();
        const before = kernel.bytes;
        for (let turn = 0; turn < 10; turn++) await settled();
        assert.equal(kernel.bytes, before);
        wire.lend(TestPermit.for(permit.check, clock, { connectionsMax: 0 }));
        const answer = await session?.ask(permit.check.ask);
        assert.equal(answer?.said, "alive");
        assert.ok(wire.quiet);
      }
      assert.deepEqual(violations, []);
      assert.equal((await end(conversation)).failure, undefined);
    });

    test("puts no byte on the wire without a permit", async () => {
      const conversation = await begin(answering);
      conversation.wire.reclaim();
      const { check } = conversation.permit;
      const session = await Promise.race([driver.open(conversation.wire, check.ask), conversation.wire.closed.then(() => undefined)]);
      void session?.ask(check.ask).catch(() => undefined);
      assert.equal((await conversation.wire.closed).failure, "guard_blocked");
      assert.equal(violations.length, 1);
      assert.equal(kernel.bytes, 0);
      await session?.leave();
    });

    test("is ended by its wire when the device falls silent and no promise settles", async () => {
      const conversation = await begin({});
      const { wire, permit } = conversation;
      const cancel = clock.at(permit.deadline, () => wire.abort("timeout", "no answer in time"));
      const result = converse(conversation);
      await clock.advance(permit.check.answerWithin);
      assert.partialDeepStrictEqual(await result, { by: "us", failure: "timeout", detail: "no answer in time" });
      cancel();
      await conversation.session?.leave();
    });

    test("is ended by a device that resets", async () => {
      const conversation = await begin({ onData: (visit) => visit.socket.resetAndDestroy() });
      const result = await converse(conversation);
      assert.ok("failure" in result && result.failure === "reset", JSON.stringify(result));
      await conversation.session?.leave();
    });

    test("is ended by a device that hangs up", async () => {
      const conversation = await begin({ onData: (visit) => visit.socket.end() });
      const result = await converse(conversation);
      assert.ok("failure" in result && result.failure === "reset", JSON.stringify(result));
      await conversation.session?.leave();
    });

    for (const [what, reply] of subject.garbage) {
      test(`believes nothing of ${what}`, async () => {
        const conversation = await begin({ onData: (visit, hex) => visit.say(reply(hex)) });
        const result = await converse(conversation).catch((error: unknown) => error);
        if (result instanceof Error) assert.ok(result instanceof MalformedReply, String(result));
        else assert.equal((result as Closed).failure, "malformed", JSON.stringify(result));
        conversation.wire.abort("malformed", "what the driver said");
        assert.equal((await conversation.wire.closed).failure, "malformed");
        await conversation.session?.leave();
      });
    }

    for (const step of steps) {
      test(`lets go when it is aborted once ${step}, and is silent from then on`, async () => {
        const conversation = await begin(step === "asked" ? {} : answering);
        const result = converse(conversation, step === "asked" ? "answered" : step);
        await reached(conversation, step, result);
        conversation.wire.abort("timeout", "stopped");
        const bytes = kernel.bytes;
        assert.deepEqual(await conversation.wire.closed, { by: "us", failure: "timeout", detail: "stopped" });
        await result;
        await conversation.session?.leave();
        for (let turn = 0; turn < 10; turn++) await settled();
        assert.equal(kernel.bytes, bytes);
        assert.deepEqual(violations, []);
      });
    }
  });

  async function reached(conversation: Conversation, step: Step, result: Promise<unknown>): Promise<void> {
    switch (step) {
      case "connected":
        return;
      case "opened":
        while (!conversation.session) await settled();
        return;
      case "asked":
        while (kernel.bytes === 0) await settled();
        return;
      case "answered":
      case "left":
        await result;
        return;
    }
  }
}

/** Timers that keep this process alive: libraries arm theirs behind the clock's back. */
function liveTimers(): number {
  return process.getActiveResourcesInfo().filter((kind) => kind === "Timeout").length;
}
