/** One deep query of one device with the real gate, keeper, driver and sockets; heartbeats go on, and time passes only while nothing is out. */
import assert from "node:assert/strict";
import type { Beat, DeepDevice } from "../../src/domain/deep-query.ts";
import { deepQueryGap } from "../../src/domain/limits.ts";
import type { Fact } from "../../src/domain/outcome.ts";
import type { Check, LineId, Plan } from "../../src/domain/plan.ts";
import { milliseconds, type MonotonicMs } from "../../src/domain/units.ts";
import type { KeeperParts, Speaker } from "../../src/safety/keeper.ts";
import { DeepQuery } from "../../src/scheduler/deep-query.ts";
import type { FakeClock } from "./fake-clock.ts";
import { literalPlan } from "./literal-plan.ts";
import { loopbackGate } from "./loopback-gate.ts";

export const intervalMs = 60_000;
export const floorMs = 30_000;

export interface DeepRunParts {
  readonly clock: FakeClock;
  /** Of a device at 127.0.0.1; it and the questions are put on one line. */
  readonly beat: Check;
  readonly deep: readonly Check[];
  readonly dial: KeeperParts["dial"];
  readonly speaker: Speaker;
}

export interface DeepRunEnd {
  readonly device: DeepDevice;
  readonly facts: readonly Fact[];
  readonly told: readonly string[];
  /** When each question of the deep query, or heartbeat, was answered, in order. */
  readonly asked: readonly { readonly deep: boolean; readonly at: MonotonicMs }[];
}

function planFor(beat: Check, deep: readonly Check[]): Plan {
  const bare = literalPlan([{ name: beat.device, address: "127.0.0.1", intervalMs }]);
  const line = "address:127.0.0.1" as LineId;
  const floor = { device: line, gap: milliseconds(floorMs) };
  const devices = [...bare.devices].map(([id, device]) => [id, { ...device, checks: [beat.id] }] as const);
  return {
    ...bare,
    checks: new Map([[beat.id, { ...beat, line, floor }]]),
    deep: new Map(deep.map((one) => [one.id, { ...one, line, digest: one.id, floor }])),
    devices: new Map(devices),
  };
}

export async function deepRun({ clock, beat, deep, dial, speaker }: DeepRunParts): Promise<DeepRunEnd> {
  const plan = planFor(beat, deep);
  const facts: Fact[] = [];
  const told: string[] = [];
  const deepWindow = { deepQuery: () => ({ leave: "open", endsIn: milliseconds(7_200_000) }) as const, deepQueryRuns: () => true };
  const gate = loopbackGate(plan, { clock, dial, speaker, facts, changes: deepWindow });
  let latest: Beat | undefined;
  let over: DeepDevice | undefined;
  const until = async (done: () => boolean): Promise<void> => {
    for (let nextBeat = intervalMs; !done();) {
      await clock.advance(gate.inFlight > 0 ? 0 : 1000);
      if (clock.monotonic() < nextBeat) continue;
      nextBeat += intervalMs;
      void gate.exchange(beat.id, "schedule").then((outcome) => {
        if (outcome?.kind === "answered") latest = { at: clock.wall(), took: outcome.took };
      });
    }
  };
  await until(() => latest !== undefined);
  const tell = (text: string): void => void told.push(text);
  const query = new DeepQuery({ clock, gate, plan: () => plan, beat: () => latest, tell }, [...plan.devices.values()]);
  void query.run().then(({ devices }) => (over = devices[0]));
  await until(() => over !== undefined);
  await gate.drain();
  const asked = facts.flatMap((fact) => (fact.kind === "answered" ? [{ deep: fact.check.deep !== undefined, at: fact.at }] : []));
  return { device: over!, facts, told, asked };
}

/** Each question stands between two heartbeats, and is nearer to neither, nor to another question, than floor and gap allow. */
export function assertInTurn({ asked, facts }: DeepRunEnd): void {
  for (const [at, { deep }] of asked.entries()) assert.ok(!deep || (!asked[at - 1]!.deep && asked[at + 1]?.deep !== true));
  for (const [at, one] of asked.entries()) if (at > 0) assert.ok(one.at - asked[at - 1]!.at >= Math.max(floorMs, deepQueryGap));
  const harmed = facts.filter(({ kind }) => kind === "tripped" || kind === "blocked");
  assert.deepEqual(harmed, []);
}
