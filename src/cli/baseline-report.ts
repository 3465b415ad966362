/** The identity baseline for an auditor: what was accepted and what is said, the acceptance's record in the audit, and every change since. */
import { csvText } from "../config/csv.ts";
import { markOf } from "../config/identity-mark.ts";
import type { Watchlist } from "../config/schema/watchlist.ts";
import { acceptedWords, identityStates, identityWordsMax, type IdentityView } from "../domain/baseline.ts";
import { printable } from "../domain/printable.ts";
import { differenceWords, saidWords } from "../domain/said.ts";
import type { Context } from "./command.ts";
import type { Identities } from "./identities.ts";
import type { AuditLine, Problems } from "./ports.ts";
import { counted, moment } from "./text.ts";

export interface BaselineReportOptions {
  readonly stateDir: string;
  readonly watchlist: Watchlist;
  readonly site: string;
  readonly known: Identities;
  readonly format: "md" | "csv";
}

const head = {
  device: "Device",
  state: "State",
  source: "Said by",
  says: "Says now",
  since: "Since",
  mark: "Mark of what it says now",
  accepted: "Accepted",
  other: "Other than accepted",
  record: "Acceptance in the audit",
  inventory: "Inventory (maker, model, firmware, serial number)",
} as const;
type Row = Readonly<Record<keyof typeof head, string>>;
const columns = Object.keys(head) as readonly (keyof typeof head)[];

/** Problems where the audit cannot be read: without it nothing would prove who accepted what. */
export function baselineReport(context: Context, options: BaselineReportOptions): string | Problems {
  const { stateDir, watchlist, site, known, format } = options;
  const lines: AuditLine[] = [];
  const verdict = context.state.readAudit(`${stateDir}/journal.sqlite`, (line) => {
    if (line.type.startsWith("identity_")) lines.push(line);
  });
  if ("problems" in verdict) return verdict;
  const records = new Map(lines.filter(({ type }) => type === "identity_accepted").map((line) => [line.detail, line]));
  const rows = watchlist.devices.flatMap(({ id, asset }): readonly Row[] => {
    const inventory = [asset.manufacturer, asset.model, asset.firmware, asset.serial].map((text) => text ?? "-").join(", ");
    const views = known.get(id) ?? [];
    const mark = markOf(views);
    return mark === undefined
      ? [{ ...silent, device: id, inventory }]
      : views.map((view) => ({ ...rowOf(view, inventory, records), mark }));
  });
  if (context.flag("json")) return JSON.stringify({ schema: "baseline/v1", site, audit: verdict, rows, changes: lines }, undefined, 2);
  if (format === "csv") return csvText([columns.map((column) => head[column]), ...rows.map((row) => columns.map((column) => row[column]))]);
  const unaccepted = rows.filter(({ accepted }) => accepted === nothing).length;
  return [
    "# Identity baseline",
    "",
    `- Site: ${marked(site)}`,
    `- Made: ${new Date(context.clock.wall()).toISOString()} by Watchkeeper ${context.version}`,
    `- Audit: ${counted(verdict.records, "record")}, ${verdict.broken === undefined ? `the chain holds and ends with ${verdict.head.hash}` : `BROKEN: ${marked(verdict.broken)}`}`,
    `- ${counted(rows.length, "row")}: ${counted(rows.filter(({ state }) => state === identityStates.changed).length, "change")}, ${unaccepted} without an acceptance`,
    "- Confidential: it names devices and versions. Names of people in it are records, not authentication.",
    ...rows.flatMap((row) => [
      "",
      `## ${marked(row.device)}`,
      "",
      ...columns.slice(1).map((column) => `- **${head[column]}:** ${marked(row[column])}`),
    ]),
    "",
    "## Every change, from the audit",
    "",
    ...(lines.length === 0 ? ["None."] : lines.map(changeLine)),
    "",
  ].join("\n");
}

const nothing = "nothing yet";
const silent: Row = {
  device: "",
  state: "says nothing of itself",
  source: "-",
  says: "-",
  since: "-",
  mark: "-",
  accepted: nothing,
  other: "-",
  record: "-",
  inventory: "",
};

function rowOf(view: IdentityView, inventory: string, records: ReadonlyMap<string, AuditLine>): Omit<Row, "mark"> {
  const { device, state, source, place, said, since, accepted, differences } = view;
  const signatures = accepted.map((one) => `${saidWords(one.said)}; by ${one.by} at ${at(one.at)}: ${one.reason}`);
  const found = accepted.map((one) => {
    // As the audit has it: one line, and cut where it would be longer.
    const record = records.get(printable(acceptedWords(view, one), identityWordsMax));
    return record === undefined ? "NOT IN THE AUDIT" : `record ${record.eventId}, by ${record.source}`;
  });
  return {
    device,
    state: identityStates[state],
    source: `${source} at ${place}`,
    says: saidWords(said),
    since: at(since),
    accepted: signatures.join(" | ") || nothing,
    other: differenceWords(differences) || "-",
    record: found.join(" | ") || "-",
    inventory,
  };
}

function changeLine({ timestamp, eventId, source, type, detail }: AuditLine): string {
  return `- ${moment(timestamp)}, record ${eventId}, ${marked(source)}: ${type.replace("identity_", "").replaceAll("_", " ")}: ${marked(detail)}`;
}

function at(time: number): string {
  return moment(new Date(time).toISOString());
}

function marked(text: string): string {
  return text.replaceAll(/[\\`*_[\]<>|#]/gu, (sign) => `\\${sign}`);
}
