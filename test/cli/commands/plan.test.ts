/** `plan` and `check-config`: what would be sent and what not, in as much room as it takes, and what no plan can be made of. */
import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, test } from "node:test";
import { checkConfig } from "../../../src/cli/commands/check-config.ts";
import { plan } from "../../../src/cli/commands/plan.ts";
import { family, TestSite } from "../support/site.ts";

let site: TestSite;
beforeEach(() => {
  site = new TestSite();
  site.watch(1);
});
afterEach(() => site.remove());

describe("plan", () => {
  test("--json is the interface plan/v1", async () => {
    await site.approve();
    const { code, out } = await site.run(plan, ["--json"]);
    const json = JSON.parse(out) as { schema: string; checks: readonly { id: string; asking: { frames: readonly object[] } }[] };
    assert.equal(code, 0);
    assert.equal(json.schema, "plan/v1");
    assert.deepEqual(
      json.checks.map(({ id, asking }) => [id, asking.frames]),
      [
        [
          "plc-1/modbus-fc43",
          [{ operation: "modbus-read-device-identification", hex: "000000000005012b0e0100", mask: "0000ffffffffffffffffff" }],
        ],
      ],
    );
  });

  test("--full says of each device in words what is sent", async () => {
    await site.approve();
    const { out } = await site.run(plan, ["--full"]);
    assert.match(out, /^ {2}plc-1 \(PLC 1\): control, category II, /m);
    assert.match(out, /frame \.\. \.\. 00 00 00 05 01 2b 0e 01 00 \(modbus-read-device-identification\)/);
  });

  test("shows a family in dry run with the exact bytes that are held back", async () => {
    site.write(`device-profiles/${family}.yaml`, `schema: site-profile/v1\nid: ${family}\napproval: {stage: dry-run}\n`);
    const { code, out } = await site.run(plan);
    assert.equal(code, 0);
    assert.match(out, /^NOT ASKED\nplc-1\/modbus-fc43: the profile is in dry run: everything but the packet$/m);
    assert.match(out, /^WOULD BE SENT IF APPROVED\nplc-1\/modbus-fc43: FC 43\/14 /m);
    assert.match(out, /^ {2}frame \.\. \.\. 00 00 00 05 01 2b 0e 01 00 \(modbus-read-device-identification\)$/m);
  });

  test("shows before approval exactly what would be sent: where, how often, over which connection, at worst, and the alarm", async () => {
    for (const argv of [[], ["--full"]]) {
      const { out } = await site.run(plan, argv);
      const shown = out.slice(out.indexOf("WOULD BE SENT IF APPROVED")).replaceAll(/\s+/gu, " ");
      assert.match(shown, /plc-1\/modbus-fc43: FC 43\/14 .* to 192\.0\.2\.11 tcp\/502 every 1 min, a connection for each check;/);
      assert.match(shown, /packets: 6 to the device and 4 back; at worst \d+ to it, .*alarm at the latest after 3 min/);
    }
  });

  test("names what must be mended before an approval helps", async () => {
    site.write("watchlist.yaml", site.read("watchlist.yaml").replace("otherClients: []", "otherClients: [A, B, C]"));
    assert.match((await site.run(plan)).out, /^ {2}and not before this is mended: no_connection_slot$/m);
  });

  test("says of each family what the owner states first, of how many devices it is missing, and which document says so", async () => {
    site.watch(2);
    const complete = await site.run(plan);
    assert.match(complete.out, /^ {2}the owner states first: [a-zA-Z, ]+; nothing is missing$/m);
    assert.match(complete.out, /^ {2}no document was found on: /m);
    site.write("watchlist.yaml", site.read("watchlist.yaml").replace(/statements: \{otherClients: \[\], .*\}\},/u, "statements: {},"));
    const { out } = await site.run(plan);
    assert.match(out, /^ {2}the owner states first: [a-zA-Z, ]+; still missing at 1 of 2 devices: see NOT ASKED$/m);
    assert.match((await site.run(plan, ["--full"])).out, /^Which document says so\n {2}generic-modbus-tcp\n {4}/m);
  });

  test("says that an interval was raised, and why", async () => {
    site.write("watchlist.yaml", site.read("watchlist.yaml").replace("interval: 60s", "interval: 10s"));
    const raised = /plc-1\/modbus-fc43: asked every 30 s: the floor; the file says 10 s$/m;
    for (const argv of [[], ["--full"]]) assert.match((await site.run(plan, argv)).out, raised);
    assert.match((await site.run(checkConfig)).out, raised);
    const json = JSON.parse((await site.run(plan, ["--json"])).out) as { raised: unknown };
    assert.deepEqual(json.raised, [{ check: "plc-1/modbus-fc43", statedMs: 10_000, intervalMs: 30_000, by: "floor", turns: null }]);
  });

  test("says nothing of an interval that holds", async () => {
    assert.doesNotMatch((await site.run(checkConfig)).out, /asked every/);
  });

  test("says everything that stands against a check, not only the first", async () => {
    site.write("watchlist.yaml", site.read("watchlist.yaml").replace("otherClients: []", "otherClients: [A, B, C]"));
    const { out } = await site.run(plan);
    assert.match(out, /^plc-1\/modbus-fc43: no person has approved this profile$/m);
    assert.match(out, /^ {4}also, the device has no connection to spare: watchlist\.yaml:\d+: devices\[0\]\.statements: of 4 connections/m);
  });

  test("counts what is not asked where it is more than a screen holds", async () => {
    site.watch(30);
    const { out } = await site.run(plan);
    assert.equal(out.split("\n").filter((line) => line.endsWith("no person has approved this profile")).length, 25);
    assert.match(out, /^and 5 checks more: --full shows them, `watchkeeper explain <device>` those of one device$/m);
  });

  test("warns of an approval that has expired and runs on its grace", async () => {
    await site.approve();
    site.write(
      `device-profiles/${family}.yaml`,
      site
        .read(`device-profiles/${family}.yaml`)
        .replace("2028-02-21", "2026-11-20")
        .replace("approvedOn: 2026-11-21", "approvedOn: 2026-01-01"),
    );
    const { out } = await site.run(plan);
    assert.match(
      out,
      /^ {2}the approval of [a-z0-9-]+ EXPIRED on 2026-11-20: renew it before 2027-02-18, the last day on which it is asked$/m,
    );
  });

  test("shows nothing of files that hold a mistake", async () => {
    site.write("watchlist.yaml", "schema: watchlist/v2\n");
    assert.deepEqual(await site.run(plan), {
      code: 1,
      out: "",
      err: 'watchlist.yaml:1: schema: found "watchlist/v2", expected watchlist/v1',
    });
    assert.deepEqual(JSON.parse((await site.run(plan, ["--json"])).out), {
      problems: ['watchlist.yaml:1: schema: found "watchlist/v2", expected watchlist/v1'],
    });
  });

  test("refuses a mistake that only the whole plan shows", async () => {
    site.write("watchlist.yaml", site.read("watchlist.yaml").replace("unitId: 1, interval", "register: nowhere, interval"));
    const { code, err } = await site.run(plan);
    assert.equal(code, 1);
    assert.match(err, /^watchlist\.yaml:7: devices\[0\]\.checks\[0\]/);
  });

  test("is colourful on a terminal only", async () => {
    const shown: string[] = [];
    await site.run(plan, [], { stdout: { write: (text) => shown.push(text), isTerminal: true, columns: 80 } });
    assert.ok(shown.join("").includes("\u001b[1m"));
    assert.ok(!(await site.run(plan)).out.includes("\u001b"));
  });
});

describe("lab mode", () => {
  const lab = { env: { WATCHKEEPER_LAB: "1" } };

  test("works where the option, the environment and the state folder say so", async () => {
    site.state.born = { site: "mv-aurora", lab: true };
    const { code, out } = await site.run(plan, ["--lab"], lab);
    assert.equal(code, 0);
    assert.equal(out.split("\n")[0], "LAB MODE: floors are lowered; only loopback and documentation addresses are asked.");
  });

  test("is refused without the environment, as wrong usage", async () => {
    const { code, err } = await site.run(plan, ["--lab"]);
    assert.equal(code, 2);
    assert.match(err, /^watchkeeper plan: --lab: found WATCHKEEPER_LAB unset, expected 1\. /);
  });

  const folders: readonly [what: string, born: TestSite["state"]["born"] | undefined, argv: readonly string[], err: RegExp][] = [
    [
      "a plant's state folder",
      { site: "mv-aurora", lab: false },
      ["--lab"],
      /^FOLDER\/state: found a state folder made for a plant, expected one made with `watchkeeper init <folder> --site ID --lab`; --lab works only there$/,
    ],
    ["no state folder", undefined, ["--lab"], /^--lab needs a state folder that was made for it: nothing there$/],
  ];
  for (const [what, born, argv, err] of folders) {
    test(`is refused with ${what}`, async () => {
      if (born) site.state.born = born;
      else site.state.birth = () => ({ problems: ["nothing there"] }) as never;
      for (const command of [plan, checkConfig]) {
        const ran = await site.run(command, argv, lab);
        assert.equal(ran.code, 1);
        assert.match(ran.err.split("\n")[0] ?? "", err);
      }
    });
  }

  test("is asked for by a state folder that was made for it", async () => {
    site.state.born = { site: "mv-aurora", lab: true };
    const { code, err } = await site.run(plan, [], lab);
    assert.equal(code, 1);
    assert.match(err, /found a state folder made for lab mode, expected --lab and WATCHKEEPER_LAB=1/);
  });
});

describe("check-config", () => {
  test("needs no state folder", async () => {
    site.state.birth = () => ({ problems: ["nothing there"] }) as never;
    assert.equal((await site.run(checkConfig)).code, 0);
  });

  test("refuses the state folder of another site", async () => {
    site.state.born = { site: "mv-borealis", lab: false };
    assert.deepEqual(await site.run(checkConfig), {
      code: 1,
      out: "",
      err: [
        'FOLDER/state: found the state of site "mv-borealis", expected that of "mv-aurora", as the settings say; each site has a state folder of its own',
        "1 problem. A poller that runs keeps the files as they were; one that starts asks nothing.",
      ].join("\n"),
    });
    const json = JSON.parse((await site.run(checkConfig, ["--json"])).out) as { ok: boolean; problems: readonly { text: string }[] };
    assert.equal(json.ok, false);
    assert.match(json.problems[0]?.text ?? "", /found the state of site "mv-borealis"/);
  });

  test("says what is wrong in settings and profiles at once", async () => {
    site.write("watchkeeper.yaml", "site: MV\n");
    site.write("device-profiles/other.yaml", "");
    const { code, err } = await site.run(checkConfig);
    assert.equal(code, 1);
    assert.match(err, /^device-profiles\/other\.yaml:1: .*\nwatchkeeper\.yaml:1: site: found "MV"/);
  });

  test("names --config.file and init where there are no settings", async () => {
    const ran = await site.run(checkConfig, ["--config.file", "elsewhere.yaml"]);
    assert.equal(ran.code, 1);
    assert.match(
      ran.err,
      /^elsewhere\.yaml:1: found nothing there, .*--config\.file <file>, or make a site with `watchkeeper init <folder> --site ID`/,
    );
  });

  test("--json is short where all is well", async () => {
    assert.deepEqual(JSON.parse((await site.run(checkConfig, ["--json"])).out), { ok: true, problems: [] });
  });
});
