/** No request of ours may keep a watchdog from running out: what the owner states decides, and the worse is assumed of what is not known. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { FamilyWatchdog } from "../../../src/config/compile/family.ts";
import { watchdogRefusal, type WatchdogQuestion } from "../../../src/config/compile/watchdog.ts";
import { watchdogModes, type WatchdogMode } from "../../../src/config/schema/statements.ts";
import type { StandingReason } from "../../../src/domain/reasons.ts";

const plc: FamilyWatchdog = { fedBy: "unknown", closeCausesFault: "no", strict: false };
const drive: FamilyWatchdog = { ...plc, strict: true };
const statement = (mode: WatchdogMode, functionCodes?: readonly number[]) => ({
  mode,
  by: "eto-1",
  on: "2026-11-20",
  ...(functionCodes && { functionCodes }),
});

function reason(changes: Partial<WatchdogQuestion>): StandingReason | undefined {
  return watchdogRefusal({
    method: "modbus-fc43",
    family: plc,
    serial: false,
    opensConnection: true,
    statement: statement("none"),
    ...changes,
  })?.reason;
}

describe("the watchdog's rule", () => {
  test("refuses every device of which nothing is stated", () => {
    assert.equal(reason({ statement: undefined }), "statement_missing");
    assert.equal(reason({ statement: undefined, family: { ...plc, fedBy: "none" } }), "statement_missing");
  });

  test("allows every device in which the watchdog is switched off", () => {
    for (const fedBy of watchdogModes) assert.equal(reason({ family: { ...drive, fedBy }, serial: true }), undefined, fedBy);
  });

  test("allows what only writes, or only the owner, feed", () => {
    for (const mode of ["write-only", "owner-only"] as const) {
      assert.equal(reason({ statement: statement(mode), family: drive, serial: true }), undefined);
    }
  });

  test("refuses what any telegram feeds, whatever sort of device it is", () => {
    for (const family of [plc, drive]) assert.equal(reason({ statement: statement("any-telegram"), family }), "method_withdrawn");
  });

  test("believes a documented any-telegram before every statement but that it is off", () => {
    for (const mode of watchdogModes) {
      const expected = mode === "none" ? undefined : "method_withdrawn";
      assert.equal(reason({ statement: statement(mode, [6]), family: { ...plc, fedBy: "any-telegram" } }), expected, mode);
    }
  });

  test("wants an unknown one found out on drives, I/O couplers, unknown kinds and serial devices, and lets the others be", () => {
    assert.equal(reason({ statement: statement("unknown"), family: drive }), "statement_missing");
    assert.equal(reason({ statement: statement("unknown"), serial: true }), "statement_missing");
    assert.equal(reason({ statement: statement("unknown") }), undefined);
  });

  test("refuses the function codes of the mask and no others", () => {
    const masked = statement("function-code-mask", [3, 6, 16]);
    assert.equal(reason({ statement: masked, method: "modbus-fc3" }), "method_withdrawn");
    assert.equal(reason({ statement: masked, method: "modbus-fc4" }), undefined);
    assert.equal(reason({ statement: masked, method: "modbus-fc43" }), undefined);
    assert.equal(reason({ statement: masked, method: "icmp-echo" }), undefined);
  });

  test("wants the codes of a mask named", () => {
    assert.equal(reason({ statement: statement("function-code-mask") }), "statement_missing");
    assert.equal(reason({ statement: statement("function-code-mask", []) }), "statement_missing");
  });

  test("opens no connection to a device that the end of one can trip, watchdog or not", () => {
    const family: FamilyWatchdog = { ...plc, closeCausesFault: "yes" };
    assert.equal(reason({ family }), "method_withdrawn");
    assert.equal(reason({ family, statement: { ...statement("none"), closeCausesFault: false } }), "method_withdrawn");
    assert.equal(reason({ family, serial: true }), "method_withdrawn");
    assert.equal(reason({ family, opensConnection: false }), undefined);
  });

  test("opens a connection only once its owner has stated what its end does, where no document says it", () => {
    const closing = (closeCausesFault: boolean) => ({ ...statement("write-only"), closeCausesFault });
    for (const family of [plc, drive].map((one): FamilyWatchdog => ({ ...one, closeCausesFault: "unknown" }))) {
      assert.equal(reason({ family, statement: statement("none") }), "statement_missing");
      assert.equal(reason({ family, statement: closing(false) }), undefined);
      assert.equal(reason({ family, statement: closing(true) }), "method_withdrawn");
      assert.equal(reason({ family, statement: statement("none"), opensConnection: false }), undefined);
    }
  });

  test("believes an owner who says that it trips, whatever is documented; behind a gateway the connection is not the device's", () => {
    assert.equal(reason({ statement: { ...statement("none"), closeCausesFault: true } }), "method_withdrawn");
    const family: FamilyWatchdog = { ...plc, closeCausesFault: "unknown" };
    assert.equal(reason({ family, serial: true }), undefined);
    assert.equal(reason({ family, serial: true, statement: { ...statement("none"), closeCausesFault: true } }), "method_withdrawn");
  });

  test("wants the mask read where a mask is documented for the family, on a PLC too", () => {
    assert.equal(reason({ family: { ...plc, fedBy: "function-code-mask" }, statement: statement("unknown") }), "statement_missing");
  });
});
