/** `approve --worksheet`: writes the table of every family and device, and approves what came back filled in, all of it or nothing. */
import { readFileSync, rmSync } from "node:fs";
import path from "node:path";
import type { Settings } from "../config/loaded-site.ts";
import { worksheet } from "../config/worksheet.ts";
import { importWorksheet, type Imported } from "../config/worksheet-import.ts";
import { printable } from "../domain/printable.ts";
import { writeAtomically } from "./atomic-file.ts";
import { recorded, type Record } from "./audit.ts";
import { WrongUsage, type Context, type ExitCode } from "./command.ts";
import { failed } from "./report.ts";
import { signatureWords } from "./signing.ts";
import { plannedSite, type PlannedSite } from "./site.ts";
import { counted } from "./text.ts";

/** About 100,000 rows. */
const bytesMax = 64 * 1024 * 1024;

export async function approveWorksheet(context: Context, way: string): Promise<ExitCode> {
  if (way !== "export" && way !== "import") throw new WrongUsage(`--worksheet: found "${way}", expected export or import`);
  const file = path.resolve(context.cwd, context.words[0]!);
  const planned = plannedSite(context);
  if ("inFiles" in planned || planned.problems.length > 0) return failed(context, planned.problems);
  return way === "export" ? exported(context, planned, file) : imported(context, planned, file);
}

function exported(context: Context, { site, compiled }: PlannedSite, file: string): ExitCode {
  const problem = inFiles(() => writeAtomically(file, worksheet(site, compiled, context.methods)));
  if (problem !== undefined) return failed(context, [`${file}: cannot be written (${problem})`]);
  const { devices } = site.watchlist.value;
  if (context.flag("json")) context.print(JSON.stringify({ file, devices: devices.length }));
  else
    context.print(
      `Written: ${file}, ${counted(devices.length, "device")}. Fill in decision (devices: approve or leave; families: approve, trial or leave), names, grounds, until and change, then: watchkeeper approve --worksheet import ${printable(path.basename(file), 200)}`,
    );
  return 0;
}

async function imported(context: Context, { settings, site, compiled, wallNow }: PlannedSite, file: string): Promise<ExitCode> {
  const read = readSheet(file);
  if ("problem" in read) return failed(context, [read.problem]);
  const result = importWorksheet(site, compiled, path.basename(file), read.text, wallNow);
  if (!result.ok)
    return failed(context, [
      ...result.problems,
      `Nothing is approved: ${counted(result.problems.length, "thing")} to mend, then import it again`,
    ]);
  if (result.edits.length > 0 && !(await agreed(context, result))) return failed(context, ["Nothing is changed: it was not agreed to"]);
  return carriedOutAll(context, settings, result);
}

type Approvals = Extract<Imported, { ok: true }>;

async function agreed(context: Context, { edits }: Approvals): Promise<boolean> {
  const { prompt } = context;
  if (prompt === undefined || context.flag("json")) return true;
  for (const { request, admits = [], notes } of edits) {
    context.warn(printable(`${request.profile}: ${counted(admits.length, "device")}, ${signatureWords(request)}`, 2000));
    for (const note of notes) context.warn(printable(`  ${note}`, 2000));
  }
  const answer = (await prompt(`Approve all of this? yes or no: `))?.trim().toLowerCase();
  return answer === "yes" || answer === "y";
}

/** Every record first, then every file; where one cannot be written, those before it are put back. */
async function carriedOutAll(context: Context, settings: Settings, { edits, unchanged }: Approvals): Promise<ExitCode> {
  for (const { file, request, admits = [] } of edits) {
    const detail = `${file}: by worksheet, stage ${request.stage ?? "approved"} for ${admits.join(", ")}, covers ${request.covers}, ${signatureWords(request)}`;
    const entry: Record = { source: request.preparedBy, category: "approval", result: "success", type: "approve", detail };
    const unwritten = await recorded(context, settings, entry);
    if (unwritten) return failed(context, [...unwritten.problems, "Nothing is changed: a change without its audit record does not happen"]);
  }
  const before = edits.map(({ location }) => ({ location, text: textOf(location) }));
  for (const [index, { location, text }] of edits.entries()) {
    const problem = inFiles(() => writeAtomically(location, text));
    if (problem === undefined) continue;
    for (const { location: written, text: old } of before.slice(0, index))
      inFiles(() => (old === undefined ? rmSync(written) : writeAtomically(written, old)));
    const failure = `${location}: cannot be written (${problem}); what was written before it was put back`;
    await recorded(context, settings, { source: "cli", category: "approval", result: "failure", type: "approve", detail: failure });
    return failed(context, [failure]);
  }
  return told(context, edits, unchanged);
}

function told(context: Context, edits: Approvals["edits"], unchanged: Approvals["unchanged"]): ExitCode {
  const now = plannedSite(context);
  if ("inFiles" in now) return failed(context, now.problems);
  const { checks, refused } = now.compiled.plan;
  const notes = edits.flatMap((edit) => edit.notes);
  const approved = edits.map(({ request, admits = [] }) => ({ profile: request.profile, devices: admits.length }));
  if (context.flag("json")) {
    context.print(JSON.stringify({ approved, unchanged, notes, asked: checks.size, notAsked: refused.size }));
    return 0;
  }
  for (const { profile, devices } of approved) context.print(`Approved: ${profile}, ${counted(devices, "device")}`);
  for (const profile of unchanged) context.print(`As the sheet says already: ${profile}`);
  for (const note of notes) context.print(printable(note, 2000));
  context.print(`The plan now asks ${counted(checks.size, "check")} and does not ask ${refused.size}: see \`watchkeeper plan\`.`);
  if (edits.length > 0) context.print("A poller that runs goes by the files as they were until `watchkeeper reload`.");
  return 0;
}

/** Excel's "CSV UTF-8" begins with a byte order mark, which the table's reader takes off. */
function readSheet(file: string): { readonly text: string } | { readonly problem: string } {
  let bytes = Buffer.alloc(0);
  const unreadable = inFiles(() => (bytes = readFileSync(file)));
  if (unreadable !== undefined) return { problem: `${file}: cannot be read (${unreadable})` };
  if (bytes.length > bytesMax) return { problem: `${file}: found ${bytes.length} bytes, expected at most ${bytesMax}` };
  try {
    return { text: new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes) };
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return { problem: `${file}: found bytes that are not UTF-8; save it as "CSV UTF-8"` };
  }
}

function textOf(location: string): string | undefined {
  let text: string | undefined;
  inFiles(() => (text = readFileSync(location, "utf8")));
  return text;
}

/** The system's words where a file could not be had; undefined where all went well. */
function inFiles(act: () => unknown): string | undefined {
  try {
    act();
    return undefined;
  } catch (error) {
    if (!(error instanceof Error && "syscall" in error)) throw error;
    return error.message;
  }
}
