/** Compares the table in the kernel, as `nft -j list table` says it, with the one that the plan wants. */
import { meaningOfListed, meaningOfText } from "./meaning.ts";
import { labelBegin, type Chain, type Ruleset, type FenceScope, type Store } from "./ruleset.ts";
import { tableName } from "./table-name.ts";

/** What is to be compared of a table: rules by their comments and by what they do, and the elements of the sets that the plan fills. */
interface Listed {
  readonly label: string;
  /** By chain: its hook and policy, then the comments in their order. */
  readonly chains: ReadonlyMap<string, readonly string[]>;
  /** By chain: what each rule does, in their order. */
  readonly meanings: ReadonlyMap<string, readonly string[]>;
  /** Loaded, but told to judge no packet. */
  readonly dormant: boolean;
  readonly elements: ReadonlyMap<string, readonly string[]>;
}

/** The listing is not what nft prints. */
export class NoListing extends Error {
  override readonly name = "NoListing";
}

/** @throws NoListing */
export function listed(json: string): Listed {
  const chains = new Map<string, string[]>();
  const elements = new Map<string, string[]>();
  const meanings = new Map<string, string[]>();
  let [label, dormant] = ["", false];
  for (const { table, chain, rule, set, map } of entriesOf(json)) {
    if (table !== undefined) dormant = textOf(table["flags"] ?? "").includes("dormant");
    if (chain !== undefined) {
      chains.set(textOf(chain["name"]), [hookOf(chain)]);
      meanings.set(textOf(chain["name"]), []);
    }
    if (rule !== undefined) {
      const comment = typeof rule["comment"] === "string" ? rule["comment"] : "a rule without a comment";
      if (comment.startsWith(labelBegin)) label = comment;
      chains.get(textOf(rule["chain"]))?.push(comment);
      meanings.get(textOf(rule["chain"]))?.push(meaningOfListed(listOf(rule["expr"])).join("; "));
    }
    const store = set ?? map;
    if (store === undefined) continue;
    const protocolAt = listOf(store["type"]).indexOf("inet_proto");
    const texts = listOf(store["elem"]).map((element) => elementText(element, protocolAt));
    elements.set(textOf(store["name"]), texts.toSorted());
  }
  return { label, chains, meanings, dormant, elements };
}

/** Whose packets the installed table judges; undefined where it has no label of ours. */
export function scopeOf({ label }: Pick<Listed, "label">): FenceScope | undefined {
  const [, scope] = new RegExp(`^${labelBegin} (host|user=\\S+) sha256:`, "u").exec(label) ?? [];
  if (scope === undefined) return undefined;
  return scope === "host" ? scope : { user: scope.slice("user=".length) };
}

/** Each difference in a sentence; none: what is installed is what the plan wants. */
export function differences(found: Listed, wanted: Ruleset): readonly string[] {
  const problems: string[] = [];
  if (found.label !== wanted.label)
    problems.push(`found the label "${found.label}", expected "${wanted.label}": the plan has changed since`);
  if (found.dormant) problems.push("found the table dormant: it judges no packet");
  for (const chain of wanted.chains) {
    const byComment = chainDifference(found.chains.get(chain.name), chain);
    problems.push(...(byComment.length > 0 ? byComment : meaningDifference(found.meanings.get(chain.name) ?? [], chain)));
  }
  for (const name of found.chains.keys())
    if (!wanted.chains.some((chain) => chain.name === name)) problems.push(`found chain ${name}, expected none of that name`);
  for (const store of wanted.stores) problems.push(...storeDifference(found.elements.get(store.name), store));
  return problems;
}

function chainDifference(found: readonly string[] | undefined, { name, hook, rules }: Chain): readonly string[] {
  if (found === undefined) return [`found no chain ${name}`];
  const expected = [hook === undefined ? "" : baseHook, ...rules.map(({ comment }) => comment)];
  if (found.join("\n") === expected.join("\n")) return [];
  const at = expected.findIndex((one, index) => found[index] !== one);
  const place = at === -1 ? expected.length : at;
  const shown = (text: string | undefined): string => (text === undefined ? "nothing" : `"${text}"`);
  return [`chain ${name}, rule ${place}: found ${shown(found[place])}, expected ${shown(expected[place])}`];
}

/** Of rules that have the plan's comments: each that does something else than the plan's. */
function meaningDifference(found: readonly string[], { name, rules }: Chain): readonly string[] {
  return rules.flatMap(({ text, comment }, index) => {
    const expected = meaningOfText(text).join("; ");
    const there = sameUser(found[index] ?? "", expected);
    return there === expected ? [] : [`chain ${name}, rule ${index + 1} ("${comment}"): found ${there}, expected ${expected}`];
  });
}

/** nft may write a user's name as a number, and a number as a name. Which belong together cannot be told from here, so these two are let pass. */
function sameUser(found: string, expected: string): string {
  const user = /^meta skuid == ([^;]+)/u;
  const [there, wanted] = [user.exec(found), user.exec(expected)];
  if (!there || !wanted || isNumber(there[1]!) === isNumber(wanted[1]!)) return found;
  return `${wanted[0]}${found.slice(there[0].length)}`;
}

function isNumber(text: string): boolean {
  return /^\d+$/u.test(text);
}

/** Those that the kernel fills as it counts are left alone. */
function storeDifference(found: readonly string[] | undefined, { name, flags, elements }: Store): readonly string[] {
  if (found === undefined) return [`found no set ${name}`];
  if (flags === "dynamic") return [];
  const expected = elements
    .map(({ key, chain }) => `${key.map(unquoted).join(" . ")}${chain === undefined ? "" : ` : ${chain}`}`)
    .toSorted();
  const [there, wanted] = [new Set(found), new Set(expected)];
  const missing = expected.filter((one) => !there.has(one));
  const surplus = found.filter((one) => !wanted.has(one));
  return [
    ...missing.map((one) => `set ${name}: found nothing for ${one}`),
    ...surplus.map((one) => `set ${name}: found ${one}, which is not in the plan`),
  ];
}

const baseHook = "filter output 0 accept";

function hookOf(chain: Entry): string {
  return chain["hook"] === undefined ? "" : ["type", "hook", "prio", "policy"].map((key) => textOf(chain[key])).join(" ");
}

type Entry = Readonly<Record<string, unknown>>;
type Kind = "table" | "chain" | "rule" | "set" | "map";

function entriesOf(json: string): readonly Partial<Record<Kind, Entry>>[] {
  let value: unknown;
  try {
    // What a frame begins with is longer than a number of JSON keeps exactly.
    value = JSON.parse(json.replaceAll(/("right": ?)(-?\d{16,})(?=[,}\s])/gu, '$1"$2"'));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new NoListing("expected the JSON of `nft -j list table`", { cause: error });
  }
  const list = isEntry(value) ? value["nftables"] : undefined;
  if (!Array.isArray(list)) throw new NoListing('expected the JSON of `nft -j list table`, an object with "nftables"');
  const ours = list.filter(isEntry).flatMap((entry) => Object.entries(entry));
  const isOurs = (kind: string, entry: Entry): boolean => entry[kind === "table" ? "name" : "table"] === tableName;
  return ours.flatMap(([kind, entry]) => (isEntry(entry) && isOurs(kind, entry) ? [{ [kind]: entry }] : []));
}

/** IANA's numbers: nft lists them where the machine has no /etc/protocols (Debian: without netbase). */
const protocolNames: ReadonlyMap<unknown, string> = new Map([
  [6, "tcp"],
  [17, "udp"],
]);

/**
 * One of a set, or a pair of a map; prefixes, names and numbers as the plan writes them.
 * @param protocolAt which part of a key is a protocol's number or name; -1: none
 */
function elementText(element: unknown, protocolAt: number): string {
  if (Array.isArray(element)) {
    const [key, verdict] = element as readonly unknown[];
    const target = isEntry(verdict) && isEntry(verdict["goto"]) ? verdict["goto"]["target"] : verdict;
    return `${elementText(key, protocolAt)} : ${textOf(target)}`;
  }
  if (!isEntry(element)) return textOf(element);
  if (isEntry(element["elem"])) return elementText(element["elem"]["val"], protocolAt);
  if (Array.isArray(element["concat"])) {
    const parts = element["concat"] as readonly unknown[];
    return parts.map((part, at) => (at === protocolAt && protocolNames.get(part)) || elementText(part, -1)).join(" . ");
  }
  if (isEntry(element["prefix"])) return `${textOf(element["prefix"]["addr"])}/${textOf(element["prefix"]["len"])}`;
  return JSON.stringify(element);
}

function unquoted(text: string): string {
  return text.replaceAll('"', "");
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function textOf(value: unknown): string {
  return typeof value === "string" || typeof value === "number" ? String(value) : JSON.stringify(value);
}

function isEntry(value: unknown): value is Entry {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
