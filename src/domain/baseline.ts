/** The identity baseline: what each device said of itself, what of it a person has accepted, and what a difference between the two means. */
import { deepReads, type DeepReadId } from "./deep-reads.ts";
import { firmwareAtLeast, isVersion } from "./firmware.ts";
import type { Check, DeviceId } from "./plan.ts";
import { differences, differenceWords, newFields, sameSaid, saidWords, type Difference, type IdentityField, type Said } from "./said.ts";
import type { WallMs } from "./units.ts";

/** Where and how it was said: what two methods or two units say of one device is not compared with each other. */
export interface IdentitySource {
  readonly device: DeviceId;
  /** `192.0.2.11`, `192.0.2.30 unit 7`, `192.0.2.12 rack 0 slot 2`, `/dev/ttyS0 unit 3`. */
  readonly place: string;
  /** The method; of EtherNet/IP's two `enip-identity`, because both read the same object. */
  readonly source: string;
}

export interface Acceptance {
  readonly said: Said;
  readonly by: string;
  readonly reason: string;
  readonly at: WallMs;
}

/** What is remembered; nothing of it is accepted by itself. */
export interface KnownIdentity extends IdentitySource {
  readonly said: Said;
  /** When it was first said so. */
  readonly since: WallMs;
  /** One; several where a redundant pair answers at one address. The latest is the last. */
  readonly accepted: readonly Acceptance[];
}

export const identityStates = {
  not_accepted: "not accepted yet",
  as_accepted: "as accepted",
  changed: "CHANGED",
} as const;
export type IdentityState = keyof typeof identityStates;

export interface IdentityView extends KnownIdentity {
  readonly state: IdentityState;
  /** From what was accepted, in the state `changed` only. */
  readonly differences: readonly Difference[];
}

/** What happened to what a device says. */
export const identityChanges = ["first_said", "changed", "said_otherwise", "as_accepted", "accepted"] as const;
export type IdentityChange = (typeof identityChanges)[number];

/** A record or a line of everything that a device says, before and after. */
export const identityWordsMax = 2000;
/** Of one place: a redundant pair is two, and a spare or two. */
export const acceptancesMax = 4;

/** What tells where and how a reply was had. */
export type Replying = Pick<Check, "device" | "method" | "target" | "ask" | "deep">;

/** Deep reads whose answer is that of a heartbeat, and is compared with it; every other one is compared with itself. */
const sameAs: ReadonlyMap<DeepReadId, string> = new Map<DeepReadId, string>([
  ["enip-identity", "enip-identity"],
  ["enip-slots", "enip-identity"],
  ["modbus-server-id", "modbus-fc17"],
  ["opcua-endpoints", "opcua-get-endpoints"],
  ["snmp-system", "snmp-get"],
]);

const inParts: ReadonlySet<DeepReadId> = new Set<DeepReadId>([
  "modbus-identification-regular",
  "modbus-identification-extended",
  "s7-components",
]);

/** A long identification comes in several replies: what one of them does not say contradicts nothing. */
export function saysPart({ deep }: Replying): boolean {
  return deep !== undefined && inParts.has(deep.read);
}

/** @param check whose reply it was */
export function sourceOf({ device, method, target, ask, deep }: Replying): IdentitySource {
  const said = (typeof ask === "object" && ask !== null ? ask : {}) as Readonly<Record<string, unknown>>;
  const unit = typeof said["unitId"] === "number" ? ` unit ${said["unitId"]}` : "";
  const route = said["route"] as { readonly rack: number; readonly slot: number } | undefined;
  const rack = route === undefined ? "" : ` rack ${route.rack} slot ${route.slot}`;
  const part = deep?.number === undefined ? "" : ` ${deepReads[deep.read].counts === "slots" ? "slot" : "interface"} ${deep.number}`;
  const source = deep ? (sameAs.get(deep.read) ?? deep.read) : method.startsWith("enip-") ? "enip-identity" : method;
  return { device, place: `${target.address}${unit}${rack}${part}`, source };
}

/**
 * The identity beside what was accepted. `peers`: what was accepted, by the same method, of the other addresses of the same piece of hardware.
 * The halves of a redundant pair swap their addresses at a changeover: whoever is accepted at one may answer at each.
 */
export function viewOf(known: KnownIdentity, peers: readonly Said[]): IdentityView {
  const { said, accepted } = known;
  const own = accepted.map((one) => one.said);
  if ([...own, ...peers].some((one) => sameSaid(one, said))) return { ...known, state: "as_accepted", differences: [] };
  const [nearest] = own.map((one) => fromAll(one, own, said)).toSorted((a, b) => a.length - b.length);
  if (nearest === undefined || nearest.length === 0) return { ...known, state: "not_accepted", differences: [] };
  return { ...known, state: "changed", differences: nearest };
}

/** The differences from one acceptance; a field that it does not have, and another one has with another value, is one too. */
function fromAll(one: Said, all: readonly Said[], said: Said): readonly Difference[] {
  const others = newFields(one, said).flatMap((field) => {
    const before = all.find((other) => other[field] !== undefined)?.[field];
    return before === undefined ? [] : [{ field, before, after: said[field] }];
  });
  return [...differences(one, said), ...others];
}

/** What was accepted, by the same method, of the other devices that are the same piece of hardware. */
export function peersOf(
  { device, source }: IdentitySource,
  hardware: readonly DeviceId[],
  of: (device: DeviceId) => readonly KnownIdentity[],
): readonly Said[] {
  const others = hardware.filter((other) => other !== device).flatMap(of);
  return others.filter((other) => other.source === source).flatMap(({ accepted }) => accepted.map(({ said }) => said));
}

/** Another vendor or product is another device: nothing more is asked of it. What is not said contradicts nothing so far. */
const tripping: ReadonlySet<IdentityField> = new Set<IdentityField>(["vendor", "product"]);

/**
 * Why the device must not be asked any more, in one line; undefined where an alarm is enough. A firmware below the wanted one counts whether it
 * is said for the first time or was accepted: what a person signs changes no advisory. One that cannot be read counts where it was another before.
 * @param firmwareFrom the firmware from which on the profile allows what is asked; undefined where it makes no difference between versions
 */
export function strangerIn(
  { differences: found, said }: Pick<IdentityView, "differences" | "said">,
  firmwareFrom: string | undefined,
): string | undefined {
  const other = found.filter(({ field, after }) => tripping.has(field) && after !== undefined);
  if (other.length > 0) return `${differenceWords(other)} (as it was accepted)`;
  if (firmwareFrom === undefined) return undefined;
  const allowed = `the profile allows asking it from firmware ${firmwareFrom} on`;
  const changed = found.find(({ field }) => field === "firmware");
  if (changed) return firmwareAtLeast(changed.after ?? "", firmwareFrom) ? undefined : `${differenceWords([changed])}; ${allowed}`;
  const { firmware } = said;
  if (firmware === undefined || !isVersion(firmware) || firmwareAtLeast(firmware, firmwareFrom)) return undefined;
  return `firmware: is "${firmware}", and the watchlist states another; ${allowed}`;
}

/** For the record of what is new: the firmware cannot be compared with the one that the profile wants. Empty where it can, or nothing is wanted. */
export function unreadableWords({ firmware }: Said, firmwareFrom: string | undefined): string {
  if (firmware === undefined || firmwareFrom === undefined || isVersion(firmware)) return "";
  return `; found no version number in the firmware, expected ${firmwareFrom} or later: look at the device before you accept it`;
}

/** The identity with what it says now accepted: in place of what was before, or `beside` it, where two halves answer at one address. */
export function accepting(known: KnownIdentity, signed: Omit<Acceptance, "said">, beside: boolean): KnownIdentity {
  const kept = beside ? known.accepted.slice(-(acceptancesMax - 1)) : [];
  return { ...known, accepted: [...kept, { said: known.said, ...signed }] };
}

/** Those at addresses where the device is asked today; all where it is not asked. What it said elsewhere is kept, and counts again there. */
export function currentOf<Known extends IdentitySource>(all: readonly Known[], checks: readonly Pick<Check, "target">[]): readonly Known[] {
  if (checks.length === 0) return all;
  const addresses = checks.map(({ target }) => target.address);
  return all.filter(({ place }) => addresses.some((address) => place === address || place.startsWith(`${address} `)));
}

/** For audit and log: `plc, modbus-fc43 at 192.0.2.11 unit 1: vendor "Schneider Electric"`. */
export function sourceWords({ device, place, source }: IdentitySource): string {
  return `${device}, ${source} at ${place}`;
}

/** The audit's record of an acceptance, by which a later reader finds it again. */
export function acceptedWords(known: IdentitySource, { said, reason }: Acceptance): string {
  return `${sourceWords(known)}: ${saidWords(said)}: ${reason}`;
}
