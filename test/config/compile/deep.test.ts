/** Deep checks in the plan: only what both files agree to, at the place of a heartbeat, inside the approval, and for everything else the reason why not. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { compile, type Compiled } from "../../../src/config/compile/compile.ts";
import { destinationsOf } from "../../../src/fence/destinations.ts";
import type { CheckId, DeviceId, LineId } from "../../../src/domain/plan.ts";
import { methods as real } from "../../../src/drivers/registry.ts";
import { documented, loaded, rawApproval, rawDevice, rawProfile, rawSite, rawUnit, today, type Raw, type RawSite } from "./support/site.ts";

const offers = ["modbus-identification-regular", "modbus-server-id"].map((read): Raw => ({ read, reason: "who it is" }));
const allowed: Raw = { decision: "allow", reason: "a read", support: documented("yes") };
const asks: Raw = { methods: { "modbus-fc43": allowed, "modbus-fc17": allowed, "modbus-fc3": allowed } };
const agreement = (read: string): Raw => ({ read, by: "eto-1", on: "2026-11-20", reason: "survey" });
const agreeing = (...reads: string[]): Raw => ({ schema: "site-profile/v1", id: "test-plc", deepQuery: reads.map(agreement) });

function deepSite(devices: Raw[] = [rawDevice(1)], reads: string[] = ["modbus-identification-regular"], watchlist: Raw = {}): RawSite {
  const profiles = { "test-plc": rawProfile({ ...asks, deepQuery: offers }) };
  return rawSite(devices, { profiles, siteProfiles: { "test-plc": agreeing(...reads) } }, watchlist);
}

function planned(raw: RawSite): Compiled {
  const compiled = compile(loaded(raw), { methods: real, wallNow: today, lab: false });
  assert.deepEqual(compiled.problems, []);
  return compiled;
}

/** Approved with the real methods. */
function signed(raw: RawSite, changes: Raw = {}): RawSite {
  const compiled = compile(loaded(raw), { methods: real, wallNow: today, lab: false });
  const ids = Object.keys(raw.profiles);
  const siteProfiles = ids.map((id): [string, Raw] => [id, { ...raw.siteProfiles[id], approval: rawApproval(compiled, id, changes) }]);
  return structuredClone({ ...raw, siteProfiles: Object.fromEntries(siteProfiles) });
}

const regular = "plc-1/deep-modbus-identification-regular" as CheckId;
const reasons = ({ plan }: Compiled): string[] => [...plan.deepRefused.values()].map(({ check, reason }) => `${check} ${reason}`);

describe("what a deep query may ask", () => {
  test("is nothing where nobody agreed to anything, and the plan's digest and approvals are what they were", () => {
    const { plan, envelopes } = planned(signed(rawSite()));
    assert.deepEqual([plan.deep.size, plan.deepRefused.size], [0, 0]);
    for (const envelope of envelopes.values()) assert.equal("deepQuery" in envelope, false);
  });

  test("is what the shipped profile offers and the site names, at its heartbeat's place, with a floor between any two requests", () => {
    const { plan } = planned(signed(deepSite()));
    assert.deepEqual([...plan.deep.keys()], [regular]);
    const check = plan.deep.get(regular)!;
    const beat = plan.checks.get("plc-1/modbus-fc43" as CheckId)!;
    assert.deepEqual([check.target, check.line, check.deep], [beat.target, beat.line, { read: "modbus-identification-regular" }]);
    assert.deepEqual(beat.floor, { device: "address:10.20.1.11", gap: 30_000 });
    assert.deepEqual(check.floor, beat.floor);
    assert.equal(check.interval, 30_000);
    assert.deepEqual(plan.devices.get("plc-1" as DeviceId)?.checks, [beat.id]);
    const [template] = check.asking.templates;
    assert.equal(Buffer.from(template!.bytes).toString("hex"), "000000000005012b0e0200");
    assert.equal(Buffer.from(template!.mask).toString("hex"), "0000ffffffffffffffff00");
  });

  test("has the bytes and the pace of both in the fence", () => {
    const [destination] = destinationsOf(planned(signed(deepSite())).plan);
    assert.equal(destination?.frames?.length, 2);
    assert.equal(destination.paces.open?.perHour, 120);
  });

  test("is refused like its method, and with the reason of a heartbeat that is not asked", () => {
    const drafts = planned(deepSite());
    assert.deepEqual(reasons(drafts), [`${regular} not_approved`]);
    const withdrawn = deepSite();
    withdrawn.profiles["test-plc"] = rawProfile({ methods: { "modbus-fc3": allowed }, deepQuery: offers });
    (withdrawn.watchlist["devices"] as Raw[])[0]!["checks"] = [{ method: "modbus-fc3", unitId: 1, register: "alive" }];
    assert.deepEqual(reasons(planned(signed(withdrawn))), [`${regular} method_withdrawn`]);
    const suspended = signed(deepSite(), { stage: "suspended" });
    assert.deepEqual(reasons(planned(suspended)), [`${regular} stage`]);
    const safety = signed(deepSite([rawDevice(1, { function: "safety" })]));
    assert.deepEqual(reasons(planned(safety)), [`${regular} safety_function`]);
    const dry = signed(deepSite(), { stage: "dry-run" });
    assert.deepEqual(reasons(planned(dry)), [`${regular} dry_run`]);
    // FC 43 is free of the register that is forbidden; its heartbeat is not, and whoever is not asked is not asked more.
    const forbidden: Raw[] = [
      { kind: "registers", space: "holding-registers", protocolAddress: 16, count: 2, reason: "clears on read", sources: [] },
    ];
    const beatless = deepSite([rawDevice(1, { checks: [{ method: "modbus-fc3", unitId: 1, register: "alive" }] })]);
    beatless.profiles["test-plc"] = rawProfile({ ...asks, deepQuery: offers, forbidden });
    assert.deepEqual(reasons(planned(signed(beatless))), [`${regular} method_withdrawn`]);
  });

  test("is stale where another read was added after the approval; the heartbeat goes on", () => {
    const site = signed(deepSite());
    (site.siteProfiles["test-plc"]!["deepQuery"] as Raw[]).push(agreement("modbus-server-id"));
    const compiled = planned(site);
    assert.deepEqual([...compiled.plan.deep.keys()], [regular]);
    assert.deepEqual(reasons(compiled), ["plc-1/deep-modbus-server-id approval_stale"]);
    assert.match([...compiled.plan.deepRefused.values()][0]!.detail, /modbus-server-id was not approved/u);
    assert.equal(compiled.plan.checks.size, 1);
    // Taken back, it voids nothing.
    const fewer = signed(deepSite([rawDevice(1)], ["modbus-identification-regular", "modbus-server-id"]));
    (fewer.siteProfiles["test-plc"]!["deepQuery"] as Raw[]).pop();
    assert.deepEqual([...planned(fewer).plan.deep.keys()], [regular]);
  });

  test("asks each unit behind a gateway, by the heartbeat that asks the same way first, and nothing where no heartbeat speaks the protocol", () => {
    const unit = rawUnit(7, {
      checks: [
        { method: "modbus-fc3", unitId: 7, register: "alive", interval: "300s" },
        { method: "modbus-fc43", unitId: 7, interval: "300s" },
      ],
    });
    const { plan } = planned(signed(deepSite([unit])));
    const check = plan.deep.get("unit-7/deep-modbus-identification-regular" as CheckId)!;
    assert.equal(check.line, "gateway:fw-serial" as LineId);
    assert.equal(check.asking.templates[0]?.bytes[6], 7);
    assert.equal(check.floor?.device, "gateway:fw-serial unit 7");
    const alone = planned(signed(deepSite([rawUnit(7, { checks: [{ method: "modbus-fc43", unitId: 7, interval: "300s" }] })])));
    assert.equal([...alone.plan.deep.values()][0]?.floor?.device, "gateway:fw-serial unit 7");
    const echo = deepSite([rawDevice(1, { checks: [{ method: "icmp-echo" }] })]);
    echo.profiles["test-plc"] = rawProfile({ methods: { ...(asks["methods"] as Raw), "icmp-echo": allowed }, deepQuery: offers });
    const silent = planned(signed(echo));
    assert.deepEqual([silent.plan.deep.size, silent.plan.deepRefused.size], [0, 0]);
  });
});
