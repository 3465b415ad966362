/** What cannot be heard is said once for all who are unknown by it, and beside each of them. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { deviceView } from "../../src/cli/device-view.ts";
import { needsAttention, siteView } from "../../src/cli/status-view.ts";
import { deviceStatus, siteStatus } from "./support/status.ts";
import { plain } from "../../src/cli/style.ts";

describe("a cause that several devices share", () => {
  const since = "2026-11-21T11:50:00.000Z";
  const unheard = siteStatus({
    causes: [
      { cause: "segment", scope: "hvac", detail: "nothing on it answers: the poller is cut off from it", since },
      { cause: "gateway", scope: "fw-serial", detail: "it is down: those behind it are unknown", since },
    ],
    devices: [
      deviceStatus({ liveness: "unknown", cause: "cut_off" }),
      deviceStatus({ device: "tank-7", segment: "deck", liveness: "unknown", cause: "behind", behind: "fw-serial" }),
      deviceStatus({ device: "tank-8", segment: "deck", liveness: "unknown", cause: "behind", behind: "fw-serial" }),
      deviceStatus({ device: "winch", segment: "deck" }),
    ],
  });
  test("is a notice of its own that says how many are unknown by it", () => {
    assert.deepEqual(siteView(unheard, undefined, { width: 200, style: plain }).slice(4, 6), [
      "NOT HEARD since 2026-11-21 11:50:00 UTC: nothing on segment hvac answers (nothing on it answers: the poller is cut off from it); 1 device is unknown by it, not down",
      "NOT HEARD since 2026-11-21 11:50:00 UTC: gateway fw-serial is down (it is down: those behind it are unknown); 2 devices are unknown by it, not down",
    ]);
    assert.equal(needsAttention(unheard), true);
  });
  test("stands with the devices that are unknown by it, and not with others", () => {
    const shown = (device: number) => deviceView(unheard.devices[device]!, unheard, { width: 200, style: plain }).join("\n");
    assert.match(shown(0), /NOT HEARD .* nothing on segment hvac answers/u);
    assert.match(shown(1), /NOT HEARD .* gateway fw-serial is down/u);
    assert.doesNotMatch(shown(1), /segment hvac/u);
    assert.doesNotMatch(shown(3), /NOT HEARD/u);
  });
  test("that is one of many is counted", () => {
    const causes = Array.from({ length: 22 }, (_, index) => ({ ...unheard.causes[0]!, scope: `s${index}` }));
    const lines = siteView(siteStatus({ causes }), undefined, { width: 300, style: plain });
    assert.ok(lines.includes("NOT HEARD: 2 more causes; --json shows them all"));
  });
});
