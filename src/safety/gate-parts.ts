/** What the gate is built from: everything outside the decision itself. */
import type { Clock } from "../domain/clock.ts";
import type { Circumstances, InFlight, Notebook } from "../domain/gate.ts";
import type { Fact, Identity, Trip } from "../domain/outcome.ts";
import type { Permit } from "../domain/permit.ts";
import type { Check, CheckId, LineId } from "../domain/plan.ts";
import type { MonotonicMs } from "../domain/units.ts";
import type { ConnectionKeeper, KeeperParts } from "./keeper.ts";

/** Lines, and until when each device may count a connection of ours. */
export type CountedUntil = Iterable<readonly [LineId, MonotonicMs]>;

export interface GateParts {
  readonly clock: Clock;
  readonly circumstances: Circumstances;
  /** Built around the gate's farewell permits. */
  readonly keeper: (farewell: (check: Check) => Permit | undefined, onClosed: KeeperParts["onClosed"]) => ConnectionKeeper;
  /** True while time cannot be trusted. */
  readonly suspect: (now: MonotonicMs) => boolean;
  /** Trips of earlier runs. */
  readonly trips: Iterable<Trip>;
  /** The digest of each check that worked in an earlier run. */
  readonly proven: ReadonlyMap<CheckId, string>;
  readonly record: (fact: Fact) => void;
  readonly inFlight: InFlight;
  readonly notes: Notebook;
  /** Told of everything that a reply says of its sender; why it is another device than was accepted, in one line. */
  readonly stranger: (check: Check, identity: Identity) => string | undefined;
}
