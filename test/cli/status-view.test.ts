/** What a person sees of a site: snapshots at the two widths that terminals have, and colours that say nothing by themselves. */
import assert from "node:assert/strict";
import { stripVTControlCharacters } from "node:util";
import { describe, test } from "node:test";
import { deviceView } from "../../src/cli/device-view.ts";
import { needsAttention, siteView } from "../../src/cli/status-view.ts";
import { colours, plain } from "../../src/cli/style.ts";
import { checkStatus, deviceStatus, siteStatus } from "./support/status.ts";

const troubled = siteStatus({
  trips: [
    {
      scope: "device:bilge-plc",
      cause: "identity_mismatch",
      detail: 'found "WAGO" "750-352", expected "Schneider Electric"',
      since: "2026-11-21T09:30:00.000Z",
    },
  ],
  reload: { successful: false, lastSuccessAt: null, problems: 2 },
  devices: [
    deviceStatus(),
    deviceStatus({
      device: "tank-level-7",
      segment: "cargo",
      liveness: "down",
      cause: "timeout",
      lastHeardAt: "2026-11-21T11:48:00.000Z",
      nextDueAt: "2026-11-21T12:07:00.000Z",
    }),
    deviceStatus({
      device: "bilge-plc",
      liveness: "unknown",
      cause: "tripped",
      lastHeardAt: null,
      nextDueAt: null,
      refused: [{ check: "bilge-plc/icmp-echo", method: "icmp-echo", reason: "method_unsupported", detail: "x" }],
    }),
    deviceStatus({
      device: "burner",
      liveness: "unknown",
      cause: "not_approved",
      lastHeardAt: null,
      nextDueAt: null,
      checks: [],
      refused: [{ check: "burner/modbus-fc43", method: "modbus-fc43", reason: "safety_function", detail: "x" }],
    }),
    deviceStatus({ device: "chiller-1", liveness: "degraded", cause: "protocol_error" }),
  ],
});
const stop = { by: "eto-1", reason: "smoke in the switchboard room", since: "2026-11-21T11:58:00.000Z" };

describe("a site in trouble", () => {
  test("at 80 characters", () => {
    assert.deepEqual(siteView(troubled, undefined, { width: 80, style: plain }), [
      "site mv-aurora   2026-11-21 12:00:05 UTC",
      "5 devices: 1 up, 1 degraded, 1 down, 2 unknown",
      "audit: 41 records, ends with 0123456789ab",
      "",
      "TRIPPED device:bilge-plc since 2026-11-21 09:30:00 UTC, identity_mismatch: found",
      '"WAGO" "750-352", expected "Schneider Electric". When you have looked:',
      "    watchkeeper reset bilge-plc --by NAME --reason TEXT",
      "RELOAD FAILED: 2 problems in the files; the plan before goes on. To see them:",
      "    watchkeeper check-config",
      "",
      "DEVICE           LIVENESS  HEARD    NEXT     CAUSE",
      "tank-level-7     DOWN      12 min   6 min    no answer in time",
      "chiller-1        DEGRADED  12 s     48 s     the device answered with an error",
      "bilge-plc        unknown   never    -        tripped: a person must look and",
      "                                             reset (1 check not asked: this",
      "                                             build cannot speak this method)",
      "burner           unknown   never    -        safety, protection and navigation",
      "                                             devices are never asked",
      "fresh-water-plc  up        12 s     48 s     communication module answers",
    ]);
  });

  test("at 120 characters", () => {
    assert.deepEqual(siteView(troubled, undefined, { width: 120, style: plain }), [
      "site mv-aurora   2026-11-21 12:00:05 UTC",
      "5 devices: 1 up, 1 degraded, 1 down, 2 unknown",
      "audit: 41 records, ends with 0123456789ab",
      "",
      'TRIPPED device:bilge-plc since 2026-11-21 09:30:00 UTC, identity_mismatch: found "WAGO" "750-352", expected "Schneider',
      'Electric". When you have looked:',
      "    watchkeeper reset bilge-plc --by NAME --reason TEXT",
      "RELOAD FAILED: 2 problems in the files; the plan before goes on. To see them:",
      "    watchkeeper check-config",
      "",
      "DEVICE           SEGMENT  LIVENESS  HEARD    NEXT     PROVES        CAUSE",
      "tank-level-7     cargo    DOWN      12 min   6 min    -             no answer in time",
      "chiller-1        hvac     DEGRADED  12 s     48 s     comms-module  the device answered with an error",
      "bilge-plc        hvac     unknown   never    -        -             tripped: a person must look and reset (1 check not",
      "                                                                    asked: this build cannot speak this method)",
      "burner           hvac     unknown   never    -        -             safety, protection and navigation devices are never",
      "                                                                    asked",
      "fresh-water-plc  hvac     up        12 s     48 s     comms-module  it answers",
    ]);
  });

  test("says the same words without colours", () => {
    const coloured = siteView(troubled, undefined, { width: 80, style: colours });
    assert.notDeepEqual(coloured, siteView(troubled, undefined, { width: 80, style: plain }));
    assert.deepEqual(coloured.map(stripVTControlCharacters), siteView(troubled, undefined, { width: 80, style: plain }));
  });
});

test("a stopped site says who stopped it, and that nothing is due", () => {
  const stopped = siteStatus({ stopped: true, devices: [deviceStatus({ liveness: "unknown", cause: "stopped" })] });
  assert.deepEqual(siteView(stopped, stop, { width: 80, style: plain }), [
    "site mv-aurora   2026-11-21 12:00:05 UTC",
    "1 device: 1 unknown",
    "audit: 41 records, ends with 0123456789ab",
    "",
    "STOPPED since 2026-11-21 11:58:00 UTC by eto-1: smoke in the switchboard room.",
    "Nothing is asked. To go on:",
    "    watchkeeper resume --by NAME --reason TEXT",
    "",
    "DEVICE           LIVENESS  HEARD    NEXT     CAUSE",
    "fresh-water-plc  unknown   12 s     -        the site is stopped",
  ]);
});

describe("a hold", () => {
  const held = siteStatus({
    holds: [
      {
        scope: "segment:hvac",
        detail: "bilge-plc fell silent, several others with it",
        since: "2026-11-21T11:50:00.000Z",
        nextTrialAt: "2026-11-21T12:05:00.000Z",
      },
    ],
    devices: [
      deviceStatus(),
      deviceStatus({ device: "bilge-plc", liveness: "down", cause: "timeout" }),
      deviceStatus({ device: "chiller-1", liveness: "unknown", cause: "breaker_open" }),
      deviceStatus({ device: "winch", segment: "deck" }),
    ],
  });
  test("is a notice of its own, and every device in it says so", () => {
    assert.deepEqual(siteView(held, undefined, { width: 100, style: plain }).slice(4), [
      "HOLD segment hvac since 2026-11-21 11:50:00 UTC: several devices fell silent together; one is tried",
      "at 2026-11-21 12:05:00 UTC, the others are not asked until one answers (bilge-plc fell silent,",
      "several others with it)",
      "",
      "DEVICE           LIVENESS  HEARD    NEXT     CAUSE",
      "bilge-plc        DOWN      12 s     48 s     no answer in time (held: not asked for now)",
      "chiller-1        unknown   12 s     48 s     held: several devices fell silent together; one trial",
      "                                             at a time",
      "fresh-water-plc  up        12 s     48 s     communication module answers (held: not asked for now)",
      "winch            up        12 s     48 s     communication module answers",
    ]);
  });
  test("stands with the device it covers, and not with another", () => {
    const shown = (device: number) => deviceView(held.devices[device]!, held, { width: 80, style: plain }).join("\n");
    assert.match(shown(0), /HOLD segment hvac/);
    assert.doesNotMatch(shown(3), /HOLD/);
  });
  test("that is one of many is counted", () => {
    const holds = Array.from({ length: 22 }, (_, index) => ({ ...held.holds[0]!, scope: `segment:s${index}` as const, nextTrialAt: null }));
    const lines = siteView(siteStatus({ holds }), undefined, { width: 120, style: plain });
    assert.ok(lines.includes("HOLD: 2 more; --json shows them all"));
    assert.match(lines.join(" "), /one at a time is tried/);
  });
});

test("more trips than a screen holds are counted", () => {
  const trips = Array.from({ length: 23 }, (_, index) => ({ ...troubled.trips[0]!, scope: `device:plc-${index}` as const }));
  const lines = siteView(siteStatus({ trips }), undefined, { width: 120, style: plain });
  assert.equal(lines.filter((line) => line.startsWith("TRIPPED device:")).length, 20);
  assert.ok(lines.includes("TRIPPED: 3 more; --json shows them all"));
});

describe("a healthy site", () => {
  test("shows only its devices", () => {
    assert.deepEqual(siteView(siteStatus(), undefined, { width: 80, style: plain }), [
      "site mv-aurora   2026-11-21 12:00:05 UTC",
      "1 device: 1 up",
      "audit: 41 records, ends with 0123456789ab",
      "",
      "DEVICE           LIVENESS  HEARD    NEXT     CAUSE",
      "fresh-water-plc  up        12 s     48 s     communication module answers",
    ]);
  });

  test("in lab mode says so first", () => {
    assert.equal(
      siteView(siteStatus({ lab: true }), undefined, { width: 80, style: plain })[0],
      "LAB MODE: floors are lowered; only loopback and documentation addresses are asked.",
    );
  });

  test("without devices says that nothing is asked", () => {
    assert.deepEqual(siteView(siteStatus({ devices: [] }), undefined, { width: 80, style: plain }), [
      "site mv-aurora   2026-11-21 12:00:05 UTC",
      "No device in the watchlist: nothing is asked.",
      "audit: 41 records, ends with 0123456789ab",
    ]);
  });
});

test("a device shows each of its checks and each refusal", () => {
  const device = deviceStatus({
    liveness: "degraded",
    cause: "protocol_error",
    checks: [
      checkStatus({ failed: { timeout: 2 }, refused: { line_budget: 1, stopped: 3 } }),
      checkStatus({ check: "b", lastAskedAt: null, lastAnswerAt: null, lastTookMs: null, last: null, nextDueAt: null }),
    ],
    refused: [
      { check: "bilge-plc/icmp-echo", method: "icmp-echo", reason: "method_unsupported", detail: "this build has no ICMP; ask for it" },
    ],
  });
  assert.deepEqual(deviceView(device, troubled, { width: 80, style: plain }), [
    "fresh-water-plc: DEGRADED, the device answered with an error",
    "  name        Fresh water plant PLC",
    "  segment     hvac",
    "  profile     schneider-m221 (stage approved)",
    "  last heard  12 s ago",
    "",
    "fresh-water-plc/modbus-fc43",
    "  every            1 min",
    "  proves           comms-module",
    "  last asked       12 s ago",
    "  last answer      12 s ago, within 12 ms",
    "  next due         48 s",
    "  came of it       Schneider Electric TM221CE24R",
    "  since the start  42 answered; failed: 2 x no answer in time; not asked: 1 x",
    "                   asked less than an interval ago, 3 x the site is stopped",
    "",
    "b",
    "  every            1 min",
    "  proves           comms-module",
    "  last asked       never",
    "  last answer      never",
    "  next due         -",
    "  came of it       -",
    "  since the start  42 answered",
    "",
    "bilge-plc/icmp-echo",
    "  not asked  this build cannot speak this method",
    "  because    this build has no ICMP; ask for it",
  ]);
});

test("a name from a file or device cannot move the terminal's cursor", () => {
  const device = deviceStatus({ name: "evil\u001b[2Jname", checks: [checkStatus({ last: "\u001b]0;title\u0007" })] });
  const lines = deviceView(device, siteStatus(), { width: 80, style: plain }).join("\n");
  assert.match(lines, /evil\?\[2Jname/);
  assert.ok(!lines.includes("\u001b"));
});

const silentCheck = checkStatus({ check: "fresh-water-plc/modbus-fc17", neverAnswered: true, lastAnswerAt: null });
const silent = deviceStatus({ liveness: "unknown", cause: "unproven", checks: [silentCheck] });

test("a check that never answered is named, whatever the device is", () => {
  const shown = (device: typeof silent) =>
    siteView(siteStatus({ devices: [device] }), undefined, { width: 120, style: plain }).at(-1) ?? "";
  assert.match(shown(silent), /unknown .* never answered yet: its silence proves nothing$/);
  assert.match(shown(deviceStatus({ checks: [checkStatus(), silentCheck] })), /up .* it answers \(1 check never answered\)$/);
  assert.match(
    deviceView(silent, siteStatus(), { width: 80, style: plain }).join("\n"),
    /last answer {6}never, though asked again and again/,
  );
});

describe("a person should look at", () => {
  const cases = [
    ["a stop", siteStatus({ stopped: true }), true],
    ["a trip", siteStatus({ trips: troubled.trips }), true],
    ["a hold", siteStatus({ holds: [{ scope: "segment:hvac", detail: "x", since: "2026-11-21T11:50:00.000Z", nextTrialAt: null }] }), true],
    ["a failed reload", siteStatus({ reload: troubled.reload }), true],
    ["a device that is down", siteStatus({ devices: [deviceStatus({ liveness: "down" })] }), true],
    ["a device that is degraded", siteStatus({ devices: [deviceStatus({ liveness: "degraded" })] }), true],
    ["a check that was asked and never answered", siteStatus({ devices: [silent] }), true],
    ["one beside others that answer", siteStatus({ devices: [deviceStatus({ checks: [checkStatus(), silentCheck] })] }), true],
    ["nothing when a device is not known yet", siteStatus({ devices: [deviceStatus({ liveness: "unknown" })] }), false],
    ["nothing when all is well", siteStatus(), false],
  ] as const;
  for (const [what, status, attention] of cases) {
    test(what, () => {
      assert.equal(needsAttention(status), attention);
    });
  }
});
