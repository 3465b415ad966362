/** `baseline`: who the devices say they are, what a person accepts of it, and what an auditor is given. */
import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, test } from "node:test";
import { baseline } from "../../../src/cli/commands/baseline.ts";
import { markOf } from "../../../src/config/identity-mark.ts";
import type { AuditLine } from "../../../src/cli/ports.ts";
import { TestSite } from "../support/site.ts";
import { knownIdentity, plate } from "../../support/identities.ts";

let site: TestSite;
beforeEach(() => {
  site = new TestSite();
  site.watch(3);
});
afterEach(() => site.remove());

const signed = ["--by", "eto-1", "--reason", "type plate"];
const first = knownIdentity("plc-1", plate);
const same = knownIdentity("plc-2", plate, plate, "192.0.2.12");
const changed = knownIdentity(
  "plc-2",
  { ...plate, firmware: "1.12", certificate: "ab".repeat(32) },
  { ...plate, serial: "7" },
  "192.0.2.12",
);

/** Of what the device says at this moment, for `--seen`. */
function seen(device: string): readonly string[] {
  return ["--seen", markOf(site.state.known.filter((known) => known.device === device)) ?? "none"];
}

/** The mark that stands under the list of those of which nothing was accepted. */
async function seenAll(): Promise<readonly string[]> {
  const { out } = await site.run(baseline, ["list"]);
  return ["--seen", /mark of them all (\S+)\./u.exec(out)?.[1] ?? "none"];
}

function record(eventId: number, type: string, detail: string): AuditLine {
  const chain = { previous: "0", hash: "1" };
  return {
    eventId,
    type,
    detail,
    timestamp: "2026-11-21T12:00:00.000Z",
    source: "eto-1",
    category: "approval",
    result: "success",
    ...chain,
  };
}

describe("list and show", () => {
  test("say of each device what it says, whether that is accepted, and who says nothing", async () => {
    site.state.known = [first, same];
    const { code, out } = await site.run(baseline, ["list"]);
    assert.equal(code, 0);
    assert.deepEqual(
      out
        .split("\n")
        .filter((line) => line.startsWith("plc"))
        .map((line) =>
          line
            .replaceAll(/ {2,}/gu, "|")
            .replaceAll(/[0-9a-f-]{14}/gu, "MARK")
            .slice(0, 45),
        ),
      [
        "plc-1|not accepted yet|MARK|modbus-fc43|vendo",
        'plc-2|as accepted|MARK|modbus-fc43|vendor "Sc',
        "plc-3|says nothing|-|-|of itself so far",
      ],
    );
    assert.match((await site.run(baseline, ["show", "plc-3"])).out, /^plc-3: it has said nothing of itself so far\.$/u);
    assert.deepEqual(Object.keys(JSON.parse((await site.run(baseline, ["list", "--json"])).out) as object), ["plc-1", "plc-2", "plc-3"]);
  });

  test("end with 1 where something has changed, and show says before and after, since when and whose word it was", async () => {
    site.state.known = [changed];
    const list = await site.run(baseline, ["list"]);
    assert.equal(list.code, 1);
    assert.match(list.out, /plc-2 +CHANGED +[0-9a-f-]{14} +modbus-fc43 +firmware: was "1\.11", is "1\.12";/u);
    const { code, out } = await site.run(baseline, ["show", "plc-2"]);
    assert.equal(code, 1);
    const plain = out.replaceAll(/\s+/gu, " ");
    assert.match(
      plain,
      /^plc-2, mark [0-9a-f-]{14} modbus-fc43 at 192\.0\.2\.12 unit 1 state CHANGED says .* since 2026-11-21 12:00:00 UTC accepted /u,
    );
    assert.match(plain, /serial number "7"; by eto-1 at 2026-11-21 12:00:00 UTC: type plate/u);
    assert.match(
      plain,
      /other firmware: was "1\.11", is "1\.12"; serial number: was "7", is not said any more Compare it with the device/u,
    );
    // The command to type, with the mark of what was shown, which the list has too.
    const [, mark = ""] = / {4}watchkeeper baseline accept plc-2 --seen (\S+) --by NAME --reason TEXT$/u.exec(out) ?? [];
    assert.deepEqual(["--seen", mark], seen("plc-2"));
    assert.ok(list.out.includes(mark) && out.startsWith(`plc-2, mark ${mark}\n`), out);
    assert.match(
      (await site.run(baseline, ["show", "plc-1x"])).err,
      /^plc-1x: found no such device, expected one of the watchlist's 3 devices; did you mean plc-1\?$/u,
    );
    assert.match((await site.run(baseline, ["show", "plc-2", "--json"])).out, /"state": "changed"[^]*"mark": "/u);
    site.state.known = [same];
    assert.doesNotMatch((await site.run(baseline, ["show", "plc-2"])).out, /baseline accept/u);
  });
});

describe("accept", () => {
  test("without a poller writes the record, then the acceptance, and says what was accepted", async () => {
    site.state.known = [first];
    const { code, out, err } = await site.run(baseline, ["accept", "plc-1", ...seen("plc-1"), ...signed]);
    assert.equal(code, 0, err);
    const words = 'plc-1, modbus-fc43 at 192.0.2.11 unit 1: vendor "Schneider Electric", product "TM221CE24R", firmware "1.11"';
    assert.equal(out, `Accepted ${words}`);
    assert.deepEqual(
      site.state.audit.map(({ source, category, type, detail }) => [source, category, type, detail]),
      [["eto-1", "approval", "identity_accepted", `${words}: type plate`]],
    );
    assert.deepEqual(
      site.state.known.map(({ accepted }) => accepted.map(({ said, by, reason }) => [said, by, reason])),
      [[[plate, "eto-1", "type plate"]]],
    );
  });

  test("--beside keeps what was accepted before; --all-new takes those of which nothing was", async () => {
    site.state.known = [first, changed];
    assert.match(
      (await site.run(baseline, ["accept", "--all-new", ...(await seenAll()), ...signed])).out,
      /^DEVICE .*\nplc-1 [^]*\nAccepted 1 device as listed\.$/u,
    );
    assert.equal((await site.run(baseline, ["accept", "plc-2", "--beside", ...seen("plc-2"), ...signed])).code, 0);
    assert.equal(site.state.known.find(({ device }) => device === "plc-2")?.accepted.length, 2);
    assert.match((await site.run(baseline, ["accept", "--all-new", "--seen", "any", ...signed])).out, /^Nothing is new/u);
    assert.match((await site.run(baseline, ["accept", "plc-1", ...seen("plc-1"), ...signed, "--json"])).out, /^\{\s+"accepted"/u);
  });

  test("asks the poller where one runs, and says what that refuses", async () => {
    site.state.known = [first];
    await site.poller({ "baseline-accept": () => Promise.resolve({ ok: true, result: { accepted: [] } }) });
    assert.equal((await site.run(baseline, ["accept", "plc-1", ...seen("plc-1"), ...signed])).code, 0);
    assert.deepEqual(site.sent, [
      ["baseline-accept", { devices: [{ device: "plc-1", seen: seen("plc-1")[1] }], beside: false, by: "eto-1", reason: "type plate" }],
    ]);
    assert.deepEqual(site.state.audit, []);
  });

  test("of a device that says something else than was seen is refused, and shows what it says now, without a poller too", async () => {
    site.state.known = [first];
    const before = seen("plc-1");
    site.state.known = [knownIdentity("plc-1", { ...plate, firmware: "1.12" })];
    const { code, err } = await site.run(baseline, ["accept", "plc-1", ...before, ...signed]);
    assert.equal(code, 1);
    assert.match(
      err,
      /^plc-1: found the mark .*, expected .*: it does not say what was seen\. It says now, .*firmware "1\.12"\..*nothing was accepted$/u,
    );
    assert.deepEqual([site.state.audit, site.state.known[0]?.accepted], [[], []]);
  });

  test("is refused by the poller, by a full disk, and for a device that has said nothing", async () => {
    assert.match(
      (await site.run(baseline, ["accept", "plc-3", ...seen("plc-3"), ...signed])).err,
      /^plc-3: it has said nothing of itself so far, expected an answer/u,
    );
    site.state.known = [first];
    site.state.problem = "disk full";
    assert.deepEqual(await site.run(baseline, ["accept", "plc-1", ...seen("plc-1"), ...signed]), { code: 1, out: "", err: "disk full" });
    await site.poller({ "baseline-accept": () => Promise.resolve({ ok: false, problems: ["plc-1: no such device"] }) });
    assert.deepEqual(await site.run(baseline, ["accept", "plc-1", ...seen("plc-1"), ...signed]), {
      code: 1,
      out: "",
      err: "plc-1: no such device",
    });
  });

  test("of one half of a redundant pair says that the other is not accepted yet", async () => {
    site.write("watchlist.yaml", `${site.read("watchlist.yaml")}hardware: [{id: pair, devices: [plc-1, plc-2]}]\n`);
    site.state.known = [first, knownIdentity("plc-2", { ...plate, serial: "8" }, undefined, "192.0.2.12")];
    assert.match(
      (await site.run(baseline, ["accept", "plc-1", ...seen("plc-1"), ...signed])).err,
      /^plc-2 is the same piece of hardware and is not accepted yet/u,
    );
    assert.equal((await site.run(baseline, ["accept", "plc-2", ...seen("plc-2"), ...signed])).err, "");
    assert.equal((await site.run(baseline, ["list"])).code, 0);
  });
});

describe("report", () => {
  test("gives said and accepted, the acceptance's record, every change, and whether the audit holds", async () => {
    const accepted =
      'plc-2, modbus-fc43 at 192.0.2.12 unit 1: vendor "Schneider Electric", product "TM221CE24R", firmware "1.11", serial number "7": type plate';
    const lines = [record(7, "identity_accepted", accepted), record(9, "identity_changed", "plc-2: firmware"), record(10, "stopped", "x")];
    site.state.known = [first, changed, knownIdentity("plc-3", plate, { ...plate, serial: "9" }, "192.0.2.13")];
    site.state.readAudit = (_journal, visit) => {
      for (const line of lines) visit(line);
      return { records: 10, head: { sequence: 10, hash: "f".repeat(64) }, broken: undefined };
    };
    const { code, out } = await site.run(baseline, ["report"]);
    assert.equal(code, 1);
    assert.match(out, /- Audit: 10 records, the chain holds and ends with f{64}\n- 3 rows: 2 changes, 1 without an acceptance/u);
    assert.match(out, /## plc-2\n\n- \*\*State:\*\* CHANGED/u);
    assert.match(out, /\*\*Other than accepted:\*\* firmware: was "1\.11", is "1\.12"/u);
    assert.match(out, /\*\*Acceptance in the audit:\*\* record 7, by eto-1/u);
    assert.match(out, /\*\*Acceptance in the audit:\*\* NOT IN THE AUDIT/u);
    assert.match(
      out,
      /## Every change, from the audit\n\n- .* record 7, eto-1: accepted: .*\n- .* record 9, eto-1: changed: plc-2: firmware$/u,
    );
    const csv = (await site.run(baseline, ["report", "--format", "csv"])).out;
    assert.equal(csv.split("\r\n").length, 4);
    const json = JSON.parse((await site.run(baseline, ["report", "--json"])).out) as {
      readonly schema: string;
      readonly changes: readonly unknown[];
    };
    assert.deepEqual([json.schema, json.changes.length], ["baseline/v1", 2]);
    site.state.readAudit = () => ({ records: 3, head: { sequence: 2, hash: "f" }, broken: "record 3 was changed" });
    site.state.known = [];
    const broken = (await site.run(baseline, ["report"])).out;
    assert.match(broken, /BROKEN: record 3 was changed/u);
    assert.match(broken, /says nothing of itself/u);
    assert.match(broken, /None\.$/u);
  });

  test("fails where the audit or what devices said cannot be read", async () => {
    assert.match((await site.run(baseline, ["report"])).err, /this test has no journal/u);
    site.state.identities = () => ({ problems: ["journal.sqlite: cannot be read"] });
    assert.match((await site.run(baseline, ["list"])).err, /^journal\.sqlite: cannot be read$/u);
  });
});

test("written wrongly says what is expected", async () => {
  for (const [argv, expected] of [
    [["look"], /found look, expected accept, list, show or report/u],
    [["list", "plc-1"], /"plc-1" is one word too many; `baseline show plc-1`/u],
    [["show"], /<device> is missing/u],
    [["accept", "plc-1", "--reason", "x"], /--by is missing/u],
    [["accept", "plc-1", ...signed], /--seen is missing: the mark that `watchkeeper baseline show plc-1` prints/u],
    [["accept", "--all-new", ...signed], /--seen is missing: the mark that `watchkeeper baseline list` prints under its list/u],
    [
      ["accept"],
      /neither a device[^]*--seen is missing[^]*--by is missing[^]*--reason is missing[^]*for example: watchkeeper baseline accept fresh-water-plc --seen/u,
    ],
    [["accept", ...signed], /neither a device nor --all-new/u],
    [["accept", "plc-1", "--all-new", ...signed], /both a device and --all-new/u],
    [["report", "--format", "pdf"], /--format: found "pdf"/u],
  ] as const) {
    const { code, err } = await site.run(baseline, [...argv]);
    assert.equal(code, 2, argv.join(" "));
    assert.match(err, expected);
  }
  site.write("watchlist.yaml", "schema: nonsense\n");
  assert.equal((await site.run(baseline, ["list"])).code, 1);
});
