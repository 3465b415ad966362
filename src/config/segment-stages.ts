/** Holding a segment back, and letting it go: edits `segmentStages` of the watchlist and leaves every other character of the file as it is. */
import { isMap, isScalar, isSeq, type Document, type Pair, type YAMLMap } from "yaml";
import type { HeldSegment, SegmentId } from "../domain/plan.ts";
import type { WallMs } from "../domain/units.ts";
import { textFlaws } from "./approve-request.ts";
import type { Edit } from "./approve-text.ts";
import { instantOf } from "./compile/dates.ts";
import type { LoadedSite } from "./loaded-site.ts";
import { formatProblem, quote } from "./problem.ts";
import { parseWith } from "./schema-problems.ts";
import type { SegmentStage } from "./schema/segment-stage.ts";
import { watchlistSchema, type Watchlist } from "./schema/watchlist.ts";
import { parseYaml, renderYaml, type YamlFile } from "./yaml.ts";

export interface SegmentRequest {
  readonly segment: SegmentId;
  readonly stage: HeldSegment["stage"];
  readonly by: string;
  readonly reason: string;
}

const key = "segmentStages";

/** Takes effect with the next reload. Several may hold one segment: each stays until it is ended. */
export function holdSegment(site: LoadedSite, request: SegmentRequest, wallNow: WallMs): Edit {
  const { segment, stage, by, reason } = request;
  const problems = flawsOf(site, request);
  if (problems.length > 0) return { ok: false, problems };
  const entry: SegmentStage = { segment, stage, by, since: instantOf(wallNow), reason };
  return edited(site, [...site.watchlist.value.segmentStages, entry], (document) => {
    const node = document.createNode({ ...entry }, { flow: true });
    if (isSeq(document.get(key))) document.addIn([key], node);
    else document.set(key, document.createNode([{ ...entry }]));
  });
}

/** Ends all that holds the segment in this stage; who ends it and why goes into the audit alone. Lifts nothing else. */
export function endSegmentHold(site: LoadedSite, request: SegmentRequest): Edit {
  const { segment, stage } = request;
  const all = site.watchlist.value.segmentStages;
  const ended = (index: number): boolean => all[index]?.segment === segment && all[index].stage === stage;
  const problems = [...flawsOf(site, request)];
  if (problems.length === 0 && !all.some((_, index) => ended(index)))
    problems.push(`segment: found ${quote(segment)}, which is not ${stage === "suspended" ? "suspended" : "in dry run"}: nothing to end`);
  if (problems.length > 0) return { ok: false, problems };
  const rest = all.filter((_, index) => !ended(index));
  return edited(site, rest, (document) => {
    const list = document.get(key);
    if (isSeq(list)) list.items = list.items.filter((_, index) => !ended(index));
  });
}

function flawsOf({ watchlist }: LoadedSite, { segment, by, reason }: SegmentRequest): readonly string[] {
  const known = watchlist.value.segments.map(({ id }) => id);
  const unknown = `segment: found ${quote(segment)}, expected one of ${known.join(", ") || "none"}`;
  return [...textFlaws({ by, reason }), ...(known.includes(segment) ? [] : [unknown])];
}

/** @throws Error when the text that was made does not read back as what was meant: a bug, and nothing may be written. */
function edited({ watchlist }: LoadedSite, meant: readonly SegmentStage[], change: (document: Document.Parsed) => void): Edit {
  const { file, location, text } = watchlist;
  const yaml = parsed(file, text);
  const made = spliced(yaml, change);
  if (saysIt(file, made, watchlist.value, meant)) return { ok: true, file, location, text: made, notes: [] };
  // A layout that cannot be cut apart, such as a whole watchlist in braces: all of it is written anew, its comments kept.
  change(yaml.document);
  const whole = renderYaml(yaml.document);
  if (!saysIt(file, whole, watchlist.value, meant)) throw new Error(`the edited ${file} does not say of ${key} what was meant`);
  return { ok: true, file, location, text: whole, notes: [] };
}

/** Only the lines of the one key are read, changed and written; where it is not there yet, it comes last. */
function spliced({ file, text, document }: YamlFile, change: (document: Document.Parsed) => void): string {
  const [start, end] = placeOf(document, text);
  const part = parseYaml(file, start === end ? `${key}: []\n` : text.slice(start, end));
  if (!part.ok) return text;
  if (start === end) part.document.set(key, null);
  change(part.document);
  const before = text.slice(0, start);
  const gap = before === "" || before.endsWith("\n") ? "" : "\n";
  return `${before}${gap}${renderYaml(part.document)}${text.slice(end)}`;
}

function placeOf({ contents }: Document.Parsed, text: string): readonly [start: number, end: number] {
  const none = [text.length, text.length] as const;
  if (!isMap(contents) || contents.flow === true) return none;
  const pair = (contents as YAMLMap).items.find((one: Pair) => isScalar(one.key) && one.key.value === key);
  const begin = isScalar(pair?.key) ? pair.key.range?.[0] : undefined;
  const range = (pair?.value as { range?: readonly [number, number, number] | null } | null | undefined)?.range;
  return begin === undefined || !range ? none : [begin, range[2]];
}

function parsed(file: string, text: string): YamlFile {
  const yaml = parseYaml(file, text);
  if (!yaml.ok) throw new Error(`${file} was loaded and cannot be read again:\n${yaml.problems.map(formatProblem).join("\n")}`);
  return yaml;
}

function saysIt(file: string, text: string, before: Watchlist, meant: readonly SegmentStage[]): boolean {
  const yaml = parseYaml(file, text);
  const read = yaml.ok ? parseWith(watchlistSchema, yaml) : yaml;
  return read.ok && JSON.stringify(read.value) === JSON.stringify({ ...before, segmentStages: meant });
}
