/** From the files of a site to the plan: everything that may be sent, and for everything else the one reason why not. */
import { certificatesOf, certificateWords } from "../../domain/certificate-words.ts";
import type { Method } from "../../domain/driver.ts";
import type { MethodId } from "../../domain/operations.ts";
import type { CheckId, DeviceId, Plan, ProfileId } from "../../domain/plan.ts";
import type { StandingReason } from "../../domain/reasons.ts";
import { securityWords, type ChannelSecurity } from "../../domain/security.ts";
import { endWords, segmentWords, stepWords } from "../../domain/stage-words.ts";
import { approvalAge } from "../../domain/stages.ts";
import { milliseconds, type Milliseconds, type WallMs } from "../../domain/units.ts";
import type { LoadedSite } from "../loaded-site.ts";
import { problemAt, quote, sortProblems, type Problem } from "../problem.ts";
import type { Paces } from "../schema/approval.ts";
import type { WatchlistCheck } from "../schema/watchlist.ts";
import { assemble } from "./assemble.ts";
import { overBudget, siteBudgets } from "./budgets.ts";
import { candidate, ownInterval, type Candidate } from "./candidate.ts";
import { endOf, type End } from "./dates.ts";
import { deepCandidates } from "./deep.ts";
import { deviceDigest } from "./device-digest.ts";
import { digestOf } from "./digest.ts";
import { duplicates, keptBeside, overlong, statementsOfTomorrow, tooManyUnits } from "./contradictions.ts";
import { envelopeOf, type Envelope } from "./envelope.ts";
import { exclusions } from "./exclusions.ts";
import { family, type Family } from "./family.ts";
import { frozenMap } from "./freeze.ts";
import { functionCodeOf } from "./modbus-codes.ts";
import { placesOf, type Place } from "./place.ts";
import { isLiftedByApproval, proposals, type Proposal } from "./proposals.ts";
import { raisedIntervals, type Raised } from "./raised.ts";
import { fasterThanApproved, pacesOf, samePaces } from "./paces.ts";
import { intervalFloor } from "./interval.ts";
import { turns, type Asking } from "./turns.ts";
import { siteFileOf } from "./site-file.ts";
import { findingsAgainst, type Finding } from "./standing.ts";

export interface CompileOptions {
  /** The pure halves of every protocol that this build speaks. */
  readonly methods: ReadonlyMap<MethodId, Method>;
  readonly wallNow: WallMs;
  readonly lab: boolean;
}

/** Frozen. With problems, the plan shows what there is and must not be adopted. */
export interface Compiled {
  readonly plan: Plan;
  /** What an approval of the profile as it is now must name. */
  readonly covers: ReadonlyMap<ProfileId, string>;
  /** The figures behind each `covers`, kept in the approval block beside it. */
  readonly envelopes: ReadonlyMap<ProfileId, Envelope>;
  /** What an approval of the device as it is now must name. */
  readonly deviceDigests: ReadonlyMap<DeviceId, string>;
  /** The same with the intervals of the family's approval: equal to what that names unless something but the pace has changed. */
  readonly digestsAsPaced: ReadonlyMap<DeviceId, string>;
  /** How often each device would be asked by an approval now, kept in the approval block beside its digest. */
  readonly paces: ReadonlyMap<DeviceId, Paces>;
  /** Devices that are to be asked more often than they were approved for, in words. */
  readonly faster: ReadonlyMap<DeviceId, string>;
  /** Everything that stands against a check, not only the first: what is missing before it can be asked. */
  readonly findings: ReadonlyMap<CheckId, readonly Finding[]>;
  /** What would be sent by those checks that are refused, where this build can speak them. */
  readonly proposals: ReadonlyMap<CheckId, Proposal>;
  /** Checks that are asked less often than the watchlist says. */
  readonly raised: ReadonlyMap<CheckId, Raised>;
  /** Of families that somebody has signed: for the alarm before and in the grace. */
  readonly approvals: ReadonlyMap<ProfileId, ApprovalState>;
  /** Steps of families and segments towards being asked, one line each. */
  readonly proposed: readonly string[];
  /** Certificates that have ended or do so within 60 days, one line each. */
  readonly certificates: readonly string[];
  readonly problems: readonly Problem[];
}

export interface ApprovalState extends End {
  /** Expired, and still asked. */
  readonly inGrace: boolean;
  /** One line from 60 days before its expiry on. */
  readonly warning: string | undefined;
}

/** Pure. `lab` must be that of the site as it was loaded. @throws RangeError where it is not. */
export function compile(site: LoadedSite, { methods, wallNow, lab }: CompileOptions): Compiled {
  if (site.lab !== lab) throw new RangeError(`compile: found a site loaded with lab ${site.lab}, expected ${lab}`);
  const merged = [...site.shippedProfiles.values()].map((shipped) => family(shipped, site.siteProfiles.get(shipped.value.id), lab));
  const families = new Map(merged.map(({ family: one }) => [one.id, one]));
  const { places, problems: misplaced } = placesOf(site.watchlist);
  const { candidates, problems: contradictory } = candidatesOf(site, methods, places, families);
  const byProfile = Map.groupBy(candidates, ({ family: own }) => own.id);
  const envelopes = new Map(
    [...families].map(([id, one]) => {
      const own = byProfile.get(id) ?? [];
      return [id, envelopeOf(one, methods, shortestPaces(own), securitiesOf(own))];
    }),
  );
  const covers = new Map([...envelopes].map(([id, envelope]) => [id, digestOf(envelope)]));
  const { budgets, problems: ungranted } = siteBudgets(site.watchlist);
  const members = places.flatMap((place) => {
    const own = families.get(place.entry.profile);
    return own === undefined ? [] : [{ place, family: own }];
  });
  const lines = Map.groupBy(members, ({ place }) => place.line);
  const byDevice = Map.groupBy(candidates, ({ place }) => place.entry.id);
  const digest = (place: Place, approved?: Paces): string =>
    deviceDigest(site.watchlist.value, place, lines.get(place.line) ?? [], byDevice.get(place.entry.id) ?? [], approved);
  const deviceDigests = new Map(places.map((place) => [place.entry.id, digest(place)]));
  const paces = new Map(places.map(({ entry: { id } }) => [id, pacesOf(byDevice.get(id) ?? [])]));
  const digestsAsPaced = new Map(
    places.map((place): [DeviceId, string] => {
      const { id, profile } = place.entry;
      const approved = families.get(profile)?.approval?.paces?.get(id);
      const same = approved === undefined || samePaces(approved, paces.get(id)!);
      return [id, same ? deviceDigests.get(id)! : digest(place, approved)];
    }),
  );
  const circumstances = {
    site,
    exclusionsOf: exclusions(site.watchlist.value.excluded, places),
    lines,
    now: ({ family: own, place }: Candidate) => ({
      wall: wallNow,
      covers: covers.get(own.id) ?? "",
      envelope: envelopes.get(own.id)!,
      deviceDigest: deviceDigests.get(place.entry.id) ?? "",
      digestAsPaced: digestsAsPaced.get(place.entry.id) ?? "",
      siteFile: siteFileOf(site, own.id).file,
    }),
  };
  const standing = new Map(candidates.map((one) => [one.id, findingsAgainst(one, circumstances)]));
  const deep = [...byDevice.values()].flatMap((beats) => deepCandidates(site, methods, beats));
  const deepFindings = new Map(deep.map((one) => [one.id, findingsAgainst(one, circumstances)]));
  const findings = withBudgets(candidates, standing, overBudget(served(candidates, standing), budgets));
  const problems = [
    ...merged.flatMap(({ problems: found }) => found),
    ...misplaced,
    ...contradictory,
    ...duplicates(site.watchlist, candidates),
    ...keptBeside(site.watchlist, candidates),
    ...overlong(site.watchlist, candidates),
    ...tooManyUnits(site.watchlist, candidates),
    ...statementsOfTomorrow(site.watchlist, wallNow),
    ...ungranted,
  ];
  const plan = assemble({ site, places, families, candidates, findings, budgets, lines, deep, deepFindings });
  return Object.freeze({
    plan,
    covers: frozenMap(covers),
    envelopes: frozenMap(envelopes),
    deviceDigests: frozenMap(deviceDigests),
    digestsAsPaced: frozenMap(digestsAsPaced),
    faster: frozenMap(candidates.flatMap((one) => tooFast(one))),
    paces: frozenMap([...paces].map(([id, own]): [DeviceId, Paces] => [id, Object.freeze(own)])),
    findings: frozenMap(findings),
    proposals: proposals(plan, candidates, findings),
    raised: raisedIntervals(candidates, lab),
    approvals: frozenMap(approvalsOf(families, wallNow)),
    proposed: Object.freeze(proposedSteps(plan, wallNow)),
    certificates: Object.freeze(certificatesOf(plan, site.ownCertificate).flatMap((one) => certificateWords(one, wallNow) ?? [])),
    problems: Object.freeze(sortProblems(problems)),
  });
}

function proposedSteps({ families, segments }: Plan, now: WallMs): string[] {
  return [
    ...[...families.values()].map((one) => stepWords(one, now)),
    ...[...segments.values()].map((one) => segmentWords(one, now)),
  ].filter((line) => line !== undefined);
}

function tooFast(candidate: Candidate): readonly [DeviceId, string][] {
  const detail = fasterThanApproved(candidate);
  return detail === undefined ? [] : [[candidate.place.entry.id, detail]];
}

function approvalsOf(families: ReadonlyMap<ProfileId, Family>, wallNow: WallMs): readonly [ProfileId, ApprovalState][] {
  return [...families].flatMap(([id, { approval }]): [ProfileId, ApprovalState][] => {
    const end = approval === undefined ? undefined : endOf(approval);
    return end === undefined ? [] : [[id, { ...end, inGrace: approvalAge(end, wallNow) === "grace", warning: endWords(id, end, wallNow) }]];
  });
}

function candidatesOf(
  site: LoadedSite,
  methods: ReadonlyMap<MethodId, Method>,
  places: readonly Place[],
  families: ReadonlyMap<ProfileId, Family>,
): { readonly candidates: readonly Candidate[]; readonly problems: readonly Problem[] } {
  const candidates: Candidate[] = [];
  const problems: Problem[] = [];
  const turnOf = turns(
    places.flatMap((place) => {
      const own = families.get(place.entry.profile);
      const ask = (check: WatchlistCheck): Asking[] =>
        own === undefined
          ? []
          : [{ place, check, interval: ownInterval(own, check, site.lab), floor: intervalFloor(check.method, site.lab) }];
      return place.entry.checks.flatMap(ask);
    }),
  );
  for (const place of places) {
    const own = families.get(place.entry.profile);
    if (own === undefined) {
      const expected = `a profile of the library (${[...families.keys()].join(", ")})`;
      problems.push(problemAt(site.watchlist, [...place.path, "profile"], { found: quote(place.entry.profile), expected }));
      continue;
    }
    for (const [index, entry] of place.entry.checks.entries()) {
      const made = candidate(site, methods, place, own, index, turnOf.get(entry));
      if ("candidate" in made) candidates.push(made.candidate);
      else problems.push(...made.problems);
    }
  }
  return { candidates, problems };
}

/** Each once, in an order that does not depend on the watchlist's. */
function securitiesOf(candidates: readonly Candidate[]): readonly ChannelSecurity[] {
  const used = candidates.flatMap(({ spoken }) => spoken?.security ?? []);
  return [...new Map(used.map((security) => [securityWords(security), security]))]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([, one]) => one);
}

function shortestPaces(candidates: readonly Candidate[]): ReadonlyMap<MethodId, Milliseconds> {
  const paces = new Map<MethodId, Milliseconds>();
  for (const { entry, interval } of candidates)
    paces.set(entry.method, milliseconds(Math.min(interval, paces.get(entry.method) ?? interval)));
  return paces;
}

/** First what runs, then what would run once approved, which shows whether it will fit; what cannot run takes no share. */
function served(candidates: readonly Candidate[], standing: ReadonlyMap<CheckId, readonly Finding[]>) {
  const demand = ({ id, entry, interval, place }: Candidate) => ({
    check: id,
    device: place.entry.id,
    interval,
    segment: place.segment,
    // A gateway that is asked itself may hand the request on to its bus all the same.
    gateway: functionCodeOf(entry.method) === undefined ? undefined : place.bus,
  });
  const against = ({ id }: Candidate): readonly Finding[] => standing.get(id) ?? [];
  const running = candidates.filter((one) => against(one).length === 0);
  const waiting = candidates.filter((one) => against(one).length > 0 && against(one).every(isLiftedByApproval));
  return [...running, ...waiting].map(demand);
}

/** The budget's word in its place among the others. */
function withBudgets(
  candidates: readonly Candidate[],
  standing: ReadonlyMap<CheckId, readonly Finding[]>,
  refused: ReadonlyMap<CheckId, string>,
): ReadonlyMap<CheckId, readonly Finding[]> {
  const later: ReadonlySet<StandingReason> = new Set<StandingReason>(["stage", "dry_run"]);
  return new Map(
    candidates.map(({ id }) => {
      const others = standing.get(id) ?? [];
      const detail = refused.get(id);
      if (detail === undefined) return [id, others];
      const budget: Finding = { reason: "budget_too_small", detail };
      return [id, [...others.filter(({ reason }) => !later.has(reason)), budget, ...others.filter(({ reason }) => later.has(reason))]];
    }),
  );
}
