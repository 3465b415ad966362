/** The shape of `watchdog:` in a profile: whether a read of ours could hide the loss of the real master, or the end of our connection trip the device. */
import { z } from "zod";
import type { Milliseconds } from "../../domain/units.ts";
import { duration } from "./common.ts";
import { fact, type Fact } from "./facts.ts";
import { watchdogModes, type WatchdogMode } from "./statements.ts";

export const watchdogEffects = ["masks-loss", "trips-on-silence", "neutral"] as const;
/** What a heartbeat does to it: hides the loss of the master, trips when the heartbeat stops, or nothing. */
export type WatchdogEffect = (typeof watchdogEffects)[number];

export interface ProfileWatchdog {
  /** For people: whether the family has one; a documented no loosens nothing by itself. */
  readonly present?: Fact<boolean>;
  /** null: unknown. */
  readonly fedBy: Fact<WatchdogMode>;
  /** For people: whether each connection has one of its own. */
  readonly perConnection?: Fact<boolean>;
  /** Whether the end of a connection can trip the device (hazards of some drives). */
  readonly closeCausesFault: Fact<boolean>;
  readonly defaultTimeout?: Fact<Milliseconds>;
  readonly effect?: Fact<WatchdogEffect>;
}

const yesOrNo = z.boolean({ error: "true or false" });

export const watchdog: z.ZodType<ProfileWatchdog> = z
  .strictObject({
    present: fact(yesOrNo, "Whether the family has a communication watchdog.").exactOptional(),
    fedBy: fact(
      z.enum(watchdogModes, { error: `one of ${watchdogModes.join(", ")}` }),
      "What feeds the communication watchdog; null counts as unknown.",
    ),
    perConnection: fact(yesOrNo, "Whether each connection has a watchdog of its own.").exactOptional(),
    closeCausesFault: fact(yesOrNo, "Whether the end of a connection can trip the device."),
    defaultTimeout: fact(duration("How long."), "After which silence it runs out as the device leaves the factory.").exactOptional(),
    effect: fact(
      z.enum(watchdogEffects, { error: `one of ${watchdogEffects.join(", ")}` }),
      "What a heartbeat does to it; trips-on-silence needs closeCausesFault true.",
    ).exactOptional(),
  })
  .meta({ description: "The family's communication watchdog." });
