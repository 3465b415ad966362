/** The shape of `advisories:` in a profile: known weaknesses that a heartbeat might come near, and what each of them withholds. */
import { z } from "zod";
import { methodIds, type MethodId } from "../../domain/operations.ts";
import { matching, oneOf, text } from "./common.ts";
import { sourceIds } from "./facts.ts";

export const advisoryGates = ["forbid-method", "require-firmware", "warn"] as const;
/** forbid-method: never; require-firmware: only where the owner states a firmware that is fixed; warn: said to people. */
export type AdvisoryGate = (typeof advisoryGates)[number];

export interface FixedFirmware {
  /** Part of the asset's model; the first that fits counts. */
  readonly model: string;
  /** The first version that is not affected, in numbers with dots. */
  readonly version: string;
}

export interface Advisory {
  /** As its publisher numbers it: `ICSA-20-016-01`. */
  readonly id: string;
  readonly cves: readonly string[];
  /** What sets it off, in words. */
  readonly trigger: string;
  readonly gate: AdvisoryGate;
  /** What is withheld; empty only with `warn` (checked). */
  readonly methods: readonly MethodId[];
  /** There with require-firmware (checked). */
  readonly fixedIn: readonly FixedFirmware[];
  readonly sources: readonly string[];
}

const advisory: z.ZodType<Advisory> = z
  .strictObject({
    id: text("As its publisher numbers it."),
    cves: z
      .array(matching(/^CVE-\d{4}-\d{4,7}$/u, "a CVE number such as CVE-2020-6111", "A CVE number."), { error: "a list of CVE numbers" })
      .default([])
      .meta({ description: "The CVE numbers that concern this family." }),
    trigger: text("What sets it off."),
    gate: oneOf(
      advisoryGates,
      "forbid-method: the methods are never used. require-firmware: only where the owner states a firmware that is fixed; unknown counts as vulnerable. warn: it is said to people.",
    ),
    methods: z.array(oneOf(methodIds, "A method."), { error: "a list of methods" }).default([]).meta({ description: "What is withheld." }),
    fixedIn: z
      .array(
        z.strictObject({
          model: text("Part of the device's model as the watchlist names it."),
          version: matching(
            /^\d+(\.\d+){0,4}$/u,
            'a version in numbers with dots, in quotes: "2.80"',
            "The first version that is not affected.",
          ),
        }),
        { error: "a list of {model, version}" },
      )
      .default([])
      .meta({ description: "Since when it is fixed; a model that fits none needs the highest of them." }),
    sources: sourceIds,
  })
  .meta({ description: "A known weakness." });

export const advisories: z.ZodType<readonly Advisory[], unknown> = z.array(advisory, { error: "a list of advisories" }).default([]).meta({
  description: "Known weaknesses that a heartbeat might come near, and what each withholds. They say nothing of well-formed requests.",
});
