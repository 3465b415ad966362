/** Approving, renewing and suspending: what is signed is checked first, and the file keeps everything else that stands in it. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { approve, renew, suspend, type ApprovalRequest, type Edit } from "../../src/config/approve.ts";
import type { Compiled } from "../../src/config/compile/compile.ts";
import type { LoadedSite } from "../../src/config/loaded-site.ts";
import { parseSiteProfile } from "../../src/config/profiles.ts";
import { parseYaml } from "../../src/config/yaml.ts";
import { compile } from "../../src/config/compile/compile.ts";
import type { DeviceId, ProfileId } from "../../src/domain/plan.ts";
import { wallMs, type WallMs } from "../../src/domain/units.ts";
import { methods } from "./compile/support/methods.ts";
import {
  approved,
  compiledFrom,
  documented,
  loaded,
  rawDevice,
  rawProfile,
  rawSite,
  refusals,
  today,
  type Raw,
  type RawSite,
} from "./compile/support/site.ts";

const profile = "test-plc" as ProfileId;
const ids = (...names: string[]): DeviceId[] => names as DeviceId[];
const later = (day: string): WallMs => wallMs(Date.parse(`${day}T12:00:00Z`));

interface Setting {
  readonly site: LoadedSite;
  readonly compiled: Compiled;
}

function setting(raw: RawSite, now: WallMs = today): Setting {
  const site = loaded(raw);
  return { site, compiled: compile(site, { methods, wallNow: now, lab: false }) };
}

function request({ compiled }: Setting, changes: Partial<ApprovalRequest> = {}): ApprovalRequest {
  return {
    profile,
    devices: ids("plc-1"),
    covers: compiled.covers.get(profile) ?? "",
    preparedBy: "eto-1",
    acceptedBy: "chief engineer, mail 2026-11-21",
    basis: { kind: "vendor", text: "T-1 p. 41" },
    until: "2028-02-21",
    changeReference: "MOC-2026-014",
    ...changes,
  };
}

function approving(raw: RawSite, changes: Partial<ApprovalRequest> = {}, now: WallMs = today): Edit {
  const here = setting(raw, now);
  return approve(here.site, here.compiled, request(here, changes), now);
}

/** The site as it is once the text stands in the file. */
function written(site: LoadedSite, edit: Edit): LoadedSite {
  assert.ok(edit.ok, edit.ok ? "" : edit.problems.join("\n"));
  const yaml = parseYaml(edit.file, edit.text);
  assert.ok(yaml.ok);
  const parsed = parseSiteProfile(yaml, profile, site.shippedProfiles.get(profile)?.value);
  assert.ok(parsed.ok);
  const { file, location, text } = edit;
  return {
    ...site,
    siteProfiles: new Map(site.siteProfiles).set(profile, { file, location, text, lines: yaml.lines, value: parsed.value }),
  };
}

const recompiled = (site: LoadedSite, now: WallMs = today): Compiled => compile(site, { methods, wallNow: now, lab: false });
const problemsOf = (edit: Edit): readonly string[] => (edit.ok ? [] : edit.problems);
const two = (): Raw[] => [rawDevice(1), rawDevice(2)];

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
      trialDevices: [],
      preparedBy: "eto-1",
      acceptedBy: "chief engineer, mail 2026-11-21",
      approvedOn: "2026-11-21",
      expiresOn: "2028-02-21",
      basis: { vendorConfirmation: "T-1 p. 41" },
      changeReference: "MOC-2026-014",
      covers: here.compiled.covers.get(profile),
      devices: new Map([["plc-1", here.compiled.deviceDigests.get(ids("plc-1")[0]!)]]),
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

describe("devices that were admitted before and are not named now", () => {
  const before = (changes: Raw = {}): RawSite => approved(rawSite(two()), changes);
  const add = (raw: RawSite, now: WallMs = today): { edit: Edit; after: Compiled; expiresOn: string | undefined } => {
    const here = setting(raw, now);
    const edit = approve(here.site, here.compiled, request(here, { devices: ids("plc-3"), until: "2027-12-21" }), now);
    const site = written(here.site, edit);
    return { edit, after: recompiled(site, now), expiresOn: site.siteProfiles.get(profile)!.value.approval.expiresOn };
  };
  const notes = (edit: Edit): string => (edit.ok ? edit.notes.join("\n") : "");
  const withThird = (raw: RawSite): RawSite => {
    const copy = structuredClone(raw);
    (copy.watchlist["devices"] as Raw[]).push(rawDevice(3));
    return copy;
  };

  test("stay admitted under the same content", () => {
    const { edit, after } = add(withThird(before()));
    assert.deepEqual(refusals(after), []);
    assert.equal(notes(edit), "");
  });

  test("are not approved for longer than they were", () => {
    const { edit, expiresOn } = add(withThird(before({ expiresOn: "2027-03-01" })));
    assert.equal(expiresOn, "2027-03-01");
    assert.equal(notes(edit), "The approval ends on 2027-03-01, as that of the devices that stay admitted; renew it or name them all.");
    const risk = { riskAcceptance: { by: "C", position: "chief", reason: "r", until: "2027-02-01" } };
    assert.equal(add(withThird(before({ basis: risk }))).expiresOn, "2027-02-01");
  });

  test("stay admitted when the profile has only become tighter", () => {
    const raw = withThird(before());
    raw.siteProfiles["test-plc"]!["methods"] = { "modbus-fc43": { intervalMin: "90s" } };
    assert.deepEqual(refusals(add(raw).after), []);
  });

  test("are admitted no longer when the profile has become looser", () => {
    const raw = withThird(before());
    raw.profiles["test-plc"] = rawProfile({ connection: { ...(rawProfile()["connection"] as Raw), poolSize: documented(9) } });
    const { edit, after } = add(raw);
    assert.deepEqual(refusals(after), ["plc-1/modbus-fc43 not_admitted", "plc-2/modbus-fc43 not_admitted"]);
    assert.equal(notes(edit), "No longer admitted, as the approval was of other content: plc-1, plc-2.");
  });

  test("are admitted no longer after a suspension or an expiry", () => {
    assert.match(notes(add(withThird(before({ stage: "suspended" }))).edit), /other content: plc-1, plc-2/);
    assert.match(notes(add(withThird(before({ expiresOn: "2026-11-22" })), later("2026-11-23")).edit), /had expired: plc-1, plc-2/);
  });

  test("are admitted no longer when they were changed themselves", () => {
    const raw = withThird(before());
    (raw.watchlist["devices"] as Raw[])[0]!["port"] = 1502;
    const { edit, after } = add(raw);
    assert.equal(notes(edit), "No longer admitted, as they were changed: plc-1.");
    assert.deepEqual(refusals(after), ["plc-1/modbus-fc43 not_admitted"]);
  });
});

describe("an approval is refused", () => {
  const cases: readonly (readonly [string, Partial<ApprovalRequest>, RegExp])[] = [
    [
      "of another profile's content",
      { covers: `sha256:${"0".repeat(64)}` },
      /^covers: found "sha256:0+", expected sha256:[0-9a-f]{64}: .*look at `plan` again$/,
    ],
    ["of a profile that does not exist", { profile: "other" as ProfileId }, /^profile: found "other", expected one of test-plc$/],
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

describe("a renewal", () => {
  const renewal = (changes: Partial<ApprovalRequest> = {}) => {
    const { profile: id, preparedBy, acceptedBy, basis, until, changeReference } = { ...request(setting(rawSite())), ...changes };
    return { profile: id, preparedBy, acceptedBy, basis, until, changeReference };
  };
  const now = later("2028-03-01");

  test("lengthens what is in its grace", () => {
    const here = setting(approved(rawSite(two())), now);
    assert.equal(here.compiled.approvals.get(profile)?.inGrace, true);
    const site = written(
      here.site,
      renew(here.site, here.compiled, renewal({ until: "2029-06-01", changeReference: "MOC-2028-001" }), now),
    );
    const { approval } = site.siteProfiles.get(profile)!.value;
    assert.deepEqual([approval.approvedOn, approval.expiresOn, approval.changeReference], ["2028-03-01", "2029-06-01", "MOC-2028-001"]);
    assert.deepEqual(refusals(recompiled(site, later("2029-06-01"))), []);
  });

  test("is refused where nobody has approved", () => {
    const here = setting(rawSite());
    assert.deepEqual(problemsOf(renew(here.site, here.compiled, renewal(), today)), [
      'profile: found "test-plc" in stage draft, expected an approved one: approve it instead',
    ]);
  });

  test("is refused where profile or device have changed", () => {
    const raw = approved(rawSite(two()));
    raw.profiles["test-plc"] = rawProfile({ connection: { ...(rawProfile()["connection"] as Raw), poolSize: documented(9) } });
    (raw.watchlist["devices"] as Raw[])[0]!["port"] = 1502;
    const here = setting(raw);
    const problems = problemsOf(renew(here.site, here.compiled, renewal(), today));
    assert.match(
      problems[0] ?? "",
      /^covers: found a profile changed since its approval \(sha256:[0-9a-f]{64}\): look at it and approve it instead$/,
    );
    assert.equal(problems[1], "devices: found plc-1 changed or gone since the approval: approve them instead");
  });

  test("is checked like an approval", () => {
    const here = setting(approved(rawSite()));
    assert.equal(problemsOf(renew(here.site, here.compiled, renewal({ until: "2099-01-01", acceptedBy: "eto-1" }), today)).length, 2);
  });
});

describe("a suspension", () => {
  test("asks nothing any more, keeps the signature and says who and why", () => {
    const here = setting(approved(rawSite(two())));
    const edit = suspend(here.site, { profile, by: "eto-1", reason: "plc-2 hung" }, today);
    assert.ok(edit.ok);
    assert.match(edit.text, /# suspended 2026-11-21 by eto-1: plc-2 hung/);
    const after = written(here.site, edit);
    assert.deepEqual(refusals(recompiled(after)), ["plc-1/modbus-fc43 stage", "plc-2/modbus-fc43 stage"]);
    assert.equal(after.siteProfiles.get(profile)?.value.approval.preparedBy, "eto-1");
    const twice = suspend(after, { profile, by: "eto-2", reason: "again" }, today);
    assert.match(twice.ok ? twice.text : "", /# suspended 2026-11-21 by eto-1: plc-2 hung\n.*# suspended 2026-11-21 by eto-2: again/);
  });

  test("makes the file where there is none", () => {
    const edit = suspend(loaded(rawSite()), { profile, by: "eto-1", reason: "advisory" }, today);
    assert.match(edit.ok ? edit.text : "", /stage: suspended/);
  });

  test("is refused without a name or a reason, or for a profile that does not exist", () => {
    assert.deepEqual(
      problemsOf(suspend(loaded(rawSite()), { profile: "x" as ProfileId, by: "", reason: "a\nb" }, today)).map((line) => line.slice(0, 8)),
      ["by: foun", "reason: ", "profile:"],
    );
  });
});

test("the support of these tests agrees with `approve`", () => {
  assert.deepEqual(refusals(compiledFrom(approved(rawSite(two())))), []);
});
