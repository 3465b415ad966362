/** The ordered table of standing refusals, one function a reason: each says in one line what stands against a check, or nothing. */
import { standingReasons, type StandingReason } from "../../domain/reasons.ts";
import type { HeldSegment, LineId } from "../../domain/plan.ts";
import type { LoadedSite } from "../loaded-site.ts";
import { formatPath, type Loaded, type Path } from "../problem.ts";
import { serverCertificateFile } from "../server-certificates.ts";
import { suspensionsOf } from "../schema/approval.ts";
import type { OwnerStatement } from "../schema/profile.ts";
import { firmwareRefusal, type AdvisoryRefusal } from "./advisories.ts";
import { approvalExpired, approvalStale, notAdmitted, notApproved, type Now } from "./approval-rules.ts";
import { templatesOf, type Candidate } from "./candidate.ts";
import { lastDayBefore } from "./dates.ts";
import { countSlots, unstatedClients, type Member } from "./connection-slots.ts";
import type { ExclusionsOf } from "./exclusions.ts";
import { functionCodeOf } from "./modbus-codes.ts";
import { safetyInRack, slotsUnstated } from "./rack.ts";
import { siteFileOf } from "./site-file.ts";
import { watchdogRefusal, type WatchdogRefusal } from "./watchdog.ts";

export interface Finding {
  readonly reason: StandingReason;
  /** One line: where, what was found, what is expected, what to do. */
  readonly detail: string;
  /** With `statement_missing`: a sentence for each of them. */
  readonly statements?: readonly string[];
  /** It is the segment that is held back, not the family. */
  readonly bySegment?: true;
}

export interface Circumstances {
  readonly site: LoadedSite;
  readonly exclusionsOf: ExclusionsOf;
  readonly lines: ReadonlyMap<LineId, readonly Member[]>;
  readonly now: (candidate: Candidate) => Now;
}

type Rule = (candidate: Candidate, circumstances: Circumstances) => string | undefined;

/** Everything that stands against a check but for the budgets, which only the whole site can tell; the order is that of `standingReasons`. */
export function findingsAgainst(candidate: Candidate, circumstances: Circumstances): readonly Finding[] {
  return (Object.keys(standingReasons) as StandingReason[]).flatMap((reason): readonly Finding[] => {
    const held = heldSegment(candidate, circumstances.site, reason);
    if (held !== undefined) return [{ reason, detail: held, bySegment: true }];
    if (reason === "statement_missing") {
      const statements = missingStatements(candidate, circumstances);
      return statements.length === 0 ? [] : [{ reason, detail: statements.join("; "), statements }];
    }
    const detail = rules[reason](candidate, circumstances);
    return detail === undefined ? [] : [{ reason, detail }];
  });
}

const rules: Readonly<Record<Exclude<StandingReason, "statement_missing">, Rule>> = {
  not_approved: (candidate, { now }) => notApproved(candidate, now(candidate)),
  not_admitted: (candidate, { now }) => notAdmitted(candidate, now(candidate)),
  approval_expired: (candidate, { now }) => approvalExpired(candidate, now(candidate)),
  approval_stale: (candidate, { now }) => approvalStale(candidate, now(candidate)),
  excluded,
  safety_function: safetyFunction,
  no_connection_slot: noConnectionSlot,
  method_withdrawn: methodWithdrawn,
  method_unsupported: ({ spoken, entry }) =>
    spoken === undefined ? `this build does not speak ${entry.method}: use another method, or a build that does` : undefined,
  budget_too_small: () => undefined,
  stage: stageRefusal,
  dry_run: ({ family }) =>
    family.stage === "dry-run"
      ? `approval.stage of ${family.id} is dry-run: everything is done but the packet; look at the frames, then approve it`
      : undefined,
};

function excluded(candidate: Candidate, { site, exclusionsOf }: Circumstances): string | undefined {
  const index = exclusionsOf(candidate);
  if (index === undefined) return undefined;
  const reason = site.watchlist.value.excluded[index]?.reason ?? "";
  return `${at(site.watchlist, ["excluded", index])} covers it (${reason}): it is never asked; take the check out`;
}

/** In code and first among the owner's own facts: no approval, statement or profile lifts it. */
function safetyFunction(candidate: Candidate, { site, lines }: Circumstances): string | undefined {
  const { place } = candidate;
  const what = place.entry.function;
  switch (what) {
    case "safety":
    case "protection":
    case "navigation":
      return `${at(site.watchlist, [...place.path, "function"])} is ${what}: never asked, heard only; take the check out`;
    case "control":
    case "monitoring":
    case "network":
      return safetyInRack(candidate, membersOf(lines, place.line), site);
  }
}

function missingStatements(candidate: Candidate, circumstances: Circumstances): readonly string[] {
  const { site, lines } = circumstances;
  const { place, family } = candidate;
  const line = membersOf(lines, place.line);
  const clients =
    opensConnection(candidate) || family.ownerMustState.includes("otherClients") ? unstatedClients(site.watchlist.value, line) : [];
  const missing = [
    ...clients.map((path) => `${at(site.watchlist, path)} is not stated: name every other client, [] where there are none`),
    ...family.ownerMustState.flatMap((key) => ownerStatement(candidate, key, site)),
    ...slotsUnstated(candidate),
  ];
  const certificate = certificateMissing(candidate, circumstances);
  if (certificate !== undefined) missing.push(certificate);
  for (const refusal of [firmwareOf(candidate), watchdogOf(candidate)])
    if (refusal?.reason === "statement_missing") missing.push(`${at(site.watchlist, [...place.path, "statements"])}: ${refusal.detail}`);
  return missing;
}

/** `otherClients` and `watchdog` have rules of their own. */
function ownerStatement({ place, family }: Candidate, key: OwnerStatement, site: LoadedSite): readonly string[] {
  if (key === "otherClients" || key === "watchdog") return [];
  const { statements } = place.entry;
  const gatewayPool = key === "connectionPool" ? place.gateway?.connectionPool : undefined;
  if ((statements[key] ?? gatewayPool) !== undefined) return [];
  return [`${at(site.watchlist, [...place.path, "statements", key])} is not stated: profile ${family.id} wants it of every device`];
}

/** A secured channel to a server that nobody has identified secures nothing. */
function certificateMissing(candidate: Candidate, { site, now }: Circumstances): string | undefined {
  const { place, path, spoken } = candidate;
  if (spoken?.security === undefined) return undefined;
  const where = at(site.watchlist, [...path, "security"]);
  const file = serverCertificateFile(site.settings.value.stateDir, place.entry.id);
  const pin = `compare its fingerprint at the server itself: watchkeeper opcua trust ${place.entry.id} (it is kept in ${file})`;
  const pinned = spoken.serverCertificate;
  if (pinned === undefined) return `${where}: no certificate of the server is pinned: ${pin}`;
  if (now(candidate).wall < pinned.notAfter) return undefined;
  return `${where}: the pinned certificate of the server ended on ${lastDayBefore(pinned.notAfter)}: when it has a new one, ${pin}`;
}

function noConnectionSlot(candidate: Candidate, { site, lines }: Circumstances): string | undefined {
  const line = membersOf(lines, candidate.place.line);
  if (!opensConnection(candidate) || unstatedClients(site.watchlist.value, line).length > 0) return undefined;
  const { pool, others, reserve, free } = countSlots(site.watchlist.value, line);
  const alone = line.find(({ family }) => family.exclusive);
  if (alone !== undefined && others > 0)
    return `${at(site.watchlist, [...alone.place.path, "statements"])}: others hold ${others} connections, and profile ${alone.family.id} says that the device takes one master only: it is asked only where there is no other`;
  if (free >= 1) return undefined;
  const where = at(site.watchlist, [...candidate.place.path, "statements"]);
  return `${where}: of ${pool} connections others hold ${others} and ${reserve} stay free, which leaves ${free}: expected 1; where the device documents more, state connectionPool with its source`;
}

function methodWithdrawn(candidate: Candidate, { site }: Circumstances): string | undefined {
  const { family, entry, rule, place } = candidate;
  const profile = `profile ${family.id}`;
  if (rule === undefined)
    return `${profile} does not name ${entry.method}: expected one of ${[...family.methods.keys()].join(", ") || "none"}`;
  if (rule.needsAgreeing) {
    const snippet = `agreed: [{method: ${entry.method}, by: <name>, on: <day>, reason: <why>}]`;
    return `${entry.method} needs agreeing: ${profile} leaves it to the site (${rule.reason}); to agree to it, write into ${siteFileOf(site, family.id).file}: ${snippet}`;
  }
  if (rule.decision === "forbid") return `${profile} forbids ${entry.method}: ${rule.reason}`;
  const banned = forbiddenBy(candidate);
  if (banned !== undefined) return `${profile} forbids it: ${banned}`;
  const withdrawn = [firmwareOf(candidate), watchdogOf(candidate)].find((one) => one?.reason === "method_withdrawn");
  return withdrawn && `${at(site.watchlist, [...place.path, "statements"])}: ${withdrawn.detail}`;
}

function forbiddenBy({ family, entry, register, spoken }: Candidate): string | undefined {
  const found = family.forbidden.find((ban) => {
    switch (ban.kind) {
      case "function-code":
        return ban.functionCode === functionCodeOf(entry.method);
      case "port":
        return ban.port === spoken?.target.port;
      case "operation":
        return spoken !== undefined && templatesOf(spoken.phases).some(({ operation }) => operation === ban.operation);
      case "service":
      case "discovery":
        return false;
      case "registers":
        return (
          register !== undefined &&
          register.space === ban.space &&
          register.protocolAddress < ban.protocolAddress + ban.count &&
          ban.protocolAddress < register.protocolAddress + register.count
        );
    }
  });
  return found?.reason;
}

function stageRefusal({ family, place }: Candidate): string | undefined {
  if (family.stage === "suspended") {
    const causes = suspensionsOf(family.approval).map(({ by, on, reason }) => `${on} by ${by}: ${reason}`);
    const why = causes.length === 0 ? "" : ` (${causes.join("; ")})`;
    return `approval.stage of ${family.id} is suspended${why}: approve it again once its cause is gone`;
  }
  if (family.stage !== "trial" || family.approval?.trialDevices.includes(place.entry.id)) return undefined;
  const named = (family.approval?.trialDevices ?? []).join(", ");
  return `approval.stage of ${family.id} is trial, and approval.trialDevices names ${named}: approve the family when the trial is over`;
}

const stageOf: Readonly<Partial<Record<StandingReason, HeldSegment["stage"]>>> = { stage: "suspended", dry_run: "dry-run" };

function heldSegment({ place }: Candidate, { watchlist }: LoadedSite, reason: StandingReason): string | undefined {
  const stage = stageOf[reason];
  const { id } = place.segment;
  if (stage === undefined) return undefined;
  const entries = watchlist.value.segmentStages.flatMap((one, index) =>
    one.segment === id && one.stage === stage ? [{ ...one, index }] : [],
  );
  const [first] = entries;
  if (first === undefined) return undefined;
  const why = entries.map(({ since, by, reason: words }) => `${since} by ${by}: ${words}`).join("; ");
  const [what, command] = stage === "suspended" ? ["suspended", "suspend"] : ["in dry run, everything but the packet", "dry-run"];
  return `${at(watchlist, ["segmentStages", first.index])}: segment ${id} is ${what} (${why}): once its cause is gone, watchkeeper ${command} --segment ${id} --end …`;
}

/** A line without its devices would have no clients and no end of connections: a bug, never an answer. */
function membersOf(lines: Circumstances["lines"], id: LineId): readonly Member[] {
  const members = lines.get(id);
  if (members === undefined) throw new TypeError(`compile: no devices on line ${id}`);
  return members;
}

/** Where a method is not in this build, the worse is assumed. */
function opensConnection({ spoken }: Candidate): boolean {
  return spoken === undefined || spoken.target.transport === "tcp" || spoken.phases.opening.connectionsMax > 0;
}

function watchdogOf(candidate: Candidate): WatchdogRefusal | undefined {
  const { entry, family, place } = candidate;
  return watchdogRefusal({
    method: entry.method,
    family: family.watchdog,
    serial: place.entry.via !== undefined,
    opensConnection: opensConnection(candidate),
    statement: place.entry.statements.watchdog,
  });
}

function firmwareOf({ entry: { method }, family: { advisories }, place }: Candidate): AdvisoryRefusal | undefined {
  const { asset, statements } = place.entry;
  return firmwareRefusal({ method, advisories, model: asset.model, firmware: statements.firmware });
}

function at(file: Loaded<unknown>, path: Path): string {
  return `${file.file}:${file.lines.lineOf(path)}: ${formatPath(path)}`;
}
