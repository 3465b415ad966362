/** The shape of an approval: who allowed which bytes to which devices, until when. */
import { z } from "zod";
import { parseDuration } from "../../domain/duration.ts";
import type { DeviceId } from "../../domain/plan.ts";
import { date, digest, id, instant, oneOf, text, type IsoDate, type IsoInstant } from "./common.ts";

/** Names are records, not authentication. */
export type Approval = UnsignedApproval | SignedApproval;

/** Nothing may be sent; what is signed already is kept. */
export interface UnsignedApproval extends Partial<Signature> {
  readonly stage: "draft" | "dry-run" | "suspended";
  readonly trialDevices: readonly DeviceId[];
  readonly since?: IsoInstant;
  readonly trialSince?: ReadonlyMap<DeviceId, IsoInstant>;
  /** Who suspended it, and why; several where one did so after another. */
  readonly suspended?: readonly Suspension[];
}

export interface Suspension {
  readonly by: string;
  readonly on: IsoDate;
  readonly reason: string;
}

export interface SignedApproval extends Signature {
  readonly stage: "trial" | "approved";
  /** At least one with stage trial (checked). */
  readonly trialDevices: readonly DeviceId[];
  /** When it came to its stage, as commands write it: from then on a dry run is counted. */
  readonly since?: IsoInstant;
  /** Since when each device is on trial. */
  readonly trialSince?: ReadonlyMap<DeviceId, IsoInstant>;
}

export interface Signature {
  readonly preparedBy: string;
  readonly acceptedBy: string;
  readonly approvedOn: IsoDate;
  /** At most 15 months after `approvedOn` (checked). */
  readonly expiresOn: IsoDate;
  readonly basis: Basis;
  readonly changeReference: string;
  /** `sha256:<64 hex>` of the profile's effective content. */
  readonly covers: string;
  /** The figures that `covers` is the digest of, as `approve` wrote them: they tell a tighter profile, which stays approved, from a looser one. */
  readonly envelope?: Readonly<Record<string, unknown>>;
  /** `sha256:<64 hex>` for each device as it was admitted. */
  readonly devices: ReadonlyMap<DeviceId, string>;
  /** How often each of them may be asked at most, as `approve` wrote it: the figures behind its digest. */
  readonly paces?: ReadonlyMap<DeviceId, Paces>;
  /** Who admitted those of `devices` that the latest signature did not name; the names above are of the latest. */
  readonly earlier?: readonly EarlierSignature[];
}

/** By check (`modbus-fc3 unit 1 holding-registers 16-17`) the shortest interval, as a duration: `60s`. */
export type Paces = Readonly<Record<string, string>>;

/** A record: what is asked, and until when, goes by the approval itself. */
export interface EarlierSignature {
  readonly preparedBy: string;
  readonly acceptedBy: string;
  readonly approvedOn: IsoDate;
  readonly expiresOn: IsoDate;
  readonly basis: Basis;
  readonly changeReference: string;
  readonly devices: readonly DeviceId[];
}

/** Exactly one of the two (checked). */
export interface Basis {
  readonly riskAcceptance?: RiskAcceptance;
  readonly vendorConfirmation?: string;
}

export interface RiskAcceptance {
  readonly by: string;
  readonly position: string;
  readonly reason: string;
  /** The last day; without grace. */
  readonly until: IsoDate;
}

export function suspensionsOf(approval: Approval | undefined): readonly Suspension[] {
  return approval !== undefined && "suspended" in approval ? (approval.suspended ?? []) : [];
}

const basisExpected = "one of riskAcceptance and vendorConfirmation";

const basis: z.ZodType<Basis> = z
  .strictObject({
    riskAcceptance: z
      .strictObject({
        by: text("Who accepts the risk."),
        position: text("Their position."),
        reason: text("Why the risk is acceptable."),
        until: date("The last day of the acceptance; no grace follows."),
      })
      .exactOptional()
      .meta({ description: "A person accepts the risk." }),
    vendorConfirmation: text("The vendor's document and page, or letter.").exactOptional(),
  })
  .check(({ value, issues }) => {
    const count = Object.keys(value).length;
    if (count === 1) return;
    issues.push({ code: "custom", message: basisExpected, input: value, params: { found: count === 0 ? "neither" : "both" } });
  })
  .meta({ description: "What the approval rests on: riskAcceptance or vendorConfirmation." });

const signed = {
  preparedBy: text("Who prepared the approval."),
  acceptedBy: text("Who is responsible for the plant and accepted it, and how."),
  approvedOn: date("The day of the approval."),
  expiresOn: date("The last day; at most 15 months after approvedOn. An alarm and 90 days of grace follow."),
  basis,
  changeReference: text("The change in your management of change."),
};

const earlier: z.ZodType<EarlierSignature> = z
  .strictObject({
    ...signed,
    devices: z.array(id<DeviceId>("A device."), { error: "a list of device ids" }).meta({ description: "The devices that it admitted." }),
  })
  .meta({ description: "An approval that still holds for some of the devices." });

const paceExpected = 'an interval such as "60s"';
const pace = z.string({ error: paceExpected }).refine((value) => parseDuration(value) !== undefined, { error: paceExpected });

const signature = {
  ...signed,
  covers: digest("The digest of what is approved, as `plan` prints it."),
  envelope: z
    .record(z.string(), z.unknown(), { error: "the figures that `approve` wrote" })
    .exactOptional()
    .meta({ description: "The figures that `covers` is the digest of, written by `approve`; a change of them voids the approval." }),
  devices: z
    .record(id<DeviceId>("A device."), digest("The digest of the device as it was admitted."))
    .transform((record): ReadonlyMap<DeviceId, string> => new Map(Object.entries(record) as [DeviceId, string][]))
    .meta({ description: "The devices that are admitted, each with its digest." }),
  paces: z
    .record(id<DeviceId>("A device."), z.record(z.string(), pace), { error: "the intervals that `approve` wrote" })
    .transform((record): ReadonlyMap<DeviceId, Paces> => new Map(Object.entries(record) as [DeviceId, Paces][]))
    .exactOptional()
    .meta({
      description: "How often each device may be asked at most, written by `approve`; a change of it voids the device's admission.",
    }),
  earlier: z
    .array(earlier, { error: "a list of earlier approvals" })
    .exactOptional()
    .meta({ description: "Who admitted the devices that the latest approval did not name, as `approve` keeps it: a record." }),
};
const partialSignature = {
  preparedBy: signature.preparedBy.exactOptional(),
  acceptedBy: signature.acceptedBy.exactOptional(),
  approvedOn: signature.approvedOn.exactOptional(),
  expiresOn: signature.expiresOn.exactOptional(),
  basis: signature.basis.exactOptional(),
  changeReference: signature.changeReference.exactOptional(),
  covers: signature.covers.exactOptional(),
  envelope: signature.envelope,
  devices: signature.devices.exactOptional(),
  paces: signature.paces,
  earlier: signature.earlier,
};

const suspended = z
  .array(
    z.strictObject({
      by: text("Who suspended the family."),
      on: date("When."),
      reason: text("Why."),
    }),
    { error: "a list of {by, on, reason}" },
  )
  .exactOptional()
  .meta({ description: "Who suspended the family, and why, as `suspend` writes it; `approve` takes it out." });

const trialDevices = z
  .array(id<DeviceId>("A device."), { error: "a list of device ids" })
  .default([])
  .meta({ description: "The devices that are asked while the stage is trial." });

const since = instant("When it came to its stage, in UTC, as commands write it.").exactOptional();
const trialSince = z
  .record(id<DeviceId>("A device."), instant("Since when it is on trial."), { error: "a moment for each device" })
  .transform((record): ReadonlyMap<DeviceId, IsoInstant> => new Map(Object.entries(record) as [DeviceId, IsoInstant][]))
  .exactOptional()
  .meta({ description: "Since when each device is on trial, as `approve` writes it: each is watched for 72 h." });

export const approvalSchema: z.ZodType<Approval> = z
  .discriminatedUnion("stage", [
    z.strictObject({
      stage: oneOf(["draft", "dry-run", "suspended"], "draft, dry-run, trial, approved or suspended.") as z.ZodEnum<{
        draft: "draft";
        "dry-run": "dry-run";
        suspended: "suspended";
      }>,
      trialDevices,
      since,
      trialSince,
      suspended,
      ...partialSignature,
    }),
    z.strictObject({
      stage: oneOf(["trial", "approved"], "draft, dry-run, trial, approved or suspended.") as z.ZodEnum<{
        trial: "trial";
        approved: "approved";
      }>,
      trialDevices,
      since,
      trialSince,
      ...signature,
    }),
  ])
  .meta({ description: "The stage of this family at this site, and who allowed it." });
