/** The record of a deep query says what was asked, what came, and what it cost. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { DeepQuestion, DeepRun } from "../../src/domain/deep-query.ts";
import { deepRecord, type DeepFrame } from "../../src/domain/deep-record.ts";
import { nothingSent } from "../../src/domain/outcome.ts";
import type { Check, CheckId, DeviceId } from "../../src/domain/plan.ts";
import { milliseconds, wallMs } from "../../src/domain/units.ts";
import { literalPlan } from "../support/literal-plan.ts";

const start = Date.parse("2026-11-22T08:00:00Z");
const plan = literalPlan([{ name: "plc", address: "192.0.2.11", deep: true }]);
const regular = "plc/deep-modbus-identification-regular" as CheckId;
const frame: DeepFrame = {
  id: "dq-1",
  order: { by: "eto-1", reason: "survey", differences: "none" },
  plan,
  version: "1.0.0",
  windows: [],
  leftOut: [],
  startedAt: wallMs(start),
  endedAt: wallMs(start + 60_000),
};
const sent = { connections: 1, requests: 1, bytes: 11 };
const answered: DeepQuestion["came"] = {
  kind: "answered",
  took: milliseconds(12.34),
  note: undefined,
  facts: [["object 0x00 VendorName", "Maker"]],
  identity: { vendor: "Maker" },
  next: 3,
};

function recorded(questions: readonly Partial<DeepQuestion>[], run: Partial<DeepRun> = {}, of: DeepFrame = frame) {
  const whole = questions.map((one): DeepQuestion => ({
    check: regular,
    read: "modbus-identification-regular",
    at: wallMs(start),
    came: answered,
    sent,
    ...one,
  }));
  const device = { device: "plc" as DeviceId, ended: "partly", why: "cut", tookBefore: milliseconds(5), tookAfter: undefined } as const;
  const ended = run.cutShort === undefined ? device : { ...device, why: undefined };
  return deepRecord(of, { cutShort: undefined, devices: [{ ...ended, questions: whole }], ...run });
}

describe("the record of a deep query", () => {
  it("counts questions, bytes and packets, and keeps what was said", () => {
    const record = recorded([{}, { from: 3, came: { ...answered, note: "exception 2", identity: undefined } }]);
    assert.deepEqual(record.totals, { asked: 2, answered: 2, connections: 2, requests: 2, bytes: 22, packets: 12 });
    const [device] = record.devices;
    assert.deepEqual([device?.address, device?.responseMsBefore, device?.responseMsAfter], ["192.0.2.11:502", 5, null]);
    assert.deepEqual(
      device?.questions.map(({ from, came, tookMs, detail, identity }) => [from, came, tookMs, detail, identity]),
      [
        [null, "answered", 12.3, null, { vendor: "Maker" }],
        [3, "answered", 12.3, "exception 2", null],
      ],
    );
    assert.deepEqual([record.cutShort, record.change, record.testProductionDifferences], [null, null, "none"]);
    assert.equal(record.startedAt, "2026-11-22T08:00:00.000Z");
  });

  it("tells what failed from what was not asked and what was cut in the middle", () => {
    const record = recorded(
      [
        { came: { kind: "failed", failure: "timeout", detail: "no answer" } },
        { came: { kind: "refused", reason: "no_window" } },
        { came: { kind: "refused", reason: "approval_expired" }, sent: nothingSent },
      ],
      { cutShort: "the window ended" },
      { ...frame, order: { ...frame.order, change: "MOC-1" } },
    );
    assert.deepEqual(
      record.devices[0]?.questions.map(({ came, detail }) => `${came}: ${detail ?? ""}`),
      [
        "failed: timeout: no answer",
        "failed: no_window: no deep-query window is open",
        "not_asked: approval_expired: the approval has expired",
      ],
    );
    assert.deepEqual([record.cutShort, record.change, record.totals.asked], ["the window ended", "MOC-1", 2]);
  });

  it("reckons packets by the way they go: two for a request over a connection, one a datagram, none on a serial line", () => {
    const over = (target: Partial<Check["target"]>): Check => {
      const check = plan.deep.get(regular)!;
      return { ...check, target: { ...check.target, ...target } };
    };
    for (const [target, packets] of [
      [{}, 2],
      [{ transport: "udp", port: 0 }, 1],
      [{ transport: "serial" }, 0],
    ] as const) {
      const of = { ...frame, plan: { ...plan, deep: new Map([[regular, over(target)]]) } };
      assert.equal(recorded([{ sent: { ...sent, connections: 0 } }], {}, of).totals.packets, packets);
    }
  });

  it("of a device that a reload took out keeps its name and what it said", () => {
    const record = recorded([{}], {}, { ...frame, plan: { ...plan, deep: new Map(), devices: new Map() } });
    assert.deepEqual([record.devices[0]?.name, record.devices[0]?.profile, record.devices[0]?.address], ["plc", "", ""]);
  });
});
