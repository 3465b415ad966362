/** State is made once, for one machine and one site, and everything odd about it shows before anything is asked. */
import assert from "node:assert/strict";
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import {
  adoptStateFolder,
  createStateFolder,
  machineName,
  openStateFolder,
  readBirth,
  type StateFolder,
  type StateProblems,
} from "../../src/store/state-folder.ts";

const aurora = { site: "mv-aurora", lab: false };
let parent = "";
let path = "";

beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), "watchkeeper-state-"));
  path = join(parent, "state");
});
afterEach(() => rmSync(parent, { recursive: true, force: true }));

function kinds(result: StateFolder | StateProblems): readonly string[] {
  return "problems" in result ? result.problems.map(({ kind }) => kind) : [];
}
const mode = (...names: readonly string[]): string => (statSync(join(path, ...names)).mode & 0o777).toString(8);

describe("init", () => {
  test("makes a folder that only its owner can read, and that opens", () => {
    const made = createStateFolder(path, aurora);
    assert.deepEqual(made, { path, ...aurora, journal: join(path, "journal.sqlite"), plans: join(path, "plans") });
    assert.deepEqual([mode(), mode("plans"), mode("site.json"), mode("journal.sqlite")], ["700", "700", "600", "600"]);
    assert.deepEqual(openStateFolder(path, aurora), made);
    assert.deepEqual(readBirth(path), aurora);
  });

  test("takes over an empty folder and closes it to others", () => {
    mkdirSync(path, { mode: 0o777 });
    createStateFolder(path, aurora);
    assert.equal(mode(), "700");
  });

  test("refuses a folder that holds anything", () => {
    createStateFolder(path, aurora);
    const before = readFileSync(join(path, "site.json"), "utf8");
    assert.deepEqual(kinds(createStateFolder(path, { site: "other", lab: true })), ["exists"]);
    assert.equal(readFileSync(join(path, "site.json"), "utf8"), before);
  });

  test("says so where it cannot write", () => {
    writeFileSync(path, "a file");
    assert.deepEqual(kinds(createStateFolder(path, aurora)), ["unreadable"]);
  });

  test("keeps the machine's id to itself", () => {
    createStateFolder(path, aurora, { machine: machineName() });
    assert.match(machineName(), /^sha256:[0-9a-f]{64}$/u);
    assert.equal(machineName(), machineName());
  });
});

describe("opening refuses", () => {
  const one = { machine: "machine one" };
  beforeEach(() => {
    createStateFolder(path, aurora, one);
  });

  test("a folder that init did not make", () => {
    assert.deepEqual(kinds(openStateFolder(parent, aurora, one)), ["absent"]);
    assert.deepEqual(kinds(openStateFolder(join(parent, "nowhere"), aurora, one)), ["absent"]);
    assert.deepEqual(kinds(readBirth(parent) as StateProblems), ["absent"]);
  });

  test("another machine's, another site's and lab state, all at once", () => {
    const found = kinds(openStateFolder(path, { site: "mv-borealis", lab: true }, { machine: "machine two" }));
    assert.deepEqual(found, ["other_site", "lab_mismatch", "other_machine"]);
  });

  test("a copy on the same machine", () => {
    const copy = join(parent, "copy");
    cpSync(path, copy, { recursive: true });
    chmodSync(copy, 0o700);
    assert.deepEqual(kinds(openStateFolder(copy, aurora, one)), ["copied"]);
    assert.deepEqual(kinds(openStateFolder(path, aurora, one)), []);
  });

  test("a journal that was restored from a backup", () => {
    const journal = join(path, "journal.sqlite");
    // The restored file is made while the old one is still there, as a restore by rename does: its inode is certainly another.
    writeFileSync(`${journal}.restored`, readFileSync(journal), { mode: 0o600 });
    renameSync(`${journal}.restored`, journal);
    assert.deepEqual(kinds(openStateFolder(path, aurora, one)), ["copied"]);
    assert.deepEqual(kinds(adoptStateFolder(path, aurora, one)), []);
  });

  test("a folder without its journal, because the trips went with it", () => {
    rmSync(join(path, "journal.sqlite"));
    assert.deepEqual(kinds(openStateFolder(path, aurora, one)), ["journal_missing"]);
    assert.deepEqual(kinds(adoptStateFolder(path, aurora, one)), ["journal_missing"]);
  });

  test("rights that let others lift a stop", () => {
    chmodSync(path, 0o770);
    chmodSync(join(path, "journal.sqlite"), 0o644);
    writeFileSync(join(path, "STOP"), "", { mode: 0o666 });
    chmodSync(join(path, "STOP"), 0o606);
    const result = openStateFolder(path, aurora, one);
    assert.deepEqual(kinds(result), ["permissions", "permissions", "permissions"]);
    assert.match("problems" in result ? (result.problems[0]?.detail ?? "") : "", /found mode 0770, expected 0700/u);
  });

  const broken: readonly [what: string, content: string, kind: string][] = [
    ["of a later version", '{"schema":"state/v2"}', "schema"],
    ["without JSON", "rubbish", "schema"],
    ["with something missing", '{"schema":"state/v1","site":"mv-aurora"}', "unreadable"],
  ];
  for (const [what, content, kind] of broken) {
    test(`a site file ${what}`, () => {
      writeFileSync(join(path, "site.json"), content);
      assert.deepEqual(kinds(openStateFolder(path, aurora, one)), [kind]);
      assert.deepEqual(kinds(adoptStateFolder(path, aurora, one)), [kind]);
    });
  }
});

describe("adopting", () => {
  test("makes a copy this machine's own, for a site of another name too", () => {
    createStateFolder(path, aurora, { machine: "machine one" });
    const copy = join(parent, "copy");
    cpSync(path, copy, { recursive: true });
    chmodSync(copy, 0o700);
    const borealis = { site: "mv-borealis", lab: false };
    assert.deepEqual(kinds(adoptStateFolder(copy, borealis, { machine: "machine two" })), []);
    assert.deepEqual(kinds(openStateFolder(copy, borealis, { machine: "machine two" })), []);
    assert.deepEqual(kinds(openStateFolder(path, aurora, { machine: "machine one" })), [], "the original is not touched");
  });

  test("never turns lab state into a site's, nor the other way round", () => {
    createStateFolder(path, { site: "demo", lab: true });
    assert.deepEqual(kinds(adoptStateFolder(path, { site: "demo", lab: false })), ["lab_mismatch"]);
    assert.deepEqual(kinds(openStateFolder(path, { site: "demo", lab: true })), []);
  });
});
