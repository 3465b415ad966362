/** A shipped profile in the words that an engineer reads: what it allows, what the owner must state, each fact with its grade and the document it stands in. */
import { deepReads } from "../domain/deep-reads.ts";
import { formatDuration } from "../domain/duration.ts";
import { operations } from "../domain/operations.ts";
import { factsOf } from "./checks/facts.ts";
import { heardOnlyKinds } from "./compile/direction.ts";
import { formatPath, type Path } from "./problem.ts";
import { isPrintable, type Fact, type Grade, type SourceDocument } from "./schema/facts.ts";
import type { Forbidden } from "./schema/forbidden.ts";
import type { Profile } from "./schema/profile.ts";
import type { RegisterRange } from "./schema/register.ts";

export const gradeWords: Readonly<Record<Grade, string>> = {
  V: "vendor document",
  A: "advisory",
  P: "specification or code",
  S: "secondary source, unverified",
  M: "from memory, unverified",
  N: "not documented",
};

export const readWords: Readonly<Record<SourceDocument["read"], string>> = {
  "full-document": "read in full",
  excerpt: "excerpt read",
  "not-read": "not read",
};

/** `vendor document, excerpt read: Moxa, NPort 6000 UM, page 7-3`; what nobody has checked says so and names no vendor. */
export function sourceWords(fact: Fact<unknown>, sources: readonly SourceDocument[]): string {
  const grade = gradeWords[fact.grade];
  if (!isPrintable(fact)) return grade;
  const named = sources.filter(({ id }) => fact.sources.includes(id));
  const documents = named.map(
    ({ publisher, title, document, place, read, checkedBy }) =>
      `${readWords[read]}${new Set(checkedBy).size >= 2 ? " and checked by two persons" : ""}: ${[publisher, document ?? title, place].filter((part) => part !== null).join(", ")}`,
  );
  return [grade, documents.join("; ")].filter((part) => part !== "").join(", ");
}

/** One line a profile: what `list` and `search` print. */
export function profileLine({ id, title, kind }: Profile): string {
  return `${id}: ${title} (${heardOnlyKinds.has(kind) ? `${kind}, never asked` : kind})`;
}

/** Every word must occur somewhere in what the profile says; upper and lower case are one. */
export function matches(profile: Profile, text: string, words: readonly string[]): boolean {
  const { id, title, vendor, family, kind, appliesTo } = profile;
  const said = [id, title, vendor, family, kind, ...(appliesTo?.models ?? []), text].join("\n").toLowerCase();
  return words.every((word) => said.includes(word.toLowerCase()));
}

/** Lines of text, without line ends. */
export function describeProfile(profile: Profile): readonly string[] {
  const { id, revision, review, vendor, family, appliesTo, ownerMustState, advisories } = profile;
  return [
    profileLine(profile),
    `${vendor}, ${family}; revision ${revision}, ${review}${profile.extends === undefined ? "" : `, on top of ${profile.extends}`}`,
    ...(appliesTo === undefined ? [] : [`models: ${appliesTo.models.join(", ")}`]),
    "",
    "What it allows, once a person at the site has approved it",
    ...allowed(profile),
    ...section("What a deep query may read, by hand and in its window, once the site has agreed to it by name", deepLines(profile)),
    "",
    "What the owner must state of each device",
    `  ${ownerMustState.join(", ") || "nothing"}`,
    ...advisories
      .filter(({ gate }) => gate === "require-firmware")
      .map(({ id: number, methods }) => `  firmware, for ${methods.join(", ")} (${number})`),
    ...section("Who must answer", [answererWords(profile)]),
    ...section("What is never asked", forbiddenLines(profile.forbidden)),
    ...section(
      "Known weaknesses (they say nothing of well-formed requests)",
      Array.from(
        Map.groupBy(advisories, ({ trigger, gate }) => `${trigger} [${gate}]`),
        ([words, ones]) => [ones.map(({ id: number, cves }) => [number, ...cves].join(" ")).join(", "), words].join(": "),
      ),
    ),
    ...section(
      "What is known, and who says so",
      factsOf(profile).flatMap(([path, fact]) => (isRemembered(path, fact) ? [] : factLines(formatPath(path), fact, profile))),
    ),
    "",
    `No document was found that states how often ${id} may be asked, unless a fact above says so; the intervals are Watchkeeper's own.`,
  ];
}

function allowed({ kind, methods }: Profile): readonly string[] {
  if (heardOnlyKinds.has(kind)) return [`  nothing: ${kind} systems are never asked, heard only`];
  return Object.entries(methods).map(([id, { decision, reason, intervalMin }]) => {
    const pace = intervalMin === undefined ? "" : `, at least ${formatDuration(intervalMin)} apart`;
    const word = { allow: "yes", ask: "only where the site agrees by name", forbid: "never" }[decision];
    return `  ${id}: ${word}${pace}: ${reason}`;
  });
}

function deepLines({ deepQuery }: Profile): readonly string[] {
  return deepQuery.map(({ read, reason }) => {
    const { words, counts } = deepReads[read];
    return `${read}: ${words}${counts === undefined ? "" : ` (the site says ${counts === "slots" ? "which" : "how many"} ${counts})`}: ${reason}`;
  });
}

function answererWords({ kind, identification: { vendors, products } }: Profile): string {
  if (heardOnlyKinds.has(kind)) return "nobody: it is never asked";
  const named = [...vendors, ...products];
  if (named.length > 0) return `${named.join(", ")}; anybody else who names himself trips the device`;
  return "not documented what it calls itself: whoever answers is taken for it, unless the site's own file says who must (identification)";
}

/** Nothing is done with it, and nobody could look it up. */
function isRemembered([first]: Path, { grade }: Fact<unknown>): boolean {
  return first === "facts" && grade === "M";
}

/** What only memory or hearsay says stands there as that, and never as a document's. */
function factLines(name: string, fact: Fact<unknown>, { sources }: Profile): readonly string[] {
  const value = fact.value === null ? "not documented" : typeof fact.value === "string" ? fact.value : JSON.stringify(fact.value);
  const heard = fact.value === null ? "" : ` [${sourceWords(fact, sources)}]`;
  return [`${name}: ${value}${heard}`, ...(fact.note === null ? [] : [`  note: ${fact.note}`])];
}

/** `port 80: why`: what is forbidden, and the reason; ports of one reason stand together. */
export function forbiddenLines(forbidden: readonly Forbidden[]): readonly string[] {
  const grouped = Map.groupBy(forbidden, (entry) => (entry.kind === "port" ? `port ${entry.reason}` : JSON.stringify(entry)));
  return Array.from(grouped.values(), (ones) => {
    const ports = ones.flatMap((entry) => (entry.kind === "port" ? [entry.port] : []));
    return ports.length > 1 ? `ports ${portsText(ports)}: ${ones[0]!.reason}` : forbiddenWords(ones[0]!);
  });
}

/** `80, 443` or `4001 to 4016`. */
function portsText(ports: readonly number[]): string {
  const sorted = ports.toSorted((x, y) => x - y);
  const runs: (readonly [from: number, to: number])[] = [];
  for (const port of sorted) {
    const last = runs.at(-1);
    if (last !== undefined && port === last[1] + 1) runs[runs.length - 1] = [last[0], port];
    else runs.push([port, port]);
  }
  return runs.map(([from, to]) => (from === to ? String(from) : `${from} to ${to}`)).join(", ");
}

function forbiddenWords(entry: Forbidden): string {
  const { reason } = entry;
  switch (entry.kind) {
    case "registers":
      return `${registerWords(entry)}: ${reason}`;
    case "function-code":
      return `function code ${entry.functionCode}: ${reason}`;
    case "port":
      return `port ${entry.port}: ${reason}`;
    case "operation":
      return `${operations[entry.operation]}: ${reason}`;
    case "service":
      return `${entry.service}: ${reason}`;
    case "discovery":
      return `discovery by ${entry.discovery}: ${reason}`;
  }
}

/** `holding register 4135 (0-based, 0x1027)`: manuals count both ways. */
function registerWords({ space, protocolAddress: from, count }: RegisterRange): string {
  const name = space.replace("-", " ");
  const hex = (address: number): string => `0x${address.toString(16).toUpperCase().padStart(4, "0")}`;
  if (count === 1) return `${name.slice(0, -1)} ${from} (0-based, ${hex(from)})`;
  const to = from + count - 1;
  return `${name} ${from} to ${to} (0-based, ${hex(from)} to ${hex(to)})`;
}

function section(title: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : ["", title, ...lines.map((line) => `  ${line}`)];
}
