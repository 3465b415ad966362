/** The kernel's own copy of the plan: an nftables table that drops whatever else would leave for the segments, retransmissions included. */
import { digestOf } from "../config/compile/digest.ts";
import type { Plan } from "../domain/plan.ts";
import { destinationsOf, type Destination } from "./destinations.ts";
import { chainsOf } from "./chains.ts";
import { tableName } from "./table-name.ts";

/** Whose packets are held to the plan: those of the poller's own user, or everything that leaves by the segments' interfaces. */
export type FenceScope = { readonly user: string } | "host";

export interface FencedSegment {
  readonly id: string;
  readonly subnet: string;
  /** By which its packets leave. */
  readonly interfaceName: string;
}

export interface FenceInput {
  readonly plan: Plan;
  readonly segments: readonly FencedSegment[];
  readonly scope: FenceScope;
}

export interface Rule {
  readonly text: string;
  /** Names the rule within its chain; the kernel keeps it. */
  readonly comment: string;
}

export interface Chain {
  readonly name: string;
  /** Of a base chain. */
  readonly hook?: string;
  readonly rules: readonly Rule[];
}

/** A set or a map. Those without elements are filled by the kernel with the paces that it counts. */
export interface Store {
  readonly kind: "set" | "map";
  readonly name: string;
  readonly keys: string;
  readonly flags?: string;
  readonly elements: readonly Element[];
}

export interface Element {
  /** In the words of nftables, part by part. */
  readonly key: readonly string[];
  /** The chain that it leads to; of a map. */
  readonly chain?: string;
}

export interface Ruleset {
  /** Ties the table to the plan: of everything that stands in it. */
  readonly digest: string;
  /** What the first rule says of the table: scope and digest. */
  readonly label: string;
  readonly stores: readonly Store[];
  readonly chains: readonly Chain[];
}

export const labelBegin = "watchkeeper fence";
const paceKeys = ["open", "data", "acknowledge", "end"] as const;
/** Of a user's name, so that the label fits a comment, which has 127 bytes. */
export const userLengthMax = 31;
const paceSizeMax = 65_535;

/** Marks the connections that the poller's user has opened: what the kernel sends for a process that is gone belongs to nobody any more. */
const connectionMark = "0x776b6670";

/** Pure. @throws RangeError for a segment that is not among `segments`. */
export function rulesetOf({ plan, segments, scope }: FenceInput): Ruleset {
  const interfaceOf = new Map(segments.map(({ id, interfaceName }) => [id, interfaceName]));
  const destinations = destinationsOf(plan);
  for (const { segment } of destinations)
    if (!interfaceOf.has(segment)) throw new RangeError(`fence: no interface is known for segment ${segment}`);
  const { chains, chainOf } = chainsOf(destinations);
  const stores = [...places(destinations, chainOf, interfaceOf), ...surroundings(segments, destinations), ...counted()];
  const bare = [fenced(), ...chains, output(scope, "")];
  const digest = digestOf({ stores, chains: bare } as object);
  const label = `${labelBegin} ${scope === "host" ? "host" : `user=${scope.user}`} ${digest}`;
  return { digest, label, stores, chains: [fenced(), ...chains, output(scope, label)] };
}

function places(
  destinations: readonly Destination[],
  chainOf: ReadonlyMap<Destination, string>,
  interfaceOf: ReadonlyMap<string, string>,
): readonly Store[] {
  const map = (family: 4 | 6, echo: boolean): Store => {
    const ip = family === 4 ? "ip daddr" : "ip6 daddr";
    const elements = destinations
      .filter((one) => one.family === family && (one.transport === "icmp") === echo)
      .map((one): Element => {
        const key = [`"${interfaceOf.get(one.segment)!}"`, one.address, ...(echo ? [] : [one.transport, String(one.port)])];
        return { key, chain: chainOf.get(one)! };
      });
    const keys = echo ? `oifname . ${ip}` : `oifname . ${ip} . meta l4proto . th dport`;
    return { kind: "map", name: `${echo ? "echo" : "to"}${family}`, keys, elements };
  };
  return [map(4, false), map(6, false), map(4, true), map(6, true)];
}

function surroundings(segments: readonly FencedSegment[], destinations: readonly Destination[]): readonly Store[] {
  const all = (values: readonly string[]): readonly Element[] => [...new Set(values)].toSorted().map((value) => ({ key: [value] }));
  const subnets = (four: boolean): readonly string[] =>
    segments.map(({ subnet }) => subnet).filter((subnet) => subnet.includes(":") !== four);
  const devices = (family: 4 | 6): readonly string[] => destinations.filter((one) => one.family === family).map(({ address }) => address);
  const interfaces = segments.map(({ interfaceName }) => `"${interfaceName}"`);
  return [
    { kind: "set", name: "interfaces", keys: "oifname", elements: all(interfaces) },
    { kind: "set", name: "subnets4", keys: "ip daddr", flags: "interval", elements: all(subnets(true)) },
    { kind: "set", name: "subnets6", keys: "ip6 daddr", flags: "interval", elements: all(subnets(false)) },
    { kind: "set", name: "devices4", keys: "ip daddr", elements: all(devices(4)) },
    { kind: "set", name: "devices6", keys: "ip6 daddr", elements: all(devices(6)) },
  ];
}

function counted(): readonly Store[] {
  return ([4, 6] as const).flatMap((family) =>
    [...paceKeys, "echoes" as const].map((pace): Store => {
      const ip = family === 4 ? "ip daddr" : "ip6 daddr";
      const keys = pace === "echoes" ? ip : `${ip} . meta l4proto . th dport`;
      return { kind: "set", name: `${pace}${family}`, keys, flags: "dynamic", elements: [] };
    }),
  );
}

/** The end of all that the fence judges: what is not in the plan does not leave for a segment, by whatever interface. */
function fenced(): Chain {
  const drop = (text: string, comment: string): Rule => ({ text: `${text} counter drop`, comment });
  return {
    name: "fenced",
    rules: [
      { text: "oifname . ip daddr . meta l4proto . th dport vmap @to4", comment: "places of the plan" },
      { text: "oifname . ip6 daddr . meta l4proto . th dport vmap @to6", comment: "places of the plan, IPv6" },
      { text: "icmp type echo-request oifname . ip daddr vmap @echo4", comment: "echo" },
      { text: "icmpv6 type echo-request oifname . ip6 daddr vmap @echo6", comment: "echo, IPv6" },
      drop("oifname @interfaces", "not in the plan"),
      drop("ip daddr @subnets4", "another way into a segment"),
      drop("ip6 daddr @subnets6", "another way into a segment, IPv6"),
    ],
  };
}

function output(scope: FenceScope, label: string): Chain {
  // By number, or by a name that nft looks up when it loads the table.
  const user = scope === "host" || /^\d+$/u.test(scope.user) ? scope : { user: `"${scope.user}"` };
  const errors = "destination-unreachable, time-exceeded, parameter-problem";
  const shared: readonly Rule[] = [
    { text: 'oifname "lo" return', comment: label },
    { text: `ip daddr @devices4 icmp type { ${errors}, redirect } counter drop`, comment: "no ICMP errors to devices" },
    { text: `ip6 daddr @devices6 icmpv6 type { ${errors}, packet-too-big } counter drop`, comment: "no ICMP errors to devices, IPv6" },
  ];
  const whose: readonly Rule[] =
    user === "host"
      ? [
          { text: "icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } ip6 hoplimit 255 accept", comment: "neighbours, IPv6" },
          { text: "goto fenced", comment: "everybody" },
        ]
      : [
          { text: `meta skuid ${user.user} ct mark set ${connectionMark}`, comment: "connections of the poller's user" },
          { text: `meta skuid ${user.user} goto fenced`, comment: "the poller's user" },
          { text: `ct mark ${connectionMark} goto fenced`, comment: "what the kernel sends for it" },
        ];
  return { name: "output", hook: "type filter hook output priority filter; policy accept;", rules: [...shared, ...whose] };
}

/** For `nft -f`: takes the place of an earlier table in one step. */
export function rulesetText({ label, stores, chains }: Ruleset): string {
  const lines = [
    `table inet ${tableName}`,
    `delete table inet ${tableName}`,
    `table inet ${tableName} {`,
    `  comment "${label}"`,
    ...stores.flatMap(storeLines),
    ...chains.flatMap(({ name, hook, rules }) => [
      `  chain ${name} {`,
      ...(hook === undefined ? [] : [`    ${hook}`]),
      ...rules.map(({ text, comment }) => `    ${text} comment "${comment}"`),
      "  }",
    ]),
    "}",
  ];
  return `${lines.join("\n")}\n`;
}

function storeLines({ kind, name, keys, flags, elements }: Store): readonly string[] {
  const shown = elements.map(({ key, chain }) => `      ${key.join(" . ")}${chain === undefined ? "" : ` : goto ${chain}`},`);
  return [
    `  ${kind} ${name} {`,
    `    typeof ${keys}${kind === "map" ? " : verdict" : ""}`,
    ...(flags === undefined ? [] : [`    flags ${flags}`]),
    ...(flags === "dynamic" ? [`    size ${paceSizeMax}`] : []),
    ...(shown.length === 0 ? [] : ["    elements = {", ...shown, "    }"]),
    "  }",
  ];
}
