/** Maintenance windows and the deep query under way, as `status` shows them: with the owner's own time, and never as begun before they hold. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { siteView } from "../../src/cli/status-view.ts";
import { plain } from "../../src/cli/style.ts";
import type { WindowStatus } from "../../src/domain/control.ts";
import { siteStatus } from "./support/status.ts";

const window: WindowStatus = {
  id: "w3",
  kind: "mute",
  scope: "segment:hvac",
  from: "2026-11-21T12:00:00.000Z",
  until: "2026-11-21T14:00:00.000Z",
  offsetMinutes: 60,
  open: false,
  by: "eto-1",
  reason: "cable work",
  change: "MOC-7",
};
const end = "until 2026-11-21 15:00:00 +01:00 (2026-11-21 14:00:00 UTC), by eto-1: cable work, change MOC-7";
const lines = (changes: Parameters<typeof siteStatus>[0]): readonly string[] =>
  siteView(siteStatus(changes), undefined, { width: 400, style: plain });

test("a window that should hold and does not yet waits for the poller's clock; one that is open or to come says just that", () => {
  const later = { ...window, id: "w4", from: "2026-11-21T13:00:00.000Z" };
  const shown = lines({ windows: [window, later, { ...window, id: "w5", open: true }] }).filter((line) => line.startsWith("WINDOW"));
  assert.deepEqual(shown, [
    `WINDOW w3  mute  segment:hvac  begins once the poller trusts its clock (planned for 2026-11-21 13:00:00 +01:00 (2026-11-21 12:00:00 UTC)), ${end}`,
    `WINDOW w4  mute  segment:hvac  begins 2026-11-21 14:00:00 +01:00 (2026-11-21 13:00:00 UTC), ${end}`,
    `WINDOW w5  mute  segment:hvac  open ${end}`,
  ]);
});

test("a deep query that is under way is named, with whom it asks and who began it", () => {
  const deepQuery = { id: "dq-1", devices: ["plc", "pump"], by: "eto-1", reason: "survey", since: "2026-11-21T11:30:00.000Z" };
  assert.ok(lines({ deepQuery }).includes("DEEP QUERY dq-1 asks plc, pump since 2026-11-21 11:30:00 UTC, by eto-1: survey"));
  assert.ok(!lines({}).some((line) => line.startsWith("DEEP QUERY")));
});
