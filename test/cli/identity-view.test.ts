/** Who a device says it is, as `status` shows it: a change is a notice, what nobody has accepted one line. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { deviceView } from "../../src/cli/device-view.ts";
import { needsAttention, siteView } from "../../src/cli/status-view.ts";
import { plain } from "../../src/cli/style.ts";
import { identityStatus } from "../../src/exporters/identity-status.ts";
import { identityView, plate } from "../support/identities.ts";
import { deviceStatus, siteStatus } from "./support/status.ts";

const changedIdentity = identityStatus(
  identityView("plc", { ...plate, serial: "ab".repeat(32) }, { ...plate, firmware: "1.10", serial: "7" }),
);
const newIdentity = identityStatus(identityView("pump", plate));

describe("who a device says it is", () => {
  const devices = [
    deviceStatus({ device: "plc", identities: [changedIdentity] }),
    deviceStatus({ device: "pump", identities: [newIdentity] }),
  ];

  test("and is not what was accepted: a notice with before and after, and the command; what nobody has accepted is one line", () => {
    const lines = siteView(siteStatus({ devices }), undefined, { width: 400, style: plain });
    assert.ok(
      lines.includes(
        'IDENTITY CHANGED plc since 2026-11-21 12:00:00 UTC, modbus-fc43 at 192.0.2.11 unit 1: firmware: was "1.10", is "1.11"; serial number: was "7", is "abababababab…". To see all of it, and to accept what is right:',
      ),
      lines.join("\n"),
    );
    assert.ok(lines.includes("    watchkeeper baseline show plc"));
    assert.ok(lines.some((line) => line.startsWith("IDENTITY not accepted yet: 1 device said who they are")));
    const many = siteStatus({ devices: Array.from({ length: 22 }, () => devices[0]!) });
    assert.ok(siteView(many, undefined, { width: 400, style: plain }).some((line) => line.startsWith("IDENTITY CHANGED: 2 more;")));
  });

  test("stands with the device, and whose word it is", () => {
    const of = (index: number): string => deviceView(devices[index]!, siteStatus({ devices }), { width: 400, style: plain }).join("\n");
    assert.match(of(0), /says it is +vendor "Schneider Electric".*: CHANGED \(by eto-1, 2026-11-21 12:00:00 UTC\)/u);
    assert.match(of(0), /IDENTITY CHANGED plc/u);
    assert.match(of(1), /says it is .*firmware "1\.11": not accepted yet/u);
    assert.doesNotMatch(of(1), /CHANGED/u);
  });

  test("is what a person should look at once it has changed, and not while it is only not accepted yet", () => {
    assert.equal(needsAttention(siteStatus({ devices })), true);
    assert.equal(needsAttention(siteStatus({ devices: [devices[1]!] })), false);
  });
});
