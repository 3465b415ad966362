/** Puts the plan together from what was decided, frozen and digested: slots, lines, devices, checks and refusals. */
import type {
  Check,
  CheckId,
  DeviceFloor,
  DeviceId,
  Line,
  LineId,
  Plan,
  PlannedDevice,
  ProfileId,
  Segment,
  SegmentId,
  StandingRefusal,
} from "../../domain/plan.ts";
import type { PlannedFamily } from "../../domain/stages.ts";
import { milliseconds, wallMs, type Milliseconds, type WallMs } from "../../domain/units.ts";
import type { LoadedSite } from "../loaded-site.ts";
import type { SegmentStage } from "../schema/segment-stage.ts";
import type { Identification } from "../schema/profile.ts";
import { firmwareFrom } from "./advisories.ts";
import { approvedUntil } from "./approval-rules.ts";
import { behind } from "./behind.ts";
import type { SiteBudgets } from "./budgets.ts";
import { framingOf, templatesOf, type Candidate, type Spoken } from "./candidate.ts";
import { endOf } from "./dates.ts";
import { lineConnections, type Member } from "./connection-slots.ts";
import { deepChecks, type DeepCandidate } from "./deep.ts";
import { digestOf } from "./digest.ts";
import { envelopePhase } from "./envelope.ts";
import type { Family } from "./family.ts";
import { deepFrozen, frozenMap } from "./freeze.ts";
import { line } from "./lines.ts";
import type { Place } from "./place.ts";
import { asksModule } from "./rack.ts";
import type { Finding } from "./standing.ts";
import { floorOf, slotsInTurn, turnGap } from "./turns.ts";

export interface Decided {
  readonly site: LoadedSite;
  readonly places: readonly Place[];
  readonly families: ReadonlyMap<ProfileId, Family>;
  readonly candidates: readonly Candidate[];
  readonly findings: ReadonlyMap<CheckId, readonly Finding[]>;
  readonly budgets: SiteBudgets;
  /** Everything that stands on each line, asked or not: it has one pool. */
  readonly lines: ReadonlyMap<LineId, readonly Member[]>;
  readonly deep: readonly DeepCandidate[];
  readonly deepFindings: ReadonlyMap<CheckId, readonly Finding[]>;
}

export function assemble({ site, places, families, candidates, findings, budgets, lines, deep: deeper, deepFindings }: Decided): Plan {
  const against = ({ id }: Candidate): Finding | undefined => (findings.get(id) ?? deepFindings.get(id))?.[0];
  const admitted = candidates.filter((one) => against(one) === undefined);
  const offsets = slotsInTurn(admitted);
  const identities = groupIdentities(places, families);
  const { deep, deepRefused, floors } = deepChecks(deeper, against, (one) => check(one, milliseconds(0), identities), site.lab);
  const checks = admitted.map((one) => withFloor(check(one, offsets.get(one.id)!, identities), floors));
  const refused = candidates.flatMap((one): StandingRefusal[] => {
    const finding = against(one);
    return finding === undefined ? [] : [refusal(one, finding)];
  });
  const parts = {
    site: site.settings.value.site,
    lab: site.lab,
    siteStartsPerSecondMax: budgets.siteStartsPerSecondMax,
    segments: segmentsOf(site, budgets),
    lines: linesOf(site, admitted, lines),
    devices: devicesOf(site, places, families, checks),
    checks,
    refused,
    deep,
    deepRefused,
  };
  const stages = familiesOf(places, families);
  return Object.freeze({
    site: parts.site,
    lab: parts.lab,
    digest: planDigest(parts),
    siteStartsPerSecondMax: parts.siteStartsPerSecondMax,
    segments: frozenMap(parts.segments.map((segment): [SegmentId, Segment] => [segment.id, segment])),
    lines: frozenMap(parts.lines.map((one): [LineId, Line] => [one.id, one])),
    families: frozenMap(stages.map((one): [ProfileId, PlannedFamily] => [one.id, deepFrozen(one)])),
    devices: frozenMap(parts.devices.map((device): [DeviceId, PlannedDevice] => [device.id, device])),
    checks: frozenMap(checks.map((one): [CheckId, Check] => [one.id, one])),
    refused: frozenMap(refused.map((one): [CheckId, StandingRefusal] => [one.check, one])),
    deep: frozenMap(deep.map((one): [CheckId, Check] => [one.id, one])),
    deepRefused: frozenMap(deepRefused.map((one): [CheckId, StandingRefusal] => [one.check, one])),
  });
}

/** A device that a deep query may ask too has a floor between any two requests, whoever makes them. */
function withFloor(one: Check, floors: ReadonlyMap<DeviceId, DeviceFloor>): Check {
  const floor = one.floor ?? floors.get(one.device);
  return floor === undefined ? one : { ...one, floor };
}

function check(candidate: Candidate, slot: Milliseconds, identities: GroupIdentities): Check {
  const { id, place, family, entry, register, interval, connection, connectWithin, answerWithin } = candidate;
  const { method, ask, target, phases, credentials, security, proves } = required(candidate.spoken, id);
  const { vendors, products } = (place.hardware && identities.get(place.hardware.id)) ?? family.identification;
  const firmware = firmwareFrom({ method: entry.method, advisories: family.advisories, model: place.entry.asset.model });
  return {
    id,
    device: place.entry.id,
    method: entry.method,
    protocol: method.protocol,
    target,
    ...(framingOf(place) && { framing: framingOf(place)! }),
    line: place.line,
    interval,
    slot,
    ...(candidate.turn && { period: candidate.turn.period, floor: floorOf(candidate.turn) }),
    missesToDown: candidate.missesToDown,
    connection,
    connectWithin,
    answerWithin,
    ask: deepFrozen(ask),
    ...(credentials && { credentials }),
    ...(security && { security }),
    ...phases,
    proves,
    ...(vendors.length + products.length > 0 && !asksModule(candidate) && { expectedIdentity: { vendors, products } }),
    ...(firmware !== undefined && { firmwareFrom: firmware }),
    ...(register?.expectation && { expectedValue: { register: register.id, expectation: register.expectation } }),
    approvedUntil: earlier(required(approvedUntil(family), id), candidate.spoken?.serverCertificate?.notAfter),
    digest: digestOf({
      method: entry.method,
      target: { ...target },
      line: place.line,
      connection,
      ...bytesOf(phases),
      ...(credentials && { credentials: { ...credentials } }),
      says: method.describe(ask),
    }),
  };
}

/** The end of the approval, or of the server's pinned certificate: the gate holds to it without reading a file again. */
function earlier(end: WallMs, other: WallMs | undefined): WallMs {
  return other !== undefined && other < end ? other : end;
}

type GroupIdentities = ReadonlyMap<string, Identification>;

/**
 * By hardware group: whoever may answer at one of its addresses may answer at each. The two halves of a redundant pair swap their addresses
 * at a changeover, and that is no intruder. A family that expects nobody in particular makes the whole group so.
 */
function groupIdentities(places: readonly Place[], families: ReadonlyMap<ProfileId, Family>): GroupIdentities {
  const grouped = Map.groupBy(
    places.filter(({ hardware }) => hardware !== undefined),
    ({ hardware }) => hardware!.id,
  );
  return new Map(
    [...grouped].map(([id, members]) => [id, united(members.flatMap(({ entry }) => families.get(entry.profile)?.identification ?? []))]),
  );
}

function united(all: readonly Identification[]): Identification {
  const names = (key: keyof Identification): readonly string[] =>
    all.some((one) => one[key].length === 0) ? [] : [...new Set(all.flatMap((one) => one[key]))].toSorted();
  return { vendors: names("vendors"), products: names("products") };
}

function refusal({ id, place, entry, spoken }: Candidate, { reason, detail }: Finding): StandingRefusal {
  const templates = spoken === undefined ? [] : templatesOf(spoken.phases);
  return { check: id, device: place.entry.id, method: entry.method, reason, detail, templates };
}

function segmentsOf({ watchlist }: LoadedSite, budgets: SiteBudgets): readonly Segment[] {
  return watchlist.value.segments.map((segment) => ({
    id: segment.id,
    zone: segment.zone,
    subnet: segment.subnet,
    localAddress: segment.localAddress,
    startsPerSecondMax: budgets.segmentStartsPerSecondMax(segment),
    ...heldBack(watchlist.value.segmentStages.filter((one) => one.segment === segment.id)),
  }));
}

/** Suspended outweighs dry run. */
function heldBack(entries: readonly SegmentStage[]): Pick<Segment, "heldBack"> {
  if (entries.length === 0) return {};
  const stage = entries.some((one) => one.stage === "suspended") ? "suspended" : "dry-run";
  const since = Math.max(...entries.filter((one) => one.stage === stage).map((one) => Date.parse(one.since)));
  return { heldBack: { stage, since: wallMs(since) } };
}

function familiesOf(places: readonly Place[], families: ReadonlyMap<ProfileId, Family>): readonly PlannedFamily[] {
  const used = new Set(places.map(({ entry }) => entry.profile));
  return [...families.values()].flatMap(({ id, stage, approval, shipped, deepQuery: agreed }): readonly PlannedFamily[] => {
    if (!used.has(id)) return [];
    const end = approval === undefined ? undefined : endOf(approval);
    const trial = stage === "trial" ? (approval?.trialDevices ?? []) : [];
    const begun = trial.map((device): [DeviceId, WallMs | undefined] => [device, momentOf(approval?.trialSince?.get(device))]);
    const offered = shipped.value.deepQuery.map(({ read }) => read);
    const deepReads = offered.length > 0 && { deepReads: { offered, agreed } };
    return [{ id, stage, since: momentOf(approval?.since), trial: frozenMap(begun), ...(end && { end }), ...deepReads }];
  });
}

function momentOf(text: string | undefined): WallMs | undefined {
  return text === undefined ? undefined : wallMs(Date.parse(text));
}

/**
 * A piece of hardware with addresses in two segments counts its line to the first; starts are charged to each device's own segment.
 * Whatever is asked on a gateway's line, the gateway itself included, leaves that line its rest.
 */
function linesOf({ watchlist, lab }: LoadedSite, admitted: readonly Candidate[], all: Decided["lines"]): readonly Line[] {
  return [...Map.groupBy(admitted, ({ place }) => place.line)].map(([id, members]) => {
    const [first, ...others] = members as [Candidate, ...Candidate[]];
    const rest = line(id, first.place.segment.id, first.place.bus, [first.interval, ...others.map(({ interval }) => interval)]);
    const turn = first.place.bus === undefined && others.length > 0 ? first.turn : undefined;
    const gap = turn === undefined ? rest.gap : turnGap(turn, members.length);
    return { ...rest, gap, connections: lineConnections(watchlist.value, all.get(id) ?? [], lab) };
  });
}

function devicesOf(
  { serverCertificates }: LoadedSite,
  places: readonly Place[],
  families: ReadonlyMap<ProfileId, Family>,
  checks: readonly Check[],
): readonly PlannedDevice[] {
  const byDevice = Map.groupBy(checks, ({ device }) => device);
  const standsAt = new Map(places.map((place) => [place.entry.id, standingPlaces(place)]));
  return places.flatMap(({ entry, segment, hardware }) => {
    const { id, name, category, profile } = entry;
    const stage = families.get(profile)?.stage;
    if (stage === undefined) return [];
    const pinned = serverCertificates?.get(id);
    const others = (hardware?.devices ?? []).filter((other) => other !== id);
    const own = (byDevice.get(id) ?? []).map((one) => one.id);
    return [
      {
        id,
        name,
        segment: segment.id,
        zone: segment.zone,
        function: entry.function,
        category,
        profile,
        stage,
        behind: behind(entry),
        ...(others.length > 0 && { hardware: others }),
        places: [...new Set([id, ...others].flatMap((each) => standsAt.get(each) ?? []))],
        checks: own,
        ...(pinned && { serverCertificate: { sha256: pinned.sha256, notAfter: pinned.notAfter } }),
      },
    ];
  });
}

/** Units of a bus by their numbers, each of which is another device. */
function standingPlaces({ entry, address }: Place): readonly string[] {
  if (entry.via === undefined) return [address];
  return [...new Set(entry.checks.map(({ unitId }) => `${address} unit ${unitId ?? "?"}`))];
}

type Parts = Pick<Plan, "site" | "lab" | "siteStartsPerSecondMax"> & {
  readonly deep: readonly Check[];
  readonly deepRefused: readonly StandingRefusal[];
  readonly segments: readonly Segment[];
  readonly lines: readonly Line[];
  readonly devices: readonly PlannedDevice[];
  readonly checks: readonly Check[];
  readonly refused: readonly StandingRefusal[];
};

/** Over what was compiled, the words of refusals excepted: they carry line numbers, which a comment in a file moves. */
function planDigest({ checks, refused, deep, deepRefused, ...others }: Parts): string {
  const bare = (all: readonly Check[]): readonly object[] =>
    all.map(({ ask: _ask, opening, asking, closing, ...rest }) => ({ ...rest, ...bytesOf({ opening, asking, closing }) }));
  const reasons = (all: readonly StandingRefusal[]): readonly object[] => all.map(({ check: id, reason }) => ({ check: id, reason }));
  return digestOf({
    schema: "plan/v1",
    ...others,
    checks: bare(checks),
    refused: reasons(refused),
    // Left out where nobody has agreed to any.
    ...(deep.length + deepRefused.length > 0 && { deep: bare(deep), deepRefused: reasons(deepRefused) }),
  });
}

function bytesOf({ opening, asking, closing }: Spoken["phases"]): object {
  return { opening: envelopePhase(opening), asking: envelopePhase(asking), closing: envelopePhase(closing) };
}

/** A check without a method or a signature cannot have been admitted. */
function required<Value>(value: Value | undefined, id: CheckId): Value {
  if (value === undefined) throw new TypeError(`compile: ${id} was admitted without its method or its approval`);
  return value;
}
