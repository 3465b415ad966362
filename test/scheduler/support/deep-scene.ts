/** One run of a deep query, with a gate that answers as a test says. */
import assert from "node:assert/strict";
import type { Beat, DeepRun } from "../../../src/domain/deep-query.ts";
import { nothingSent, type Answer, type Outcome, type Refused, type Sent } from "../../../src/domain/outcome.ts";
import type { Check, CheckId, DeviceId, Plan } from "../../../src/domain/plan.ts";
import { after, milliseconds } from "../../../src/domain/units.ts";
import { DeepQuery } from "../../../src/scheduler/deep-query.ts";
import { FakeClock } from "../../support/fake-clock.ts";
import { literalPlan, type LiteralDevice } from "../../support/literal-plan.ts";

export const said: Answer = { said: "alive", facts: [["object 0x00 VendorName", "Maker"]] };
export const one: Sent = { connections: 1, requests: 1, bytes: 11 };

export type Reply = (check: Check, from: number | undefined, asked: number) => Answer | Partial<Refused> | "timeout" | "gone";

/** A run with a gate that answers as the test says, each time after 100 ms. */
export class Scene {
  readonly clock: FakeClock = new FakeClock();
  readonly asked: string[] = [];
  readonly told: string[] = [];
  /** Heartbeats go on every 10 s unless the test silences them or makes them rarer. */
  readonly silent: Set<string> = new Set();
  beatEveryMs = 10_000;
  plan: Plan;
  readonly query: DeepQuery;
  #run: Promise<DeepRun> | undefined;

  constructor(devices: readonly LiteralDevice[], reply: Reply = () => said, lab = true, changed: (plan: Plan) => Plan = (plan) => plan) {
    this.plan = changed({ ...literalPlan(devices.map((device) => ({ ...device, deep: true }))), lab });
    const outcome = (check: Check, came: ReturnType<Reply>): Outcome | undefined => {
      const at = this.clock.monotonic();
      if (came === "gone") return undefined;
      if (came === "timeout") return { kind: "failed", check, at, failure: "timeout", detail: "no answer in time", sent: one };
      if ("said" in came) return { kind: "answered", check, at, took: milliseconds(12.3), answer: came, sent: one };
      return { kind: "refused", check, at, reason: "line_budget", retryAt: undefined, sent: nothingSent, ...came };
    };
    const gate = {
      exchange: (id: CheckId, trigger: string, from?: number): Promise<Outcome | undefined> => {
        assert.equal(trigger, "deep-query");
        const check = this.plan.deep.get(id)!;
        this.asked.push(`${id}${from === undefined ? "" : ` from ${from}`}`);
        return new Promise((resolve) => {
          const answered = (): void => resolve(outcome(check, reply(check, from, this.asked.length)));
          this.clock.at(after(this.clock.monotonic(), milliseconds(100)), answered);
        });
      },
    };
    const beat = (device: DeviceId): Beat | undefined => {
      if (this.silent.has(device)) return undefined;
      const now = this.clock.wall();
      return { at: (now - (now % this.beatEveryMs)) as Beat["at"], took: milliseconds(5) };
    };
    const parts = { clock: this.clock, gate, plan: () => this.plan, beat, tell: (text: string) => void this.told.push(text) };
    this.query = new DeepQuery(parts, [...this.plan.devices.values()]);
  }

  begin(): Promise<DeepRun> {
    this.#run = this.query.run();
    return this.#run;
  }

  async done(spanMs = 600_000): Promise<DeepRun> {
    const run = this.#run ?? this.begin();
    await this.clock.advance(spanMs);
    const done = await run;
    assert.equal(this.clock.waiting, 0, "no timer is forgotten");
    return done;
  }
}

export const plc: LiteralDevice = { name: "plc", address: "192.0.2.11" };
export const family: readonly LiteralDevice[] = ["a", "b", "c"].map((name, at): LiteralDevice => ({ name, address: `192.0.2.${20 + at}` }));
