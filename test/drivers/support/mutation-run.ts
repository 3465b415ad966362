/** Damaged replies by the tens of thousands through framing, policy, driver and library: what each is taken for, and that nothing follows it. */
import assert from "node:assert/strict";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { MalformedReply } from "../../../src/domain/driver.ts";
import type { Answer } from "../../../src/domain/outcome.ts";
import type { Target } from "../../../src/domain/plan.ts";
import type { Closed, FramePolicy, Wire } from "../../../src/domain/wire.ts";
import { modbusDriver } from "../../../src/drivers/modbus/driver.ts";
import type { ModbusAsk } from "../../../src/drivers/modbus/methods.ts";
import { Inbound } from "../../../src/wire/inbound.ts";
import { Random } from "../../support/random.ts";
import type { Verdict } from "./modbus-reference.ts";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

export interface MutationRun {
  readonly rounds: number;
  /** Replays the same run. */
  readonly seed: number;
  readonly policy: FramePolicy;
  readonly asks: readonly ModbusAsk[];
  /** A reply to the request, come to harm. */
  readonly damagedReply: (request: Uint8Array, random: Random) => Uint8Array;
  /** What the bytes must be taken for, by a reading of the standard that is not the product's. */
  readonly expectedOf: (request: Uint8Array, received: Uint8Array) => Verdict;
}

/** As much of the real wire as a reply passes: it ends at the first thing that is wrong. */
class ReplyWire implements Wire {
  readonly target: Target = { address: "192.0.2.7", port: 502, transport: "tcp" };
  readonly closed: Promise<Closed> = new Promise<Closed>(() => undefined);
  readonly sent: Uint8Array[] = [];
  malformed = false;
  readonly #policy: FramePolicy;
  readonly #inbound: Inbound;
  #listener: ((frame: Uint8Array) => void) | undefined;

  constructor(policy: FramePolicy) {
    this.#policy = policy;
    this.#inbound = new Inbound(policy);
  }

  send(frame: Uint8Array): void {
    this.sent.push(Uint8Array.from(frame));
  }

  onFrame(listener: (frame: Uint8Array) => void): void {
    this.#listener = listener;
  }

  receive(chunk: Uint8Array): void {
    if (this.malformed) return;
    const taken = this.#inbound.take(chunk);
    if (taken.is === "part") return;
    if (taken.is === "frame" && this.#policy.answers(this.sent[0]!, taken.frame)) this.#listener?.(taken.frame);
    else this.malformed = true;
  }
}

/** What the poller would make of it; `timeout` where nothing has come of it. */
async function cameOf(
  policy: FramePolicy,
  ask: ModbusAsk,
  reply: (request: Uint8Array) => readonly Uint8Array[],
): Promise<{ came: string; requests: number }> {
  const wire = new ReplyWire(policy);
  const session = await modbusDriver.open(wire, ask);
  let came: string | undefined;
  session.ask(ask).then(
    ({ said }: Answer) => (came = said),
    (error: unknown) => (came = error instanceof MalformedReply ? "malformed" : `a crash: ${String(error)}`),
  );
  for (const chunk of reply(wire.sent[0]!)) wire.receive(chunk);
  await Promise.resolve();
  await session.leave();
  return { came: came ?? (wire.malformed ? "malformed" : "timeout"), requests: wire.sent.length };
}

/** Asserts over every round, over the heap, and that the damage reached every depth. */
export async function runMutations({ rounds, seed, policy, asks, damagedReply, expectedOf }: MutationRun): Promise<void> {
  const random = new Random(seed);
  const seen = new Map<string, number>();
  await modbusDriver.prepare();
  let before = 0;
  for (let round = 0; round < rounds; round++) {
    const ask = asks[round % asks.length]!;
    let bytes: Uint8Array = new Uint8Array();
    let request: Uint8Array = bytes;
    let cut = 0;
    const { came, requests } = await cameOf(policy, ask, (sent) => {
      request = sent;
      bytes = damagedReply(sent, random);
      cut = random.chance(0.2) ? random.integer(0, bytes.length) : bytes.length;
      return [bytes.subarray(0, cut), bytes.subarray(cut)].filter(({ length }) => length > 0);
    });
    // What comes alone and is whole counts, whatever follows it; the wire then ends the connection.
    const first = expectedOf(request, bytes.subarray(0, cut));
    const expected = first === "timeout" ? expectedOf(request, bytes) : first;
    const what = `round ${round} of MUTATION_SEED=${seed}: FC ${ask.functionCode}, ${Buffer.from(bytes).toString("hex")}`;
    if (came !== expected) assert.equal(came, expected, what);
    if (requests !== 1) assert.equal(requests, 1, what);
    seen.set(came, (seen.get(came) ?? 0) + 1);
    if (round === 10_000) {
      collectGarbage();
      before = process.memoryUsage().heapUsed;
    }
  }
  collectGarbage();
  const grown = process.memoryUsage().heapUsed - before;
  assert.ok(grown < 4_000_000, `${grown} bytes more after ${rounds - 10_000} replies`);
  // The damage reaches every depth: a corpus that is thrown away at the first byte proves little.
  for (const kind of ["alive", "degraded", "gateway_only", "malformed", "timeout"])
    assert.ok((seen.get(kind) ?? 0) > 500, `${kind}: ${seen.get(kind) ?? 0}`);
}
