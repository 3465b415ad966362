/** `approve`, `renew` and `suspend`: nothing is written without every name, a record and a person who looked; and then the file is whole. */
import assert from "node:assert/strict";
import { existsSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { approve } from "../../../src/cli/commands/approve.ts";
import { family, signature, TestSite } from "../support/site.ts";

const file = `device-profiles/${family}.yaml`;
let site: TestSite;
let covers = "";
beforeEach(async () => {
  site = new TestSite();
  site.watch(2);
  covers = await site.covers();
});
afterEach(() => site.remove());

function isWritten(): boolean {
  return existsSync(path.join(site.folder, file));
}

/** The value of an option in what a person signs with, exchanged. */
function signedWith(option: string, value: string): readonly string[] {
  return signature.map((word, index) => (signature[index - 1] === option ? value : word));
}

describe("approve", () => {
  test("writes who said so, what it covers and which devices", async () => {
    const ran = await site.run(approve, [family, "--devices", "plc-1, plc-2", "--covers", covers, ...signature]);
    assert.equal(ran.code, 0, ran.err);
    const text = site.read(file);
    for (const line of [
      /^ {2}stage: approved$/m,
      /^ {2}preparedBy: eto-1$/m,
      /^ {2}acceptedBy: chief engineer, mail 2026-11-21$/m,
      /^ {2}approvedOn: 2026-11-21$/m,
      /^ {2}expiresOn: 2028-02-21$/m,
      /^ {4}plc-1: sha256:[0-9a-f]{64}$/m,
      /^ {4}plc-2: sha256:[0-9a-f]{64}$/m,
    ])
      assert.match(text, line);
    assert.match(text, new RegExp(`^ {2}covers: ${covers}$`, "m"));
  });

  test("leaves no draft behind", async () => {
    await site.approve();
    assert.deepEqual(readdirSync(path.join(site.folder, "device-profiles")), [`${family}.yaml`]);
  });

  test("puts a record into the audit before it writes", async () => {
    await site.approve();
    assert.deepEqual(
      site.state.audit.map(({ source, category, type, result, detail }) => [source, category, type, result, detail]),
      [
        [
          "eto-1",
          "approval",
          "approve",
          "success",
          `${file}: stage approved for all new devices, covers ${covers}, prepared by eto-1, accepted by chief engineer, mail 2026-11-21, vendor: EIO0000003089 p. 41, until 2028-02-21, change MOC-2026-014`,
        ],
      ],
    );
  });

  test("gives the record to the poller where one runs, for it holds the journal", async () => {
    await site.poller({ audit: () => Promise.resolve({ ok: true, result: { at: "2026-11-21T12:00:00.000Z" } }) });
    await site.approve();
    assert.deepEqual(
      site.sent.map(([name]) => name),
      ["audit"],
    );
    assert.deepEqual(site.state.audit, []);
    assert.ok(isWritten());
  });

  test("changes nothing when the record cannot be written", async () => {
    site.state.problem = "journal.sqlite: the disk is full";
    const ran = await site.run(approve, [family, "--all-new", "--covers", covers, ...signature]);
    assert.deepEqual(ran, {
      code: 1,
      out: "",
      err: `journal.sqlite: the disk is full\n${file} is not changed: a change without its audit record does not happen`,
    });
    assert.equal(isWritten(), false);
  });

  test("changes nothing when the poller refuses the record", async () => {
    await site.poller({});
    const ran = await site.run(approve, [family, "--all-new", "--covers", covers, ...signature]);
    assert.equal(ran.code, 1);
    assert.match(ran.err, /^this poller cannot audit\n/);
    assert.equal(isWritten(), false);
  });

  test("records that the file could not be written", async () => {
    const folder = path.join(site.folder, "device-profiles");
    // A file where the folder was: nobody, not even root, can write below it.
    site.write(file, `schema: site-profile/v1\nid: ${family}\napproval: {stage: draft}\n`);
    site.state.journal = () =>
      Promise.resolve({
        trips: () => [],
        highest: "2026-11-21T12:00:00.000Z",
        noteTime: () => undefined,
        reset: () => undefined,
        identity: () => undefined,
        audit: (entry) => {
          if (site.state.audit.push(entry) > 1) return;
          renameSync(folder, `${folder}.away`);
          writeFileSync(folder, "");
        },
        close: () => Promise.resolve(undefined),
      });
    const ran = await site.run(approve, [family, "--all-new", "--covers", covers, ...signature]);
    rmSync(folder);
    renameSync(`${folder}.away`, folder);
    assert.equal(ran.code, 1);
    assert.match(ran.err, /^FOLDER\/device-profiles\/generic-modbus-tcp\.yaml: cannot be written \(ENOTDIR.*\); it is as it was$/);
    assert.deepEqual(
      site.state.audit.map(({ result }) => result),
      ["success", "failure"],
    );
    assert.match(site.read(file), /stage: draft/);
  });

  test("--trial names the devices on trial", async () => {
    const ran = await site.run(approve, [family, "--devices", "plc-2", "--trial", "--covers", covers, ...signature]);
    assert.equal(ran.code, 0, ran.err);
    assert.match(site.read(file), /^ {2}stage: trial$/m);
    assert.match(site.read(file), /trialDevices: *\n? *-? *\[?plc-2/);
  });

  test("tells as JSON what it wrote", async () => {
    const ran = await site.run(approve, [family, "--all-new", "--covers", covers, ...signature, "--json"]);
    assert.deepEqual(JSON.parse(ran.out), { file, notes: [], asked: 2, notAsked: 0 });
  });

  test("asks on a terminal for what is missing", async () => {
    const questions: string[] = [];
    const said: Record<string, string> = { devices: "plc-1", covers };
    const prompt = (question: string): Promise<string> => {
      const name = /--([a-z-]+) /u.exec(question)?.[1] ?? "";
      questions.push(name);
      return Promise.resolve(name === "" ? "yes" : (said[name] ?? ""));
    };
    const ran = await site.run(approve, [family, ...signature], { prompt });
    assert.equal(ran.code, 0, ran.err);
    assert.deepEqual(questions, ["devices", "covers", ""]);
  });

  const all = (): readonly string[] => [family, "--all-new", "--covers", covers, ...signature];

  test("shows on a terminal what would be sent, and waits for a yes before it writes", async () => {
    let written: boolean | undefined;
    const prompt = (question: string): Promise<string> => {
      assert.match(question, /^Write this approval into device-profiles\/generic-modbus-tcp\.yaml\? yes or no: $/);
      written = isWritten();
      return Promise.resolve("Yes ");
    };
    const ran = await site.run(approve, all(), { prompt });
    assert.equal(ran.code, 0, ran.err);
    assert.equal(written, false);
    assert.ok(isWritten());
    for (const line of [
      /^WOULD BE SENT IF APPROVED$/m,
      /^ {2}to 192\.0\.2\.12 tcp\/502 every 1 min, a connection for each check;/m,
      /^ {2}frame \.\. \.\. 00 00 00 05 01 2b 0e 01 00 /m,
      /^ {2}packets: 6 to the device and 4 back; at worst \d+ to it/m,
      /^ {2}alarm at the latest after /m,
    ])
      assert.match(ran.err, line);
  });

  for (const answer of ["no", "", "maybe", undefined]) {
    test(`writes nothing on a terminal after the answer ${answer ?? "Ctrl-D"}`, async () => {
      const ran = await site.run(approve, all(), { prompt: () => Promise.resolve(answer) });
      assert.equal(ran.code, 1);
      assert.match(ran.err, /is not changed: the approval was not agreed to$/);
      assert.equal(isWritten(), false);
      assert.deepEqual(site.state.audit, []);
    });
  }

  test("asks nothing more of a person who gives up", async () => {
    let asked = 0;
    const prompt = (): Promise<undefined> => {
      asked += 1;
      return Promise.resolve(undefined);
    };
    const ran = await site.run(approve, [family, "--all-new"], { prompt });
    assert.equal(ran.code, 2);
    assert.equal(asked, 1);
    assert.equal(ran.err.split("\n").filter((line) => line.includes(" is missing: ")).length, 7);
  });

  test("asks nothing of a program", async () => {
    const ran = await site.run(approve, [family, "--all-new", ...signature, "--json"], {
      prompt: () => Promise.reject(new Error("asked")),
    });
    assert.equal(ran.code, 2);
  });

  test("takes an empty answer for none", async () => {
    const ran = await site.run(approve, [family, "--all-new", ...signature], { prompt: () => Promise.resolve(" ") });
    assert.equal(ran.code, 2);
    assert.match(ran.err, /^watchkeeper approve: --covers <digest> is missing: /);
  });

  const refusals: readonly [what: string, argv: () => readonly string[], code: number, err: RegExp][] = [
    [
      "a device of nobody",
      () => [family, "--devices", "plc-9", "--covers", covers, ...signature],
      1,
      /^devices: found "plc-9", expected a device of profile generic-modbus-tcp \(plc-1, plc-2\)$/,
    ],
    [
      "an unknown profile",
      () => ["acme", "--all-new", "--covers", covers, ...signature],
      1,
      /^profile: found "acme", expected the profile of a device in the watchlist \(/,
    ],
    [
      "the same person twice",
      () => [family, "--all-new", "--covers", covers, ...signedWith("--accepted-by", "eto-1")],
      1,
      /^acceptedBy: found "eto-1", who prepared it, expected another person/,
    ],
    [
      "too long a time",
      () => [family, "--all-new", "--covers", covers, ...signedWith("--until", "2030-01-01")],
      1,
      /^until: found 2030-01-01, expected a day from 2026-11-21 to 2028-02-21/,
    ],
    [
      "a basis of no known kind",
      () => [family, "--all-new", "--covers", covers, ...signedWith("--basis", "luck")],
      2,
      /^watchkeeper approve: --basis: found "luck", expected risk or vendor\n/,
    ],
    [
      "both ways to name devices",
      () => [family, "--all-new", "--devices", "plc-1", "--covers", covers, ...signature],
      2,
      /^watchkeeper approve: found --devices and --all-new, expected one of them\n/,
    ],
    [
      "a gap between commas",
      () => [family, "--devices", "plc-1,,plc-2", "--covers", covers, ...signature],
      2,
      /^watchkeeper approve: --devices: found "plc-1,,plc-2", expected device ids with a comma between them, such as plc-1,plc-2\n/,
    ],
    [
      "no devices at all",
      () => [family, "--covers", covers, ...signature],
      2,
      /^watchkeeper approve: --devices <a,b> is missing: the devices that are admitted; or --all-new\n/,
    ],
    [
      "nothing at all, and names everything that is missing with a line that works",
      () => [],
      2,
      /^(?:watchkeeper approve: --[a-z-]+ \S+ is missing: .*\n){8}watchkeeper approve: <profile> is missing\nusage: .*\nfor example: watchkeeper approve schneider-m221 --devices/,
    ],
    [
      "a worksheet without its file, and wants nothing else",
      () => ["--worksheet", "import"],
      2,
      /^watchkeeper approve: <profile> is missing\nusage/,
    ],
  ];
  for (const [what, argv, code, err] of refusals) {
    test(`refuses ${what}`, async () => {
      const ran = await site.run(approve, argv());
      assert.equal(ran.code, code);
      assert.match(ran.err, err);
      assert.equal(isWritten(), false);
      assert.deepEqual(site.state.audit, []);
    });
  }
});
