/** Approving, renewing and suspending: what is signed is checked first, and the file keeps everything else that stands in it. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { approve, type ApprovalRequest } from "../../src/config/approve.ts";
import type { LoadedSite } from "../../src/config/loaded-site.ts";
import type { ProfileId } from "../../src/domain/plan.ts";
import { loaded, rawDevice, rawSite, refusals, today, type RawSite } from "./compile/support/site.ts";

import { profile, ids, setting, request, approving, written, recompiled, problemsOf, two } from "./support/approving.ts";

describe("an approval", () => {
  test("makes the site file where there is none, and the device is asked", () => {
    const here = setting(rawSite(two()));
    const edit = approve(here.site, here.compiled, request(here), today);
    assert.ok(edit.ok);
    assert.deepEqual([edit.file, edit.location, edit.notes], ["device-profiles/test-plc.yaml", "/site/device-profiles/test-plc.yaml", []]);
    assert.match(edit.text, /^# This site's approval of test-plc/);
    const after = recompiled(written(here.site, edit));
    assert.deepEqual([...after.plan.checks.keys()], ["plc-1/modbus-fc43"]);
    assert.deepEqual(refusals(after), ["plc-2/modbus-fc43 not_admitted"]);
    assert.deepEqual(after.problems, []);
  });

  test("holds who, when, until, why and what", () => {
    const here = setting(rawSite(two()));
    const after = written(here.site, approve(here.site, here.compiled, request(here), today));
    const { approval } = after.siteProfiles.get(profile)!.value;
    const { envelope, ...rest } = approval;
    assert.deepEqual(rest, {
      stage: "approved",
      since: "2026-11-21T12:00:00Z",
      trialDevices: [],
      preparedBy: "eto-1",
      acceptedBy: "chief engineer, mail 2026-11-21",
      approvedOn: "2026-11-21",
      expiresOn: "2028-02-21",
      basis: { vendorConfirmation: "T-1 p. 41" },
      changeReference: "MOC-2026-014",
      covers: here.compiled.covers.get(profile),
      devices: new Map([["plc-1", here.compiled.deviceDigests.get(ids("plc-1")[0]!)]]),
      paces: new Map([["plc-1", { "modbus-fc43 unit 1": "60s" }]]),
    });
    assert.deepEqual(envelope, here.compiled.envelopes.get(profile));
  });

  test("on an accepted risk ends with the risk", () => {
    const here = setting(rawSite());
    const edit = approve(
      here.site,
      here.compiled,
      request(here, { basis: { kind: "risk", text: "no manual says so", position: "chief engineer" }, until: "2027-02-21" }),
      today,
    );
    const { basis } = written(here.site, edit).siteProfiles.get(profile)!.value.approval;
    assert.deepEqual(basis, {
      riskAcceptance: {
        by: "chief engineer, mail 2026-11-21",
        position: "chief engineer",
        reason: "no manual says so",
        until: "2027-02-21",
      },
    });
    assert.match(JSON.stringify(approving(rawSite(), { basis: { kind: "risk", text: "r" } })), /position: as acceptedBy says/);
  });

  test("for a trial asks the named devices alone", () => {
    const here = setting(rawSite(two()));
    const after = recompiled(written(here.site, approve(here.site, here.compiled, request(here, { stage: "trial" }), today)));
    assert.deepEqual([...after.plan.devices.values()][0]?.stage, "trial");
    assert.deepEqual([...after.plan.checks.keys()], ["plc-1/modbus-fc43"]);
  });

  test("of all that is new leaves out what is not complete, and says so", () => {
    const here = setting(
      rawSite([...two(), rawDevice(3, { statements: {} }), rawDevice(4, { function: "safety" }), rawDevice(5, { checks: [] })]),
    );
    const edit = approve(here.site, here.compiled, request(here, { devices: "all-new" }), today);
    const after = written(here.site, edit);
    assert.deepEqual([...after.siteProfiles.get(profile)!.value.approval.devices!.keys()], ["plc-1", "plc-2"]);
    const notes = edit.ok ? edit.notes.join("\n") : "";
    assert.match(notes, /Left out: devices: plc-3: .*otherClients is not stated/);
    assert.match(notes, /Left out: devices: plc-4: .*is safety/);
    assert.match(notes, /Left out: devices: plc-5: has no checks/);
    const again = approve(after, recompiled(after), request(here, { devices: "all-new" }), today);
    assert.match(problemsOf(again).join("\n"), /found none of test-plc that is new and complete \(Left out: /);
  });

  test("needs a device to approve", () => {
    assert.deepEqual(problemsOf(approving(rawSite(), { devices: [] })), ["devices: found none, expected at least one"]);
    assert.match(problemsOf(approving(rawSite([]), { devices: "all-new" })).join("\n"), /found none of test-plc that is new and complete$/);
  });
});

describe("an approval keeps", () => {
  const text = [
    "# our PLCs, see MOC-2026-001",
    "schema: site-profile/v1",
    "id: test-plc",
    "methods: {modbus-fc43: {intervalMin: 90s}} # the chief wants it slow",
    "approval:",
    "  stage: draft # not yet",
    "  # who looks after them",
    "  trialDevices: []",
    "liveness:",
    "  - {id: beat, modicon: 40901, note: heart beat of the program} # from the programmer",
    "",
  ].join("\n");

  test("comments, order, layout and everything else in the file", () => {
    const site = fileOf(rawSite(two()), text);
    const compiled = recompiled(site);
    const edit = approve(site, compiled, request({ site, compiled }), today);
    assert.ok(edit.ok);
    for (const line of text.split("\n").filter((one) => one !== "" && !one.includes("stage"))) assert.ok(edit.text.includes(line), line);
    assert.match(edit.text, /stage: approved # not yet/);
    assert.ok(edit.text.indexOf("liveness:") > edit.text.indexOf("changeReference:"));
  });

  test("comments beside devices that stay", () => {
    const first = written(loaded(rawSite(two())), approving(rawSite(two()), { devices: ids("plc-1") }));
    const { text: before } = first.siteProfiles.get(profile)!;
    const site = fileOf(rawSite(two()), before.replace(/(plc-1: sha256:[0-9a-f]+)/u, "$1 # the old one"));
    const compiled = recompiled(site);
    const edit = approve(site, compiled, request({ site, compiled }, { devices: ids("plc-2") }), today);
    assert.ok(edit.ok);
    assert.match(edit.text, /plc-1: sha256:[0-9a-f]+ # the old one\n\s+plc-2: sha256:/);
  });

  test("a block written in one line readable", () => {
    const site = fileOf(rawSite(two()), "schema: site-profile/v1\nid: test-plc\napproval: {stage: draft}\n");
    const compiled = recompiled(site);
    const edit = approve(site, compiled, request({ site, compiled }), today);
    assert.deepEqual([...recompiled(written(site, edit)).plan.checks.keys()], ["plc-1/modbus-fc43"]);
    assert.match(edit.ok ? edit.text : "", /^ {2}stage: approved$/m);
  });

  function fileOf(raw: RawSite, content: string): LoadedSite {
    const site = loaded(raw);
    return written(site, {
      ok: true,
      file: "device-profiles/test-plc.yaml",
      location: "/site/device-profiles/test-plc.yaml",
      text: content,
      notes: [],
    });
  }
});

describe("an approval is refused", () => {
  const cases: readonly (readonly [string, Partial<ApprovalRequest>, RegExp])[] = [
    [
      "of another profile's content",
      { covers: `sha256:${"0".repeat(64)}` },
      /^covers: found "sha256:0+", expected sha256:[0-9a-f]{64}: .*look at `plan` again$/,
    ],
    [
      "of a profile that does not exist",
      { profile: "other" as ProfileId },
      /^profile: found "other", expected the profile of a device in the watchlist \(test-plc\)$/,
    ],
    [
      "of a device that does not exist",
      { devices: ids("plc-9") },
      /^devices: found "plc-9", expected a device of profile test-plc \(plc-1, plc-2, plc-3, plc-4, plc-5\)$/,
    ],
    ["of a device that is never asked", { devices: ids("plc-3") }, /^devices: plc-3: .*is safety: never asked/],
    ["of a device that is excluded", { devices: ids("plc-4") }, /^devices: plc-4: .*excluded\[0\] covers it/],
    [
      "of a device without its statements",
      { devices: ids("plc-5") },
      /^devices: plc-5: .*otherClients is not stated.*watchdog is not stated/,
    ],
    [
      "for longer than 15 months",
      { until: "2028-02-22" },
      /^until: found 2028-02-22, expected a day from 2026-11-21 to 2028-02-21: at most 15 months ahead$/,
    ],
    ["into the past", { until: "2026-11-20" }, /^until: found 2026-11-20, expected a day from 2026-11-21/],
    ["until a day that does not exist", { until: "2027-02-30" }, /^until: found "2027-02-30", expected a day that exists/],
    ["until no day at all", { until: "next year" }, /^until: found "next year", expected a day that exists/],
    [
      "by the one who prepared it",
      { acceptedBy: "ETO-1 , phone" },
      /^acceptedBy: found "ETO-1 , phone", who prepared it, expected another person/,
    ],
    ["without a name", { preparedBy: " " }, /^preparedBy: found " ", expected a text/],
    [
      "with a name of several lines",
      { acceptedBy: "chief\nstage: approved" },
      /^acceptedBy: found "chief\\nstage: approved", expected a text/,
    ],
    ["without a change reference", { changeReference: "" }, /^changeReference: found "", expected a text/],
    ["without a basis", { basis: { kind: "vendor", text: "" } }, /^basisText: found "", expected a text/],
    [
      "on a vendor's word that nobody can look up",
      { basis: { kind: "vendor", text: "they said so" } },
      /^basisText: found "they said so", expected the vendor's document and the place in it/,
    ],
    [
      "on a vendor's document without a place in it",
      { basis: { kind: "vendor", text: "EIO0000003089" } },
      /^basisText: found "EIO0000003089", /,
    ],
    ["without a position on an accepted risk", { basis: { kind: "risk", text: "r", position: "" } }, /^position: found ""/],
  ];
  const raw = (): RawSite =>
    rawSite(
      [...two(), rawDevice(3, { function: "safety" }), rawDevice(4), rawDevice(5, { statements: {} })],
      {},
      { excluded: [{ address: "10.20.1.14", reason: "maker's letter" }] },
    );
  for (const [what, changes, message] of cases) {
    test(what, () => {
      const problems = problemsOf(approving(raw(), changes));
      assert.equal(problems.length, 1, problems.join("\n"));
      assert.match(problems[0] ?? "", message);
    });
  }

  test("with everything that is wrong at once", () => {
    assert.equal(problemsOf(approving(raw(), { covers: "x", until: "x", preparedBy: "", devices: ids("plc-3", "plc-9") })).length, 5);
  });

  test("while the configuration has problems", () => {
    const problems = problemsOf(approving(rawSite([rawDevice(1), rawDevice(2, { segment: "x" })])));
    assert.match(problems.join("\n"), /^watchlist\.yaml:\d+: devices\[1\]: found segment "x"/);
  });
});
