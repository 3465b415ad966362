/** Puts a new plan in force: worked out in slices while the one before holds, then taken over by every part in one tick. */
import type { Clock } from "../domain/clock.ts";
import type { Fact } from "../domain/outcome.ts";
import type { Plan } from "../domain/plan.ts";
import type { Preparing } from "../domain/taking-over.ts";
import type { BoardRecorder } from "../store/recorder.ts";
import { inSlices } from "./in-slices.ts";
import type { Site } from "./planner.ts";
import type { Vault } from "./vault.ts";
import type { WindowKeeper } from "./windows.ts";

interface Part<T = void> {
  preparing(plan: Plan): Preparing<() => T>;
}

export interface TakeOverParts {
  readonly clock: Clock;
  /** Its take-over may throw, with nothing changed, and says what the new plan brings to light. */
  readonly gate: Part<readonly Fact[]>;
  readonly scheduler: Part;
  readonly recorder: Part & Pick<BoardRecorder, "record">;
  readonly windows: Pick<WindowKeeper, "adopt">;
  readonly vault: Pick<Vault, "replace">;
}

/**
 * Rejects, with the plan before in force, where the new one cannot be. From the moment at which the gate has taken it over it is in force:
 * whatever throws then is a mistake of ours, is returned, and keeps no other part from taking it over too.
 */
export async function takeOver(
  { clock, gate, recorder, scheduler, vault, windows }: TakeOverParts,
  { plan, credentials }: Pick<Site, "plan" | "credentials">,
): Promise<readonly unknown[]> {
  const intoGate = await inSlices(gate.preparing(plan), clock);
  const intoSchedule = await inSlices(scheduler.preparing(plan), clock);
  const ontoBoard = await inSlices(recorder.preparing(plan), clock);
  // One tick: nobody ever sees half of a plan.
  const facts = intoGate();
  // The facts last: the board takes none of a device that it does not know yet.
  const recording = facts.map((fact) => () => recorder.record(fact));
  return mistakesOf([() => vault.replace(credentials), () => windows.adopt(plan), intoSchedule, ontoBoard, ...recording]);
}

/** Takes every step, whatever becomes of the others; what they threw. */
export function mistakesOf(steps: readonly (() => void)[]): readonly unknown[] {
  return steps.flatMap((step) => {
    try {
      step();
      return [];
    } catch (error) {
      return [error];
    }
  });
}
