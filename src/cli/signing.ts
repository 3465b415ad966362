/** What a person signs with: the options of `approve` and `renew`, asked for one by one on a terminal, and the way of an edit to disk. */
import type { BasisRequest, Edit, SignatureRequest } from "../config/approve.ts";
import type { Settings } from "../config/loaded-site.ts";
import { printable } from "../domain/printable.ts";
import { writeAtomically } from "./atomic-file.ts";
import { recorded, type Record } from "./audit.ts";
import { WrongUsage, type Context, type ExitCode, type Options } from "./command.ts";
import { failed } from "./report.ts";
import { plannedSite } from "./site.ts";
import { counted } from "./text.ts";

/** Each is missing with exit code 2 where nobody sits at a terminal to be asked. */
export const signingOptions: Options = {
  "prepared-by": { type: "text", value: "<name>", summary: "who worked it out", needed: true, unless: ["worksheet"] },
  "accepted-by": {
    type: "text",
    value: "<name>",
    summary: "who is responsible for the plant and accepted it, and how; another person",
    needed: true,
    unless: ["worksheet"],
  },
  basis: {
    type: "text",
    value: "risk|vendor",
    summary: "what it rests on: an accepted risk, or the vendor's word",
    needed: true,
    unless: ["worksheet"],
  },
  "basis-text": {
    type: "text",
    value: "<text>",
    summary: "why the risk is acceptable, or the vendor's document and page",
    needed: true,
    unless: ["worksheet"],
  },
  until: {
    type: "text",
    value: "<date>",
    summary: "the last day, such as 2028-02-21: at most 15 months ahead",
    needed: true,
    unless: ["worksheet"],
  },
  change: { type: "text", value: "<ref>", summary: "the change in your management of change", needed: true, unless: ["worksheet"] },
};

/** The texts of these options: given, or asked for. @throws WrongUsage naming every one that is missing. */
export async function answers(context: Context, options: Options): Promise<ReadonlyMap<string, string>> {
  const given = new Map<string, string>();
  const missing: string[] = [];
  let prompt = context.flag("json") ? undefined : context.prompt;
  for (const [name, option] of Object.entries(options)) {
    const shape = `--${name} ${option.value ?? "<text>"}`;
    let text = context.text(name);
    if (text === undefined && prompt) {
      const answer = await prompt(`${option.summary}\n${shape}: `);
      // Whoever gives up one question is not asked the next.
      if (answer === undefined) prompt = undefined;
      text = answer?.trim();
    }
    if (text !== undefined && text !== "") given.set(name, text);
    else missing.push(`${shape} is missing: ${option.summary}`);
  }
  if (missing.length > 0) throw new WrongUsage(...missing);
  return given;
}

export function signatureOf(given: ReadonlyMap<string, string>): SignatureRequest {
  const text = (name: string): string => given.get(name) ?? "";
  return {
    preparedBy: text("prepared-by"),
    acceptedBy: text("accepted-by"),
    basis: basisOf(text("basis"), text("basis-text")),
    until: text("until"),
    changeReference: text("change"),
  };
}

function basisOf(kind: string, text: string): BasisRequest {
  if (kind === "risk" || kind === "vendor") return { kind, text };
  throw new WrongUsage(`--basis: found "${kind}", expected risk or vendor`);
}

/** For the audit: who, on what grounds, until when. */
export function signatureWords({ preparedBy, acceptedBy, basis, until, changeReference }: SignatureRequest): string {
  return `prepared by ${preparedBy}, accepted by ${acceptedBy}, ${basis.kind}: ${basis.text}, until ${until}, change ${changeReference}`;
}

/**
 * Records, then writes: a change without its record does not happen. Then the files are read once more, so that what is printed is
 * what a poller will find.
 */
export async function carriedOut(
  context: Context,
  settings: Settings,
  edit: Edit,
  record: Pick<Record, "source" | "type" | "detail">,
): Promise<ExitCode> {
  if (!edit.ok) return failed(context, edit.problems);
  const entry: Record = { category: "approval", result: "success", ...record, detail: `${edit.file}: ${record.detail}` };
  const unwritten = await recorded(context, settings, entry);
  if (unwritten)
    return failed(context, [...unwritten.problems, `${edit.file} is not changed: a change without its audit record does not happen`]);
  try {
    writeAtomically(edit.location, edit.text);
  } catch (error) {
    if (!(error instanceof Error && "syscall" in error)) throw error;
    const failure = `${edit.location}: cannot be written (${error.message}); it is as it was`;
    await recorded(context, settings, { ...entry, result: "failure", detail: failure });
    return failed(context, [failure]);
  }
  return told(context, edit.file, edit.notes);
}

function told(context: Context, file: string, notes: readonly string[]): ExitCode {
  const now = plannedSite(context);
  if ("inFiles" in now) return failed(context, now.problems);
  const { checks, refused } = now.compiled.plan;
  if (context.flag("json")) {
    context.print(JSON.stringify({ file, notes, asked: checks.size, notAsked: refused.size }));
    return 0;
  }
  context.print(`Written: ${file}`);
  for (const note of notes) context.print(printable(note, 2000));
  context.print(`The plan now asks ${counted(checks.size, "check")} and does not ask ${refused.size}: see \`watchkeeper plan\`.`);
  context.print("A poller that runs goes by the files as they were until `watchkeeper reload`.");
  return 0;
}
