/** Puts a new plan in force: worked out in slices while the one before holds, then taken over by every part in one tick. */
import type { Clock } from "../domain/clock.ts";
import type { Plan } from "../domain/plan.ts";
import type { Preparing } from "../domain/taking-over.ts";
import { inSlices } from "./in-slices.ts";
import type { Site } from "./planner.ts";
import type { Vault } from "./vault.ts";
import type { WindowKeeper } from "./windows.ts";

interface Part {
  preparing(plan: Plan): Preparing<() => void>;
}

export interface TakeOverParts {
  readonly clock: Clock;
  readonly gate: Part;
  readonly scheduler: Part;
  readonly recorder: Part;
  readonly windows: Pick<WindowKeeper, "adopt">;
  readonly vault: Pick<Vault, "replace">;
}

/** Rejects, with the plan before in force, where the new one cannot be. */
export async function takeOver(
  { clock, gate, recorder, scheduler, vault, windows }: TakeOverParts,
  { plan, credentials }: Pick<Site, "plan" | "credentials">,
): Promise<void> {
  const intoGate = await inSlices(gate.preparing(plan), clock);
  const intoSchedule = await inSlices(scheduler.preparing(plan), clock);
  const ontoBoard = await inSlices(recorder.preparing(plan), clock);
  // One tick: nobody ever sees half of a plan.
  vault.replace(credentials);
  intoGate();
  windows.adopt(plan);
  intoSchedule();
  ontoBoard();
}
