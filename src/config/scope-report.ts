/** The Monitoring Scope Justification: for each device how it is watched, why so and no better, on what grounds, and who signed; what is missing is said. */
import { formatDuration } from "../domain/duration.ts";
import { limits, poolUnknown } from "../domain/limits.ts";
import { methodIds, operations, type MethodId } from "../domain/operations.ts";
import { proofs, type CheckId, type DeviceId, type Proof } from "../domain/plan.ts";
import { standingReasons } from "../domain/reasons.ts";
import { templatesOf, type Methods } from "./compile/candidate.ts";
import type { Compiled } from "./compile/compile.ts";
import type { Sendable } from "./compile/proposals.ts";
import type { LoadedSite } from "./loaded-site.ts";
import { gradeWords, readWords, sourceWords } from "./profile-words.ts";
import { requestWords } from "./request-words.ts";
import type { Approval } from "./schema/approval.ts";
import type { Profile } from "./schema/profile.ts";
import type { WatchlistCheck, WatchlistDevice } from "./schema/watchlist.ts";
import { checkIds } from "./worksheet.ts";

/** In order, with the words that stand over them. */
export const scopeColumns = {
  asset: "Asset",
  type: "Device type and profile",
  category: "Category and function",
  method: "Method chosen",
  above: "Methods above it, and why they do not suffice",
  sends: "Protocol, operations, registers",
  interval: "Minimum interval",
  intervalSource: "Source of the interval",
  documents: "Documents on the method",
  connections: "Connection budget",
  watchdog: "Watchdog statement",
  grounds: "Vendor confirmation or risk acceptance",
  approver: "Approver",
  change: "Change reference",
  review: "Review date",
  state: "State",
} as const;
export type ScopeColumn = keyof typeof scopeColumns;
export type ScopeRow = Readonly<Record<ScopeColumn, string>>;

/** One row a check, and one for each device that has none. `compiled` must be of `site`. */
export function scopeRows(site: LoadedSite, compiled: Compiled, methods: Methods): readonly ScopeRow[] {
  return site.watchlist.value.devices.flatMap((device) => {
    const profile = site.shippedProfiles.get(device.profile)?.value;
    const approval = site.siteProfiles.get(device.profile)?.value.approval;
    const shared = { ...sharedCells(device, profile), ...signedCells(approval, device.id) };
    if (device.checks.length === 0) return [{ ...shared, ...unasked(device) }];
    const ids = checkIds(device.id, device.checks);
    return device.checks.map((entry, at): ScopeRow => ({ ...shared, ...checkCells(compiled, methods, profile, entry, ids[at]!) }));
  });
}

/** What is left out altogether, whatever else is approved, and on whose word. */
export function excludedWords({ watchlist }: LoadedSite): readonly string[] {
  return watchlist.value.excluded.map(({ address, range, gateway, unitId, reason }) => {
    const unit = gateway === undefined ? undefined : `unit ${unitId ?? "?"} behind ${gateway}`;
    return `${address ?? range ?? unit ?? ""}: ${reason}`;
  });
}

/** Of the cells of all rows, how many lack what a signature needs. */
export function missingCells(rows: readonly ScopeRow[]): number {
  return rows.filter((row) => Object.values(row).some((cell) => cell.startsWith(missing))).length;
}

const missing = "MISSING";
type Shared = Pick<ScopeRow, "asset" | "type" | "category" | "connections" | "watchdog">;
type Signed = Pick<ScopeRow, "grounds" | "approver" | "change" | "review">;

function sharedCells(device: WatchlistDevice, profile: Profile | undefined): Shared {
  const { id, name, asset, category, statements } = device;
  const { watchdog, otherClients, connectionPool } = statements;
  const stands = [
    asset.manufacturer,
    asset.model,
    asset.firmware === null ? null : `firmware ${asset.firmware}`,
    asset.serial === null ? null : `serial ${asset.serial}`,
    asset.location,
  ].filter((part) => part !== null);
  const size = connectionPool === undefined ? poolWords(profile) : `pool ${connectionPool.size} (${connectionPool.source})`;
  const others =
    otherClients === undefined
      ? `${missing}: other clients are not stated`
      : `others: ${otherClients.map((client) => `${client.name} ${client.connections}`).join(", ") || "none"}`;
  return {
    asset: `${id} (${name})${stands.length === 0 ? "" : `; ${stands.join(", ")}`}`,
    type: `${profile?.title ?? device.profile}; ${device.profile}, revision ${profile?.revision ?? "?"}`,
    category: `category ${category} (UR E22), function ${device.function}`,
    connections: `${others}; at most one of ours; ${size}; ${profile?.connection.reserve ?? 2} in reserve`,
    watchdog:
      watchdog === undefined
        ? `${missing}: not stated`
        : `${watchdog.mode}${watchdog.closeCausesFault === undefined ? "" : `, an ended connection ${watchdog.closeCausesFault ? "trips" : "does not trip"} it`}; ${watchdog.by}, ${watchdog.on}`,
  };
}

/** A figure that no document states is a figure of ours, whoever remembers it. */
function poolWords(profile: Profile | undefined): string {
  const fact = profile?.connection.poolSize;
  if (fact === undefined || fact.value === null || fact.grade === "M")
    return `pool not documented, counts as ${Math.min(fact?.value ?? poolUnknown, poolUnknown)}`;
  return `pool ${fact.value} (${sourceWords(fact, profile!.sources)})`;
}

/** Those who admitted this very device: an earlier signature where the latest does not name it. */
function signedCells(approval: Approval | undefined, id: DeviceId): Signed {
  const none = `${missing}: unsigned`;
  const admitted = approval?.devices?.has(id) === true;
  const before =
    approval !== undefined && "earlier" in approval ? approval.earlier?.find(({ devices }) => devices.includes(id)) : undefined;
  const signature = before ?? approval;
  if (!admitted || signature?.basis === undefined) return { grounds: none, approver: none, change: none, review: none };
  const { riskAcceptance: risk, vendorConfirmation } = signature.basis;
  return {
    grounds:
      risk === undefined
        ? `vendor confirmation: ${vendorConfirmation ?? ""}`
        : `risk accepted by ${risk.by}, ${risk.position}, until ${risk.until}: ${risk.reason}`,
    approver: `${signature.acceptedBy ?? none}; prepared by ${signature.preparedBy ?? "nobody"} on ${signature.approvedOn ?? "no day"}`,
    change: signature.changeReference ?? none,
    review: signature.expiresOn ?? none,
  };
}

type OfCheck = Omit<ScopeRow, keyof Shared | keyof Signed>;

/** Nothing is opened to it and nothing sent, so that nothing need be stated or signed. */
function unasked(device: WatchlistDevice): OfCheck & Signed & Pick<Shared, "connections" | "watchdog"> {
  const never = ["safety", "protection", "navigation"].includes(device.function);
  const state = never ? `never asked: its function is ${device.function}` : "not asked: it has no checks, it is only heard";
  const rest = { above: "-", sends: "nothing", interval: "-", intervalSource: "-", documents: "-" };
  const shared = { connections: "none is opened", watchdog: "-" };
  return { method: "none", ...rest, ...shared, grounds: "-", approver: "-", change: "-", review: "-", state };
}

function checkCells(
  { plan, proposals }: Compiled,
  methods: Methods,
  profile: Profile | undefined,
  entry: WatchlistCheck,
  id: CheckId,
): OfCheck {
  const check = plan.checks.get(id) ?? proposals.get(id)?.check;
  const refused = plan.refused.get(id);
  const state = refused === undefined ? "asked" : `NOT ASKED: ${refused.reason} (${standingReasons[refused.reason]}): ${refused.detail}`;
  const proves = methods.get(entry.method)?.proves;
  return {
    method: `${entry.method}${proves === undefined ? "" : `; an answer proves: ${proofs[profile?.methods[entry.method]?.proves ?? proves]}`}`,
    above: aboveWords(entry.method, profile, methods),
    sends: check === undefined ? `${missing}: this check cannot be worked out; see State` : sendsWords(check, methods),
    interval: check === undefined ? formatDuration(entry.interval ?? limits.intervalDefault) : formatDuration(check.interval),
    intervalSource: intervalWords(entry, profile),
    documents: documentWords(profile, entry.method),
    state,
  };
}

const rank: readonly Proof[] = ["network-interface", "comms-module", "cpu", "program"];

/** What would prove more, and what stands against it. Passive evidence stands above all: it sends nothing. */
function aboveWords(chosen: MethodId, profile: Profile | undefined, methods: Methods): string {
  const provesOf = (id: MethodId): number => {
    const proof = profile?.methods[id]?.proves ?? methods.get(id)?.proves;
    return proof === undefined ? -1 : rank.indexOf(proof);
  };
  const above = methodIds.filter((id) => id !== chosen && profile?.methods[id] !== undefined && provesOf(id) > provesOf(chosen));
  const why = above.map((id) => {
    const rule = profile!.methods[id]!;
    return rule.decision === "allow" ? `${id}: allowed, and not chosen by the owner` : `${id}: ${rule.decision}: ${rule.reason}`;
  });
  return ["passive evidence: silence proves nothing, so it only stretches the interval", ...why].join("; ");
}

function sendsWords(check: Sendable, methods: Methods): string {
  const { target } = check;
  const sent = [...new Set(templatesOf(check).map(({ operation }) => operations[operation]))];
  const port = target.port === 0 ? "" : `/${target.port}`;
  return `${requestWords(check, methods)}; to ${target.address} ${target.transport}${port}; requests: ${sent.join(", ")}`;
}

/** No interval is ever called the vendor's: a profile's minimum is ours, for the reason it gives. */
function intervalWords({ method, interval }: WatchlistCheck, profile: Profile | undefined): string {
  const rule = profile?.methods[method];
  const least = rule?.intervalMin;
  if (rule !== undefined && least !== undefined && least >= (interval ?? limits.intervalDefault))
    return `Watchkeeper's profile ${profile!.id}, revision ${profile!.revision}: at least ${formatDuration(least)}: ${rule.reason}`;
  if (interval === undefined || interval === limits.intervalDefault)
    return `Watchkeeper's default of ${formatDuration(limits.intervalDefault)}; no document states a figure`;
  return `the owner's choice in the watchlist, not under Watchkeeper's floor; no document states a figure`;
}

/** Document, place, day and grade, and how much of it was read. */
function documentWords(profile: Profile | undefined, method: MethodId): string {
  const support = profile?.methods[method]?.support;
  const named = (profile?.sources ?? []).filter(({ id }) => support?.sources.includes(id) === true);
  if (support === undefined || named.length === 0 || support.grade === "M") return `${missing}: no document`;
  return named
    .map(({ publisher, title, document, place, retrieved, read, checkedBy }) => {
      const grade = `grade ${support.grade} (${gradeWords[support.grade]})`;
      const parts = [publisher, title, document, place, retrieved, grade, readWords[read]];
      return [...parts, checkedBy.length === 0 ? "checked by nobody" : `checked by ${checkedBy.join(", ")}`]
        .filter((part) => part !== null)
        .join(", ");
    })
    .join("; ");
}
