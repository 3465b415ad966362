/** Whatever check-config accepts, a plan is worked out of it and printed: a poller that fails over a file at its next start is a poller that is silent. */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test, type TestContext } from "node:test";
import fc from "fast-check";
import { compile } from "../../src/config/compile/compile.ts";
import { usualSysctls } from "../../src/config/compile/worst-case.ts";
import { loadSite } from "../../src/config/load.ts";
import { formatProblem } from "../../src/config/problem.ts";
import { planJson } from "../../src/config/plan-json.ts";
import { methods } from "./compile/support/methods.ts";
import { approved, gateway, rawDevice, rawProfile, rawSite, rawUnit, today, type Raw, type RawValue } from "./compile/support/site.ts";

const checks = 4;
const runs = 150;

/** A little of everything, approved. */
function soundSite(): Readonly<Record<string, Raw>> {
  const statements: Raw = {
    otherClients: ["SCADA-1", { name: "HMI", connections: 2 }],
    connectionPool: { size: 8, overflow: "rejects", source: "T-1 p. 9" },
    watchdog: { mode: "function-code-mask", functionCodes: [16], by: "eto-1", on: "2026-11-20" },
    firmware: { version: "1", by: "eto-1", on: "2026-11-20" },
  };
  const alive: Raw = { method: "modbus-fc3", unitId: 1, register: "alive", interval: "90s", connectWithin: "1s", answerWithin: "5s" };
  const devices = [
    rawDevice(1, { statements, port: 1502, checks: [{ method: "modbus-fc43", unitId: 1 }, alive] }),
    rawDevice(2, { checks: [] }),
    rawDevice(3, { address: gateway["address"]!, checks: [{ method: "modbus-fc43", unitId: 255 }] }),
    rawUnit(7),
  ];
  const profile = rawProfile({ forbidden: [{ kind: "registers", modicon: 40_100, count: 10, reason: "r" }] });
  // Of a file, unlike of a value, it is a problem that echoes are allowed outright.
  delete (profile["methods"] as Raw)["icmp-echo"];
  const { watchlist, profiles, siteProfiles } = approved(
    rawSite(
      devices,
      { profiles: { "test-plc": profile } },
      {
        siteBudget: { startsPerSecondMax: 20, approvedBy: "a", reason: "b" },
        excluded: [{ range: "10.20.1.80/28", reason: "burner" }],
        hardware: [{ id: "main", devices: ["plc-1", "plc-2"] }],
      },
    ),
  );
  const site: Raw = { schema: "site-profile/v1", id: "test-plc", connection: { poolSize: 7, reserve: 3 }, ...siteProfiles["test-plc"] };
  return { "watchlist.yaml": watchlist, "library/test-plc.yaml": profiles["test-plc"]!, "device-profiles/test-plc.yaml": site };
}

function folder(t: TestContext): string {
  const made = mkdtempSync(path.join(tmpdir(), "watchkeeper-any-"));
  t.after(() => {
    rmSync(made, { recursive: true });
  });
  for (const name of ["library", "device-profiles"]) mkdirSync(path.join(made, name));
  writeFileSync(path.join(made, "watchkeeper.yaml"), "site: mv-aurora\n");
  return made;
}

/** How many checks the plan holds, those that are refused included; undefined where check-config refuses the files. */
function planned(location: string): number | undefined {
  const loaded = loadSite(path.join(location, "watchkeeper.yaml"), { lab: false, shippedProfileDir: path.join(location, "library") });
  if (!loaded.ok) {
    for (const problem of loaded.problems) assert.ok(formatProblem(problem).isWellFormed());
    return undefined;
  }
  const compiled = compile(loaded.site, { methods, wallNow: today, lab: false });
  for (const problem of compiled.problems) assert.ok(formatProblem(problem).isWellFormed());
  assert.ok(JSON.stringify(planJson(compiled, usualSysctls)).isWellFormed());
  return compiled.plan.checks.size + compiled.plan.refused.size;
}

type Place = readonly (string | number)[];

/** The places of everything in `value` that is neither a list nor a group. */
function leavesOf(value: RawValue, place: Place = []): readonly Place[] {
  if (typeof value !== "object" || value === null) return [place];
  if (Array.isArray(value)) return value.flatMap((item, index) => leavesOf(item, [...place, index]));
  return Object.entries(value).flatMap(([key, item]) => leavesOf(item, [...place, key]));
}

function exchanged(value: RawValue, [part, ...rest]: Place, odd: Odd): RawValue {
  if (part === undefined) return typeof value === "number" ? odd.number : odd.text;
  if (Array.isArray(value)) return value.with(part as number, exchanged(value[part as number]!, rest, odd));
  const group = value as Raw;
  return { ...group, [part]: exchanged(group[part] ?? null, rest, odd) };
}

interface Odd {
  readonly number: number;
  readonly text: string;
}

const oddWords = "constructor tostring hasownproperty plc-2 main test-plc unknown none vendor 999999999d 1ms 1h 2099-12-31 2000-01-01";
const oddAddresses = "::1 0.0.0.0/0 10.20.1.200 10.20.1.12 10.0.0.0/8";
const oddTexts = ["\ud800", "SCADA \udfff", "\u{1f6a2}", ...oddWords.split(" "), ...oddAddresses.split(" ")];
/** Fits somewhere, or nearly, and digests, look-ups or arithmetic may not like it. */
const odd: fc.Arbitrary<Odd> = fc.record({
  number: fc.constantFrom(1, 2, 0.01, 0.0099, 5e-309, 1e-320, 100, 199.99, 255, 1000, 10_000, 65_535, 1e308),
  text: fc.constantFrom(...oddTexts),
});

test("a plan comes of whatever is accepted, though something odd stands anywhere in a file", (t) => {
  const location = folder(t);
  const sound = Object.entries(soundSite());
  const write = (name: string, value: RawValue): void => writeFileSync(path.join(location, name), JSON.stringify(value));
  for (const [name, value] of sound) write(name, value);
  assert.equal(planned(location), checks);
  const places = sound.flatMap(([name, value]) => leavesOf(value).map((place) => ({ name, value, place })));
  let accepted = 0;
  fc.assert(
    fc.property(fc.constantFrom(...places), odd, ({ name, value, place }, found) => {
      write(name, exchanged(value, place, found));
      if (planned(location) !== undefined) accepted++;
      write(name, value);
    }),
    { numRuns: runs },
  );
  t.diagnostic(`${accepted} of ${runs} accepted`);
  assert.ok(accepted >= runs / 10, "enough is accepted for the test to mean something");
});
