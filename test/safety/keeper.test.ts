/** The keeper and wires that do not do what they are told: nothing waits for ever, and nothing that was ended is used again. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { releaseWithin } from "../../src/domain/limits.ts";
import type { Permit } from "../../src/domain/permit.ts";
import type { Closed, OwnedWire } from "../../src/domain/wire.ts";
import { ConnectionKeeper } from "../../src/safety/keeper.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { literalPlan } from "../support/literal-plan.ts";
import { ask, plc, plcCheck, readySite } from "../support/ready-site.ts";

const check = literalPlan([plc]).checks.get(plcCheck)!;
const never = new Promise<never>(() => undefined);

/** The kernel never lets go of it, whatever it is told. */
function stuckWire(ends: string[]): OwnedWire {
  return {
    target: check.target,
    closed: never,
    quiet: false,
    finish: () => void ends.push("fin"),
    abort: (failure: NonNullable<Closed["failure"]>, detail: string) => void ends.push(`rst: ${failure}, ${detail}`),
    lend: () => undefined,
    reclaim: () => void ends.push("taken back"),
    send: () => undefined,
    onFrame: () => undefined,
  };
}

describe("a wire that never ends", () => {
  it("is given up, with nothing lent to it any more, and its line is free again", async () => {
    const clock = new FakeClock();
    const ends: string[] = [];
    const deadline = clock.monotonic() + 5000;
    const permit = { check, deadline, sent: { connections: 1, requests: 1, bytes: 11 } } as unknown as Permit;
    const session = { ask: () => never, leave: () => never };
    const keeper = new ConnectionKeeper({
      clock,
      dial: () => Promise.resolve(stuckWire(ends)),
      farewell: () => undefined,
      onClosed: () => undefined,
      speakerOf: () => ({ driver: { protocol: "modbus", open: () => Promise.resolve(session) }, policy: {} }) as never,
    });
    let overAt: number | undefined;
    const conversation = keeper.converse(permit).finally(() => (overAt = clock.monotonic()));
    await clock.advance(4999);
    assert.deepEqual(ends, []);
    await clock.advance(1);
    assert.deepEqual(ends, ["rst: timeout, no answer in time"]);
    await clock.advance(60_000);
    const { result } = await conversation;
    assert.equal(overAt, deadline + 2 * releaseWithin);
    assert.deepEqual(result, { by: "us", failure: "timeout", detail: "the wire did not close in time" });
    assert.deepEqual(ends.slice(1), ["rst: timeout, the wire did not close in time", "taken back"]);
    assert.equal(keeper.occupied(check), false);
  });
});

describe("a kept connection", () => {
  const kept = { device: { connection: "kept" } } as const;

  it("ends with RST at once after a freeze: nobody knows what its device thinks of it", async () => {
    const site = await readySite(kept);
    await ask(site);
    assert.equal(site.keeper?.heldCount, 1);
    site.gate.disturbed("the clock jumped");
    assert.equal(site.keeper?.heldCount, 0);
    assert.deepEqual(
      site.witness.packets.map(({ kind }) => kind),
      ["connect", "frame", "rst"],
    );
  });

  it("ends with FIN when the site is stopped", async () => {
    const site = await readySite(kept);
    await ask(site);
    void site.gate.stop();
    await site.clock.advance(1000);
    assert.equal(site.keeper?.heldCount, 0);
    assert.equal(site.witness.packets.at(-1)?.kind, "fin");
  });
});
