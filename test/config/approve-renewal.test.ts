/** Renewing and suspending an approval, and devices that were admitted before. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { approve, renew, type ApprovalRequest, type Edit } from "../../src/config/approve.ts";
import type { Compiled } from "../../src/config/compile/compile.ts";
import type { LoadedSite } from "../../src/config/loaded-site.ts";
import type { ProfileId } from "../../src/domain/plan.ts";
import { suspend } from "../../src/config/suspend.ts";
import { type WallMs } from "../../src/domain/units.ts";
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

import { profile, ids, later, setting, request, written, recompiled, problemsOf, two } from "./support/approving.ts";

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

  test("stay admitted at their own pace when the new one is to be asked more often", () => {
    const raw = before();
    const fast = { checks: [{ method: "modbus-fc43", unitId: 1, interval: "30s" }] };
    (raw.watchlist["devices"] as Raw[]).push(rawDevice(3, fast));
    const { edit, after } = add(raw);
    assert.deepEqual([refusals(after), notes(edit)], [[], ""]);
    const approval = written(loaded(raw), edit).siteProfiles.get(profile)!.value.approval;
    assert.deepEqual(
      [...approval.paces!.values()].map((paces) => paces["modbus-fc43 unit 1"]),
      ["60s", "60s", "30s"],
    );
    Object.assign((raw.watchlist["devices"] as Raw[])[0]!, fast);
    assert.ok(edit.ok);
    const hurried = recompiled(written(loaded(raw), edit));
    assert.deepEqual(refusals(hurried), ["plc-1/modbus-fc43 approval_stale"]);
  });

  test("are admitted no longer after a suspension or an expiry", () => {
    assert.match(notes(add(withThird(before({ stage: "suspended" }))).edit), /other content: plc-1, plc-2/);
    assert.match(notes(add(withThird(before({ expiresOn: "2026-11-22" })), later("2026-11-23")).edit), /had expired: plc-1, plc-2/);
  });

  test("keep the signature under which they were admitted", () => {
    const raw = withThird(before());
    (raw.watchlist["devices"] as Raw[]).push(rawDevice(4));
    const sign = (site: LoadedSite, id: string, preparedBy: string): LoadedSite => {
      const here = { site, compiled: recompiled(site) };
      return written(site, approve(site, here.compiled, request(here, { devices: ids(id), preparedBy }), today));
    };
    const third = sign(loaded(raw), "plc-3", "eto-3");
    const fourth = sign(third, "plc-4", "eto-4");
    const records = (site: LoadedSite) => {
      const { approval } = site.siteProfiles.get(profile)!.value;
      return [approval.preparedBy, (approval.earlier ?? []).map(({ preparedBy, devices }) => [preparedBy, devices])];
    };
    assert.deepEqual(records(third), ["eto-3", [["eto-1", ["plc-1", "plc-2"]]]]);
    assert.deepEqual(records(fourth), [
      "eto-4",
      [
        ["eto-1", ["plc-1", "plc-2"]],
        ["eto-3", ["plc-3"]],
      ],
    ]);
    assert.deepEqual(refusals(recompiled(fourth)), []);
    assert.deepEqual(records(sign(fourth, "plc-3", "eto-5")), [
      "eto-5",
      [
        ["eto-1", ["plc-1", "plc-2"]],
        ["eto-4", ["plc-4"]],
      ],
    ]);
    const { site, compiled } = { site: fourth, compiled: recompiled(fourth) };
    const everyone = approve(site, compiled, request({ site, compiled }, { devices: ids("plc-1", "plc-2", "plc-3", "plc-4") }), today);
    assert.deepEqual(records(written(site, everyone)), ["eto-1", []]);
    assert.doesNotMatch(everyone.ok ? everyone.text : "earlier", /earlier/);
    const { profile: id, preparedBy, acceptedBy, basis, until, changeReference } = request({ site, compiled });
    const renewed = renew(site, compiled, { profile: id, preparedBy, acceptedBy, basis, until, changeReference }, today);
    assert.deepEqual(records(written(site, renewed)), ["eto-1", []]);
  });

  test("are admitted no longer when they were changed themselves", () => {
    const raw = withThird(before());
    (raw.watchlist["devices"] as Raw[])[0]!["port"] = 1502;
    const { edit, after } = add(raw);
    assert.equal(notes(edit), "No longer admitted, as they were changed: plc-1.");
    assert.deepEqual(refusals(after), ["plc-1/modbus-fc43 not_admitted"]);
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

  test("is not held up by a new device that is to be asked more often, and lets nobody else be", () => {
    const raw = approved(rawSite(two()));
    (raw.watchlist["devices"] as Raw[]).push(rawDevice(3, { checks: [{ method: "modbus-fc43", unitId: 1, interval: "30s" }] }));
    const here = setting(raw);
    const renewed = written(here.site, renew(here.site, here.compiled, renewal(), today));
    assert.deepEqual(refusals(recompiled(renewed)), ["plc-3/modbus-fc43 not_admitted"]);
    (raw.watchlist["devices"] as Raw[])[0]!["checks"] = [{ method: "modbus-fc43", unitId: 1, interval: "30s" }];
    const faster = setting(raw);
    assert.match(problemsOf(renew(faster.site, faster.compiled, renewal(), today))[0] ?? "", /^covers: found a profile changed since/);
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
    assert.match(edit.text, /suspended:\n\s+- by: eto-1\n\s+on: 2026-11-21\n\s+reason: plc-2 hung/);
    const after = written(here.site, edit);
    assert.deepEqual(refusals(recompiled(after)), ["plc-1/modbus-fc43 stage", "plc-2/modbus-fc43 stage"]);
    assert.equal(after.siteProfiles.get(profile)?.value.approval.preparedBy, "eto-1");
    const twice = suspend(after, { profile, by: "eto-2", reason: "again" }, today);
    const [refusal] = recompiled(written(after, twice)).plan.refused.values();
    assert.match(refusal?.detail ?? "", /is suspended \(2026-11-21 by eto-1: plc-2 hung; 2026-11-21 by eto-2: again\): approve it again/);
  });

  test("leaves no word of itself beside an approval that takes its place", () => {
    const here = setting(approved(rawSite(two())));
    const suspended = suspend(here.site, { profile, by: "eto-1", reason: "plc-2 hung" }, today);
    assert.ok(suspended.ok);
    const remarked = {
      ...suspended,
      text: suspended.text.replace("approval:\n", "approval:\n  # suspended 2026-10-01 by eto-9: old\n  # kept\n"),
    };
    const site = written(here.site, remarked);
    const compiled = recompiled(site);
    const edit = approve(site, compiled, request({ site, compiled }), today);
    assert.ok(edit.ok);
    assert.doesNotMatch(edit.text, /suspended/);
    assert.match(edit.text, /# kept/);
    assert.deepEqual(refusals(recompiled(written(site, edit))), ["plc-2/modbus-fc43 not_admitted"]);
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
