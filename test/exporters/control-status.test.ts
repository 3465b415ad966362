/** What the control socket tells of the board: every figure with its unit, every moment as a date, and nothing that would need a packet. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { momentOf, outcomeStatus, refusalStatus, statusOf } from "../../src/exporters/control-status.ts";
import { healthOf } from "../../src/exporters/health-status.ts";
import { nothingSent, type Answer, type Outcome } from "../../src/domain/outcome.ts";
import type { CheckId, DeviceId, StandingRefusal } from "../../src/domain/plan.ts";
import type { PlannedFamily } from "../../src/domain/stages.ts";
import { milliseconds, monotonicMs, wallMs } from "../../src/domain/units.ts";
import { emptyChain } from "../../src/store/audit-chain.ts";
import { MemoryBoard } from "../../src/store/board.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { literalPlan } from "../support/literal-plan.ts";
import { identityView, plate } from "../support/identities.ts";

const clock = new FakeClock();
const now = clock.monotonic();
const plan = literalPlan([
  { name: "plc-a", address: "192.0.2.11" },
  { name: "plc-b", address: "192.0.2.12" },
]);
const checkA = plan.checks.get("plc-a/modbus-fc43" as CheckId)!;
const answered = (answer: Answer): Outcome => ({
  kind: "answered",
  check: checkA,
  at: now,
  took: milliseconds(12),
  answer,
  sent: nothingSent,
});

function board(): MemoryBoard {
  const refusal: StandingRefusal = {
    check: "plc-b/icmp-echo" as CheckId,
    device: "plc-b" as DeviceId,
    method: "icmp-echo",
    reason: "method_unsupported",
    detail: "this build has no ICMP",
    templates: [],
  };
  const refused = new Map([[refusal.check, refusal]]);
  const memory = { stopped: false, trips: [], proven: new Map<CheckId, string>() };
  return new MemoryBoard(clock, { ...plan, refused }, memory);
}

const healthy = {
  ...healthOf(
    { auditHead: emptyChain, unwritableSince: undefined, unwritableFor: undefined, problem: undefined },
    1000,
    { highest: clock.wall(), behind: milliseconds(0) },
    clock.wall(),
  ),
};
const trialAt = () => monotonicMs(now + 900_000);
const dueAt = (check: CheckId) => (check === checkA.id ? monotonicMs(now + 48_000) : undefined);

describe("the status of a site", () => {
  test("holds every device with its checks and refusals", () => {
    const site = board();
    site.outcome(answered({ said: "alive", identity: { vendor: "Schneider Electric", product: "TM221CE24R" } }));
    site.outcome({ kind: "refused", check: checkA, at: now, reason: "line_budget", retryAt: undefined, sent: nothingSent });
    site.identitiesOf = (id) => (id === "plc-a" ? [identityView("plc-a", plate, { ...plate, serial: "7" })] : []);
    const status = statusOf(site, clock, dueAt, trialAt, healthy);
    assert.equal(status.schema, "status/v1");
    assert.equal(status.at, "2026-11-21T12:00:00.000Z");
    assert.deepEqual(status.devices[0], {
      device: "plc-a",
      name: "plc-a",
      segment: "hvac",
      profile: "generic-modbus-tcp",
      stage: "approved",
      liveness: "up",
      cause: "answers",
      behind: null,
      proves: "comms-module",
      lastHeardAt: "2026-11-21T12:00:00.000Z",
      nextDueAt: "2026-11-21T12:00:48.000Z",
      identities: [
        {
          device: "plc-a",
          source: "modbus-fc43",
          place: "192.0.2.11 unit 1",
          state: "changed",
          said: plate,
          saidSince: "2026-11-21T12:00:00.000Z",
          accepted: [{ said: { ...plate, serial: "7" }, by: "eto-1", reason: "type plate", at: "2026-11-21T12:00:00.000Z" }],
          differences: [{ field: "serial", before: "7", after: null }],
        },
      ],
      checks: [
        {
          check: "plc-a/modbus-fc43",
          method: "modbus-fc43",
          proves: "comms-module",
          neverAnswered: false,
          intervalMs: 60_000,
          lastAskedAt: "2026-11-21T12:00:00.000Z",
          lastAnswerAt: "2026-11-21T12:00:00.000Z",
          lastTookMs: 12,
          nextDueAt: "2026-11-21T12:00:48.000Z",
          answered: 1,
          failed: {},
          refused: { line_budget: 1 },
          last: "Schneider Electric TM221CE24R",
        },
      ],
      refused: [],
    });
    assert.deepEqual(status.devices[1]?.refused, [
      { check: "plc-b/icmp-echo", method: "icmp-echo", reason: "method_unsupported", detail: "this build has no ICMP" },
    ]);
    assert.equal(status.devices[1]?.nextDueAt, null);
  });

  test("holds the stop, the trips and the last reload", () => {
    const site = board();
    site.stop(true);
    site.trip({ scope: "device:plc-a", cause: "identity_mismatch", detail: "found WAGO", since: clock.wall() });
    site.reloaded(2);
    const { stopped, trips, reload } = statusOf(site, clock, dueAt, trialAt, healthy);
    assert.equal(stopped, true);
    assert.deepEqual(trips, [
      { scope: "device:plc-a", cause: "identity_mismatch", detail: "found WAGO", since: "2026-11-21T12:00:00.000Z" },
    ]);
    assert.deepEqual(reload, { successful: false, lastSuccessAt: "2026-11-21T12:00:00.000Z", problems: 2 });
  });

  test("holds the poller's own certificate and each server's, with their ends", () => {
    const site = board();
    site.ownCertificate = { sha256: "ab", notAfter: wallMs(clock.wall() + 86_400_000) };
    const [own, ...others] = statusOf(site, clock, dueAt, trialAt, healthy).certificates;
    assert.partialDeepStrictEqual(own, { device: null, sha256: "ab", notAfterAt: "2026-11-22T12:00:00.000Z" });
    assert.match(own?.warning ?? "", /in 1 d/u);
    assert.deepEqual(others, []);
  });

  test("holds the mass-loss holds, with the time of the next trial", () => {
    const site = board();
    site.hold({ scope: "segment:hvac", detail: "plc-a fell silent, several others with it", since: clock.wall() });
    const { holds, devices } = statusOf(site, clock, dueAt, trialAt, healthy);
    assert.deepEqual(holds, [
      {
        scope: "segment:hvac",
        detail: "plc-a fell silent, several others with it",
        since: "2026-11-21T12:00:00.000Z",
        nextTrialAt: "2026-11-21T12:15:00.000Z",
      },
    ]);
    assert.equal(devices[0]?.cause, "breaker_open");
    assert.equal(statusOf(site, clock, dueAt, () => undefined, healthy).holds[0]?.nextTrialAt, null);
  });

  test("holds what keeps the poller from hearing several devices", () => {
    const site = board();
    site.causes.begin({ cause: "gateway", scope: "fw", detail: "it is down", since: clock.wall() });
    assert.deepEqual(statusOf(site, clock, dueAt, trialAt, healthy).causes, [
      { cause: "gateway", scope: "fw", detail: "it is down", since: "2026-11-21T12:00:00.000Z" },
    ]);
  });

  test("survives the way over the socket as it is", () => {
    const status = statusOf(board(), clock, dueAt, trialAt, healthy);
    assert.deepEqual(JSON.parse(JSON.stringify(status)), status);
  });
});

describe("the last outcome in one line", () => {
  const cases: readonly [what: string, outcome: Outcome, line: string][] = [
    ["who answered", answered({ said: "alive", identity: { vendor: "WAGO", product: "750-352" } }), "WAGO 750-352"],
    ["an answer without a name", answered({ said: "alive" }), "answered"],
    ["an answer with a note", answered({ said: "alive", identity: { vendor: "WAGO" }, note: "exception 1" }), "WAGO; exception 1"],
    ["a degraded answer", answered({ said: "degraded", failure: "protocol_error", detail: "exception 4" }), "exception 4"],
    ["a gateway's answer", answered({ said: "gateway_only", detail: "exception 0x0B" }), "exception 0x0B"],
    [
      "a failure with its detail",
      { kind: "failed", check: checkA, at: now, failure: "timeout", detail: "after 5 s", sent: nothingSent },
      "no answer in time (after 5 s)",
    ],
    [
      "a failure without",
      { kind: "failed", check: checkA, at: now, failure: "refused", detail: "", sent: nothingSent },
      "the device refused the connection",
    ],
    [
      "a refusal",
      { kind: "refused", check: checkA, at: now, reason: "approval_expired", retryAt: undefined, sent: nothingSent },
      "not asked: the approval has expired",
    ],
  ];
  for (const [what, outcome, line] of cases) {
    test(what, () => {
      const site = board();
      site.outcome(outcome);
      assert.equal(statusOf(site, clock, dueAt, trialAt, healthy).devices[0]?.checks[0]?.last, line);
    });
  }
});

describe("an outcome told to `check`", () => {
  test("that was answered", () => {
    assert.deepEqual(outcomeStatus(answered({ said: "alive" }), clock), {
      check: "plc-a/modbus-fc43",
      kind: "answered",
      said: "alive",
      tookMs: 12,
      detail: "",
    });
  });

  test("that failed", () => {
    assert.deepEqual(outcomeStatus({ kind: "failed", check: checkA, at: now, failure: "reset", detail: "RST", sent: nothingSent }, clock), {
      check: "plc-a/modbus-fc43",
      kind: "failed",
      failure: "reset",
      detail: "RST",
    });
  });

  test("that was refused says when it may be asked again", () => {
    const refused: Outcome = {
      kind: "refused",
      check: checkA,
      at: now,
      reason: "line_budget",
      retryAt: monotonicMs(now + 41_000),
      sent: nothingSent,
    };
    assert.deepEqual(outcomeStatus(refused, clock), {
      check: "plc-a/modbus-fc43",
      kind: "refused",
      reason: "line_budget",
      detail: "",
      retryAt: "2026-11-21T12:00:41.000Z",
    });
    assert.deepEqual(refusalStatus([...board().refusals()][0]!), {
      check: "plc-b/icmp-echo",
      kind: "refused",
      reason: "method_unsupported",
      detail: "this build has no ICMP",
      retryAt: null,
    });
  });
});

test("a moment long before 1970 by a clock that is not set is shown as 1970, not as a crash", () => {
  const unset = new FakeClock(1_000_000, 0);
  assert.equal(momentOf(monotonicMs(0), unset), "1970-01-01T00:00:00.000Z");
});

describe("the families of a site", () => {
  const id = plan.devices.get("plc-a" as DeviceId)!.profile;
  const trial = new Map([["plc-a" as DeviceId, wallMs(0)]]);
  const withFamily = (family: Partial<PlannedFamily>): MemoryBoard =>
    new MemoryBoard(
      clock,
      { ...plan, families: new Map([[id, { id, stage: "approved", since: undefined, trial: new Map(), ...family }]]) },
      { stopped: false, trips: [], proven: new Map<CheckId, string>() },
    );
  const familyOf = (site: MemoryBoard) => statusOf(site, clock, dueAt, trialAt, healthy).families[0]!;

  test("say when their approval runs out, and warn before", () => {
    const day = 86_400_000;
    const end = (days: number) => ({ expires: wallMs(clock.wall() + days * day), ends: wallMs(clock.wall() + (days + 90) * day) });
    assert.deepEqual(familyOf(withFamily({ end: end(61) })).approval, {
      age: "running",
      expiresAt: "2027-01-21T12:00:00.000Z",
      endsAt: "2027-04-21T12:00:00.000Z",
      warning: null,
    });
    assert.match(familyOf(withFamily({ end: end(60) })).approval?.warning ?? "", /ends on 2027-01-20, in 60 d: renew it$/);
    assert.equal(familyOf(withFamily({})).approval, null);
  });

  test("on trial wait for a device that is not up, however long it has been", () => {
    const site = withFamily({ stage: "trial", trial });
    assert.match(familyOf(site).proposed ?? "", /plc-a: it is unknown$/);
    site.outcome(answered({ said: "alive" }));
    assert.match(familyOf(site).proposed ?? "", /next, watchkeeper approve /);
    site.trip({ scope: "device:plc-a", cause: "identity_mismatch", detail: "another", since: clock.wall() });
    assert.match(familyOf(site).proposed ?? "", /plc-a: it is tripped$/);
  });
});
