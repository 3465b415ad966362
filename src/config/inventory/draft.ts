/** Makes of one line of an inventory an entry of the watchlist, or says why it cannot be placed. */
import { contains, parseSubnet, type Address } from "../../domain/address.ts";
import { methodIds, type MethodId } from "../../domain/operations.ts";
import type { DeviceFunction, ProfileId } from "../../domain/plan.ts";
import { seconds } from "../../domain/units.ts";
import type { Methods } from "../compile/candidate.ts";
import { quote } from "../problem.ts";
import type { Profile } from "../schema/profile.ts";
import type { SegmentEntry, Watchlist } from "../schema/watchlist.ts";
import { addressIn } from "./addresses.ts";
import { statedCategory, supposedFunction, type SupposedFunction } from "./guesses.ts";
import { idFrom, macsIn } from "./names.ts";
import { proposeProfile } from "./propose.ts";
import type { InventoryRow } from "./rows.ts";
import type { Flow } from "./yaml-text.ts";

export interface Draft {
  readonly line: number;
  readonly id: string;
  readonly name: string;
  readonly address: string | undefined;
  /** The gateway, for a unit behind one. */
  readonly via: string | undefined;
  readonly function: DeviceFunction;
  readonly profile: ProfileId;
  /** Never asked, by its function. */
  readonly never: boolean;
  readonly entry: Readonly<Record<string, Flow | undefined>>;
  readonly comments: readonly string[];
  readonly notes: readonly string[];
}

export interface Unplaced {
  readonly line: number;
  readonly name: string;
  readonly kind:
    | "no address"
    | "several addresses"
    | "a range"
    | "no literal address"
    | "no segment"
    | "unknown vendor or model"
    | "several profiles fit"
    | "twice in the inventory"
    | "otherwise in the watchlist"
    | "refused by the watchlist";
  readonly detail: string;
}

export interface Known {
  readonly file: string;
  readonly watchlist: Watchlist;
  readonly library: readonly Profile[];
  readonly methods: Methods;
}

export function draftOf(row: InventoryRow, known: Known): Draft | Unplaced {
  const name = row.of("name") || row.of("id") || row.of("address");
  const unplaced = (kind: Unplaced["kind"], detail: string): Unplaced => ({ line: row.line, name, kind, detail });
  const place = placeOf(row, known.watchlist);
  if ("kind" in place) return unplaced(place.kind, place.detail);
  const asked = {
    manufacturer: row.of("manufacturer"),
    model: row.of("model"),
    protocol: row.of("protocol"),
    serial: place.via !== undefined,
  };
  const chosen = row.of("profile");
  const proposal = chosen === "" ? proposeProfile(known.library, asked) : undefined;
  const family = known.library.find(({ id }) => id === (chosen === "" ? proposal?.profile : chosen));
  const words = [name, row.of("description"), asked.model, row.of("location"), row.of("id")];
  const guessed = supposedFunction(row.of("function"), words, family?.kind === "switch");
  const supposed =
    family !== undefined && isNever(family.kind) && !isNever(guessed.function)
      ? { function: family.kind, because: family.title, stated: false }
      : guessed;
  const never = isNever(supposed.function);
  if (family === undefined && chosen !== "")
    return unplaced("unknown vendor or model", `found the profile ${quote(chosen)}, which the library does not have`);
  const profile = family ?? (never ? heardOnly(known.library, supposed.function) : undefined);
  if (profile === undefined) {
    const candidates = proposal?.profile === undefined ? (proposal?.candidates ?? []) : [];
    if (candidates.length > 0)
      return unplaced("several profiles fit", `${candidates.join(", ")}: give the inventory a column \`profile\` that names one`);
    const what = [asked.manufacturer, asked.model].filter((text) => text !== "").join(" ");
    return unplaced(
      "unknown vendor or model",
      `found ${what === "" ? "neither vendor nor model" : quote(what)}: give the inventory a column \`profile\` or \`protocol\``,
    );
  }
  const category = statedCategory(row.of("category"));
  const checks = never ? [] : checksOf(profile, place, known.methods);
  const because =
    family === undefined
      ? "no profile is needed for what is never asked"
      : proposal?.profile !== undefined && "because" in proposal
        ? proposal.because
        : "named in the inventory";
  const { macs, bad } = macsIn(row.of("mac"));
  return {
    line: row.line,
    id: idFrom(row.of("id") || name),
    name,
    address: place.address?.text,
    via: place.via,
    function: supposed.function,
    profile: profile.id,
    never,
    entry: {
      id: idFrom(row.of("id") || name),
      name,
      address: place.address?.text,
      via: place.via,
      segment: place.segment?.id,
      function: supposed.function,
      category: category ?? "III",
      profile: profile.id,
      macs: macs.length > 0 ? macs : undefined,
      switchPorts: switchPortsOf(row, known.watchlist),
      asset: assetOf(row),
      checks: checks.map((check): Flow => ({ ...check })),
    },
    comments: commentsOf(row, { file: known.file, profile, because, supposed, never, category, asked: checks.length > 0 }),
    notes: [
      ...(place.note === undefined ? [] : [place.note]),
      ...(bad.length === 0 ? [] : [`its MAC ${bad.map(quote).join(", ")} is left out: it is none of one device, or not well formed`]),
      ...(never || checks.length > 0
        ? []
        : [`no check is proposed: each method of ${profile.id} needs a register, credentials or an agreement`]),
      ...(/^[=@]/u.test(name) ? [`its name ${quote(name)} is a formula that the spreadsheet did not work out`] : []),
      ...zoneNote(row, place.segment),
    ],
  };
}

type Never = Extract<DeviceFunction, "safety" | "protection" | "navigation">;

/** Of a function as of a profile's kind. */
function isNever(what: string | undefined): what is Never {
  return what === "safety" || what === "protection" || what === "navigation";
}

/** What is never asked needs a profile in name only: the library's for that function, where it has one. */
function heardOnly(library: readonly Profile[], what: DeviceFunction): Profile | undefined {
  return library.find(({ id }) => id === `passive-${what}`) ?? library.find(({ id }) => id === "generic-icmp-host");
}

interface Place {
  readonly address?: Address;
  readonly via?: string;
  readonly unitId?: number;
  readonly segment?: SegmentEntry;
  readonly note?: string;
}

function placeOf(row: InventoryRow, { segments, gateways }: Watchlist): Place | Pick<Unplaced, "kind" | "detail"> {
  const unit = row.of("unitId");
  const unitId = /^\d{1,3}$/u.test(unit) ? Number(unit) : undefined;
  const via = row.of("via");
  const gateway = gateways.find(({ id, address }) => id === via || (address !== undefined && address === via));
  if (gateway !== undefined && row.of("address") === "") return { via: gateway.id, ...(unitId === undefined ? {} : { unitId }) };
  const cell = addressIn(row.of("address"));
  if ("kind" in cell) {
    const serial = via === "" ? "" : `; the watchlist has no gateway ${quote(via)}`;
    return { kind: cell.kind, detail: `${cell.detail}${serial}` };
  }
  const segment = segments.find(({ subnet }) => {
    const parsed = parseSubnet(subnet);
    return parsed !== undefined && contains(parsed, cell.address);
  });
  if (segment === undefined) return { kind: "no segment", detail: `no segment of the watchlist holds ${cell.address.text}` };
  return {
    address: cell.address,
    segment,
    ...(unitId === undefined ? {} : { unitId }),
    ...(cell.prefix === undefined || cell.prefix === parseSubnet(segment.subnet)?.prefix
      ? {}
      : { note: `${quote(row.of("address"))} is taken for ${cell.address.text}; its segment ${segment.id} is ${segment.subnet}` }),
  };
}

interface ProposedCheck {
  readonly method: MethodId;
  readonly unitId?: number;
  readonly interval: string;
}

/** The smallest thing that the family may be asked without anybody's further word: no register, no credential, no agreement. */
function checksOf(profile: Profile, { address, unitId, via }: Place, methods: Methods): readonly ProposedCheck[] {
  for (const id of methodIds) {
    const method = methods.get(id);
    const rule = profile.methods[id];
    if (method === undefined || rule?.decision !== "allow") continue;
    const unit = method.protocol === "modbus" ? (unitId ?? (via === undefined ? 1 : undefined)) : undefined;
    const rack = profile.s7?.rack.value;
    const slot = profile.s7?.slot.value;
    const parsed = method.parse({
      interval: seconds(60),
      ...(unit === undefined ? {} : { unitId: unit }),
      ...(address === undefined ? {} : { endpoint: { address: address.text, port: method.defaultPort } }),
      ...(typeof rack === "number" && typeof slot === "number" ? { s7: { rack, slot, connectionType: "basic" } } : {}),
    });
    if ("problems" in parsed) continue;
    const slowest = Math.max(seconds(60), rule.intervalMin ?? 0);
    return [{ method: id, ...(unit === undefined ? {} : { unitId: unit }), interval: `${Math.ceil(slowest / 1000)}s` }];
  }
  return [];
}

function assetOf(row: InventoryRow): Flow | undefined {
  const parts = (["manufacturer", "model", "firmware", "serial", "location"] as const).map((field) => [field, row.of(field)] as const);
  const there = parts.filter(([, text]) => text !== "");
  return there.length === 0 ? undefined : Object.fromEntries(there);
}

/** The number on a switch's front is not its ifIndex: only a column of that name is taken for it. */
function switchPortsOf(row: InventoryRow, { devices }: Watchlist): Flow | undefined {
  const device = devices.find(({ id, name }) => id === row.of("switch") || name === row.of("switch"));
  const ifIndex = row.of("ifIndex");
  return device === undefined || !/^[1-9]\d{0,8}$/u.test(ifIndex) ? undefined : [{ switch: device.id, ifIndex: Number(ifIndex) }];
}

function zoneNote(row: InventoryRow, segment: SegmentEntry | undefined): readonly string[] {
  const zone = row.of("zone");
  if (zone === "" || segment === undefined || zone.toLowerCase() === segment.zone.toLowerCase()) return [];
  return [`the inventory has it in zone ${quote(zone)}, its segment ${segment.id} lies in ${quote(segment.zone)}`];
}

interface Said {
  readonly file: string;
  readonly profile: Profile;
  readonly because: string;
  readonly supposed: SupposedFunction;
  readonly never: boolean;
  readonly category: string | undefined;
  readonly asked: boolean;
}

function commentsOf(row: InventoryRow, said: Said): readonly string[] {
  const { file, profile, because, supposed, never, category, asked } = said;
  const look = [
    ...(supposed.stated || supposed.because !== undefined ? [] : ["function (supposed)"]),
    ...(category === undefined ? ["category (not in the inventory; III is the strictest)"] : []),
    ...(asked && profile.methods["modbus-fc43"]?.decision === "allow" && row.of("unitId") === "" ? ["unitId (supposed)"] : []),
  ];
  const port =
    row.of("switch") === "" || row.of("ifIndex") !== ""
      ? []
      : [`Switch port by the inventory: ${row.of("switch")}; state switchPorts once its ifIndex is known.`];
  const missing = [...new Set([...profile.ownerMustState, "watchdog"])].join(", ");
  return [
    `From ${file}, line ${row.line}. Profile proposed: ${profile.id} (${because}).`,
    ...(supposed.because === undefined
      ? []
      : [
          `Supposed to be ${supposed.function}, because of "${supposed.because}": never asked. If that is wrong, change function and add checks.`,
        ]),
    ...(look.length === 0 ? [] : [`To be looked at: ${look.join(", ")}.`]),
    ...(never ? [] : [`To be stated before anybody can approve it: ${missing}.`]),
    ...(never || asked ? [] : ["No method of the profile does without a register, credentials or an agreement: add checks."]),
    ...port,
  ].map((line) => line.replaceAll(/[\p{Cc}\p{Cf}]/gu, ""));
}
