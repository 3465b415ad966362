/** `stop` and `resume`: the stop needs nothing but the state folder, the resumption a person, a reason and a record. */
import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, test } from "node:test";
import { resume } from "../../../src/cli/commands/resume.ts";
import { stop } from "../../../src/cli/commands/stop.ts";
import { TestSite } from "../support/site.ts";

let site: TestSite;
beforeEach(() => {
  site = new TestSite();
});
afterEach(() => site.remove());

const signed = ["--by", "eto-1", "--reason", "cable replaced"];

describe("stop", () => {
  test("works without a poller, with a record that says who and why", async () => {
    const ran = await site.run(stop, ["--by", "chief", "--reason", "smoke"]);
    assert.deepEqual(ran, {
      code: 0,
      out: [
        "Stopped: nothing is asked.",
        "No poller runs; one that starts will ask nothing.",
        "To go on: watchkeeper resume --by NAME --reason TEXT",
      ].join("\n"),
      err: "",
    });
    assert.deepEqual(site.state.stopRecord, { by: "chief", reason: "smoke", since: "2026-11-21T12:00:00.000Z" });
    assert.deepEqual(
      site.state.audit.map(({ category, type, result, detail }) => [category, type, result, detail]),
      [["stop", "stop", "success", "smoke"]],
    );
  });

  test("needs no name in an emergency", async () => {
    assert.equal((await site.run(stop)).code, 0);
    assert.deepEqual(site.state.stopRecord, { by: "eto-1", reason: "no reason given", since: "2026-11-21T12:00:00.000Z" });
  });

  test("writes the file before it asks the poller, and waits for the poller's word", async () => {
    await site.poller({ stop: () => Promise.resolve({ ok: true, result: { wasStopped: site.state.stopRecord !== undefined } }) });
    const ran = await site.run(stop, ["--json"]);
    assert.deepEqual(JSON.parse(ran.out), { stopped: true, wasStopped: false, poller: "stopped", problems: [] });
    assert.deepEqual(site.sent, [["stop", { by: "eto-1", reason: "no reason given" }]]);
    assert.deepEqual(site.state.audit, [], "the poller writes the record");
  });

  test("says that a poller did not confirm it, though the file is written", async () => {
    await site.poller({});
    assert.deepEqual(await site.run(stop), {
      code: 1,
      out: "",
      err: [
        "this poller cannot stop",
        "The STOP file is written and a poller obeys it within 1 s; this one did not confirm it. See `watchkeeper status`.",
      ].join("\n"),
    });
    assert.notEqual(site.state.stopRecord, undefined);
    const json = await site.run(stop, ["--json"]);
    assert.equal(json.code, 1);
    assert.deepEqual(JSON.parse(json.out), {
      stopped: true,
      wasStopped: true,
      poller: "unconfirmed",
      problems: ["this poller cannot stop"],
    });
  });

  test("is not kept from stopping by a --lab that means nothing here", async () => {
    assert.equal((await site.run(stop, ["--lab"])).code, 0);
    assert.notEqual(site.state.stopRecord, undefined);
  });

  test("keeps the record of who stopped first", async () => {
    await site.run(stop, ["--by", "chief", "--reason", "smoke"]);
    const ran = await site.run(stop, ["--by", "second"]);
    assert.equal(ran.code, 0);
    assert.match(ran.out, /^Already stopped since 2026-11-21 12:00:00 UTC by chief: smoke$/m);
    assert.equal(site.state.stopRecord?.by, "chief");
    assert.equal(site.state.stops, 2, "a resumption under way must not lift it");
  });

  test("stops even where the record cannot be written, and says so", async () => {
    const journal = { problems: ["journal.sqlite: the disk is full"] };
    site.state.journal = () => Promise.resolve(journal) as never;
    const ran = await site.run(stop);
    assert.equal(ran.code, 0);
    assert.equal(ran.err, "The stop is in effect; its audit record could not be written: journal.sqlite: the disk is full");
    assert.notEqual(site.state.stopRecord, undefined);
  });

  test("fails when the file cannot be written", async () => {
    site.state.problem = "STOP: no space left";
    assert.deepEqual(await site.run(stop), { code: 1, out: "", err: "STOP: no space left" });
  });

  test("goes by the line of broken settings that names the state folder, and a poller there proves it right", async () => {
    site.write("watchkeeper.yaml", 'site: mv-aurora\nstateDir: "./state"  # as ever\nweb: {listenAddresses: [\n');
    await site.poller({ stop: () => Promise.resolve({ ok: true, result: { wasStopped: false } }) });
    const ran = await site.run(stop);
    assert.equal(ran.code, 0);
    assert.match(ran.out, /^Stopped: nothing is asked\.$/m);
    assert.match(ran.err, /watchkeeper\.yaml:\d+[^]*^The state folder was taken to be FOLDER\/state \(site mv-aurora\)\.$/m);
    assert.notEqual(site.state.stopRecord, undefined);
  });

  test("from a folder without settings goes by the state folder there, and without a poller's word says what it cannot know", async () => {
    const ran = await site.run(stop, ["--config.file", "elsewhere.yaml"]);
    assert.equal(ran.code, 1);
    assert.equal(ran.out, "STOP lies in FOLDER/state, where no poller answers; one that starts from it will ask nothing.");
    assert.match(
      ran.err,
      /^A poller that runs from another state folder is NOT STOPPED by this: say which settings are meant with --config\.file FILE.*SIGUSR2/m,
    );
    const json = await site.run(stop, ["--config.file", "elsewhere.yaml", "--json"]);
    const { stopped, poller, problems } = JSON.parse(json.out) as Readonly<Record<string, unknown>>;
    assert.deepEqual([json.code, stopped, poller, (problems as string[]).length], [1, true, "none", 3]);
    assert.deepEqual(
      site.state.audit.map(({ type }) => type),
      ["stop"],
    );
  });

  test("fails where there is no site, and says every other way", async () => {
    site.state.birth = () => ({ problems: ["no state folder"] }) as never;
    const expected = [
      "elsewhere.yaml:1: found nothing there, expected something readable at FOLDER/elsewhere.yaml (hint: name the settings with --config.file <file>, or make a site with `watchkeeper init <folder> --site ID`)",
      "NOT STOPPED: no state folder is known (looked at FOLDER/state). To stop a poller: say which settings are meant with --config.file FILE, " +
        "or put a file named STOP into its state folder, or send SIGUSR2 to its process (`kill -USR2 PID`; `ss -xlp src @watchkeeper` names it).",
    ];
    assert.deepEqual(await site.run(stop, ["--config.file", "elsewhere.yaml"]), { code: 1, out: "", err: expected.join("\n") });
    const json = await site.run(stop, ["--config.file", "elsewhere.yaml", "--json"]);
    assert.deepEqual(JSON.parse(json.out), { problems: expected });
    assert.equal(site.state.stopRecord, undefined);
  });
});

describe("resume", () => {
  const stopRecord = { by: "chief", reason: "smoke", since: null };

  test("needs a name and a reason", async () => {
    const ran = await site.run(resume);
    assert.equal(ran.code, 2);
    assert.match(ran.err, /--by <name> is missing: who resumes\n.*--reason <text> is missing: why it is right to go on/);
  });

  test("lifts the stop without a poller, after the record is on disk", async () => {
    site.state.stopRecord = stopRecord;
    assert.deepEqual(await site.run(resume, signed), {
      code: 0,
      out: "Resumed. No poller runs; start it with `watchkeeper run`.",
      err: "",
    });
    assert.equal(site.state.stopRecord, undefined);
    assert.deepEqual(
      site.state.audit.map(({ type, detail }) => [type, detail]),
      [["resume", "cable replaced"]],
    );
  });

  test("is wrong usage with --lab where the environment does not say so", async () => {
    const ran = await site.run(resume, [...signed, "--lab"]);
    assert.equal(ran.code, 2);
    assert.match(ran.err, /^watchkeeper resume: --lab: found WATCHKEEPER_LAB unset, expected 1/);
  });

  test("stays stopped when the record cannot be written", async () => {
    site.state.stopRecord = stopRecord;
    site.state.problem = "journal.sqlite: the disk is full";
    assert.deepEqual(await site.run(resume, signed), { code: 1, out: "", err: "journal.sqlite: the disk is full" });
    assert.deepEqual(site.state.stopRecord, stopRecord);
  });

  test("leaves a stop that comes while its record is written, and says so in the audit", async () => {
    site.state.stopRecord = stopRecord;
    const open = site.state.journal.bind(site.state);
    site.state.journal = async () => {
      if (site.state.audit.length === 0) site.state.stop("", { by: "eto-2", reason: "smoke again" });
      return open();
    };
    assert.deepEqual(await site.run(resume, signed), { code: 1, out: "", err: "found another stop" });
    assert.notEqual(site.state.stopRecord, undefined);
    assert.deepEqual(
      site.state.audit.map(({ result, detail }) => [result, detail]),
      [
        ["success", "cable replaced"],
        ["failure", "found another stop"],
      ],
    );
  });

  test("asks the poller where one runs", async () => {
    await site.poller({ resume: () => Promise.resolve({ ok: true, result: { wasStopped: true } }) });
    assert.deepEqual(await site.run(resume, signed), { code: 0, out: "Resumed. Each device is asked after a full interval.", err: "" });
    assert.deepEqual(site.sent, [["resume", { by: "eto-1", reason: "cable replaced" }]]);
  });

  test("tells the poller's problems", async () => {
    await site.poller({});
    assert.deepEqual(await site.run(resume, signed), { code: 1, out: "", err: "this poller cannot resume" });
  });

  test("does nothing where nothing is stopped", async () => {
    assert.deepEqual(await site.run(resume, signed), { code: 0, out: "The site is not stopped: nothing to do.", err: "" });
    assert.deepEqual(site.state.audit, []);
    assert.deepEqual(JSON.parse((await site.run(resume, [...signed, "--json"])).out), {
      stopped: false,
      wasStopped: false,
      poller: "none",
    });
  });
});
