/** A site for which only the profiles that it names were read is the same site: the same plan to the byte, and the same mistakes. */
import assert from "node:assert/strict";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, test } from "node:test";
import fc from "fast-check";
import { compile, type Compiled } from "../../src/config/compile/compile.ts";
import { usualSysctls } from "../../src/config/compile/worst-case.ts";
import { loadSite, type LoadedOrProblems } from "../../src/config/load.ts";
import { planJson } from "../../src/config/plan-json.ts";
import { formatProblem } from "../../src/config/problem.ts";
import { ShippedProfiles } from "../../src/config/shipped-profiles.ts";
import { soundProfile } from "./checks/library-profile.ts";
import { methods } from "./compile/support/methods.ts";
import { today } from "./compile/support/site.ts";
import { siteFolder } from "./site-folder.ts";

const runs = 80;
const families = [
  "schneider-m221",
  "generic-modbus-tcp",
  "generic-s7",
  "generic-opcua",
  "eaton-pxr",
  "fronius-gen24",
  "generic-s8",
] as const;
const ways = ["modbus-fc43", "modbus-fc43", "s7-cpu-status", "opcua-keepalive", "modbus-fc3"] as const;
const siteFile = (id: string, more = ""): string => `schema: site-profile/v1\nid: ${id}\napproval: {stage: dry-run}\n${more}`;

interface Wish {
  readonly devices: readonly { readonly profile: string; readonly method: string }[];
  readonly own: readonly string[];
}

function watchlistOf({ devices }: Wish): string {
  const entries = devices.map(
    ({ profile, method }, n) =>
      `  - {id: plc-${n}, name: PLC ${n}, address: 10.20.1.${n + 10}, segment: hvac, function: control, category: II, profile: ${profile}, statements: {watchdog: {mode: none, closeCausesFault: false, by: eto-1, on: 2026-11-20}}, checks: [{method: ${method}${method === "modbus-fc3" ? ", register: alive" : ""}${method.startsWith("modbus") ? ", unitId: 1" : ""}}]}\n`,
  );
  return `schema: watchlist/v1\nsegments: [{id: hvac, zone: OT-1, subnet: 10.20.1.0/24, localAddress: 10.20.1.5}]\n${entries.length === 0 ? "" : `devices:\n${entries.join("")}`}`;
}

function compiledOf(loaded: LoadedOrProblems): Compiled | undefined {
  return loaded.ok ? compile(loaded.site, { methods, wallNow: today, lab: false }) : undefined;
}

const said = (loaded: LoadedOrProblems): readonly string[] => (loaded.ok ? [] : loaded.problems.map(formatProblem));

test("whatever a site names, the plan and the problems are those of the whole library", (t) => {
  const { settings, location } = siteFolder(t, new Map());
  const seen = { planned: 0, refused: 0 };
  const wish: fc.Arbitrary<Wish> = fc.record({
    devices: fc.array(fc.record({ profile: fc.constantFrom(...families), method: fc.constantFrom(...ways) }), { maxLength: 3 }),
    own: fc.uniqueArray(fc.constantFrom("schneider-m221", "generic-s7", "siemens-s7-300-400", "moxa-mgate", "wago-pfc", "no-such-family"), {
      maxLength: 2,
    }),
  });
  fc.assert(
    fc.property(wish, (one) => {
      siteFilesOf(location, one);
      const [named, whole] = [false, true].map((wholeLibrary) => loadSite(settings, { lab: false, wholeLibrary }));
      assert.deepEqual(said(named!), said(whole!));
      const [plan, same] = [compiledOf(named!), compiledOf(whole!)];
      assert.deepEqual(plan?.problems, same?.problems);
      assert.equal(plan?.plan.digest, same?.plan.digest);
      seen[plan === undefined ? "refused" : "planned"] += one.devices.length;
      if (plan === undefined || same === undefined) return;
      const json = planJson(plan, usualSysctls);
      const all = planJson(same, usualSysctls);
      const ids = new Set(json.profiles.map(({ id }) => id));
      assert.deepEqual(json, { ...all, profiles: all.profiles.filter(({ id }) => ids.has(id)) });
    }),
    { numRuns: runs },
  );
  assert.ok(seen.planned > 0 && seen.refused > 0, `devices: ${seen.planned} planned, ${seen.refused} refused`);
});

function siteFilesOf(location: string, one: Wish): void {
  const profileDir = path.join(location, "device-profiles");
  rmSync(profileDir, { recursive: true });
  mkdirSync(profileDir);
  for (const id of one.own) writeFileSync(path.join(profileDir, `${id}.yaml`), siteFile(id));
  writeFileSync(path.join(location, "watchlist.yaml"), watchlistOf(one));
}

describe("of the library", () => {
  const upper = soundProfile
    .replace("id: test-device", "id: upper")
    .replace("review: draft\n", "review: draft\nextends: test-device\n")
    .replace(/^advisories:$[^]*^liveness:/mu, "advisories: []\nliveness:")
    .replace(/ {2}- \{id: icsa.*\n/u, "");
  const own = { "library/upper.yaml": upper, "library/test-device.yaml": soundProfile, "library/broken.yaml": "schema: [\n" };

  test("only what is asked for is read: a profile, and the one below it", (t) => {
    const { library } = siteFolder(t, new Map(Object.entries(own)));
    const names: string[] = [];
    const shipped = new ShippedProfiles({
      folder: library,
      ids: ["broken", "test-device", "upper"],
      nameOf: (location) => {
        names.push(path.basename(location));
        return path.basename(location);
      },
    });
    const profile = shipped.get("upper");
    assert.deepEqual(shipped.problems.map(formatProblem), []);
    assert.deepEqual(
      profile?.value.advisories.map(({ id }) => id),
      ["ICSA-20-016-01"],
    );
    assert.equal(shipped.get("upper"), profile);
    assert.deepEqual(names, ["upper.yaml", "test-device.yaml"]);
    assert.deepEqual(
      shipped.asked().map(([id]) => id),
      ["upper"],
    );
    assert.equal(shipped.get("no-such-family"), undefined);
    assert.equal(shipped.problems.length, 0);
  });

  test("what cannot be read is said once, and only where a site names it", (t) => {
    const { settings, library } = siteFolder(t, new Map(Object.entries(own)));
    const load = (more: string): readonly string[] => {
      writeFileSync(path.join(path.dirname(settings), "watchlist.yaml"), `schema: watchlist/v1\n${more}`);
      return said(loadSite(settings, { lab: false, shippedProfileDir: library }));
    };
    const segments = "segments: [{id: hvac, zone: OT-1, subnet: 10.20.1.0/24, localAddress: 10.20.1.5}]\n";
    const device = (n: number): string =>
      `  - {id: plc-${n}, name: PLC, address: 10.20.1.${n}, segment: hvac, function: control, category: II, profile: broken, checks: []}\n`;
    assert.deepEqual(load(""), []);
    assert.deepEqual(
      load(`${segments}devices:\n${device(11)}${device(12)}`).map((line) => line.split(":")[0]),
      ["library/broken.yaml"],
    );
  });

  test("a text that has changed since is read anew, in the same process", (t) => {
    const { library, location } = siteFolder(t, new Map(Object.entries(own)));
    const titleNow = (): string | undefined =>
      new ShippedProfiles({ folder: library, ids: ["test-device"], nameOf: path.basename }).get("test-device")?.value.title;
    assert.equal(titleNow(), "Test device");
    writeFileSync(path.join(location, "library/test-device.yaml"), soundProfile.replace("title: Test device", "title: Another"));
    assert.equal(titleNow(), "Another");
  });
});
