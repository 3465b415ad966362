/** A site is loaded whole or not at all, with every problem of every file at once. */
import assert from "node:assert/strict";
import { readdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, test, type TestContext } from "node:test";
import { loadSite, type LoadOptions } from "../../src/config/load.ts";
import type { LoadedSite } from "../../src/config/loaded-site.ts";
import { formatProblem } from "../../src/config/problem.ts";
import type { DeviceId, ProfileId } from "../../src/domain/plan.ts";
import { projectRoot } from "../support/source-tree.ts";
import { siteFolder } from "./site-folder.ts";

const shippedIds = readdirSync(path.join(projectRoot, "device-profiles"))
  .filter((name) => name.endsWith(".yaml"))
  .map((name) => path.basename(name, ".yaml"))
  .toSorted();

const watchlist = `schema: watchlist/v1
siteBudget: {startsPerSecondMax: 10}
segments:
  - {id: hvac, zone: OT-1, subnet: 10.20.1.0/24, localAddress: 10.20.1.5, startsPerSecondMax: 2}
gateways:
  - {id: fw-serial, address: 10.20.1.30, port: 502, segment: hvac, responseTimeout: 1s, retries: 3, unitCount: 6, otherClients: [SCADA-1]}
devices:
  - id: fresh-water-plc
    name: Fresh water plant PLC
    address: 10.20.1.11
    segment: hvac
    function: control
    category: II
    profile: schneider-m221
    macs: []
    switchPorts: []
    dependsOn: []
    asset: {manufacturer: Schneider, model: TM221CE24R, firmware: "1.11", serial: null, location: "Deck 2"}
    port: 1502
    statements:
      otherClients: [SCADA-1, {name: HMI-2, connections: 2}]
      connectionPool: {size: 8, overflow: rejects, source: "TM221 manual p. 41"}
      watchdog: {mode: none, closeCausesFault: false, by: eto-1, on: 2026-11-20}
    checks:
      - {method: modbus-fc43, unitId: 1, interval: 60s}
  - id: tank-level-7
    via: fw-serial
    segment: hvac
    function: monitoring
    category: I
    profile: generic-modbus-rtu
    statements: {watchdog: {mode: none, closeCausesFault: false, by: eto-1, on: 2026-11-20}}
    checks:
      - {method: modbus-fc3, unitId: 7, register: level, interval: 120s}
  - {id: plc-a, address: 10.20.1.12, segment: hvac, function: safety, category: III, profile: generic-modbus-tcp, checks: []}
  - {id: plc-b, address: 10.20.1.12, segment: hvac, function: safety, category: III, profile: generic-modbus-tcp, checks: []}
  - {id: gateway-itself, address: 10.20.1.30, segment: hvac, function: network, category: I, profile: generic-modbus-tcp, dependsOn: [fw-serial], checks: []}
excluded:
  - {address: 10.20.1.66, reason: "maker forbids third-party connections (letter 2026-03-02)"}
  - {range: 10.20.1.80/28, reason: "burner management"}
  - {gateway: fw-serial, unitId: 9, reason: "spare"}
hardware:
  - {id: main-plc, devices: [plc-a, plc-b]}
`;

const digest = (digit: string): string => `sha256:${digit.repeat(64)}`;
const approval = `# the electrician's file
schema: site-profile/v1
id: schneider-m221
approval:
  stage: approved
  trialDevices: []
  preparedBy: eto-1
  acceptedBy: "chief engineer, mail 2026-11-21"
  approvedOn: 2026-11-21
  expiresOn: 2028-02-21
  basis: {riskAcceptance: {by: chief, position: chief engineer, reason: read only, until: 2027-11-21}}
  changeReference: MOC-2026-014
  covers: ${digest("a")}
  devices: {fresh-water-plc: ${digest("b")}}
`;

function load(t: TestContext, files: Record<string, string | Uint8Array>, options: Partial<LoadOptions> = {}): ReturnType<typeof loadSite> {
  const { settings } = siteFolder(t, new Map(Object.entries(files)));
  return loadSite(settings, { lab: false, ...options });
}

function site(t: TestContext, files: Record<string, string | Uint8Array>, options: Partial<LoadOptions> = {}): LoadedSite {
  const loaded = load(t, files, options);
  assert.ok(loaded.ok, loaded.ok ? "" : loaded.problems.map(formatProblem).join("\n"));
  return loaded.site;
}

function problems(t: TestContext, files: Record<string, string | Uint8Array>, options: Partial<LoadOptions> = {}): readonly string[] {
  const loaded = load(t, files, options);
  return loaded.ok ? [] : loaded.problems.map(formatProblem);
}

describe("a sound site", () => {
  const files = { "watchlist.yaml": watchlist, "device-profiles/schneider-m221.yaml": approval };

  test("is read with its watchlist, the shipped profiles that it names and its own", (t) => {
    const { settings, watchlist: list, shippedProfiles, siteProfiles, lab } = site(t, files);
    assert.equal(lab, false);
    assert.equal(settings.value.site, "mv-aurora");
    assert.equal(list.file, "watchlist.yaml");
    assert.ok(path.isAbsolute(list.location));
    assert.equal(list.text, watchlist);
    assert.deepEqual([...shippedProfiles.keys()], ["generic-modbus-rtu", "generic-modbus-tcp", "schneider-m221"]);
    assert.deepEqual([...siteProfiles.keys()], ["generic-modbus-rtu", "schneider-m221"]);
    assert.equal(siteProfiles.get("schneider-m221" as ProfileId)?.file, path.join("device-profiles", "schneider-m221.yaml"));
  });

  test("has its quantities in milliseconds and its defaults filled in", (t) => {
    const { segments, gateways, devices, excluded } = site(t, files).watchlist.value;
    assert.equal(segments[0]?.startsPerSecondMax, 2);
    assert.equal(gateways[0]?.responseTimeout, 1000);
    assert.deepEqual(gateways[0]?.otherClients, [{ name: "SCADA-1", connections: 1 }]);
    const [plc, tank, safety] = devices;
    assert.deepEqual(plc?.checks, [{ method: "modbus-fc43", unitId: 1, interval: 60_000 }]);
    assert.deepEqual(plc?.statements.otherClients, [
      { name: "SCADA-1", connections: 1 },
      { name: "HMI-2", connections: 2 },
    ]);
    assert.equal(tank?.name, "tank-level-7");
    assert.equal(tank?.asset.serial, null);
    assert.deepEqual(safety?.statements, {});
    assert.deepEqual(excluded[2], { gateway: "fw-serial", unitId: 9, reason: "spare" });
  });

  test("says nothing of what the owner has not stated", (t) => {
    const [, , safety] = site(t, files).watchlist.value.devices;
    assert.ok(safety && !("otherClients" in safety.statements) && !("watchdog" in safety.statements) && !("port" in safety));
  });

  test("keeps its approval as it was signed", (t) => {
    const held = site(t, files).siteProfiles.get("schneider-m221" as ProfileId)?.value.approval;
    assert.equal(held?.stage, "approved");
    assert.equal(held?.covers, digest("a"));
    assert.equal(held?.devices?.get("fresh-water-plc" as DeviceId), digest("b"));
    assert.equal(held?.basis?.riskAcceptance?.until, "2027-11-21");
  });

  test("knows the line of everything in it", (t) => {
    const { watchlist: list, siteProfiles } = site(t, files);
    assert.equal(list.lines.lineOf(["devices", 0, "address"]), 10);
    assert.equal(list.lines.lineOf(["devices", 1, "checks", 0, "register"]), 34);
    assert.equal(list.lines.lineOf(["devices", 1, "statements", "otherClients"]), 32);
    assert.equal(siteProfiles.get("schneider-m221" as ProfileId)?.lines.lineOf(["approval", "covers"]), 13);
  });

  test("cannot be changed", (t) => {
    const loaded = site(t, files);
    const [device] = loaded.watchlist.value.devices;
    assert.ok(device);
    assert.throws(() => Object.assign(device, { address: "10.20.1.99" }), TypeError);
    assert.throws(() => Object.assign(loaded, { lab: true }), TypeError);
    assert.throws(() => (loaded.shippedProfiles as Map<ProfileId, unknown>).clear(), TypeError);
  });
});

describe("a site with mistakes", () => {
  test("shows those of every file at once, by file and line, those of the settings among them", (t) => {
    const found = problems(t, {
      "watchkeeper.yaml": "site: mv-aurora\nlog: {level: loud}\n",
      "watchlist.yaml": watchlist.replace("10.20.1.11", "10.20.1.255"),
      "device-profiles/schneider-m221.yaml": approval.replace("2028-02-21", "2030-01-01"),
      "device-profiles/generic-modbus-tcp.yaml": "schema: site-profile/v1\n",
    });
    assert.deepEqual(
      found.map((line) => line.split(": found")[0]),
      [
        "device-profiles/generic-modbus-tcp.yaml:1: approval",
        "device-profiles/generic-modbus-tcp.yaml:1: id",
        "device-profiles/schneider-m221.yaml:10: approval.expiresOn",
        "watchkeeper.yaml:2: log.level",
        "watchlist.yaml:10: devices[0].address",
      ],
    );
  });

  test("reads what its settings name soundly, and nothing in place of the rest", (t) => {
    const files = {
      "watchlist.yaml": "schema: watchlist/v0\n",
      "device-profiles/schneider-m221.yaml": approval.replace("stage: approved", "stage: x"),
    };
    const found = (settings: string): readonly (string | undefined)[] =>
      problems(t, { ...files, "watchkeeper.yaml": settings }).map((line) => line.split(": found")[0]);
    assert.deepEqual(found("site: a\nwatchlist: 5\n"), [
      "device-profiles/schneider-m221.yaml:5: approval.stage",
      "watchkeeper.yaml:2: watchlist",
    ]);
    assert.deepEqual(found("site: a\nprofileDir: 5\n"), ["watchkeeper.yaml:2: profileDir", "watchlist.yaml:1: schema"]);
    assert.deepEqual(found("- site"), ["watchkeeper.yaml:1"]);
  });

  test("whose profile cannot be read is not told that its registers are unknown", (t) => {
    const found = problems(t, { "watchlist.yaml": watchlist, "device-profiles/generic-modbus-rtu.yaml": "schema: site-profile/v1\n" });
    assert.ok(found.length > 0 && found.every((line) => line.startsWith("device-profiles/")), found.join("\n"));
  });

  test("names profile files that are nobody's", (t) => {
    const found = problems(t, {
      "device-profiles/schneider-m222.yaml": approval,
      "device-profiles/schneider-m221.yml": approval,
      "device-profiles/M221.yaml": approval,
      "device-profiles/README.md": "notes",
      "device-profiles/a\nb.yaml": approval,
    });
    assert.deepEqual(found, [
      'device-profiles/M221.yaml:1: found the file name "M221.yaml", expected a profile\'s id and .yaml',
      'device-profiles/a?b.yaml:1: found the file name "a\\nb.yaml", expected a profile\'s id and .yaml',
      'device-profiles/schneider-m221.yml:1: found the file name "schneider-m221.yml", expected a profile\'s id and .yaml',
      `device-profiles/schneider-m222.yaml:1: found a file for the profile schneider-m222, expected the name of a shipped profile: ${shippedIds.join(", ")}`,
    ]);
  });

  test("without settings says so", (t) => {
    const { settings, location } = siteFolder(t, new Map());
    rmSync(settings);
    const loaded = loadSite(settings, { lab: false });
    assert.ok(!loaded.ok);
    assert.deepEqual(loaded.problems.map(formatProblem), [
      `watchkeeper.yaml:1: found nothing there, expected something readable at ${location}/watchkeeper.yaml (hint: name the settings with --config.file <file>, or make a site with \`watchkeeper init <folder> --site ID\`)`,
    ]);
  });

  test("names files outside its folder in full", (t) => {
    const { settings, location } = siteFolder(t, new Map([["site/watchkeeper.yaml", "site: a\nwatchlist: ../list.yaml\n"]]));
    writeFileSync(path.join(location, "list.yaml"), "schema: watchlist/v0\n");
    const loaded = loadSite(path.join(path.dirname(settings), "site/watchkeeper.yaml"), { lab: false });
    assert.ok(!loaded.ok);
    assert.ok(loaded.problems.map(formatProblem).some((line) => line.startsWith(`${location}/list.yaml:1: schema: found "watchlist/v0"`)));
  });

  test("with a broken library does not load", (t) => {
    const { settings, library } = siteFolder(t, new Map([["library/schneider-m221.yaml", "schema: device-profile/v1\n"]]));
    assert.ok(!loadSite(settings, { lab: false, shippedProfileDir: library, wholeLibrary: true }).ok);
    assert.ok(!loadSite(settings, { lab: false, shippedProfileDir: path.join(library, "none") }).ok);
  });
});

describe("what the machine says of itself", () => {
  test("is never a device's address", (t) => {
    const own = problems(t, { "watchlist.yaml": watchlist }, { ownAddresses: ["10.20.1.11"] });
    assert.match(own.join("\n"), /devices\[0\]\.address: found "10\.20\.1\.11", this machine's own address/);
    const router = problems(t, { "watchlist.yaml": watchlist }, { defaultGateways: ["10.20.1.30"] });
    assert.match(router.join("\n"), /gateways\[0\]\.address: found "10\.20\.1\.30", this machine's default gateway/);
  });
});

describe("lab mode", () => {
  const lab = (subnet: string, localAddress: string, address: string): string =>
    `schema: watchlist/v1\nsegments: [{id: lab, zone: LAB, subnet: "${subnet}", localAddress: "${localAddress}"}]\n` +
    `devices:\n  - {id: sim, address: "${address}", segment: lab, function: monitoring, category: I, profile: generic-modbus-tcp, checks: []}\n`;
  const allowed: readonly [string, string, string][] = [
    ["127.0.0.0/8", "127.0.0.1", "127.1.0.3"],
    ["192.0.2.0/24", "192.0.2.1", "192.0.2.11"],
    ["198.51.100.0/24", "198.51.100.1", "198.51.100.11"],
    ["203.0.113.0/24", "203.0.113.1", "203.0.113.11"],
    ["198.18.0.0/15", "198.18.0.1", "198.19.255.1"],
    ["2001:db8::/64", "2001:db8::1", "2001:db8::11"],
  ];
  for (const [subnet, localAddress, address] of allowed) {
    test(`asks ${address}`, (t) => {
      assert.ok(site(t, { "watchlist.yaml": lab(subnet, localAddress, address) }, { lab: true }).lab);
    });
  }
  for (const [subnet, localAddress, address] of [
    ["10.20.1.0/24", "10.20.1.5", "10.20.1.11"],
    ["192.0.3.0/24", "192.0.3.1", "192.0.3.11"],
    ["fd00::/64", "fd00::1", "fd00::11"],
  ] as const) {
    test(`does not ask ${address}`, (t) => {
      const found = problems(t, { "watchlist.yaml": lab(subnet, localAddress, address) }, { lab: true });
      assert.ok(
        found.some((line) => line.includes("lab mode asks nothing else")),
        found.join("\n"),
      );
    });
  }
  test("is needed for loopback, and only for loopback", (t) => {
    assert.match(
      problems(t, { "watchlist.yaml": lab("127.0.0.0/8", "127.0.0.1", "127.1.0.3") }).join("\n"),
      /loopback is the poller itself/,
    );
    assert.deepEqual(problems(t, { "watchlist.yaml": lab("fd00::/64", "fd00::1", "fd00::11") }), []);
  });
});
