/** One table of every family and device for one signing: what is sent, what is stated, what is missing, which document says so, and what a person fills in. */
import type { Method } from "../domain/driver.ts";
import { formatDuration } from "../domain/duration.ts";
import type { MethodId } from "../domain/operations.ts";
import type { CheckId, DeviceId, ProfileId } from "../domain/plan.ts";
import type { Compiled } from "./compile/compile.ts";
import { isLiftedByApproval, type Sendable } from "./compile/proposals.ts";
import { csvText } from "./csv.ts";
import type { LoadedSite } from "./loaded-site.ts";
import { requestWords } from "./request-words.ts";
import type { WatchlistDevice } from "./schema/watchlist.ts";

/** The names of the columns, in order; the last seven are filled in by people, on a family's row, `decision` on a device's too. */
export const columns = [
  "record",
  "profile",
  "device",
  "name",
  "place",
  "stage",
  "sends",
  "stated",
  "missing",
  "documents",
  "digest",
  "decision",
  "prepared_by",
  "accepted_by",
  "basis",
  "basis_text",
  "until",
  "change",
] as const;
export type Column = (typeof columns)[number];

/** The text of the file. `compiled` must be of `site`. */
export function worksheet(site: LoadedSite, compiled: Compiled, methods: ReadonlyMap<MethodId, Method>): string {
  const families = [...Map.groupBy(site.watchlist.value.devices, ({ profile }) => profile)].toSorted(([a], [b]) => (a < b ? -1 : 1));
  const { plan, proposals } = compiled;
  const sendable = Map.groupBy([...plan.checks.values(), ...[...proposals.values()].map(({ check }) => check)], ({ device }) => device);
  const rows = families.flatMap(([profile, devices]) => [
    familyRow(site, compiled, profile, devices.length),
    ...devices.map((device) => deviceRow(site, compiled, device, sendsOf(sendable.get(device.id) ?? [], methods))),
  ]);
  return csvText([columns, ...rows.map((row) => columns.map((column) => row[column] ?? ""))]);
}

type Row = Partial<Record<Column, string>>;

function familyRow(site: LoadedSite, compiled: Compiled, profile: ProfileId, count: number): Row {
  const shipped = site.shippedProfiles.get(profile)?.value;
  const approval = site.siteProfiles.get(profile)?.value.approval;
  const documents = (shipped?.sources ?? []).map(({ title, document, place, read }) =>
    [title, document, place, `(${read})`].filter((part) => part !== null).join(", "),
  );
  const { riskAcceptance, vendorConfirmation } = approval?.basis ?? {};
  return {
    record: "family",
    profile,
    name: shipped?.title ?? profile,
    place: `${count} ${count === 1 ? "device" : "devices"}`,
    stage: approval?.stage ?? "draft",
    sends: "as the rows of its devices say",
    stated: `must be stated: ${shipped?.ownerMustState.join(", ") || "nothing"}`,
    documents: documents.join("; ") || "none",
    digest: compiled.covers.get(profile) ?? "",
    // What was signed before, to be looked at and written over.
    prepared_by: approval?.preparedBy ?? "",
    accepted_by: approval?.acceptedBy ?? "",
    basis: riskAcceptance ? "risk" : vendorConfirmation === undefined ? "" : "vendor",
    basis_text: riskAcceptance?.reason ?? vendorConfirmation ?? "",
    until: approval?.expiresOn ?? "",
    change: approval?.changeReference ?? "",
  };
}

function deviceRow(site: LoadedSite, compiled: Compiled, device: WatchlistDevice, sends: readonly string[]): Row {
  const { id, profile, name, address, via, segment, checks, statements } = device;
  const missing = missingOf(compiled, device);
  const admitted = site.siteProfiles.get(profile)?.value.approval.devices?.get(id) === compiled.digestsAsPaced.get(id);
  return {
    record: "device",
    profile,
    device: id,
    name,
    place: [address ?? `behind ${via ?? "?"}`, segment ?? ""].filter((part) => part !== "").join(", "),
    stage: device.function,
    sends: sends.join("; "),
    stated: Object.entries(statements)
      .map(([key, value]) => `${key}: ${JSON.stringify(value)}`)
      .join("; "),
    missing: missing.join("; "),
    digest: compiled.deviceDigests.get(id) ?? "",
    decision: admitted || checks.length === 0 ? "leave" : "",
  };
}

/** What no signature lifts, in sentences. */
export function missingOf({ findings }: Compiled, { id, checks }: Pick<WatchlistDevice, "id" | "checks">): readonly string[] {
  if (checks.length === 0) return ["it has no checks: it is only heard"];
  const own = checkIds(id, checks).flatMap((check) => findings.get(check) ?? []);
  return [...new Set(own.filter((finding) => !isLiftedByApproval(finding)).map(({ detail }) => detail))];
}

/** Of the checks of a device, in their order, as the plan names them. */
export function checkIds(id: DeviceId, checks: WatchlistDevice["checks"]): readonly CheckId[] {
  return checks.map(({ method }, index) => {
    const earlier = checks.slice(0, index).filter((one) => one.method === method).length;
    return `${id}/${method}${earlier === 0 ? "" : `#${earlier + 1}`}` as CheckId;
  });
}

function sendsOf(checks: readonly Sendable[], methods: ReadonlyMap<MethodId, Method>): readonly string[] {
  return checks.map((check) => {
    const { target, interval } = check;
    const port = target.port === 0 ? "" : `/${target.port}`;
    return `${requestWords(check, methods)} to ${target.address} ${target.transport}${port} every ${formatDuration(interval)}`;
  });
}
