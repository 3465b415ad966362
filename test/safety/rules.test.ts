/** The order of the questions is the order of the reasons that people read; each objects by itself, until the moment that it names. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Circumstances } from "../../src/domain/gate.ts";
import { deepQueryCutsBefore, finishWithin, linkDownWithholdsMax, passiveStretchTimes, pauseLead } from "../../src/domain/limits.ts";
import type { Check } from "../../src/domain/plan.ts";
import { passingReasons } from "../../src/domain/reasons.ts";
import { milliseconds, monotonicMs, wallMs } from "../../src/domain/units.ts";
import { firstObjection, standing, starting, type Situation } from "../../src/safety/rules.ts";
import { literalPlan } from "../support/literal-plan.ts";

describe("the rules of the gate", () => {
  it("ask in the order of the list of reasons, each once", () => {
    const rules = [...standing, ...starting].map((rule) => rule.reason).filter((reason) => reason !== "approval_expired");
    // A pause is asked about twice in a row: whether it has begun, and whether it is about to.
    const asked = rules.filter((reason, at) => reason !== "window_pause" || rules[at + 1] !== reason);
    const listed = Object.keys(passingReasons).filter((reason) => (asked as readonly string[]).includes(reason));
    assert.deepEqual(asked, listed);
    assert.equal(new Set(asked).size, asked.length);
  });
});

const plan = literalPlan([{ name: "plc", address: "192.0.2.11" }]);
const [heartbeat] = [...plan.checks.values()] as [Check];
const [device] = [...plan.devices.values()] as [Situation["device"]];
const question: Check = { ...heartbeat, deep: { read: "modbus-server-id" } };
const now = monotonicMs(1_000_000);
const at = (span: number): Situation["now"] => monotonicMs(now + span);
const ms = milliseconds;

/** Nothing objects; and what a test changes of it. */
function situation(changes: Partial<Situation> = {}, told: Partial<Circumstances> = {}): Situation {
  const circumstances: Circumstances = {
    stopped: () => false,
    heardUntil: () => undefined,
    linkDownUntil: () => undefined,
    pause: () => undefined,
    deepQuery: () => ({ leave: "open", endsIn: ms(3_600_000) }),
    deepQueryRuns: () => true,
    cutOff: () => undefined,
    auditWritable: () => true,
    leading: () => true,
    ...told,
  };
  const ready = { lineReadyAt: now, segmentReadyAt: now, siteReadyAt: now, connectionFreeAt: now };
  const held = { heldUntil: undefined, gatewayHoldUntil: undefined, backoffUntil: undefined };
  const decided = { check: heartbeat, device, now, wall: wallMs(0), trigger: "schedule" as const, askedAt: at(-60_000) };
  return { ...decided, ...ready, ...held, circumstances, draining: false, suspect: false, tripped: false, ...changes };
}
const objection = (one: Situation): string => {
  const found = firstObjection([...standing, ...starting], one);
  return found ? `${found.reason} ${found.retryAt === undefined ? "until a person" : found.retryAt - now}` : "none";
};
const asDeep = { check: question, trigger: "deep-query" as const };
const lasts = heartbeat.connectWithin + heartbeat.answerWithin;

describe("each of them objects by itself", () => {
  it("and none where nothing is in the way", () => {
    assert.equal(objection(situation()), "none");
    assert.equal(objection(situation(asDeep)), "none");
    assert.equal(objection(situation({ trigger: "ask-now" })), "none");
  });

  const leave = (span: number): Partial<Circumstances> => ({ deepQuery: () => ({ leave: "open", endsIn: ms(span) }) });
  const pause = (beginsIn: number): Partial<Circumstances> => ({ pause: () => ({ beginsIn: ms(beginsIn), endsIn: ms(99_000) }) });
  const cases: readonly [what: string, one: Situation, expected: string][] = [
    ["a stop", situation({}, { stopped: () => true }), "stopped until a person"],
    ["the poller's end", situation({ draining: true }), "draining until a person"],
    ["a clock in doubt", situation({ suspect: true }), "clock_suspect until a person"],
    ["another way out", situation({}, { cutOff: () => "by eth1" }), "cut_off until a person"],
    ["another leader", situation({}, { leading: () => false }), "not_leader until a person"],
    ["the approval's last moment", situation({ wall: heartbeat.approvedUntil }), "approval_expired until a person"],
    ["and not the one before it", situation({ wall: wallMs(heartbeat.approvedUntil - 1) }), "none"],
    ["an audit that cannot be written", situation({}, { auditWritable: () => false }), "audit_unwritable until a person"],
    ["a trip", situation({ tripped: true }), "tripped until a person"],
    ["no window", situation(asDeep, { deepQuery: () => ({ leave: "none" }) }), "no_window until a person"],
    ["a window's last moment", situation(asDeep, leave(deepQueryCutsBefore)), "no_window until a person"],
    ["a window of others", situation(asDeep, { deepQuery: () => ({ leave: "elsewhere" }) }), "window_scope until a person"],
    ["a run that is over", situation(asDeep, { deepQueryRuns: () => false }), "run_over until a person"],
    ["none of these three a heartbeat", situation({}, { deepQuery: () => ({ leave: "none" }), deepQueryRuns: () => false }), "none"],
    ["a pause", situation({}, pause(0)), "window_pause 99000"],
    ["a pause too near to be answered before", situation({}, pause(lasts + pauseLead - 1)), "window_pause 99000"],
    ["and none that is not", situation({}, pause(lasts + pauseLead)), "none"],
    ["a window too near its end", situation(asDeep, leave(lasts + finishWithin + deepQueryCutsBefore - 1)), "window_ending until a person"],
    ["and none that is not", situation(asDeep, leave(lasts + finishWithin + deepQueryCutsBefore)), "none"],
    ["a link that is down", situation({}, { linkDownUntil: () => at(500) }), "link_down 500"],
    ["a link that is down, by hand too", situation({ trigger: "ask-now" }, { linkDownUntil: () => at(500) }), "link_down 500"],
    ["a link that was", situation({}, { linkDownUntil: () => now }), "none"],
    ["a link, for so long and no longer", situation({}, { linkDownUntil: () => at(9e9) }), `link_down ${linkDownWithholdsMax}`],
    ["a voice", situation({}, { heardUntil: () => at(700) }), "passive_evidence 700"],
    ["a voice, not by hand", situation({ trigger: "ask-now" }, { heardUntil: () => at(700) }), "none"],
    [
      "a voice, so long and no longer",
      situation({}, { heardUntil: () => at(9e9) }),
      `passive_evidence ${60_000 * (passiveStretchTimes - 1)}`,
    ],
    ["a hold", situation({ heldUntil: at(1) }), "breaker_open 1"],
    ["a gateway's hold", situation({ gatewayHoldUntil: at(2) }), "gateway_hold 2"],
    ["the line", situation({ lineReadyAt: at(3) }), "line_budget 3"],
    ["back-off", situation({ backoffUntil: at(4) }), "backoff 4"],
    ["back-off, of a deep query too", situation({ ...asDeep, backoffUntil: at(4) }), "backoff 4"],
    ["back-off, not by hand", situation({ trigger: "ask-now", backoffUntil: at(4) }), "none"],
    ["the device's connections", situation({ connectionFreeAt: at(5) }), "no_free_connection 5"],
    ["connections that only a person gives back", situation({ connectionFreeAt: "never" }), "no_free_connection until a person"],
    ["and none where none is opened", situation({ connectionFreeAt: undefined }), "none"],
    ["the segment", situation({ segmentReadyAt: at(6) }), "segment_budget 6"],
    ["the site", situation({ siteReadyAt: at(7) }), "site_budget 7"],
  ];
  for (const [what, one, expected] of cases) it(`${what}: ${expected}`, () => assert.equal(objection(one), expected));

  it("by hand nothing else is passed over", () => {
    const byHand = { trigger: "ask-now" as const };
    for (const changes of [
      { heldUntil: at(1) },
      { gatewayHoldUntil: at(1) },
      { lineReadyAt: at(1) },
      { connectionFreeAt: at(1) },
      { segmentReadyAt: at(1) },
      { siteReadyAt: at(1) },
    ])
      assert.match(objection(situation({ ...byHand, ...changes })), / 1$/u);
  });
});
