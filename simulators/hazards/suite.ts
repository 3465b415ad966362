/** Tries a poller on every hazard, each in a plant of its own, several at once. */
import { Timers } from "../timers.ts";
import { answers } from "./answers.ts";
import { bus } from "./bus.ts";
import type { Hazard, Scene, Verdict } from "./hazard.ts";
import { load } from "./load.ts";
import { pools } from "./pools.ts";
import type { StartPolling } from "./pollers.ts";
import { storms } from "./storms.ts";
import { watchdogs } from "./watchdogs.ts";

export const hazards: readonly Hazard[] = [...pools, ...load, ...watchdogs, ...bus, ...answers, ...storms];

const askWithinMs = 30_000;
const lookEveryMs = 50;

export interface Tried extends Verdict {
  readonly hazard: Hazard;
  readonly notAsked: readonly string[];
}

export interface SuiteWishes {
  readonly hazards: readonly Hazard[];
  readonly start: StartPolling;
  /** The second number of the loopback addresses: two suites at once want two. */
  readonly network: number;
  readonly atOnce: number;
}

/** In the order of the list. Rejects when a poller cannot be started at all. */
export async function tryAll({ hazards: wanted, start, network, atOnce }: SuiteWishes): Promise<readonly Tried[]> {
  const tried: Tried[] = [];
  const waiting = [...wanted.entries()];
  const worker = async (): Promise<void> => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const [at, hazard] = next;
      tried[at] = await tryOne(hazard, start, `127.${network}.${at + 1}.`);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return tried;
}

async function tryOne(hazard: Hazard, start: StartPolling, prefix: string): Promise<Tried> {
  const scene = await hazard.start(prefix);
  try {
    const polling = await start(scene, prefix);
    try {
      const asked = await hasAsked(scene, polling.notAsked.length);
      scene.begin();
      await pause(hazard.watchMs);
      if (!asked)
        throw new Error(
          `${hazard.id}: the poller asked nothing within ${askWithinMs / 1000} s, and does not say why: nothing can be said of it`,
        );
    } finally {
      await polling.end();
    }
    return { hazard, ...scene.verdict(), notAsked: polling.notAsked };
  } finally {
    await scene.close();
  }
}

/** A poller that never asks harms nobody, and proves nothing: one that may ask must have been seen to. */
async function hasAsked(scene: Scene, refused: number): Promise<boolean> {
  if (refused === scene.targets.length) return true;
  for (let waitedMs = 0; waitedMs < askWithinMs; waitedMs += lookEveryMs) {
    if (scene.connections() > 0) return true;
    await pause(lookEveryMs);
  }
  return false;
}

async function pause(spanMs: number): Promise<void> {
  const timers = new Timers();
  await new Promise<void>((resolve) => timers.after(spanMs, resolve));
}
