/** A site with devices of every shipped family, compiled by the real compiler and approved as it is: everything that a profile lets anybody ask. */
import type { z } from "zod";
import { compile, type Compiled } from "../../src/config/compile/compile.ts";
import { readLibrary, shippedLibrary } from "../../src/config/library.ts";
import type { LoadedSite } from "../../src/config/loaded-site.ts";
import { formatProblem, type Loaded } from "../../src/config/problem.ts";
import type { Profile } from "../../src/config/schema/profile.ts";
import { registerSpaces, type RegisterSpace } from "../../src/config/schema/register.ts";
import { siteProfileSchema } from "../../src/config/schema/site-profile.ts";
import { watchdogModes, type WatchdogMode } from "../../src/config/schema/statements.ts";
import { watchlistSchema } from "../../src/config/schema/watchlist.ts";
import { methodIds, type MethodId } from "../../src/domain/operations.ts";
import type { Plan, ProfileId } from "../../src/domain/plan.ts";
import { methods } from "../../src/drivers/registry.ts";
import { loaded, rawApproval, rawSite, today, type Raw } from "../config/compile/support/site.ts";
import { scada, traitsOf, type FamilyTraits, type FamilyWatchdog } from "./family-device.ts";
import { community } from "./snmp-checks.ts";

/** One device of the watchlist, and the truth about it. */
export interface LibraryDevice {
  readonly id: string;
  readonly profile: Profile;
  readonly address: string;
  /** Why it is there: `room` for one connection of ours, none (`full`), a range or port that is `forbidden`, and one for each watchdog. */
  readonly is: "room" | "full" | "forbidden" | "unstated" | "faults-when-closed" | WatchdogMode;
  readonly traits: FamilyTraits;
  readonly watchdog: FamilyWatchdog;
  /** Clients that are there for good. */
  readonly others: readonly string[];
  readonly entry: Raw;
}

export interface LibrarySite {
  readonly profiles: readonly Profile[];
  readonly devices: readonly LibraryDevice[];
  readonly plan: Plan;
}

export const intervalMs = 300_000;
/** Of a mask: the reads of registers. */
const maskedCodes: readonly number[] = [3, 4];
const spaceOf: Readonly<Partial<Record<MethodId, RegisterSpace>>> = {
  "modbus-fc1": "coils",
  "modbus-fc2": "discrete-inputs",
  "modbus-fc3": "holding-registers",
  "modbus-fc4": "input-registers",
};
const methodReading = new Map(Object.entries(spaceOf).map(([method, space]) => [space, method as MethodId]));

export function librarySite(): LibrarySite {
  const { profiles } = readLibrary(shippedLibrary, { lint: false });
  const all = [...profiles.values()].map(({ value }) => value);
  const devices = all.flatMap(devicesOf).map((device, index): LibraryDevice => {
    const address = `10.20.${index >> 8}.${index & 255}`;
    return { ...device, address, entry: { ...device.entry, address } };
  });
  const budget = { startsPerSecondMax: 100, approvedBy: "chief engineer", reason: "simulation" };
  const segments = [{ id: "all", zone: "OT-1", subnet: "10.20.0.0/16", localAddress: "10.20.255.5", ...budget }];
  const raw = rawSite([], {}, { segments, gateways: [], siteBudget: budget, devices: devices.map(({ entry }) => entry) });
  const base: LoadedSite = {
    ...loaded({ ...raw, profiles: {}, watchlist: rawSite([]).watchlist }),
    credentials: new Map([["public", community]]),
  };
  const watchlist = read("watchlist.yaml", raw.watchlist, watchlistSchema);
  const site: LoadedSite = { ...base, watchlist, shippedProfiles: profiles, siteProfiles: siteFiles(all) };
  const draft = compiled(site);
  const approved = new Map(all.map((profile) => [profile.id, { approval: rawApproval(draft, profile.id) }]));
  return { profiles: all, devices, plan: compiled({ ...site, siteProfiles: siteFiles(all, approved) }).plan };
}

function compiled(site: LoadedSite): Compiled {
  const made = compile(site, { methods, wallNow: today, lab: false });
  if (made.problems.length > 0) throw new Error(made.problems.map(formatProblem).join("\n"));
  return made;
}

/** As if it had been read from a file: writing and reading again so much YAML would take longer than all the rest. */
function read<Value>(file: string, value: Raw, schema: z.ZodType<Value>): Loaded<Value> {
  return { file, lines: { lineOf: () => 1 }, text: "", location: `/site/${file}`, value: schema.parse(value) };
}

/** The site agrees to whatever a profile leaves to it, and names a register of each table, and every one that is forbidden. */
function siteFiles(profiles: readonly Profile[], approvals: ReadonlyMap<ProfileId, Raw> = new Map()): LoadedSite["siteProfiles"] {
  return new Map(
    profiles.map((profile) => {
      const { id } = profile;
      const agreed = methodIds.map((method) => ({ method, by: "eto-1", on: "2026-11-20", reason: "simulation" }));
      const own = registerSpaces.map((space) => ({ id: `own-${space}`, space, protocolAddress: allowedAddress(profile, space), count: 1 }));
      const banned = bannedRanges(profile).map(({ space, protocolAddress }, at) => ({
        id: `banned-${at}`,
        space,
        protocolAddress,
        count: 1,
      }));
      const bytes = { id: "own-bytes", area: "DB", db: 10, byte: 4, count: 2 };
      const value = { schema: "site-profile/v1", id, approval: { stage: "draft" }, agreed, liveness: [...own, bytes, ...banned] };
      return [id, read(`device-profiles/${id}.yaml`, { ...value, ...approvals.get(id) } as Raw, siteProfileSchema)];
    }),
  );
}

type Banned = Extract<Profile["forbidden"][number], { readonly kind: "registers" }>;

function bannedRanges({ forbidden }: Profile): readonly Banned[] {
  return forbidden.filter((one): one is Banned => one.kind === "registers");
}

function allowedAddress(profile: Profile, space: RegisterSpace): number {
  const isBit = (one: RegisterSpace): boolean => one === "coils" || one === "discrete-inputs";
  const banned = bannedRanges(profile).filter((range) => isBit(range.space) === isBit(space));
  const free = [100, 300, 3000, 30_000].find((at) =>
    banned.every(({ protocolAddress, count }) => at < protocolAddress || at >= protocolAddress + count),
  );
  if (free === undefined) throw new Error(`${profile.id}: no address of ${space} is free of what is forbidden`);
  return free;
}

type Draft = Omit<LibraryDevice, "address">;
type Truth = Partial<Pick<LibraryDevice, "traits" | "watchdog">>;

function devicesOf(profile: Profile): readonly Draft[] {
  const traits = traitsOf(profile);
  const room = Math.max(0, traits.poolSize - Math.max(2, profile.connection.reserve) - 1);
  const sound: FamilyWatchdog = { fedBy: "none", functionCodes: [] };
  const make = (is: LibraryDevice["is"], held: number, statement: Raw | undefined, truth: Truth = {}): readonly Draft[] => {
    const others = Array.from({ length: held }, (_, at) => scada(at + 1));
    return together(is === "room" ? methodIds : askable(profile)).map((asked, at): Draft => {
      const id = `${profile.id}--${is}-${at}`;
      const entry = entryOf(profile, id, others, statement, asked.map(check));
      return { profile, is, traits, watchdog: sound, others, ...truth, id, entry };
    });
  };
  const none: Raw = stated("none");
  const faults: Truth = { traits: { ...traits, closeCausesFault: true } };
  const forbidden = forbiddenOf(profile).map(([name, more], at): Draft => {
    const id = `${profile.id}--forbidden-${name}-${at}`;
    return { profile, is: "forbidden", traits, watchdog: sound, others: [], id, entry: { ...entryOf(profile, id, [], none, []), ...more } };
  });
  return [
    ...make("room", room, none),
    ...make("full", room + 1, none),
    ...make("unstated", 0, undefined),
    ...make("faults-when-closed", 0, { ...none, closeCausesFault: true }, faults),
    ...watchdogModes.flatMap((mode) => (mode === "none" ? [] : make(mode, 0, stated(mode), { watchdog: truthOf(profile, mode) }))),
    ...forbidden,
  ];
}

/** A method that keeps a session suffers no other check at its address. */
function together(asked: readonly MethodId[]): readonly (readonly MethodId[])[] {
  const keeps = (id: MethodId): boolean => methods.get(id)?.connection === "kept";
  return [asked.filter((id) => !keeps(id)), ...asked.filter(keeps).map((id) => [id])].filter((group) => group.length > 0);
}

/** What feeds the watchdog of a device whose owner states `mode`: as stated, but where a document knows that anything does. */
function truthOf({ watchdog }: Profile, mode: WatchdogMode): FamilyWatchdog {
  const documented = watchdog.fedBy.value;
  // Where nobody knows, and neither drive nor I/O coupler is concerned, it is a program that watches its own clients.
  const known = mode === "unknown" ? (documented ?? "owner-only") : mode;
  return { fedBy: documented === "any-telegram" ? documented : known, functionCodes: maskedCodes };
}

function stated(mode: WatchdogMode): Raw {
  const codes: Raw = mode === "function-code-mask" ? { functionCodes: [...maskedCodes] } : {};
  return { mode, ...codes, closeCausesFault: false, by: "eto-1", on: "2026-11-20" };
}

function askable({ methods: named }: Profile): readonly MethodId[] {
  return methodIds.filter((method) => named[method] !== undefined && named[method].decision !== "forbid");
}

/** Everything that is forbidden and that a check could name: each range of registers, and each port. */
function forbiddenOf(profile: Profile): readonly (readonly [name: string, entry: Raw])[] {
  const ranges = bannedRanges(profile).flatMap(({ space }, at): Raw[] => {
    const method = methodReading.get(space);
    return method === undefined ? [] : [{ ...check(method), register: `banned-${at}` }];
  });
  // An echo has no port.
  const method = askable(profile).find((id) => id !== "icmp-echo");
  const ports = profile.forbidden.flatMap((one) => (one.kind === "port" && method !== undefined ? [one.port] : []));
  const atPort = (port: number): readonly [string, Raw] => ["port", { port, checks: method === undefined ? [] : [check(method)] }];
  return [...(ranges.length === 0 ? [] : [["registers", { checks: ranges.slice(0, 16) }] as const]), ...ports.map(atPort)];
}

function entryOf(profile: Profile, id: string, others: readonly string[], watchdog: Raw | undefined, checks: Raw[]): Raw {
  const statements: Raw = {
    otherClients: [...others],
    firmware: { version: "9999.0", by: "eto-1", on: "2026-11-20" },
    ...(watchdog && { watchdog }),
  };
  const place = { id, segment: "all", function: "control", category: "II", profile: profile.id, s7: { rack: 0, slot: 1 } };
  return { ...place, asset: { model: profile.appliesTo?.models[0] ?? null }, statements, checks };
}

function check(method: MethodId): Raw {
  const space = spaceOf[method];
  return {
    method,
    interval: `${intervalMs / 1000}s`,
    ...(method.startsWith("modbus-") && { unitId: 1 }),
    ...(space && { register: `own-${space}` }),
    ...(method === "s7-read" && { register: "own-bytes" }),
    ...(method === "snmp-get" && { credentials: "public" }),
  };
}
