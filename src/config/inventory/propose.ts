/** Proposes a profile for a vendor and a model from what the library says of its families. It proposes and never approves. */
import type { ProfileId } from "../../domain/plan.ts";
import type { Profile } from "../schema/profile.ts";

export type Proposed =
  | { readonly profile: ProfileId; readonly because: string }
  /** `candidates`: families that fit equally well. */
  | { readonly profile: undefined; readonly candidates: readonly ProfileId[] };

export interface Asked {
  readonly manufacturer: string;
  readonly model: string;
  /** What the inventory says it speaks; may be empty. */
  readonly protocol: string;
  /** Stands behind a serial gateway. */
  readonly serial: boolean;
}

/** Names under which inventories have a vendor that its profiles call otherwise. */
const alsoCalled: readonly (readonly [RegExp, string])[] = [
  [/^(?:allenbradley|ab$|rockwell)/u, "rockwellautomation"],
  [/^(?:telemecanique|modicon|schneider)/u, "schneiderelectric"],
];

/** By what a device says it speaks, the profile that knows nothing more. An echo is never proposed: it proves an interface alone. */
const byProtocol: readonly (readonly [RegExp, string])[] = [
  [/sunspec/iu, "generic-sunspec"],
  [/opc ?ua/iu, "generic-opcua"],
  [/ether ?net\/?ip\b|\bcip\b/iu, "generic-ethernet-ip"],
  [/modbus/iu, "generic-modbus-tcp"],
  [/\bs7\b|iso-?on-?tcp|profinet.*s7/iu, "generic-s7"],
  [/snmp/iu, "generic-managed-switch"],
];

/** The name of a Siemens CPU that runs function safety too: 1214FC, 315F-2 PN/DP, 1512SP F-1. FW is its firmware. */
const failSafeCpu = /(?<!\d)(?:3\d\d|4\d\d|1[25]\d\d)(?:[A-Z]{1,3} ?)?F(?!W)/iu;

export function proposeProfile(library: readonly Profile[], asked: Asked): Proposed {
  // Whether a controller of function safety may be asked anything is for a person to say; no profile of its plain sister is put in their mouth.
  if (plain(asked.manufacturer).startsWith("siemens") && failSafeCpu.test(asked.model)) return { profile: undefined, candidates: [] };
  const families = library.filter(({ kind, vendor }) => kind !== "generic" && vendor !== "any");
  const exact = families.flatMap((profile) => fitOf(profile, wordsOf(profile), asked));
  const fitting = exact.length > 0 ? exact : families.flatMap((profile) => fitOf(profile, seriesOf(profile), asked));
  const longest = Math.max(0, ...fitting.map(({ word }) => plain(word).length));
  const best = fitting.filter(({ word }) => plain(word).length === longest);
  if (best.length === 1) return { profile: best[0]!.id, because: `${best[0]!.title}: its ${best[0]!.word} stands in the model` };
  if (best.length > 1) return { profile: undefined, candidates: best.map(({ id }) => id) };
  return byWhatItSpeaks(library, asked);
}

interface Fit {
  readonly id: ProfileId;
  readonly title: string;
  readonly word: string;
}

function fitOf(profile: Profile, names: readonly string[], { manufacturer, model }: Asked): readonly Fit[] {
  if (!vendorFits(profile, manufacturer)) return [];
  const text = plain(model);
  const words = names.filter((word) => text.includes(plain(word)));
  const word = words.toSorted((a, b) => plain(b).length - plain(a).length)[0];
  return word === undefined ? [] : [{ id: profile.id, title: profile.title, word }];
}

function vendorFits({ vendor, identification }: Profile, manufacturer: string): boolean {
  const text = plain(manufacturer);
  const named = alsoCalled.find(([pattern]) => pattern.test(text))?.[1] ?? text;
  return named !== "" && [vendor, ...identification.vendors].map(plain).some((one) => named.startsWith(one) || one.startsWith(named));
}

/** What names this family and no sibling: its models, and words with letters and digits (M221, S7-1200); where there is none, its long words. */
function wordsOf({ family, vendor, identification, appliesTo }: Profile): readonly string[] {
  const words = [...family.split(/[\s,;()]+/u), ...identification.products].filter((word) => plain(word).length >= 3);
  const models = (appliesTo?.models ?? []).filter((model) => plain(model).length >= 3);
  const telling = [...models, ...words.filter((word) => /\d/u.test(word) && /[a-z]/iu.test(word))];
  const vendorWords = new Set(vendor.split(/\s+/u).map(plain));
  return telling.length > 0 ? telling : words.filter((word) => /^[a-z]{6,}$/u.test(plain(word)) && !vendorWords.has(plain(word)));
}

/** The name of the series, for a model that the profile does not list: MGate, NPort. */
function seriesOf({ appliesTo }: Profile): readonly string[] {
  const words = (appliesTo?.models ?? []).flatMap((model) => model.split(/[^a-z]+/iu));
  return words.filter((word) => word.length >= 5 && !/^switch/iu.test(word));
}

function byWhatItSpeaks(library: readonly Profile[], { model, protocol, serial }: Asked): Proposed {
  const known = (id: string): ProfileId | undefined => library.find((profile) => profile.id === id)?.id;
  const rtu = serial ? known("generic-modbus-rtu") : undefined;
  if (rtu !== undefined) return { profile: rtu, because: "it stands behind a serial gateway; no family of the library fits" };
  const speaks = protocol === "" && /\bswitch\b/iu.test(model) ? "snmp" : protocol;
  const generic = byProtocol.find(([pattern]) => pattern.test(speaks))?.[1];
  const profile = generic === undefined ? undefined : known(generic);
  if (profile === undefined) return { profile: undefined, candidates: [] };
  return { profile, because: "by its protocol alone; no family of the library fits, so the strictest defaults hold" };
}

function plain(text: string): string {
  return text
    .toLowerCase()
    .normalize("NFKD")
    .replaceAll(/[^a-z0-9]/gu, "");
}
