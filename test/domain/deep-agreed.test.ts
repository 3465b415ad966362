/** Of what a site has agreed to, the reads that no heartbeat of a device goes with are named, and no others. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { nothingAgreed, readsInVain } from "../../src/domain/deep-agreed.ts";
import type { DeepRead, DeepReadId } from "../../src/domain/deep-reads.ts";
import type { CheckId, DeviceId, Plan, PlannedDevice } from "../../src/domain/plan.ts";
import { literalPlan } from "../support/literal-plan.ts";

const bare = literalPlan([{ name: "plc", address: "192.0.2.11", deep: true }]);
const plc = bare.devices.get("plc" as DeviceId)!;

function agreeing(agreed: readonly DeepRead[], changes: Partial<Plan> = {}): Plan {
  const offered = agreed.map(({ read }): DeepReadId => read);
  const family = { id: plc.profile, stage: "approved", since: undefined, trial: new Map(), deepReads: { offered, agreed } } as const;
  return { ...bare, ...changes, families: new Map([[plc.profile, family]]) };
}

test("a read that is asked, or refused with a reason, also at a second unit alone, is not in vain", () => {
  const reads: readonly DeepRead[] = [{ read: "modbus-identification-regular" }, { read: "modbus-server-id" }];
  assert.deepEqual(readsInVain(agreeing(reads), plc), []);
  const [, check] = [...bare.deep][0]!;
  const second = new Map([["plc/deep-modbus-server-id#2" as CheckId, check]]);
  const refusal = {
    check: check.id,
    device: plc.id,
    method: check.method,
    reason: "approval_stale",
    detail: "approve",
    templates: [],
  } as const;
  const refused = new Map([["plc/deep-modbus-identification-regular" as CheckId, refusal]]);
  assert.deepEqual(readsInVain(agreeing(reads, { deep: second, deepRefused: refused }), plc), []);
});

test("reads without a heartbeat to stand beside are named once each, with the heartbeat that they want; a family that nobody agreed for has none", () => {
  const reads: readonly DeepRead[] = [
    { read: "opcua-server" },
    { read: "snmp-interfaces", number: 1 },
    { read: "snmp-interfaces", number: 2 },
    { read: "modbus-server-id" },
  ];
  assert.deepEqual(readsInVain(agreeing(reads), plc), [
    "plc: opcua-server (OPC UA Read of BuildInfo, ServerCapabilities and NamespaceArray): found no heartbeat of this device beside which it could be asked, expected one that keeps a session (opcua-keepalive or opcua-read)",
    "plc: snmp-interfaces (SNMP description, type, speed, address, state and errors of an interface): found no heartbeat of this device beside which it could be asked, expected one of its protocol over a network",
  ]);
  assert.deepEqual(readsInVain(bare, plc), []);
});

test("a device without a check is said to have none; one whose checks are all refused still tells what would be in vain", () => {
  const heard: PlannedDevice = { ...plc, checks: [] };
  const agreed = agreeing([{ read: "opcua-server" }], { deep: new Map() });
  assert.equal(nothingAgreed(agreed, heard), "plc: it has no check in the watchlist, and a deep query asks only beside a heartbeat");
  const refusal = {
    check: "plc/modbus-fc43" as CheckId,
    device: plc.id,
    method: "modbus-fc43",
    reason: "stage",
    detail: "draft",
    templates: [],
  } as const;
  const waiting = { ...agreed, refused: new Map([[refusal.check, refusal]]) };
  assert.match(nothingAgreed(waiting, heard), /^plc: opcua-server .* keeps a session/u);
});

test("a site that has agreed to none of what a profile offers is told where to name it, and one whose profile offers nothing that it leaves nothing", () => {
  assert.match(nothingAgreed(agreeing([]), plc), /^plc: found nothing that the site has agreed to: name it under deepQuery in /u);
  assert.equal(nothingAgreed({ ...agreeing([]), families: new Map() }, plc), `plc: profile ${plc.profile} leaves nothing to a deep query`);
});
