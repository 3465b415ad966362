/** Damaged replies at every step of a session: each is taken for what it is, draws no second request, and none ends the process or is waited for. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { MalformedReply } from "../../../src/domain/driver.ts";
import type { SaidFact } from "../../../src/domain/outcome.ts";
import type { Closed, Wire } from "../../../src/domain/wire.ts";
import { opcuaDriverFrom } from "../../../src/drivers/opcua/driver.ts";
import { opcuaPolicy } from "../../../src/wire/frames/opcua.ts";
import { Inbound } from "../../../src/wire/inbound.ts";
import { opcuaCheck, type OpcuaCheckOptions } from "../../support/opcua-checks.ts";
import { opcuaReply } from "../../support/opcua-replies.ts";

const runs = Number(process.env["MUTATION_RUNS"] ?? 600);
interface Conversation {
  readonly check: OpcuaCheckOptions;
  /** HEL, OpenSecureChannel, CreateSession, ActivateSession and what comes after them. */
  readonly steps: number;
  /** The first that is damaged, counted from 0. */
  readonly from: number;
  /** What such replies are taken for. */
  readonly outcomes: readonly string[];
}
/** CreateSubscription and Publish. */
const keepAlive: Conversation = {
  check: { method: "opcua-keepalive", port: 4840 },
  steps: 6,
  from: 0,
  outcomes: ["alive", "degraded", "malformed", "timeout"],
};
/** One Read of what the server says of itself. */
const server: Conversation = {
  check: { method: "opcua-read", port: 4840, input: { deep: { read: "opcua-server" } } },
  steps: 5,
  from: 4,
  outcomes: ["alive", "malformed", "timeout"],
};

/** As the real wire: one whole frame that answers, or the end. */
class DamagingWire implements Wire {
  readonly target = { address: "127.0.0.1", port: 4840, transport: "tcp" } as const;
  readonly closed: Promise<Closed>;
  sent = 0;
  readonly #end: (closed: Closed) => void;
  #listener: (frame: Uint8Array) => void = () => {};
  #over = false;
  readonly #damagedStep: number;
  readonly #damage: (reply: Buffer) => Buffer;

  constructor(damagedStep: number, damage: (reply: Buffer) => Buffer) {
    const { promise, resolve } = Promise.withResolvers<Closed>();
    this.closed = promise;
    this.#end = resolve;
    this.#damagedStep = damagedStep;
    this.#damage = damage;
  }

  send(frame: Uint8Array): void {
    if (this.#over) return;
    const step = this.sent++;
    assert.notEqual(opcuaPolicy.operation(frame), undefined, "a frame that is none of ours");
    const lawful = Buffer.from(opcuaReply(Buffer.from(frame).toString("hex")), "hex");
    const reply = step === this.#damagedStep ? this.#damage(lawful) : lawful;
    queueMicrotask(() => this.#receive(frame, reply));
  }

  onFrame(listener: (frame: Uint8Array) => void): void {
    this.#listener = listener;
  }

  abort(failure: "malformed" | "timeout"): void {
    this.#over = true;
    this.#end({ by: "us", failure, detail: failure });
  }

  #receive(request: Uint8Array, reply: Buffer): void {
    if (this.#over) return;
    const taken = reply.length === 0 ? ({ is: "part" } as const) : new Inbound(opcuaPolicy).take(reply);
    if (taken.is === "part") return this.abort("timeout");
    if (taken.is === "malformed" || !opcuaPolicy.answers(request, taken.frame)) return this.abort("malformed");
    try {
      this.#listener(taken.frame);
    } catch {
      this.abort("malformed");
    }
  }
}

/** Numbers from a seed, so that a failing run can be run again. */
function randomFrom(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

function damageOf(random: (below: number) => number): (reply: Buffer) => Buffer {
  return (reply) => {
    const bytes = Buffer.from(reply);
    switch (random(4)) {
      case 0:
        return bytes.subarray(0, random(bytes.length));
      case 1:
        // The body shortened, and its size with it.
        bytes.writeUInt32LE(bytes.length - 1 - random(bytes.length - 9), 4);
        return bytes.subarray(0, bytes.readUInt32LE(4));
      default:
        for (let flips = 1 + random(3); flips > 0; flips--) bytes[random(bytes.length)]! ^= 1 << random(8);
        return bytes;
    }
  };
}

async function exchanged(run: number, { check, steps, from }: Conversation): Promise<{ readonly outcome: string; readonly sent: number }> {
  const random = randomFrom(run * 2_654_435_761);
  const wire = new DamagingWire(from + (run % (steps - from)), damageOf(random));
  const { ask } = opcuaCheck(check);
  const driver = opcuaDriverFrom();
  const speaking = async (): Promise<string> => {
    const session = await driver.open(wire, ask);
    const answer = await session.ask(ask);
    void session.leave();
    if (answer.said === "alive") inBounds(answer.facts ?? []);
    return answer.said;
  };
  const spoken = speaking().catch((error: unknown) => {
    assert.ok(error instanceof MalformedReply, String(error));
    return "malformed";
  });
  const outcome = await Promise.race([spoken, wire.closed.then(({ failure }) => failure!)]);
  wire.abort("malformed");
  await spoken;
  return { outcome, sent: wire.sent };
}

/** Whatever a damaged reply holds, it is a few hundred lines of text for people. */
function inBounds(facts: readonly SaidFact[]): void {
  assert.ok(facts.length <= 400, `${facts.length} facts`);
  for (const [name, value] of facts) assert.ok(`${name}${value}`.length < 3000 && !/\p{Cc}/u.test(name + value), `${name}: ${value}`);
}

for (const [what, conversation] of Object.entries({ keepAlive, server }))
  test(`${runs} damaged replies of a server: ${what}`, async (context) => {
    const { steps } = conversation;
    const outcomes = new Map<string, number>();
    const written = context.mock.method(console, "warn", () => {});
    for (let run = 0; run < runs; run++) {
      const { outcome, sent } = await exchanged(run, conversation);
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
      // The goodbye of a session that was refused or kept: CloseSession and CLO.
      assert.ok(sent <= steps + 2, `run ${run}: ${sent} requests`);
    }
    assert.equal(written.mock.callCount(), 0, "the library wrote to the console");
    assert.deepEqual([...outcomes.keys()].toSorted(), conversation.outcomes);
    assert.ok(outcomes.get("malformed")! > runs / 4, JSON.stringify([...outcomes]));
    assert.deepEqual(
      process.getActiveResourcesInfo().filter((kind) => kind === "Timeout"),
      [],
      "the library left a timer",
    );
  });
