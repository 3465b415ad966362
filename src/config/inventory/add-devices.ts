/** Adds devices to a watchlist's text and leaves every character that stands there as it is. */
import { isMap, isScalar, isSeq, type Document, type Node, type Pair, type YAMLMap } from "yaml";
import type { Surroundings } from "../checks/addresses.ts";
import type { LoadedSite } from "../loaded-site.ts";
import type { Problem } from "../problem.ts";
import type { Watchlist } from "../schema/watchlist.ts";
import { parseWatchlist, type KnownElsewhere } from "../watchlist.ts";
import { parseYaml } from "../yaml.ts";
import type { Draft } from "./draft.ts";
import { entryText } from "./yaml-text.ts";

export type Added =
  | { readonly ok: true; readonly text: string }
  /** What the watchlist itself says of drafts, by their index; nobody's when the file cannot be added to. */
  | { readonly ok: false; readonly ofDraft: ReadonlyMap<number, string>; readonly problem?: string };

/** @param surroundings what this machine says of itself, as for loading the site */
export function addDevices(site: LoadedSite, drafts: readonly Draft[], surroundings: Surroundings): Added {
  const { file, text, value: before } = site.watchlist;
  const made = inserted(file, text, drafts);
  if (made === undefined)
    return {
      ok: false,
      ofDraft: new Map(),
      problem: `${file}: found \`devices:\` in brackets, expected one device below the other, each after a dash: write it so, then import again`,
    };
  const yaml = parseYaml(file, made);
  const read = yaml.ok ? parseWatchlist(yaml, knownOf(site), surroundings) : yaml;
  if (!read.ok) return { ok: false, ofDraft: complaintsOf(read.problems, before.devices.length), ...others(read.problems, before) };
  const kept = JSON.stringify({ ...read.value, devices: read.value.devices.slice(0, before.devices.length) }) === JSON.stringify(before);
  if (!kept || read.value.devices.length !== before.devices.length + drafts.length)
    throw new Error(`the edited ${file} does not say what was meant`);
  return { ok: true, text: made };
}

function complaintsOf(problems: readonly Problem[], first: number): ReadonlyMap<number, string> {
  const found = new Map<number, string>();
  for (const problem of problems) {
    const index = Number(/^devices\[(\d+)\]/u.exec(problem.path)?.[1] ?? -1) - first;
    const hint = problem.hint === undefined ? "" : ` (hint: ${problem.hint})`;
    if (index >= 0 && !found.has(index)) found.set(index, `found ${problem.found}, expected ${problem.expected}${hint}`);
  }
  return found;
}

function others(problems: readonly Problem[], { devices }: Watchlist): { readonly problem?: string } {
  const other = problems.find(({ path }) => Number(/^devices\[(\d+)\]/u.exec(path)?.[1] ?? -1) < devices.length);
  return other === undefined ? {} : { problem: `${other.file}: ${other.path}: found ${other.found}, expected ${other.expected}` };
}

function knownOf({ shippedProfiles, siteProfiles, credentials, settings }: LoadedSite): KnownElsewhere {
  return {
    ids: new Set(shippedProfiles.keys()),
    registersOf: (id) => {
      const shipped = [...shippedProfiles].find(([one]) => one === id)?.[1].value;
      const own = [...siteProfiles].find(([one]) => one === id)?.[1].value;
      return shipped === undefined ? undefined : [...shipped.liveness, ...(own?.liveness ?? [])];
    },
    credentialIds: new Set(credentials.keys()),
    hasCredentialsFile: settings.value.credentials !== null,
  };
}

/** Undefined where the layout does not let itself be added to. */
function inserted(file: string, text: string, drafts: readonly Draft[]): string | undefined {
  const yaml = parseYaml(file, text);
  if (!yaml.ok) throw new Error(`${file} was loaded and cannot be read again`);
  const place = placeIn(yaml.document, text);
  if (place === undefined) return undefined;
  const { start, end, before, indent } = place;
  const head = text.slice(0, start);
  const entries = drafts.map(({ entry, comments }) => entryText(entry, comments, indent)).join("\n");
  return `${head}${before}${entries}${text.slice(end)}`;
}

interface Place {
  /** What stands from `start` to `end` is replaced: `[]`, or nothing. */
  readonly start: number;
  readonly end: number;
  readonly before: string;
  /** Of the dashes. */
  readonly indent: number;
}

function placeIn({ contents }: Document.Parsed, text: string): Place | undefined {
  if (!isMap(contents) || contents.flow === true) return undefined;
  const pair = (contents as YAMLMap).items.find((one: Pair) => isScalar(one.key) && one.key.value === "devices");
  if (pair === undefined) return { start: text.length, end: text.length, before: `${gapAfter(text)}\ndevices:\n`, indent: 2 };
  const list = pair.value as Node | null;
  if (isSeq<Node>(list) && list.items.length > 0) return list.flow === true ? undefined : afterLast(list.items.at(-1)!, text);
  return emptied(pair.key as Node, list, text);
}

function afterLast(item: Node, text: string): Place | undefined {
  const [begin = 0, end = 0] = item.range ?? [];
  const dash = /^( *)- /u.exec(text.slice(text.lastIndexOf("\n", begin - 1) + 1));
  if (dash === null) return undefined;
  const at = text[end - 1] === "\n" ? end : lineEnd(text, end);
  return { start: at, end: at, before: `${gapAfter(text.slice(0, at))}\n`, indent: dash[1]!.length };
}

/** `devices: []`. */
function emptied(key: Node, list: Node | null, text: string): Place | undefined {
  const keyEnd = key.range?.[1] ?? 0;
  const colon = text.indexOf(":", keyEnd) + 1;
  const end = isSeq(list) ? (list.range?.[1] ?? colon) : colon;
  const rest = text.slice(end, lineEnd(text, end));
  return { start: colon, end: lineEnd(text, end), before: `${rest.trimEnd() === "" ? "" : ` ${rest.trim()}`}\n`, indent: 2 };
}

function gapAfter(text: string): string {
  return text === "" || text.endsWith("\n") ? "" : "\n";
}

function lineEnd(text: string, from: number): number {
  const at = text.indexOf("\n", from);
  return at < 0 ? text.length : at + 1;
}
