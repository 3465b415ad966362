/** The shapes of what else a profile says of a family: to which models it applies, how its control cycle and its serial side take communication. */
import { z } from "zod";
import type { Milliseconds } from "../../domain/units.ts";
import { duration, text, whole } from "./common.ts";
import { fact, type Fact } from "./facts.ts";

/** For people who search, and for `import`, which proposes a profile by it. */
export interface AppliesTo {
  readonly models: readonly string[];
}

/** For people: why a request is not free for a controller. */
export interface ProfileCycle {
  readonly commsInsideControlCycle?: Fact<boolean>;
  /** In percent of the cycle. */
  readonly defaultSharePercent?: Fact<number>;
  readonly stopsOnOverrun?: Fact<boolean>;
}

/** For people: the bus behind the family, which the budget of a gateway's line protects. */
export interface ProfileGateway {
  readonly sequential?: Fact<boolean>;
  readonly responseTimeout?: Fact<Milliseconds>;
  readonly queueSize?: Fact<number>;
}

const yesOrNo = z.boolean({ error: "true or false" });

export const appliesTo: z.ZodType<AppliesTo> = z
  .strictObject({
    models: z
      .array(text("A model."), { error: "a list of models" })
      .min(1, { error: "at least one model" })
      .meta({ description: "Models by the names that stand on them, or beginnings of their order numbers." }),
  })
  .meta({ description: "Which devices are meant; for people who search, and for import, which proposes by it." });

export const cycle: z.ZodType<ProfileCycle> = z
  .strictObject({
    commsInsideControlCycle: fact(yesOrNo, "Whether requests are answered inside the control cycle.").exactOptional(),
    defaultSharePercent: fact(whole(1, 100, "Percent."), "The share of the cycle that communication may take by default.").exactOptional(),
    stopsOnOverrun: fact(yesOrNo, "Whether a cycle that takes too long stops the controller.").exactOptional(),
  })
  .meta({ description: "What communication does to the control cycle." });

export const gateway: z.ZodType<ProfileGateway> = z
  .strictObject({
    sequential: fact(yesOrNo, "Whether its bus carries one request at a time.").exactOptional(),
    responseTimeout: fact(duration("How long."), "How long it waits for a unit as it leaves the factory.").exactOptional(),
    queueSize: fact(whole(1, 10_000, "How many."), "How many requests it keeps waiting.").exactOptional(),
  })
  .meta({ description: "What stands behind a gateway of this family." });
