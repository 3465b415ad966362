/** Whatever becomes of a state folder, each case has its stated end: the poller does not start, or starts stopped, until a person has looked. */
import assert from "node:assert/strict";
import {
  chmodSync,
  copyFileSync,
  cpSync,
  linkSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, test } from "node:test";
import { verifyAudit } from "../../src/store/database-audit.ts";
import { openJournal } from "../../src/store/journal.ts";
import { adoptStateFolder, createStateFolder, openStateFolder } from "../../src/store/state-folder.ts";
import { StopFile } from "../../src/store/stop-file.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { entry } from "./support/journal-bench.ts";

const born = { site: "mv-aurora", lab: false };
const here = { machine: "this machine" };
const clock = new FakeClock();
let parent = "";
let starts = 0;
const state = (...names: readonly string[]): string => join(parent, "state", ...names);
const yesterday = (...names: readonly string[]): string => join(parent, "yesterday", ...names);

/** How a start of a poller ends: `polls`, `stopped`, or why it does not begin. */
async function start(path = state(), machine = here): Promise<string> {
  const opened = openStateFolder(path, born, machine);
  if ("problems" in opened) return opened.problems.map(({ kind }) => kind).join(" ");
  const journal = await openJournal(opened.journal, { clock });
  if ("problem" in journal) return "unusable";
  starts += 1;
  journal.journal.audit(entry(`start ${starts}`));
  await journal.journal.close();
  return new StopFile(path, clock).inForce ? "stopped" : "polls";
}

/** In place, as `cp -r` does where the files are already there: every inode stays. */
function over(from: string, to: string): void {
  for (const name of readdirSync(to)) if (/-(?:wal|shm)$/u.test(name)) rmSync(join(to, name));
  for (const name of readdirSync(from).filter((one) => statSync(join(from, one)).isFile())) copyFileSync(join(from, name), join(to, name));
}

/** As tar and rsync do: every file is a new one. */
function anew(from: string, to: string): void {
  for (const name of readdirSync(to)) if (statSync(join(to, name)).isFile()) unlinkSync(join(to, name));
  over(from, to);
}

beforeEach(async () => {
  parent = mkdtempSync(join(tmpdir(), "wk-table-"));
  createStateFolder(state(), born, here);
  assert.equal(await start(), "polls");
  cpSync(state(), yesterday(), { recursive: true });
  chmodSync(yesterday(), 0o700);
  linkSync(state("audit-head.json"), join(parent, "note"));
  assert.equal(await start(), "polls");
});
afterEach(() => rmSync(parent, { recursive: true }));

interface Case {
  readonly what: string;
  readonly befalls: () => void;
  readonly ends: string;
  /** What adopting comes to; undefined where nobody need adopt. */
  readonly adopted?: string;
}

const journal = (): string => state("journal.sqlite");
function changed(sql: string): void {
  const db = new DatabaseSync(journal());
  db.exec(sql);
  db.close();
}

const cases: readonly Case[] = [
  { what: "nothing befell it", befalls: () => undefined, ends: "polls" },
  {
    what: "it was replaced by a copy of itself",
    befalls: () => {
      cpSync(state(), join(parent, "copy"), { recursive: true });
      rmSync(state(), { recursive: true });
      renameSync(join(parent, "copy"), state());
      chmodSync(state(), 0o700);
    },
    ends: "copied",
    adopted: "stopped",
  },
  {
    what: "yesterday's folder was put in its place",
    befalls: () => (rmSync(state(), { recursive: true }), renameSync(yesterday(), state())),
    ends: "copied",
    adopted: "stopped",
  },
  { what: "yesterday's folder was copied over it, file by file", befalls: () => over(yesterday(), state()), ends: "stopped" },
  { what: "yesterday's folder was unpacked over it", befalls: () => anew(yesterday(), state()), ends: "copied", adopted: "stopped" },
  {
    what: "yesterday's journal alone was copied over it",
    befalls: () => copyFileSync(yesterday("journal.sqlite"), journal()),
    ends: "stopped",
  },
  {
    what: "another journal has the inode of the one that was deleted",
    befalls: () => {
      renameSync(journal(), join(parent, "old"));
      copyFileSync(join(parent, "old"), journal());
      chmodSync(journal(), 0o600);
      const site = JSON.parse(readFileSync(state("site.json"), "utf8")) as Record<string, unknown>;
      writeFileSync(state("site.json"), JSON.stringify({ ...site, journalInode: statSync(journal()).ino }));
    },
    ends: "copied",
    adopted: "stopped",
  },
  { what: "the note of the audit's end was deleted", befalls: () => rmSync(state("audit-head.json")), ends: "stopped" },
  { what: "site.json was deleted", befalls: () => rmSync(state("site.json")), ends: "absent", adopted: "absent" },
  { what: "the journal was deleted", befalls: () => rmSync(journal()), ends: "journal_missing", adopted: "journal_missing" },
  { what: "the whole folder was deleted", befalls: () => rmSync(state(), { recursive: true }), ends: "absent", adopted: "absent" },
  { what: "the file of trips was damaged", befalls: () => writeFileSync(state("trips.json"), "[{"), ends: "unusable" },
  { what: "the database was damaged at its beginning", befalls: () => writeFileSync(journal(), "x".repeat(9000)), ends: "unusable" },
  {
    what: "a page of the database was damaged",
    befalls: () => {
      const content = readFileSync(journal());
      // Every page but the first, which holds the tables' names.
      writeFileSync(journal(), content.fill(0x41, 4096));
    },
    ends: "unusable",
  },
  {
    what: "an audit record at the end was changed",
    befalls: () => changed("DROP TRIGGER audit_keeps_records; UPDATE audit SET detail = 'nothing' WHERE sequence = 2"),
    ends: "stopped",
  },
  {
    what: "the last audit record was cut off",
    befalls: () => changed("DROP TRIGGER audit_loses_no_record; DELETE FROM audit WHERE sequence = 2"),
    ends: "stopped",
  },
];

describe("a state folder", () => {
  for (const { what, befalls, ends, adopted } of cases) {
    test(`to which it befell that ${what}: ${ends}`, async () => {
      befalls();
      assert.equal(await start(), ends);
      if (adopted === undefined) return;
      // As `adopt` does it.
      const stop = new StopFile(state(), clock).write("eto-1", "adopted");
      const taken = adoptStateFolder(state(), born, here);
      if ("problems" in taken) return assert.equal(taken.problems[0]?.kind, adopted);
      assert.equal(stop, undefined);
      assert.equal(await start(), adopted);
      assert.equal(new StopFile(state(), clock).record?.by, "eto-1", "once adopted nothing is wrong with it any more");
    });
  }

  test("of another machine is not begun with, and stopped once it is adopted", async () => {
    const there = { machine: "another machine" };
    assert.equal(await start(state(), there), "other_machine");
    new StopFile(state(), clock).write("eto-1", "adopted");
    adoptStateFolder(state(), born, there);
    assert.equal(await start(state(), there), "stopped");
  });

  test("that was stopped and copied is stopped in the copy too", async () => {
    new StopFile(state(), clock).write("eto-1", "smoke");
    cpSync(state(), join(parent, "copy"), { recursive: true });
    chmodSync(join(parent, "copy"), 0o700);
    adoptStateFolder(join(parent, "copy"), born, here);
    assert.equal(await start(join(parent, "copy")), "stopped");
  });

  test("of a machine that was rolled back as a whole looks as it should, and only the head that was published outside tells", async () => {
    const published = JSON.parse(readFileSync(state("audit-head.json"), "utf8")) as { hash: string };
    for (const ending of ["-wal", "-shm"]) rmSync(`${journal()}${ending}`, { force: true });
    copyFileSync(yesterday("journal.sqlite"), journal());
    renameSync(join(parent, "note"), state("audit-head.json"));
    assert.equal(await start(), "polls", new StopFile(state(), clock).record?.reason);
    const hashes: string[] = [];
    verifyAudit(journal(), { visit: ({ hash }) => hashes.push(hash) });
    assert.equal(hashes.includes(published.hash), false);
  });
});
