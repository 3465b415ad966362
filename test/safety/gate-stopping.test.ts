/** What a stop ends, also on a connection whose end has begun, and what lifting it begins; how a shutdown waits and says goodbye. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { drainWithin, stopFinishWithin } from "../../src/domain/limits.ts";
import type { Driver } from "../../src/domain/driver.ts";
import type { Permit } from "../../src/domain/permit.ts";
import type { Closed, OwnedWire } from "../../src/domain/wire.ts";
import { ConnectionKeeper } from "../../src/safety/keeper.ts";
import { FakeClock, settled } from "../support/fake-clock.ts";
import { literalPlan } from "../support/literal-plan.ts";
import { ask, plc, plcCheck, readySite } from "../support/ready-site.ts";
import { scriptedDriver } from "../support/scripted-driver.ts";

/** A wire that answers at once, and whose peer never follows a FIN. */
class HalfClosed implements OwnedWire {
  readonly target;
  readonly ends: string[] = [];
  readonly closed: Promise<Closed>;
  quiet = true;
  #close: (closed: Closed) => void;

  constructor(permit: Permit) {
    this.target = permit.check.target;
    const { promise, resolve } = Promise.withResolvers<Closed>();
    this.closed = promise;
    this.#close = resolve;
  }
  finish(): void {
    this.ends.push("fin");
  }
  abort(failure: NonNullable<Closed["failure"]>, detail: string): void {
    this.ends.push("rst");
    this.#close({ by: "us", failure, detail });
  }
  lend(): void {}
  reclaim(): void {}
  send(): void {}
  onFrame(): void {}
}

describe("a stop", () => {
  it("cuts a connection whose end has begun and whose device does not follow", async () => {
    const clock = new FakeClock();
    const check = literalPlan([plc]).checks.get(plcCheck)!;
    const permit = { check, deadline: clock.monotonic() + 5000, sent: { connections: 1, requests: 1, bytes: 11 } } as unknown as Permit;
    const wire = new HalfClosed(permit);
    const session = { ask: () => Promise.resolve({ said: "alive" } as const), leave: () => Promise.resolve() };
    const speaker = { driver: { protocol: "modbus", open: () => Promise.resolve(session) }, policy: {} } as never;
    const keeper = new ConnectionKeeper({
      clock,
      dial: () => Promise.resolve(wire),
      farewell: () => undefined,
      onClosed: () => undefined,
      speakerOf: () => speaker,
    });
    const conversation = keeper.converse(permit);
    await settled();
    assert.deepEqual(wire.ends, ["fin"]);
    keeper.cutEnding("the site was stopped");
    await conversation;
    assert.deepEqual(wire.ends, ["fin", "rst"]);
    keeper.cutEnding("once it is over there is nothing to cut");
    assert.deepEqual(wire.ends, ["fin", "rst"]);
  });

  it("tells the keeper to cut them within the second", async (t) => {
    const site = await readySite();
    const cut = t.mock.method(site.keeper!, "cutEnding");
    void site.gate.stop();
    await site.clock.advance(stopFinishWithin - 1);
    assert.equal(cut.mock.callCount(), 0);
    await site.clock.advance(1);
    assert.equal(cut.mock.callCount(), 1);
  });

  it("that is lifted lets everybody wait a full interval", async () => {
    const site = await readySite();
    const check = literalPlan([plc]).checks.get(plcCheck)!;
    assert.deepEqual(site.gate.preview(check), { admitted: true });
    site.gate.resumed();
    assert.deepEqual(site.gate.preview(check), { admitted: false, reason: "line_budget", retryAt: site.clock.monotonic() + 60_000 });
  });
});

describe("a shutdown", () => {
  it("waits for answers, and cuts off one that is long in coming, which is no failure of the device", async () => {
    const site = await readySite({ device: { answerWithinMs: 54_500 }, script: () => ({ does: "silence" }) });
    const asked = site.gate.exchange(plcCheck, "schedule");
    await site.clock.advance(1000);
    const drained = site.gate.drain();
    await site.clock.advance(drainWithin - 1);
    assert.deepEqual(
      site.witness.packets.map(({ kind }) => kind),
      ["connect", "frame"],
    );
    await site.clock.advance(1);
    await drained;
    const outcome = await asked;
    assert.deepEqual(outcome?.kind === "refused" && outcome.reason, "draining");
    assert.equal(site.witness.packets.at(-1)?.kind, "rst");
  });

  it("lets no goodbye out that is off its template: the device trips", async () => {
    const kept = scriptedDriver();
    const rude: Driver = {
      ...kept,
      open: async (wire, told) => ({
        ask: (await kept.open(wire, told)).ask,
        leave: async () => wire.send(Uint8Array.of(0, 1, 0, 0, 0, 6, 1, 5, 0, 0, 0xff, 0)),
      }),
    };
    const site = await readySite({ device: { connection: "kept", closingRequests: 1 }, driver: () => rude });
    await ask(site);
    await site.shutDown();
    assert.deepEqual(
      site.gate.trips().map(({ scope, cause }) => `${scope} ${cause}`),
      ["device:plc guard_violation"],
    );
    assert.equal(site.witness.packets.filter(({ kind }) => kind === "frame").length, 1);
  });
});
