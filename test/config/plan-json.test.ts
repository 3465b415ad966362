/** plan/v1 is an interface: what stands in it for one small site, member by member. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { planJson, usualSysctls, type PlanJson } from "../../src/config/plan-json.ts";
import { standingReasons } from "../../src/domain/reasons.ts";
import { approved, compiledFrom, rawDevice, rawSite, rawUnit, type Raw, type RawSite } from "./compile/support/site.ts";

const devices: Raw[] = [
  rawDevice(1, { checks: [{ method: "modbus-fc43", unitId: 1 }] }),
  rawDevice(2, { function: "safety", statements: {} }),
  rawUnit(3, { checks: [{ method: "modbus-fc43", unitId: 3, interval: "120s" }] }),
  rawDevice(4, { checks: [{ method: "icmp-echo" }] }),
];
const json = (site: RawSite): PlanJson => planJson(compiledFrom(site), usualSysctls);
const site = approved(rawSite(devices));
const plan = json(site);

describe("plan/v1", () => {
  test("says what it is, of which site, for which kernel", () => {
    const { schema, site: name, lab, digest, sysctls } = plan;
    assert.deepEqual(
      [schema, name, lab, sysctls],
      ["plan/v1", "mv-aurora", false, { tcp_retries2: 15, tcp_syn_retries: 6, tcp_orphan_retries: 0 }],
    );
    assert.match(digest, /^sha256:[0-9a-f]{64}$/);
  });

  test("survives a way through JSON unchanged", () => assert.deepEqual(JSON.parse(JSON.stringify(plan)), plan));

  test("has exactly these members", () => {
    const members = (value: object | undefined): string => Object.keys(value ?? {}).join(" ");
    assert.equal(members(plan), "schema site lab digest budgets profiles devices lines checks deepChecks refused raised sysctls");
    assert.equal(members(plan.budgets.segments[0]), "id zone subnet startsPerSecondMax startsPerSecondUsable startsPerSecondPlanned");
    assert.equal(members(plan.devices[0]), "id name segment zone function category profile stage behind checks digest");
    assert.equal(members(plan.lines[0]), "id segment gapMs holdAfterTimeoutMs connectionsFree bus");
    assert.equal(
      members(plan.checks[0]),
      "id device method protocol target line intervalMs floor connection connectWithinMs answerWithinMs operations opening asking closing proves approvedUntil worstCase digest slotMs slotPeriodMs missesToDown alarmAtLatestAfterMs mayWaitForSharedBudget",
    );
    assert.equal(members(plan.checks[0]?.target), "address port transport localAddress");
    assert.equal(members(plan.checks[0]?.asking), "connectionsMax requestsMax bytesMax frames");
    assert.equal(
      members(plan.checks[0]?.worstCase),
      "fresh kept packetsMax packetsMaxFrozen packetsMaxKilled arpBroadcastsMax arpProbesMax kernel",
    );
    assert.equal(
      members(plan.refused[0]),
      "check device method reason meaning detail further frames waitsForApproval target intervalMs connection connectWithinMs answerWithinMs worstCase alarmAtLatestAfterMs",
    );
  });

  test("shows of a check that waits for approval where, how often and at worst, as it will stand once approved", () => {
    const [refused] = json(rawSite(devices)).refused;
    const [check] = plan.checks;
    assert.deepEqual(
      [refused?.check, refused?.waitsForApproval, refused?.target, refused?.intervalMs, refused?.connection, refused?.worstCase],
      [check?.id, true, check?.target, check?.intervalMs, check?.connection, check?.worstCase],
    );
    assert.equal(refused?.alarmAtLatestAfterMs, check?.alarmAtLatestAfterMs);
  });

  test("shows of a check that may never be asked that it waits for nothing", () => {
    const refused = plan.refused.find(({ device }) => device === "plc-2");
    assert.deepEqual([refused?.waitsForApproval, refused?.alarmAtLatestAfterMs], [false, null]);
  });

  test("shows each frame in hexadecimal with its mask", () => {
    assert.deepEqual(plan.checks[0]?.asking.frames, [
      { operation: "modbus-read-device-identification", hex: "000000000005012b0e0100", mask: "0000ffffffffffffffffff" },
    ]);
    assert.deepEqual(plan.checks[0]?.operations, ["modbus-read-device-identification"]);
    assert.equal(plan.checks[0]?.opening.connectionsMax, 1);
  });

  test("shows pace, place and alarm of each check", () => {
    const [first, unit, ping] = plan.checks;
    assert.deepEqual(
      [first?.intervalMs, first?.slotPeriodMs, first?.alarmAtLatestAfterMs, first?.mayWaitForSharedBudget],
      [60_000, 60_100, 216_100, true],
    );
    assert.deepEqual(
      [unit?.target.address, unit?.target.port, unit?.line, unit?.intervalMs],
      ["10.20.1.200", 502, "gateway:fw-serial", 120_000],
    );
    assert.deepEqual([ping?.worstCase.kernel, ping?.worstCase.packetsMax], [null, 1]);
    for (const { slotMs, intervalMs } of plan.checks) assert.ok(slotMs >= 0 && slotMs < intervalMs);
    assert.equal(first?.approvedUntil, "2028-05-22T00:00:00.000Z");
  });

  test("shows budgets with what is planned of them", () => {
    assert.deepEqual(plan.budgets.site, { startsPerSecondMax: 10, startsPerSecondUsable: 7, startsPerSecondPlanned: 0.042 });
    assert.deepEqual(plan.budgets.segments[0]?.startsPerSecondPlanned, 0.042);
  });

  test("shows lines with their rest", () => {
    assert.deepEqual(
      plan.lines.map(({ id, gapMs, holdAfterTimeoutMs }) => [id, gapMs, holdAfterTimeoutMs]),
      [
        ["address:10.20.1.11", 60_000, 0],
        ["gateway:fw-serial", 120_000, 4500],
        ["address:10.20.1.14", 60_000, 0],
      ],
    );
  });

  test("shows what is refused, with everything that stands against it and what would be sent", () => {
    const [refused] = plan.refused;
    assert.deepEqual(
      [refused?.check, refused?.reason, refused?.meaning],
      ["plc-2/modbus-fc43", "safety_function", standingReasons.safety_function],
    );
    assert.deepEqual(
      refused?.further.map(({ reason }) => reason),
      ["statement_missing"],
    );
    assert.equal(refused?.frames.length, 1);
    assert.match(refused?.detail ?? "", /devices\[1\]\.function is safety/);
  });

  test("shows the digests that an approval needs, before there is one", () => {
    const draft = json(rawSite(devices));
    assert.equal(draft.checks.length, 0);
    assert.match(draft.profiles[0]?.covers ?? "", /^sha256:[0-9a-f]{64}$/);
    assert.deepEqual(
      draft.devices.map(({ digest }) => digest),
      plan.devices.map(({ digest }) => digest),
    );
  });
});
