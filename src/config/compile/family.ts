/** One device family as it holds at this site: the shipped profile and the site's own file, each figure the more conservative of the two. */
import type { DeepRead } from "../../domain/deep-reads.ts";
import type { MethodId } from "../../domain/operations.ts";
import type { ProfileId, Proof, Stage } from "../../domain/plan.ts";
import type { Milliseconds } from "../../domain/units.ts";
import { problemAt, type Loaded, type Problem } from "../problem.ts";
import type { Approval } from "../schema/approval.ts";
import type { Fact, SourceDocument } from "../schema/facts.ts";
import type { Advisory } from "../schema/advisories.ts";
import type { Forbidden } from "../schema/forbidden.ts";
import type { Identification, OwnerStatement, Profile, ProfileMethod } from "../schema/profile.ts";
import type { LivenessRegister } from "../schema/register.ts";
import type { SiteProfile } from "../schema/site-profile.ts";
import type { WatchdogMode } from "../schema/statements.ts";
import { forbiddingAdvisory } from "./advisories.ts";
import { familyConnection, mayLoosen, type FamilyConnection } from "./connection.ts";
import { familyDeepReads } from "./deep-family.ts";
import { directions, heardOnlyKinds, strictKinds, type ClosingFault } from "./direction.ts";
import { forbiddenOf } from "./forbidden.ts";
import { intervalFloor, shortestInterval } from "./interval.ts";
import { familyTimeouts, type Timeouts } from "./timeouts.ts";

export interface Family {
  readonly id: ProfileId;
  readonly shipped: Loaded<Profile>;
  readonly site: Loaded<SiteProfile> | undefined;
  /** Absent: a draft. */
  readonly approval: Approval | undefined;
  readonly stage: Stage;
  /** A method that is not here is forbidden. */
  readonly methods: ReadonlyMap<MethodId, FamilyMethod>;
  readonly connection: FamilyConnection;
  readonly watchdog: FamilyWatchdog;
  readonly identification: Identification;
  readonly ownerMustState: readonly OwnerStatement[];
  /** A register range stands here for each table in which the device may keep it. */
  readonly forbidden: readonly Forbidden[];
  readonly advisories: readonly Advisory[];
  /** Takes one master only. Anybody's word for it counts. */
  readonly exclusive: boolean;
  readonly liveness: ReadonlyMap<string, LivenessRegister>;
  readonly deepQuery: readonly DeepRead[];
}

export interface FamilyMethod extends Timeouts {
  readonly decision: "allow" | "forbid";
  /** Forbidden only as long as the site file does not agree to it. */
  readonly needsAgreeing: boolean;
  /** Why, in the words of the file that decided. */
  readonly reason: string;
  readonly intervalMin: Milliseconds;
  readonly missesStated: readonly (number | undefined)[];
  readonly proves: Proof | undefined;
}

export interface FamilyWatchdog {
  readonly fedBy: WatchdogMode;
  /** Whether the end of a connection can trip a device: `no` only where a document says so. */
  readonly closeCausesFault: ClosingFault;
  /** Drives, I/O couplers, serial devices and what is not known. */
  readonly strict: boolean;
}

export function family(
  shipped: Loaded<Profile>,
  site: Loaded<SiteProfile> | undefined,
  lab: boolean,
): { family: Family; problems: readonly Problem[] } {
  const { value: profile } = shipped;
  const own = site?.value;
  const { fedBy, closeCausesFault } = profile.watchdog;
  const believedFedBy = fedBy.value ?? "unknown";
  const named = Object.entries(profile.methods) as [MethodId, ProfileMethod][];
  const merged: Family = {
    id: profile.id,
    shipped,
    site,
    approval: own?.approval,
    stage: own?.approval.stage ?? "draft",
    methods: new Map(named.map(([id, method]) => [id, familyMethod(id, method, profile, own, lab)])),
    connection: familyConnection(profile.connection, profile.sources, own?.connection, profile.limits),
    watchdog: {
      fedBy: directions.fedBy.tightest(believedFedBy, own?.watchdog.fedBy ?? believedFedBy),
      closeCausesFault: own?.watchdog.closeCausesFault === true ? "yes" : closingFault(closeCausesFault, profile.sources),
      strict: strictKinds.has(profile.kind),
    },
    identification: {
      vendors: whoever(profile.identification.vendors, own?.identification.vendors),
      products: whoever(profile.identification.products, own?.identification.products),
    },
    ownerMustState: directions.ownerMustState.tightest(profile.ownerMustState, own?.ownerMustState ?? []),
    forbidden: forbiddenOf(profile, own),
    advisories: profile.advisories,
    exclusive: profile.exclusive?.value === true,
    liveness: new Map([...profile.liveness, ...(own?.liveness ?? [])].map((register) => [register.id, register])),
    deepQuery: familyDeepReads(profile, own),
  };
  return { family: merged, problems: [...redefined(profile, site), ...renamed(profile, site)] };
}

/** A yes counts from wherever it comes; a no loosens, and needs a document that two persons have read. */
function closingFault(fact: Fact<boolean>, sources: readonly SourceDocument[]): ClosingFault {
  if (fact.value === true) return "yes";
  return fact.value === false && mayLoosen(fact, sources) ? "no" : "unknown";
}

function familyMethod(id: MethodId, shipped: ProfileMethod, profile: Profile, own: SiteProfile | undefined, lab: boolean): FamilyMethod {
  const site = own?.methods[id];
  const agreed = own?.agreed.find(({ method }) => method === id);
  const decision = directions.decision.tightest(shipped.decision, site?.decision ?? shipped.decision);
  return {
    ...(withheld(id, profile) ?? decided(decision, shipped, site?.reason, agreed?.reason)),
    intervalMin: shortestInterval(intervalFloor(id, lab), shipped.intervalMin, site?.intervalMin),
    ...familyTimeouts(shipped, site),
    missesStated: [shipped.missesToDown, site?.missesToDown],
    proves: shipped.proves,
  };
}

type Decided = Pick<FamilyMethod, "decision" | "reason" | "needsAgreeing">;

/** What neither a site file nor the profile's own methods can lift. */
function withheld(id: MethodId, { kind, advisories }: Profile): Decided | undefined {
  const forbid = (reason: string): Decided => ({ decision: "forbid", needsAgreeing: false, reason });
  if (heardOnlyKinds.has(kind)) return forbid(`it is a profile of ${kind} systems, which are never asked, heard only`);
  const advisory = forbiddingAdvisory(id, advisories);
  return advisory && forbid(`${advisory.id}: ${advisory.trigger}`);
}

/** `ask` stands until the site file agrees to the method by name; a family that does not speak a method is not asked by it. */
function decided(
  decision: ProfileMethod["decision"],
  shipped: ProfileMethod,
  siteReason: string | undefined,
  agreedReason: string | undefined,
): Decided {
  if (shipped.support.value === "no") return { decision: "forbid", needsAgreeing: false, reason: "the family does not speak it" };
  if (decision === "forbid")
    return {
      decision,
      needsAgreeing: false,
      reason: shipped.decision === "forbid" ? shipped.reason : (siteReason ?? "forbidden by the site"),
    };
  if (decision === "allow") return { decision, needsAgreeing: false, reason: shipped.reason };
  if (agreedReason !== undefined) return { decision: "allow", needsAgreeing: false, reason: agreedReason };
  return { decision: "forbid", needsAgreeing: true, reason: shipped.reason };
}

/** A site says who may answer where the shipped profile does not: two lists with nobody in common could not be merged. */
function whoever(shipped: readonly string[], own: readonly string[] = []): readonly string[] {
  return shipped.length > 0 ? shipped : own;
}

function renamed({ identification }: Profile, site: Loaded<SiteProfile> | undefined): readonly Problem[] {
  if (site === undefined) return [];
  return (["vendors", "products"] as const)
    .filter((kind) => identification[kind].length > 0 && site.value.identification[kind].length > 0)
    .map((kind) =>
      problemAt(site, ["identification", kind], {
        found: site.value.identification[kind].join(", "),
        expected: `nothing here: the shipped profile names ${identification[kind].join(", ")}`,
      }),
    );
}

/** A site file names registers of its own; under a shipped name it would change what the shipped profile reads. */
function redefined(profile: Profile, site: Loaded<SiteProfile> | undefined): readonly Problem[] {
  if (site === undefined) return [];
  const shippedIds = new Set(profile.liveness.map(({ id }) => id));
  return site.value.liveness.flatMap(({ id }, index) =>
    shippedIds.has(id)
      ? [problemAt(site, ["liveness", index, "id"], { found: `"${id}", a register of the shipped profile`, expected: "a name of its own" })]
      : [],
  );
}
