/** Reads a filled-in worksheet: everything in it is approved, or nothing is and one list says what is missing. */
import type { DeviceId, ProfileId } from "../domain/plan.ts";
import type { WallMs } from "../domain/units.ts";
import { approve } from "./approve.ts";
import type { ApprovalRequest } from "./approve-request.ts";
import type { Edited } from "./approve-text.ts";
import type { Compiled } from "./compile/compile.ts";
import { readCsv } from "./csv.ts";
import type { LoadedSite } from "./loaded-site.ts";
import { quote } from "./problem.ts";
import { columns, missingOf, type Column } from "./worksheet.ts";

export type Imported =
  | {
      readonly ok: true;
      readonly edits: readonly (Edited & { readonly request: ApprovalRequest })[];
      /** Families that stand as the sheet says already. */
      readonly unchanged: readonly ProfileId[];
    }
  | { readonly ok: false; readonly problems: readonly string[] };

interface Row {
  readonly line: number;
  readonly of: (column: Column) => string;
}

/** Pure: `compiled` must be of `site`. @param file the name that problems carry */
export function importWorksheet(site: LoadedSite, compiled: Compiled, file: string, text: string, wallNow: WallMs): Imported {
  const table = readCsv(text);
  if ("found" in table)
    return refused([`${file}:${table.line}: found ${table.found}, expected a table as \`--worksheet export\` wrote it`]);
  const [head, ...body] = table;
  const lacking = columns.filter((column) => !head?.cells.includes(column));
  if (head === undefined || lacking.length > 0)
    return refused([`${file}:1: found no column ${lacking.join(", ")}, expected the columns that \`--worksheet export\` wrote`]);
  const rows = body.map(({ line, cells }): Row => ({ line, of: (column) => cells[head.cells.indexOf(column)] ?? "" }));
  const sheet = new Sheet(site, compiled, file, rows);
  return sheet.imported(wallNow);
}

class Sheet {
  readonly #problems: string[] = [];
  readonly #site: LoadedSite;
  readonly #compiled: Compiled;
  readonly #file: string;
  readonly #families: ReadonlyMap<string, Row>;
  readonly #devices: ReadonlyMap<string, Row>;

  constructor(site: LoadedSite, compiled: Compiled, file: string, rows: readonly Row[]) {
    this.#site = site;
    this.#compiled = compiled;
    this.#file = file;
    this.#families = this.#unique(rows, "family", "profile");
    this.#devices = this.#unique(rows, "device", "device");
    for (const row of rows)
      if (row.of("record") !== "family" && row.of("record") !== "device") this.#say(row, "record", "family or device");
  }

  imported(wallNow: WallMs): Imported {
    const chosen = this.#decided();
    const edits: (Edited & { request: ApprovalRequest })[] = [];
    const unchanged: ProfileId[] = [];
    for (const [profile, devices] of chosen) {
      const row = this.#families.get(profile);
      const request = row === undefined ? undefined : this.#request(row, profile as ProfileId, devices);
      if (row === undefined || request === undefined) continue;
      if (this.#stands(request, devices)) {
        unchanged.push(request.profile);
        continue;
      }
      const edit = approve(this.#site, this.#compiled, request, wallNow);
      if (edit.ok) edits.push({ ...edit, request });
      else this.#problems.push(...edit.problems.map((problem) => `${this.#file}:${row.line}: ${profile}: ${problem}`));
    }
    const problems = [...new Set(this.#problems)];
    if (problems.length > 0) return refused(problems);
    if (edits.length + unchanged.length === 0) return refused([`${this.#file}: found nothing to approve, expected a decision of approve`]);
    return { ok: true, edits, unchanged };
  }

  /** By profile, the devices that are to be admitted. Every device of the watchlist must have its row, and every row its decision. */
  #decided(): ReadonlyMap<string, readonly DeviceId[]> {
    const chosen = new Map<string, DeviceId[]>();
    for (const device of this.#site.watchlist.value.devices) {
      const row = this.#devices.get(device.id);
      if (row === undefined) {
        this.#problems.push(
          `${this.#file}: found no row for device ${device.id}, expected one: it is newer than the sheet; export it anew`,
        );
        continue;
      }
      const decision = row.of("decision").toLowerCase();
      if (decision === "leave") continue;
      if (decision !== "approve") this.#say(row, "decision", `approve or leave for ${device.id}`);
      else if (row.of("profile") !== device.profile)
        this.#say(row, "profile", `${device.profile}: ${device.id} has another since the export; export it anew`);
      else if (row.of("digest") !== this.#compiled.deviceDigests.get(device.id))
        this.#say(
          row,
          "digest",
          `${this.#compiled.deviceDigests.get(device.id) ?? "one"}: ${device.id} was changed since the export; export it anew`,
        );
      else if (this.#mended(row, device)) chosen.set(device.profile, [...(chosen.get(device.profile) ?? []), device.id]);
    }
    const known = new Set<string>(this.#site.watchlist.value.devices.map(({ id }) => id));
    for (const [id, row] of this.#devices)
      if (!known.has(id)) this.#say(row, "device", "a device of the watchlist: it was taken out since the export; export it anew");
    for (const [profile, row] of this.#families) this.#familyDecided(profile, row, chosen.has(profile));
    return chosen;
  }

  #mended(row: Row, device: Parameters<typeof missingOf>[1]): boolean {
    const missing = missingOf(this.#compiled, device);
    for (const detail of missing)
      this.#problems.push(`${this.#file}:${row.line}: ${device.id} is to be approved and lacks something: ${detail}`);
    return missing.length === 0;
  }

  #familyDecided(profile: string, row: Row, hasDevices: boolean): void {
    const decision = row.of("decision").toLowerCase();
    if (hasDevices && decision !== "approve" && decision !== "trial")
      this.#say(row, "decision", `approve or trial for ${profile}, of which devices are to be approved`);
    else if (!hasDevices && decision !== "leave" && decision !== "")
      this.#say(row, "decision", `leave for ${profile}, of which no device is to be approved`);
  }

  #request(row: Row, profile: ProfileId, devices: readonly DeviceId[]): ApprovalRequest | undefined {
    const filled = (["prepared_by", "accepted_by", "basis", "basis_text", "until", "change"] as const).filter((column) => {
      if (row.of(column) !== "") return true;
      this.#problems.push(`${this.#file}:${row.line}: ${column}: found nothing, expected it filled in for ${profile}`);
      return false;
    });
    const basis = row.of("basis").toLowerCase();
    if (basis !== "" && basis !== "risk" && basis !== "vendor") this.#say(row, "basis", "risk or vendor");
    if (filled.length < 6 || (basis !== "risk" && basis !== "vendor")) return undefined;
    return {
      profile,
      devices,
      covers: row.of("digest"),
      stage: row.of("decision").toLowerCase() === "trial" ? "trial" : "approved",
      preparedBy: row.of("prepared_by"),
      acceptedBy: row.of("accepted_by"),
      basis: { kind: basis, text: row.of("basis_text") },
      until: isoDay(row.of("until")),
      changeReference: row.of("change"),
    };
  }

  /** Importing the same sheet twice changes nothing, on whatever day. */
  #stands(
    { profile, covers, stage, preparedBy, acceptedBy, basis, until, changeReference }: ApprovalRequest,
    devices: readonly DeviceId[],
  ): boolean {
    const approval = this.#site.siteProfiles.get(profile)?.value.approval;
    if (approval === undefined || approval.stage !== stage || approval.covers !== covers || (approval.expiresOn ?? "") > until)
      return false;
    const { riskAcceptance, vendorConfirmation } = approval.basis ?? {};
    const grounds = basis.kind === "risk" ? riskAcceptance?.reason : vendorConfirmation;
    const same = approval.preparedBy === preparedBy && approval.acceptedBy === acceptedBy && approval.changeReference === changeReference;
    const admitted = devices.every((id) => approval.devices?.get(id) === this.#compiled.deviceDigests.get(id));
    return same && grounds === basis.text && admitted && !devices.some((id) => this.#compiled.faster.has(id));
  }

  #unique(rows: readonly Row[], record: string, column: "profile" | "device"): ReadonlyMap<string, Row> {
    const found = new Map<string, Row>();
    for (const row of rows.filter((one) => one.of("record") === record)) {
      const before = found.get(row.of(column));
      if (before === undefined) found.set(row.of(column), row);
      else this.#say(row, column, `each ${record} once (first on line ${before.line})`);
    }
    return found;
  }

  #say(row: Row, column: Column, expected: string): void {
    const found = row.of(column);
    this.#problems.push(`${this.#file}:${row.line}: ${column}: found ${found === "" ? "nothing" : quote(found)}, expected ${expected}`);
  }
}

/** Spreadsheets turn 2028-02-21 into 21.02.2028 where that is the custom; with dots it can mean nothing else. */
function isoDay(text: string): string {
  const [, day, month, year] = /^(\d{1,2})\.(\d{1,2})\.(20\d\d)$/u.exec(text) ?? [];
  return day === undefined || month === undefined || year === undefined
    ? text
    : `${year}-${month.padStart(2, "0")}-${day.padStart(2, "0")}`;
}

function refused(problems: readonly string[]): Imported {
  return { ok: false, problems };
}
