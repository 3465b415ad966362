/** Edits the approval block of a site's profile file without touching anything else in it, its comments included. */
import { isMap, type Document } from "yaml";
import { printable } from "../domain/printable.ts";
import type { ProfileId } from "../domain/plan.ts";
import { siteFileOf } from "./compile/site-file.ts";
import type { LoadedSite } from "./loaded-site.ts";
import { formatProblem } from "./problem.ts";
import { parseSiteProfile } from "./profiles.ts";
import type { Approval } from "./schema/approval.ts";
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
}

/** Nothing is to be written. */
export interface Refused {
  readonly ok: false;
  /** Whole sentences: what was found, what is expected. */
  readonly problems: readonly string[];
}

export type Edit = Edited | Refused;

/** Values of the approval block; undefined takes a key out, a key that is not named stays as it is. */
export type ApprovalChanges = { readonly [Key in keyof Approval]?: Approval[Key] | undefined };

/** @throws Error when the text that was made does not read back as what was meant: a bug, and nothing may be written. */
export function editApproval(site: LoadedSite, id: ProfileId, changes: ApprovalChanges, notes: readonly string[], remark?: string): Edited {
  const { file, location } = siteFileOf(site, id);
  const yaml = parseYaml(file, site.siteProfiles.get(id)?.text ?? blank(id));
  if (!yaml.ok) throw new Error(`${file} was loaded and cannot be read again:\n${yaml.problems.map(formatProblem).join("\n")}`);
  const { document } = yaml;
  for (const [key, value] of Object.entries(changes)) set(document, key, value instanceof Map ? Object.fromEntries(value) : value);
  if (remark !== undefined) remarkOn(document, remark);
  const text = renderYaml(document);
  readsBack(site, id, file, text, changes);
  return { ok: true, file, location, text, notes };
}

function blank(id: ProfileId): string {
  return `# This site's approval of ${id}, and what it tightens. Comments are kept.\nschema: site-profile/v1\nid: ${id}\napproval:\n  stage: draft\n`;
}

function set(document: Document.Parsed, key: string, value: unknown): void {
  const path = ["approval", key];
  if (value === undefined) {
    document.deleteIn(path);
    return;
  }
  const before = document.getIn(path);
  const node = document.createNode(value, { aliasDuplicateObjects: false });
  // Comments beside devices that stay are kept.
  if (key === "devices" && isMap(before) && isMap(node)) {
    for (const { key: old } of before.items.slice()) if (!node.has(old)) before.delete(old);
    for (const { key: name, value: digest } of node.items) before.set(name, digest);
    return;
  }
  document.setIn(path, node);
}

function remarkOn(document: Document.Parsed, remark: string): void {
  const block = document.get("approval");
  if (!isMap(block)) return;
  const line = ` ${printable(remark, 300)}`;
  block.commentBefore = block.commentBefore === undefined || block.commentBefore === null ? line : `${block.commentBefore}\n${line}`;
}

function readsBack(site: LoadedSite, id: ProfileId, file: string, text: string, changes: ApprovalChanges): void {
  const yaml = parseYaml(file, text);
  const parsed = yaml.ok ? parseSiteProfile(yaml, id, site.shippedProfiles.get(id)?.value) : yaml;
  if (!parsed.ok) throw new Error(`the edited ${file} does not load:\n${parsed.problems.map(formatProblem).join("\n")}`);
  const { approval } = parsed.value;
  for (const [key, meant] of Object.entries(changes) as [keyof Approval, unknown][]) {
    if (comparable(approval[key]) !== comparable(meant))
      throw new Error(`the edited ${file} does not say of approval.${key} what was meant`);
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
