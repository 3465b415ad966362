/** The shape of a site's own profile file: its approval, what it tightens, and the registers it names. */
import { z } from "zod";
import { methodIds, type MethodId } from "../../domain/operations.ts";
import type { ProfileId } from "../../domain/plan.ts";
import type { Milliseconds } from "../../domain/units.ts";
import { approvalSchema, type Approval } from "./approval.ts";
import { deepReadAgreements, type DeepReadAgreement } from "./deep-query.ts";
import { date, id, oneOf, text, whole, type IsoDate } from "./common.ts";
import { forbidden, type Forbidden } from "./forbidden.ts";
import { identification, liveness, ownerMustState, pace, type Identification, type OwnerStatement } from "./profile.ts";
import type { LivenessRegister } from "./register.ts";
import { overflows, watchdogModes, type Overflow, type WatchdogMode } from "./statements.ts";

/** Everything in it can only tighten the shipped profile of the same id, or agree to what that leaves to the site. No site file: a draft. */
export interface SiteProfile {
  readonly schema: "site-profile/v1";
  readonly id: ProfileId;
  readonly approval: Approval;
  readonly methods: Readonly<Partial<Record<MethodId, SiteMethod>>>;
  /** Methods that the shipped profile leaves to the site (`ask`). */
  readonly agreed: readonly Agreement[];
  readonly connection: SiteConnection;
  readonly watchdog: SiteWatchdog;
  /** Who may answer, where the shipped profile does not know. */
  readonly identification: Identification;
  readonly ownerMustState: readonly OwnerStatement[];
  readonly forbidden: readonly Forbidden[];
  readonly liveness: readonly LivenessRegister[];
  readonly deepQuery: readonly DeepReadAgreement[];
}

export interface SiteMethod {
  readonly decision?: "forbid";
  readonly reason?: string;
  readonly intervalMin?: Milliseconds;
  readonly connectWithin?: Milliseconds;
  readonly answerWithin?: Milliseconds;
  readonly missesToDown?: number;
}

export interface Agreement {
  readonly method: MethodId;
  readonly by: string;
  readonly on: IsoDate;
  readonly reason: string;
}

export interface SiteConnection {
  readonly mode?: "fresh";
  readonly poolSize?: number;
  readonly overflow?: Overflow;
  readonly reserve?: number;
}

export interface SiteWatchdog {
  readonly fedBy?: WatchdogMode;
  readonly closeCausesFault?: true;
}

const method: z.ZodType<SiteMethod> = z
  .strictObject({
    decision: z
      .literal("forbid", { error: "forbid; a site file can only tighten" })
      .exactOptional()
      .meta({ description: "forbid; a site file can only tighten." }),
    reason: text("Why.").exactOptional(),
    ...pace,
  })
  .meta({ description: "How one method is tightened." });

const agreement: z.ZodType<Agreement> = z
  .strictObject({
    method: oneOf(methodIds, "The method."),
    by: text("Who agrees to it."),
    on: date("When."),
    reason: text("Why."),
  })
  .meta({ description: "Consent to a method that the shipped profile leaves to the site." });

const connection: z.ZodType<SiteConnection, unknown> = z
  .strictObject({
    mode: z
      .literal("fresh", { error: "fresh; a site file can only tighten" })
      .exactOptional()
      .meta({ description: "fresh: a connection for each check, even where the profile would keep one." }),
    poolSize: whole(1, 10_000, "Connections the device accepts, where fewer than the profile says.").exactOptional(),
    overflow: oneOf(overflows, "What it does with one too many, where worse than the profile says.").exactOptional(),
    reserve: whole(2, 100, "Connections that are never taken, where more than the profile says.").exactOptional(),
  })
  .default({})
  .meta({ description: "Tightened use of connections." });

const watchdog: z.ZodType<SiteWatchdog, unknown> = z
  .strictObject({
    fedBy: oneOf(watchdogModes, "What feeds the watchdog, where worse than the profile says.").exactOptional(),
    closeCausesFault: z
      .literal(true, { error: "true; a site file can only tighten" })
      .exactOptional()
      .meta({ description: "The end of a connection can trip the device." }),
  })
  .default({})
  .meta({ description: "What the site knows of the family's watchdog." });

export const siteProfileSchema: z.ZodType<SiteProfile> = z
  .strictObject({
    schema: z.literal("site-profile/v1", { error: "site-profile/v1" }).meta({ description: "The kind of file." }),
    id: id<ProfileId>("The id of the shipped profile, the same as the file's name."),
    approval: approvalSchema,
    methods: z
      .partialRecord(z.enum(methodIds), method, { error: "a group of methods" })
      .default({})
      .meta({ description: "Methods that are tightened." }),
    agreed: z
      .array(agreement, { error: "a list of {method, by, on, reason}" })
      .default([])
      .meta({ description: "Methods that the shipped profile leaves to the site, and who agreed." }),
    connection,
    watchdog,
    identification: identification
      .default({ vendors: [], products: [] })
      .meta({ description: "Who may answer, where the shipped profile names nobody; a reply of anyone else trips the device." }),
    ownerMustState,
    forbidden,
    liveness,
    deepQuery: deepReadAgreements,
  })
  .meta({ title: "site-profile/v1", description: "A site's approval of a device family and what it tightens." });
