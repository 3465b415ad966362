/** Edits the approval block of a site's profile file without touching anything else in it, its comments included. */
import { isCollection, isMap, isNode, type Document, type YAMLMap } from "yaml";
import type { DeviceId, ProfileId } from "../domain/plan.ts";
import { siteFileOf } from "./compile/site-file.ts";
import type { LoadedSite } from "./loaded-site.ts";
import { formatProblem } from "./problem.ts";
import { parseSiteProfile } from "./profiles.ts";
import type { Approval, Suspension } from "./schema/approval.ts";
import { parseYaml, renderYaml } from "./yaml.ts";

/** The whole new text of the file; the caller writes it. */
export interface Edited {
  readonly ok: true;
  /** As messages name it. */
  readonly file: string;
  /** Absolute; the file may not exist yet. */
  readonly location: string;
  readonly text: string;
  /** What the person who approves should know, in sentences. */
  readonly notes: readonly string[];
  /** Devices that the new text admits and a person has just named; absent where nobody is admitted anew. */
  readonly admits?: readonly DeviceId[];
}

/** Nothing is to be written. */
export interface Refused {
  readonly ok: false;
  /** Whole sentences: what was found, what is expected. */
  readonly problems: readonly string[];
}

export type Edit = Edited | Refused;

/** Values of the approval block; a key that is not named stays as it is. */
export type ApprovalChanges = { readonly [Key in keyof Approval]?: Exclude<Approval[Key], undefined> } & {
  readonly suspended?: readonly Suspension[];
};

/** @throws Error when the text that was made does not read back as what was meant: a bug, and nothing may be written. */
export function editApproval(
  site: LoadedSite,
  id: ProfileId,
  changes: ApprovalChanges,
  notes: readonly string[],
  dropped: readonly ("earlier" | "suspended" | "trialSince")[] = [],
): Edited {
  const { file, location } = siteFileOf(site, id);
  const yaml = parseYaml(file, site.siteProfiles.get(id)?.text ?? blank(id));
  if (!yaml.ok) throw new Error(`${file} was loaded and cannot be read again:\n${yaml.problems.map(formatProblem).join("\n")}`);
  const { document } = yaml;
  const block = document.get("approval");
  if (isMap(block)) block.flow = false;
  for (const [key, value] of Object.entries(changes)) set(document, key, value instanceof Map ? Object.fromEntries(value) : value);
  for (const key of dropped) document.deleteIn(["approval", key]);
  if (changes.stage !== undefined && changes.stage !== "suspended" && changes.stage !== "dry-run" && isMap(block)) forgetSuspension(block);
  const text = renderYaml(document);
  readsBack(site, id, file, text, changes);
  return { ok: true, file, location, text, notes };
}

function blank(id: ProfileId): string {
  return `# This site's approval of ${id}, and what it tightens. Comments are kept.\nschema: site-profile/v1\nid: ${id}\napproval:\n  stage: draft\n`;
}

function set(document: Document.Parsed, key: string, value: unknown): void {
  const path = ["approval", key];
  const before = document.getIn(path);
  // Values are put into the nodes that are there, so that the comments beside them stay.
  if (typeof value !== "object") document.setIn(path, value);
  else if (key === "devices" && isMap(before)) setMembers(before, value as Readonly<Record<string, string>>);
  else {
    const node = document.createNode(value, { aliasDuplicateObjects: false });
    if (key === "envelope" && isMap(node)) compact(node, 0);
    document.setIn(path, node);
  }
}

function setMembers(map: YAMLMap, members: Readonly<Record<string, string>>): void {
  for (const name of map.items.map(({ key }) => String(key))) if (!Object.hasOwn(members, name)) map.delete(name);
  for (const [name, value] of Object.entries(members)) map.set(name, value);
}

/** One line for each request and for each other group: a file that a person still reads. */
function compact(map: YAMLMap, depth: number): void {
  for (const { key, value } of map.items) {
    if (!isCollection(value)) continue;
    value.flow = depth === 0 ? String(key) !== "methods" : depth >= 3;
    if (value.flow !== true && isMap(value)) compact(value, depth + 1);
  }
}

/** Suspensions were once written as comments; beside an approval in force such a line would mislead. */
function forgetSuspension(block: YAMLMap): void {
  const nodes = [block, ...block.items.map(({ key }) => key)].filter((node) => isNode(node));
  for (const node of nodes) {
    const kept = node.commentBefore?.split("\n").filter((line) => !/^ suspended \d{4}-\d{2}-\d{2} by /u.test(line)) ?? [];
    node.commentBefore = kept.length === 0 ? null : kept.join("\n");
  }
}

function readsBack(site: LoadedSite, id: ProfileId, file: string, text: string, changes: ApprovalChanges): void {
  const yaml = parseYaml(file, text);
  const parsed = yaml.ok ? parseSiteProfile(yaml, id, site.shippedProfiles.get(id)?.value) : yaml;
  if (!parsed.ok) throw new Error(`the edited ${file} does not load:\n${parsed.problems.map(formatProblem).join("\n")}`);
  const { approval } = parsed.value;
  const read: Readonly<Record<string, unknown>> = { ...approval };
  for (const [key, meant] of Object.entries(changes)) {
    if (comparable(read[key]) !== comparable(meant)) throw new Error(`the edited ${file} does not say of approval.${key} what was meant`);
  }
}

/** For values as YAML gives them back: texts, lists, groups and maps, whatever their order of keys. */
function comparable(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) => {
    if (part instanceof Map) return Object.fromEntries([...part].toSorted(byKey));
    if (typeof part !== "object" || part === null || Array.isArray(part)) return part;
    return Object.fromEntries(Object.entries(part).toSorted(byKey));
  });
}

function byKey([a]: [string, unknown], [b]: [string, unknown]): number {
  return a < b ? -1 : 1;
}
