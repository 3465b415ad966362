/** Sites for tests of compile, written as YAML and read by the real schemas: a small plant in which every check would run, and ways to change it. */
import { stringify } from "yaml";
import { type Compiled, compile } from "../../../../src/config/compile/compile.ts";
import type { LoadedSite } from "../../../../src/config/loaded-site.ts";
import { formatProblem, type Loaded } from "../../../../src/config/problem.ts";
import { parseWith } from "../../../../src/config/schema-problems.ts";
import { profileSchema } from "../../../../src/config/schema/profile.ts";
import { siteProfileSchema } from "../../../../src/config/schema/site-profile.ts";
import { watchlistSchema } from "../../../../src/config/schema/watchlist.ts";
import { parseYaml } from "../../../../src/config/yaml.ts";
import type { Credentials } from "../../../../src/domain/credentials.ts";
import type { DeviceId, ProfileId } from "../../../../src/domain/plan.ts";
import { wallMs, type WallMs } from "../../../../src/domain/units.ts";
import { methods } from "./methods.ts";

/** What stands in a file, as plain JSON. */
export type Raw = { [key: string]: RawValue };
export type RawValue = string | number | boolean | null | RawValue[] | Raw;

export const today: WallMs = wallMs(Date.parse("2026-11-21T12:00:00Z"));

export interface RawSite {
  watchlist: Raw;
  /** By id. */
  profiles: Record<string, Raw>;
  /** By id; absent: no site file. What is left out of one is a draft's. */
  siteProfiles: Record<string, Raw>;
  lab: boolean;
  /** Absent: none. */
  credentials?: Credentials;
  /** Absent: none. */
  serverCertificates?: LoadedSite["serverCertificates"];
  ownCertificate?: LoadedSite["ownCertificate"];
}

export const unknownFact: Raw = { value: null, status: "not-documented", grade: "N" };
export const documented = (value: RawValue): Raw => ({ value, status: "documented", grade: "V", sources: ["manual"] });
export const hearsay = (value: RawValue): Raw => ({ value, status: "documented", grade: "M" });

export function rawProfile(changes: Raw = {}): Raw {
  const allowed: Raw = { decision: "allow", reason: "a read", support: documented("yes") };
  return {
    schema: "device-profile/v1",
    id: "test-plc",
    revision: 1,
    title: "Test PLC",
    vendor: "Test",
    family: "PLC",
    kind: "plc",
    review: "draft",
    sources: [
      {
        id: "manual",
        kind: "vendor-manual",
        publisher: "Test",
        title: "Manual",
        document: "T-1",
        place: "p. 1",
        url: null,
        read: "full-document",
        retrieved: "2026-11-01",
        checkedBy: ["a", "b"],
      },
    ],
    methods: { "modbus-fc43": allowed, "modbus-fc3": allowed, "icmp-echo": allowed, "snmp-get": allowed },
    connection: { mode: "fresh", poolSize: documented(8), overflow: documented("rejects"), idleTimeout: unknownFact, reserve: 2 },
    watchdog: { fedBy: unknownFact, closeCausesFault: documented(false) },
    identification: { vendors: ["Test"], products: [] },
    liveness: [{ id: "alive", space: "holding-registers", protocolAddress: 16, count: 2 }],
    ...changes,
  };
}

export function rawDevice(number: number, changes: Raw = {}): Raw {
  return {
    id: `plc-${number}`,
    name: `PLC ${number}`,
    address: `10.20.1.${10 + number}`,
    segment: "hvac",
    function: "control",
    category: "II",
    profile: "test-plc",
    statements: { otherClients: ["SCADA-1"], watchdog: { mode: "none", by: "eto-1", on: "2026-11-20" } },
    checks: [{ method: "modbus-fc43", unitId: 1 }],
    ...changes,
  };
}

export const gateway: Raw = {
  id: "fw-serial",
  address: "10.20.1.200",
  segment: "hvac",
  responseTimeout: "1s",
  retries: 3,
  unitCount: 6,
  otherClients: ["SCADA-1"],
};

export function rawUnit(unitId: number, changes: Raw = {}): Raw {
  const { address: _address, segment: _segment, ...rest } = rawDevice(unitId);
  return { ...rest, id: `unit-${unitId}`, via: "fw-serial", checks: [{ method: "modbus-fc43", unitId }], ...changes };
}

/** Devices plc-1 and on; their profile has no approval yet. */
export function rawSite(devices: Raw[] = [rawDevice(1)], changes: Partial<RawSite> = {}, watchlist: Raw = {}): RawSite {
  const segments = [{ id: "hvac", zone: "OT-1", subnet: "10.20.1.0/24", localAddress: "10.20.1.5" }];
  return {
    watchlist: { schema: "watchlist/v1", segments, gateways: [gateway], devices, ...watchlist },
    profiles: { "test-plc": rawProfile() },
    siteProfiles: {},
    lab: false,
    ...changes,
  };
}

export function rawApproval(compiled: Compiled, profile: string, changes: Raw = {}): Raw {
  return {
    stage: "approved",
    trialDevices: [],
    preparedBy: "eto-1",
    acceptedBy: "chief engineer, mail 2026-11-21",
    approvedOn: "2026-11-21",
    expiresOn: "2028-02-21",
    basis: { vendorConfirmation: "T-1 p. 1" },
    changeReference: "MOC-2026-014",
    covers: compiled.covers.get(profile as ProfileId) ?? "",
    envelope: structuredClone(compiled.envelopes.get(profile as ProfileId)) as unknown as Raw,
    devices: Object.fromEntries(compiled.deviceDigests),
    paces: Object.fromEntries([...compiled.paces].map(([id, paces]) => [id, { ...paces }])),
    ...changes,
  };
}

/** The same site once every profile and device of it is approved as it is. */
export function approved(raw: RawSite, changes: Raw = {}): RawSite {
  const compiled = compiledFrom(raw);
  const siteProfiles = Object.keys(raw.profiles).map((id): [string, Raw] => [
    id,
    { ...raw.siteProfiles[id], approval: rawApproval(compiled, id, changes) },
  ]);
  return { ...raw, siteProfiles: Object.fromEntries(siteProfiles) };
}

/** Files that were read before: most tests share the profile. */
const known = new Map<string, Loaded<unknown>>();

function read<Value>(file: string, value: Raw, schema: Parameters<typeof parseWith<Value>>[0]): Loaded<Value> {
  const key = `${file} ${JSON.stringify(value)}`;
  const before = known.get(key);
  if (before !== undefined) return before as Loaded<Value>;
  const yaml = parseYaml(file, stringify(value, { aliasDuplicateObjects: false }));
  if (!yaml.ok) throw new Error(yaml.problems.map(formatProblem).join("\n"));
  const parsed = parseWith(schema, yaml);
  if (!parsed.ok) throw new Error(parsed.problems.map(formatProblem).join("\n"));
  const made: Loaded<Value> = { file, lines: yaml.lines, text: yaml.text, location: `/site/${file}`, value: parsed.value };
  known.set(key, made);
  return made;
}

const bare: Raw = { schema: "site-profile/v1", approval: { stage: "draft" } };

export function loaded(raw: RawSite): LoadedSite {
  const profile = ([id, value]: [string, Raw]) => [id as ProfileId, read(`library/${id}.yaml`, value, profileSchema)] as const;
  const siteProfile = ([id, value]: [string, Raw]) =>
    [id as ProfileId, read(`device-profiles/${id}.yaml`, { ...bare, id, ...value }, siteProfileSchema)] as const;
  const settings = {
    site: "mv-aurora",
    stateDir: "/site/state",
    watchlist: "/site/watchlist.yaml",
    profileDir: "/site/device-profiles",
    credentials: null,
    web: { listenAddresses: [], configFile: null, hosts: [] },
    log: { level: "info", format: "json" },
    labels: { address: false },
  } as const;
  return {
    lab: raw.lab,
    settings: { file: "watchkeeper.yaml", lines: { lineOf: () => 1 }, text: "", location: "/site/watchkeeper.yaml", value: settings },
    watchlist: read("watchlist.yaml", raw.watchlist, watchlistSchema),
    shippedProfiles: new Map(Object.entries(raw.profiles).map(profile)),
    siteProfiles: new Map(Object.entries(raw.siteProfiles).map(siteProfile)),
    credentials: raw.credentials ?? new Map(),
    ...(raw.serverCertificates && { serverCertificates: raw.serverCertificates }),
    ...(raw.ownCertificate && { ownCertificate: raw.ownCertificate }),
  };
}

export function compiledFrom(raw: RawSite, wallNow: WallMs = today): Compiled {
  return compile(loaded(raw), { methods, wallNow, lab: raw.lab });
}

/** `plc-1/modbus-fc43 stage`, one line a refused check. */
export function refusals({ plan }: Compiled): string[] {
  return [...plan.refused.values()].map(({ check, reason }) => `${check} ${reason}`);
}

export const device = (id: string): DeviceId => id as DeviceId;
