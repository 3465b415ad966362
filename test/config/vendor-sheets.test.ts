/** The sheets for vendors are those of the present library, and show every method's bytes as the drivers make them. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { vendorSheets } from "../../scripts/vendor-sheets.ts";

const folder = path.resolve(import.meta.dirname, "../../docs/for-vendors");

test("the sheets are current; if this fails, run `npm run docs:vendors`", () => {
  const stored = readdirSync(folder).map((name): [string, string] => [name, readFileSync(path.join(folder, name), "utf8")]);
  assert.deepEqual(new Map(stored), vendorSheets());
});

test("a sheet shows the exact bytes, and what is forbidden as never sent", () => {
  const sheet = vendorSheets().get("schneider-m221.md") ?? "";
  assert.match(sheet, /```\n\.\. \.\. 00 00 00 05 01 2b 0e 01 00 \(modbus-read-device-identification\)\n```/);
  const [sent, never] = sheet.split("## Never sent");
  assert.ok(sent?.includes("`modbus-fc43`") === true && !sent.includes("modbus-fc17"));
  assert.ok(never?.includes("`modbus-fc17`") === true);
});

test("no sheet calls an interval the vendor's", () => {
  for (const text of vendorSheets().values()) assert.doesNotMatch(text, /vendor[- ]approved/iu);
});
