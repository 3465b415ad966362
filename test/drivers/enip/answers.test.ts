/** What EtherNet/IP status words and error codes are taken to mean. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { cipErrorAnswer, encapsulationErrorAnswer, identityAnswer } from "../../../src/drivers/enip/answers.ts";
import type { DeviceIdentity } from "../../../src/drivers/enip/decode.ts";

const device: DeviceIdentity = {
  vendorId: 47,
  deviceType: 12,
  productCode: 7,
  revision: { major: 2, minor: 11 },
  status: 0x0060,
  serialNumber: 1,
  productName: "NX102",
  state: 3,
};

describe("a device that reports a major fault is degraded, and says why", () => {
  const cases: readonly [what: string, change: Partial<DeviceIdentity>, detail: string][] = [
    ["bit 10", { status: 0x0460 }, "the device reports a major recoverable fault (status 0x0460)"],
    ["bit 11", { status: 0x0860 }, "the device reports a major unrecoverable fault (status 0x0860)"],
    ["both bits", { status: 0x0c60 }, "the device reports a major unrecoverable fault (status 0x0c60)"],
    ["the extended status", { status: 0x0050 }, "the device reports a major fault (status 0x0050)"],
    ["state 4", { state: 4 }, "the device reports a major recoverable fault (status 0x0060)"],
    ["state 5", { state: 5 }, "the device reports a major unrecoverable fault (status 0x0060)"],
  ];
  for (const [what, change, detail] of cases) {
    test(what, () => {
      assert.deepEqual(identityAnswer({ ...device, ...change }), {
        said: "degraded",
        failure: "protocol_error",
        detail,
        identity: { vendor: "Omron", vendorCode: "47", product: "NX102", revision: "2.11", serial: "00000001" },
      });
    });
  }
});

describe("what is no major fault is alive, and remarked on", () => {
  const kind = "device type 12 (communications adapter), product code 7";
  const cases: readonly [change: Partial<DeviceIdentity>, note: string][] = [
    [{}, kind],
    [{ status: 0x0030 }, kind],
    [{ status: 0x0005 }, kind],
    [{ state: 255 }, kind],
    [{ state: undefined }, kind],
    [{ status: 0x0160 }, `${kind}; minor recoverable fault (status 0x0160)`],
    [{ status: 0x0260 }, `${kind}; minor unrecoverable fault (status 0x0260)`],
    [{ status: 0x0010 }, `${kind}; firmware update in progress (status 0x0010)`],
    [{ status: 0x0020 }, `${kind}; an I/O connection has faulted (status 0x0020)`],
    [{ status: 0x0040 }, `${kind}; its stored configuration is bad (status 0x0040)`],
    [{ state: 1 }, `${kind}; self-testing (status 0x0060)`],
    [
      { status: 0x0310, state: 2 },
      `${kind}; minor unrecoverable fault, minor recoverable fault, firmware update in progress, in standby (status 0x0310)`,
    ],
  ];
  for (const [change, note] of cases) {
    test(JSON.stringify(change), () => {
      const answer = identityAnswer({ ...device, ...change });
      assert.ok(answer.said === "alive");
      assert.equal(answer.note, note);
    });
  }
});

test("what is not in the tables is shown as its number, and an empty name as none", () => {
  const answer = identityAnswer({ ...device, vendorId: 4711, deviceType: 200, productName: "" });
  assert.ok(answer.said === "alive");
  assert.deepEqual(answer.identity, { vendor: "vendor id 4711", vendorCode: "4711", revision: "2.11", serial: "00000001" });
  assert.equal(answer.note, "device type 200, product code 7");
});

test("a device that does not know the question is alive, one that cannot answer it is degraded", () => {
  for (const status of [0x01, 0x69]) assert.equal(encapsulationErrorAnswer(status, "List Identity").said, "alive");
  for (const status of [0x02, 0x03, 0x64, 0x65, 0xffff_ffff]) assert.equal(encapsulationErrorAnswer(status, "x").said, "degraded");
  for (const status of [0x04, 0x05, 0x08, 0x0f, 0x14, 0x16]) assert.equal(cipErrorAnswer(status, "x").said, "alive");
  for (const status of [0x01, 0x02, 0x0c, 0x10, 0x1e, 0xff]) assert.equal(cipErrorAnswer(status, "x").said, "degraded");
});

test("an error says what it is an answer to", () => {
  assert.deepEqual(encapsulationErrorAnswer(2, "RegisterSession"), {
    said: "degraded",
    failure: "protocol_error",
    detail: "encapsulation status 0x02 to RegisterSession: no memory left to handle it",
  });
  assert.deepEqual(cipErrorAnswer(0x1e, "Get_Attributes_All"), {
    said: "degraded",
    failure: "protocol_error",
    detail: "CIP status 0x1e to Get_Attributes_All: not among the common codes",
  });
});
