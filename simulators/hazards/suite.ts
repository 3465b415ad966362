/** Tries a poller on every hazard, each in a plant of its own, several plants to a poller and several pollers at once. */
import { Timers } from "../timers.ts";
import { answers } from "./answers.ts";
import { bus } from "./bus.ts";
import { type Hazard, mustNotBeAsked, type Scene, type Verdict } from "./hazard.ts";
import { load } from "./load.ts";
import { pools } from "./pools.ts";
import type { Polling, StartPolling } from "./pollers.ts";
import { restarts } from "./restarts.ts";
import { sessions } from "./sessions.ts";
import type { Plant } from "./site.ts";
import { storms } from "./storms.ts";
import { watchdogs } from "./watchdogs.ts";

export const hazards: readonly Hazard[] = [...pools, ...load, ...watchdogs, ...bus, ...answers, ...storms, ...sessions, ...restarts];

const askWithinDefaultMs = 60_000;
/** So long for one that rightly asks nothing: whoever is careless has begun by then. */
const rightlySilentMs = 15_000;
const lookEveryMs = 50;

export interface Tried extends Verdict {
  readonly hazard: Hazard;
  /** Why targets were not asked, in the poller's own words. */
  readonly notAsked: readonly string[];
}

export interface SuiteWishes {
  readonly hazards: readonly Hazard[];
  readonly start: StartPolling;
  /** The second number of the loopback addresses: two suites at once want two. */
  readonly network: number;
  /** Pollers at once. */
  readonly atOnce: number;
  /** Plants to a poller, at most. */
  readonly together: number;
  /** So long a poller may take until it first asks; a minute unless said otherwise. */
  readonly askWithinMs?: number;
}

/** In the order of the list. Rejects when a poller cannot be started, or says nothing of why it does not ask. */
export async function tryAll(wishes: SuiteWishes): Promise<readonly Tried[]> {
  const { atOnce, together } = wishes;
  const tried: Tried[] = [];
  const waiting = groups(wishes.hazards, together);
  const worker = async (): Promise<void> => {
    for (let group = waiting.shift(); group; group = waiting.shift())
      try {
        for (const [at, one] of await tryTogether(group, wishes)) tried[at] = one;
      } catch (cause) {
        waiting.length = 0;
        throw cause;
      }
  };
  // One that fails must not leave the others' pollers behind.
  for (const one of await Promise.allSettled(Array.from({ length: atOnce }, worker))) if (one.status === "rejected") throw one.reason;
  return tried;
}

type Numbered = readonly [at: number, hazard: Hazard];

/** Those that want a poller of their own come first: they take longest. */
function groups(wanted: readonly Hazard[], together: number): (readonly Numbered[])[] {
  const numbered = [...wanted.entries()];
  const social = numbered.filter(([, { alone }]) => !alone);
  const count = Math.ceil(social.length / together);
  // Dealt out like cards: hazards of one kind, which would fall silent together, come to different pollers.
  const dealt = Array.from({ length: count }, (_, number) => social.filter((_one, at) => at % count === number));
  return [...numbered.filter(([, { alone }]) => alone).map((one) => [one]), ...dealt];
}

interface Staged extends Plant {
  readonly at: number;
  readonly hazard: Hazard;
  readonly scene: Scene;
}

async function tryTogether(
  group: readonly Numbered[],
  { start, network, askWithinMs = askWithinDefaultMs }: SuiteWishes,
): Promise<readonly (readonly [number, Tried])[]> {
  const staged: Staged[] = [];
  try {
    for (const [at, hazard] of group) {
      const prefix = `127.${network}.${at + 1}.`;
      const scene = await hazard.start(prefix);
      const { targets, gateway } = scene;
      staged.push({ at, hazard, scene, id: hazard.id, prefix, targets, ...(gateway && { gateway }) });
    }
    const polling = await start(staged);
    try {
      const watched = await Promise.allSettled(staged.map((one) => watch(one, polling, askWithinMs)));
      for (const one of watched) if (one.status === "rejected") throw one.reason;
    } finally {
      await polling.end();
    }
    return staged.map((one) => [one.at, { hazard: one.hazard, ...one.scene.verdict(), notAsked: whyNotAsked(one, polling) }] as const);
  } finally {
    await Promise.all(staged.map(({ scene }) => scene.close()));
  }
}

/** In the poller's words; of one that says nothing and rightly asked nothing, in ours. */
function whyNotAsked({ scene, ...plant }: Staged, polling: Polling): readonly string[] {
  const said = polling.notAsked(plant);
  return said.length === 0 && scene.connections() === 0 ? ["it must not be asked"] : said;
}

/** Nothing can be said of a poller, for a reason that its owner must look into. */
export class SaysNothing extends Error {}

/** A poller that never asks harms nobody, and proves nothing: one that may ask must have been seen to. */
async function watch({ hazard, scene, ...plant }: Staged, polling: Polling, askWithinMs: number): Promise<void> {
  const mayAsk = polling.notAsked(plant).length < scene.targets.length;
  const asks = (): boolean => scene.connections() > 0;
  const rightly = scene.targets.every(mustNotBeAsked);
  if (mayAsk) await comesTrue(() => asks() || polling.over?.() === true, rightly ? Math.min(rightlySilentMs, askWithinMs) : askWithinMs);
  if (mayAsk && !asks() && !rightly) {
    const waited = polling.over?.() === true ? "" : ` within ${askWithinMs / 1000} s, and does not say why`;
    throw new SaysNothing(`${hazard.id}: the poller asked nothing${waited}: nothing can be said of it${polling.lastWords()}`);
  }
  scene.begin(polling);
  await comesTrue(() => scene.enough?.() ?? true, askWithinDefaultMs);
  await pause(hazard.watchMs);
}

async function comesTrue(condition: () => boolean, withinMs: number): Promise<boolean> {
  for (let waitedMs = 0; waitedMs < withinMs; waitedMs += lookEveryMs) {
    if (condition()) return true;
    await pause(lookEveryMs);
  }
  return condition();
}

async function pause(spanMs: number): Promise<void> {
  const timers = new Timers();
  await new Promise<void>((resolve) => timers.after(spanMs, resolve));
}
