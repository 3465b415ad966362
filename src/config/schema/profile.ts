/** The shape of a shipped device profile: what is known of a device family, where it is written, and how it may be asked. */
import { z } from "zod";
import { answerWithinMax, connectWithinMax } from "../../domain/limits.ts";
import { methodIds, type MethodId } from "../../domain/operations.ts";
import type { ProfileId, Proof } from "../../domain/plan.ts";
import { s7RackMax, s7SlotMax } from "../../domain/s7.ts";
import type { Milliseconds } from "../../domain/units.ts";
import { deepReadOffers, type DeepReadOffer } from "./deep-query.ts";
import { duration, id, oneOf, text, whole } from "./common.ts";
import { fact, source, type Fact, type FactValue, type SourceDocument } from "./facts.ts";
import { advisories, type Advisory } from "./advisories.ts";
import { forbidden, type Forbidden } from "./forbidden.ts";
import { profileLimits, type ProfileLimits } from "./profile-limits.ts";
import { appliesTo, cycle, gateway, type AppliesTo, type ProfileCycle, type ProfileGateway } from "./profile-traits.ts";
import { watchdog, type ProfileWatchdog } from "./profile-watchdog.ts";
import { livenessRegister, type LivenessRegister } from "./register.ts";
import { overflows, type Overflow } from "./statements.ts";

export interface Profile {
  readonly schema: "device-profile/v1";
  readonly id: ProfileId;
  readonly revision: number;
  readonly title: string;
  readonly vendor: string;
  readonly family: string;
  readonly kind: DeviceKind;
  readonly review: Review;
  /** A profile that this one tightens: its forbidden things, advisories and wanted statements hold here too. */
  readonly extends?: ProfileId;
  readonly appliesTo?: AppliesTo;
  readonly sources: readonly SourceDocument[];
  /** What else is known, for people. */
  readonly facts: ReadonlyMap<string, Fact<FactValue>>;
  /** A method that is not named is forbidden. */
  readonly methods: Readonly<Partial<Record<MethodId, ProfileMethod>>>;
  readonly connection: ProfileConnection;
  readonly limits?: ProfileLimits;
  readonly watchdog: ProfileWatchdog;
  readonly cycle?: ProfileCycle;
  readonly gateway?: ProfileGateway;
  /** One master only: nothing that opens a connection is asked of a device with another client. */
  readonly exclusive?: Fact<boolean>;
  readonly identification: Identification;
  readonly ownerMustState: readonly OwnerStatement[];
  /** Whether the two register tables, and the two bit tables, are different memory; absent or null: shared. */
  readonly registerTables?: Fact<RegisterTables>;
  readonly forbidden: readonly Forbidden[];
  readonly advisories: readonly Advisory[];
  readonly liveness: readonly LivenessRegister[];
  /** What a deep query may read, where the site agrees to it. */
  readonly deepQuery: readonly DeepReadOffer[];
  /** Where the CPUs of the family stand; null or absent: only the watchlist can say. */
  readonly s7?: ProfileS7;
}

export interface ProfileS7 {
  readonly rack: Fact<number>;
  readonly slot: Fact<number>;
}

export const deviceKinds = [
  "plc",
  "drive",
  "io-coupler",
  "serial-device",
  "gateway",
  "meter",
  "switch",
  "server",
  "generic",
  "safety",
  "protection",
  "navigation",
] as const;
/** `generic` says nothing of what the device is: it counts as the worst of all kinds. The last three are heard only, whatever their methods say. */
export type DeviceKind = (typeof deviceKinds)[number];
export const reviews = ["draft", "reviewed", "field-tested"] as const;
export type Review = (typeof reviews)[number];
export interface ProfileMethod {
  /** `ask`: only where the site file names the method under `agreed`. */
  readonly decision: "allow" | "ask" | "forbid";
  readonly reason: string;
  readonly support: Fact<"yes" | "no" | "optional" | "unknown">;
  readonly proves?: Proof;
  readonly intervalMin?: Milliseconds;
  readonly connectWithin?: Milliseconds;
  readonly answerWithin?: Milliseconds;
  readonly missesToDown?: number;
}

export interface ProfileConnection {
  readonly mode: "fresh" | "kept";
  /** Connections the device accepts; null: 4. */
  readonly poolSize: Fact<number>;
  /** null: evicts-oldest. */
  readonly overflow: Fact<Overflow>;
  /** After which silence the device closes a connection; null: not documented, so no connection is kept. */
  readonly idleTimeout: Fact<Milliseconds>;
  /** "never": a connection that is lost stays taken until somebody restarts the device; absent: not known to be so. */
  readonly idleClose?: Fact<"never">;
  /** Connections that are never taken, one of them for the service laptop; at least 2. */
  readonly reserve: number;
}

/** Who may answer; an empty list expects nothing. Compared without case, spaces and padding. */
export interface Identification {
  readonly vendors: readonly string[];
  readonly products: readonly string[];
}

export const ownerStatements = ["otherClients", "connectionPool", "watchdog", "firmware"] as const;
/** Keys of a device's `statements`. */
export type OwnerStatement = (typeof ownerStatements)[number];

const registerTables = ["distinct", "shared"] as const;
export type RegisterTables = (typeof registerTables)[number];

const supports = ["yes", "no", "optional", "unknown"] as const;
const proofs = ["network-interface", "comms-module", "cpu", "program"] as const;

type Span = z.ZodExactOptional<z.ZodType<Milliseconds, string>>;
type Count = z.ZodExactOptional<z.ZodType<number, number>>;
/** What a profile and a site file may both set for a method, each only in the slower, more patient direction. */
export const pace: { intervalMin: Span; connectWithin: Span; answerWithin: Span; missesToDown: Count } = {
  intervalMin: duration("The shortest interval for this family; it can only lengthen the floor.").exactOptional(),
  connectWithin: duration("How long to wait for a connection.")
    .refine((span) => span <= connectWithinMax, { error: `at most ${connectWithinMax / 1000}s` })
    .exactOptional(),
  answerWithin: duration("How long to wait for the answer.")
    .refine((span) => span <= answerWithinMax, { error: `at most ${answerWithinMax / 1000}s` })
    .exactOptional(),
  missesToDown: whole(2, 100, "After how many misses in a row the device is down.").exactOptional(),
};

const method: z.ZodType<ProfileMethod> = z
  .strictObject({
    decision: oneOf(["allow", "ask", "forbid"], "allow, forbid, or ask: only where the site file agrees to the method by name."),
    reason: text("Why."),
    support: fact(z.enum(supports, { error: `one of ${supports.join(", ")}` }), "Whether the family speaks it."),
    proves: oneOf(proofs, "What an answer proves to be alive; left out, what the method proves at least.").exactOptional(),
    ...pace,
  })
  .meta({ description: "How one method is to be used with this family." });

const connection: z.ZodType<ProfileConnection> = z
  .strictObject({
    mode: oneOf(["fresh", "kept"], "A connection for each check, or one that is kept; kept needs a documented idleTimeout."),
    poolSize: fact(whole(1, 10_000, "How many."), "How many connections the device accepts; null counts as 4."),
    overflow: fact(
      z.enum(overflows, { error: `one of ${overflows.join(", ")}` }),
      "What it does with one too many; null counts as evicts-oldest.",
    ),
    idleTimeout: fact(duration("How long."), "After which silence it closes a connection."),
    idleClose: fact(
      z.literal("never", { error: "never, or left out" }),
      "never: it closes no silent connection, so one that is lost stays taken for good.",
    ).exactOptional(),
    reserve: whole(2, 100, "Connections that are never taken, one of them for the service laptop."),
  })
  .meta({ description: "What the family does with connections." });

const names = (description: string): z.ZodType<readonly string[], unknown> =>
  z.array(text("A name as the device says it."), { error: "a list of names" }).default([]).meta({ description });

export const identification: z.ZodType<Identification, unknown> = z
  .strictObject({
    vendors: names("Vendor names that may answer."),
    products: names("Product names that may answer."),
  })
  .meta({ description: "Who may answer; a reply of anyone else trips the device." });

export const ownerMustState: z.ZodType<readonly OwnerStatement[], unknown> = z
  .array(oneOf(ownerStatements, "A key of a device's statements."), { error: `a list of ${ownerStatements.join(", ")}` })
  .default([])
  .meta({ description: "What the owner must state of each device before it is asked." });

export const liveness: z.ZodType<readonly LivenessRegister[], unknown> = z
  .array(livenessRegister, { error: "a list of registers" })
  .default([])
  .meta({ description: "The registers that a check may name." });

const factValue: z.ZodType<FactValue> = z.union([text("Text."), z.number(), z.boolean()], { error: "a text, a number, true or false" });

export const profileSchema: z.ZodType<Profile> = z
  .strictObject({
    schema: z.literal("device-profile/v1", { error: "device-profile/v1" }).meta({ description: "The kind of file." }),
    id: id<ProfileId>("The profile's id, the same as the file's name."),
    revision: whole(1, 100_000, "Grows with every change."),
    title: text("Its title for people."),
    vendor: text("The vendor."),
    family: text("The device family."),
    kind: oneOf(deviceKinds, "What sort of device; generic counts as the worst of all; safety, protection and navigation are never asked."),
    review: oneOf(reviews, "How far the profile itself was reviewed."),
    extends: id<ProfileId>("The profile that this one tightens; one level only.").exactOptional(),
    appliesTo: appliesTo.exactOptional(),
    sources: z.array(source, { error: "a list of sources" }).default([]).meta({ description: "The documents that the facts point to." }),
    facts: z
      .record(id("A fact's name."), fact(factValue, "A fact."))
      .default({})
      .transform((record): ReadonlyMap<string, Fact<FactValue>> => new Map(Object.entries(record)))
      .meta({ description: "What else is known, for people." }),
    methods: z
      .partialRecord(z.enum(methodIds), method, { error: "a group of methods" })
      .meta({ description: "How the family may be asked; a method that is not named is forbidden." }),
    connection,
    limits: profileLimits.exactOptional(),
    watchdog,
    cycle: cycle.exactOptional(),
    gateway: gateway.exactOptional(),
    exclusive: fact(
      z.boolean({ error: "true or false" }),
      "Whether the device accepts one master only: where it has another client, nothing that opens a connection is asked.",
    ).exactOptional(),
    identification,
    ownerMustState,
    registerTables: fact(
      oneOf(registerTables, "distinct or shared."),
      "Whether holding and input registers, and coils and discrete inputs, are different memory; left out or null counts as shared: what is forbidden in one table is forbidden in the other.",
    ).exactOptional(),
    forbidden,
    advisories,
    liveness,
    deepQuery: deepReadOffers,
    s7: z
      .strictObject({
        rack: fact(whole(0, s7RackMax, "The rack."), "The rack of the CPU."),
        slot: fact(whole(0, s7SlotMax, "The slot."), "The slot of the CPU."),
      })
      .exactOptional()
      .meta({ description: "Where the CPUs of the family stand, for S7; a device of the watchlist may say otherwise." }),
  })
  .meta({ title: "device-profile/v1", description: "What is known of a device family." });
