/** The real gate and keeper over the sockets of a test, on a site in order: nothing stopped, paused, heard or cut off, and nothing kept on a disk. */
import type { Circumstances } from "../../src/domain/gate.ts";
import type { Fact } from "../../src/domain/outcome.ts";
import type { Plan } from "../../src/domain/plan.ts";
import { HeartbeatGate } from "../../src/safety/gate.ts";
import { ConnectionKeeper, type KeeperParts, type Speaker } from "../../src/safety/keeper.ts";
import type { FakeClock } from "./fake-clock.ts";
import { MemoryNotebook } from "./memory-notebook.ts";

export interface LoopbackGateParts {
  readonly clock: FakeClock;
  readonly dial: KeeperParts["dial"];
  readonly speaker: Speaker;
  readonly facts: Fact[];
  /** No deep query runs unless said otherwise. */
  readonly changes?: Partial<Circumstances>;
}

export function loopbackGate(plan: Plan, { clock, dial, speaker, facts, changes }: LoopbackGateParts): HeartbeatGate {
  const circumstances: Circumstances = {
    stopped: () => false,
    heardUntil: () => undefined,
    linkDownUntil: () => undefined,
    pause: () => undefined,
    deepQuery: () => ({ leave: "none" }),
    deepQueryRuns: () => false,
    cutOff: () => undefined,
    auditWritable: () => true,
    leading: () => true,
    ...changes,
  };
  return new HeartbeatGate(
    {
      clock,
      circumstances,
      keeper: (farewell, onClosed) => new ConnectionKeeper({ clock, dial, farewell, onClosed, speakerOf: () => speaker }),
      suspect: () => false,
      trips: [],
      proven: new Map(),
      record: (fact) => void facts.push(fact),
      notes: new MemoryNotebook(),
      inFlight: { begin: () => {}, end: () => {}, kept: () => {}, counted: () => {} },
      stranger: () => undefined,
    },
    plan,
  );
}
