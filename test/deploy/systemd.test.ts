/** The units that are shipped: whom they may speak to before a person has named anybody, and when they end for good. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";

const units = path.resolve(import.meta.dirname, "../../deploy/systemd");

/** What a unit says under a key, line by line. */
function said(unit: string, key: string): readonly string[] {
  const lines = readFileSync(path.join(units, unit), "utf8").split("\n");
  return lines.filter((line) => line.startsWith(`${key}=`)).map((line) => line.slice(key.length + 1));
}

for (const unit of ["watchkeeper.service", "watchkeeper-notify.service"])
  test(`${unit} speaks to nobody but this machine until a drop-in names somebody`, () => {
    assert.deepEqual([said(unit, "IPAddressDeny"), said(unit, "IPAddressAllow")], [["any"], ["localhost"]]);
  });

test("the notifier begins where it is told whom to tell, and nothing that is broken for a while ends it for good", () => {
  const unit = "watchkeeper-notify.service";
  assert.deepEqual(said(unit, "ConditionPathExists"), ["/etc/watchkeeper/notify.yaml"]);
  assert.deepEqual(
    [said(unit, "Restart"), said(unit, "StartLimitIntervalSec"), said(unit, "RestartSec")],
    [["on-failure"], ["0"], ["2min"]],
  );
});

test("the poller that ends again and again is left down, for a person to look at", () => {
  const unit = "watchkeeper.service";
  assert.deepEqual([said(unit, "StartLimitIntervalSec"), said(unit, "StartLimitBurst")], [["10min"], ["5"]]);
});
