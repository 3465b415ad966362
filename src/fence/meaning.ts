/** What a rule does, in the same words whether it is read from the plan's text or from nft's listing: matches, paces, verdict. */

type Entry = Readonly<Record<string, unknown>>;

/** A rule's parts in their order. Counters are left out: they change nothing. */
type Parts = readonly string[];

/** The whole grammar in which the plan writes its rules; what is longer stands first. */
const words: readonly (readonly [RegExp, (...found: string[]) => string])[] = [
  [/^(@[it]h,\d+,\d+) & (0x\w+) == (0x\w+)/u, (field, mask, value) => masked(named(field!), number(mask!), number(value!))],
  [/^(@[it]h,\d+,\d+) (0x\w+)/u, (field, value) => `${named(field!)} == ${number(value!)}`],
  [/^tcp flags & \((.+?)\) != 0x0/u, (flags) => anyOf("tcp flags", flags!.split(" | "))],
  [/^tcp flags & \((.+?)\) == (\w+)/u, (flags, value) => masked("tcp flags", sorted(flags!.split(" | ")), value!)],
  [/^(icmp(?:v6)? type) \{ (.+?) \}/u, (field, types) => `${field} == ${sorted(types!.split(", "))}`],
  [/^(icmp(?:v6)? type) ([a-z-]+)/u, (field, type) => `${field} == ${type}`],
  [/^add (@\w+) \{ (.+?) limit rate (\d+\/\w+) burst (\d+) packets \}/u, (set, key, rate, burst) => within(set!, key!, rate!, burst!)],
  [/^(\w[\w ]*(?: \. \w[\w ]*)+) vmap (@\w+)/u, (key, map) => `${key} vmap ${map}`],
  [/^ct mark set (0x\w+)/u, (value) => `ct mark set ${number(value!)}`],
  [/^goto (\w+)/u, (chain) => `goto ${chain}`],
  [/^(accept|drop|return)\b/u, (verdict) => verdict!],
  [/^(oifname|ip6? daddr|ip6 hoplimit|meta skuid|ct mark) (\S+)/u, (field, value) => `${field} == ${operand(value!.replaceAll('"', ""))}`],
];

/** Of a rule as the plan writes it. @throws RangeError for words that no rule of the plan has. */
export function meaningOfText(text: string): Parts {
  const parts: string[] = [];
  let rest = text;
  while (rest !== "") {
    const counter = /^counter\b ?/u.exec(rest);
    const [whole, part] = counter ? [counter[0], undefined] : firstOf(rest);
    if (part !== undefined) parts.push(part);
    rest = rest.slice(whole.length).trimStart();
  }
  return parts;
}

function firstOf(rest: string): readonly [whole: string, part: string] {
  for (const [pattern, write] of words) {
    const found = pattern.exec(rest);
    if (found) return [found[0], write(...found.slice(1))];
  }
  throw new RangeError(`fence: no rule of the plan has the words "${rest}"`);
}

/** Of a rule's `expr` in the listing. What the plan never writes is shown as it stands, and so equals nothing of the plan. */
export function meaningOfListed(expr: readonly unknown[]): Parts {
  return expr.filter((one) => !(isEntry(one) && "counter" in one)).map(partOf);
}

function partOf(one: unknown): string {
  const [kind, value] = isEntry(one) ? (Object.entries(one)[0] ?? []) : [];
  if (kind === "accept" || kind === "drop" || kind === "return") return kind;
  if (!isEntry(value)) return JSON.stringify(one);
  if (kind === "goto") return `goto ${operand(value["target"])}`;
  if (kind === "match") return matchOf(value);
  if (kind === "vmap") return `${field(value["key"])} vmap ${operand(value["data"])}`;
  if (kind === "mangle") return `${field(value["key"])} set ${operand(value["value"])}`;
  const [limit, ...more] = kind === "set" && value["op"] === "add" && Array.isArray(value["stmt"]) ? (value["stmt"] as unknown[]) : [];
  const pace = isEntry(limit) && isEntry(limit["limit"]) ? limit["limit"] : undefined;
  // "inv": more than the pace, instead of within it.
  if (pace === undefined || more.length > 0 || (pace["inv"] ?? false) !== false) return JSON.stringify(one);
  return within(operand(value["set"]), field(value["elem"]), `${operand(pace["rate"])}/${operand(pace["per"])}`, operand(pace["burst"]));
}

function matchOf({ op, left, right }: Entry): string {
  const mask = isEntry(left) && Array.isArray(left["&"]) ? (left["&"] as unknown[]) : undefined;
  if (mask && op === "!=" && operand(right) === "0") return anyOf(field(mask[0]), listOf(mask[1]));
  if (mask && op === "==") return masked(field(mask[0]), operand(mask[1]), operand(right));
  if (op === "in") return anyOf(field(left), listOf(right));
  return `${field(left)} ${String(op)} ${operand(right)}`;
}

function field(one: unknown): string {
  if (!isEntry(one)) return JSON.stringify(one);
  const { payload, meta, ct, concat } = one as { payload?: unknown; meta?: unknown; ct?: unknown; concat?: unknown };
  if (Array.isArray(concat)) return concat.map(field).join(" . ");
  if (isEntry(meta)) return meta["key"] === "oifname" ? "oifname" : `meta ${operand(meta["key"])}`;
  if (isEntry(ct)) return `ct ${operand(ct["key"])}`;
  if (!isEntry(payload)) return JSON.stringify(one);
  if (payload["base"] !== undefined) return named(`@${operand(payload["base"])},${operand(payload["offset"])},${operand(payload["len"])}`);
  // Where a rule has matched TCP before, nft writes its port as one of TCP.
  const protocol = payload["field"] === "dport" ? "th" : operand(payload["protocol"]);
  return `${protocol} ${operand(payload["field"])}`;
}

/** Where a port stands, nft writes one, whatever the protocol. */
function named(place: string): string {
  return { "@th,0,16": "th sport", "@th,16,16": "th dport" }[place] ?? place;
}

function operand(value: unknown): string {
  if (isEntry(value) && Array.isArray(value["set"])) return sorted(listOf(value["set"]));
  if (Array.isArray(value)) return sorted(listOf(value));
  if (typeof value !== "string" && typeof value !== "number") return JSON.stringify(value);
  return /^(?:-?\d+|0x[\da-f]+)$/u.test(String(value)) ? number(String(value)) : String(value);
}

/** nft writes 64 bits with a sign. */
function number(text: string): string {
  const value = BigInt(text);
  return String(value < 0n ? BigInt.asUintN(64, value) : value);
}

function masked(name: string, mask: string, value: string): string {
  return `${name} & ${mask} == ${value}`;
}

function anyOf(name: string, values: readonly string[]): string {
  return `${name} any of ${sorted(values)}`;
}

function within(set: string, key: string, rate: string, burst: string): string {
  return `within ${rate} and ${burst} at once by ${set} of ${key}`;
}

function sorted(values: readonly string[]): string {
  return values.toSorted().join(", ");
}

function listOf(value: unknown): readonly string[] {
  const inner = isEntry(value) ? (value["|"] ?? value["set"]) : value;
  return Array.isArray(inner) ? inner.map(operand) : [operand(value)];
}

function isEntry(value: unknown): value is Entry {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
