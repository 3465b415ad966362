/** Before anything is asked: a poller whose safeguards fail says why in one line, and a disk that does not answer fails it after 5 s. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { everyPolicy } from "../../src/poller/assemble.ts";
import { unfitness, type FitnessParts } from "../../src/poller/fitness.ts";
import { JournalDatabase } from "../../src/store/database.ts";
import { openJournal } from "../../src/store/journal.ts";
import { plan, RememberingJournal } from "../store/support/site.ts";
import { FakeClock, settled } from "../support/fake-clock.ts";

let folder = "";
let lines: string[] = [];
const clock = new FakeClock();
const journalFile = (): string => join(folder, "journal.sqlite");

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "wk-fit-"));
  lines = [];
  JournalDatabase.create(journalFile());
});
afterEach(() => rmSync(folder, { recursive: true }));

function parts(journal: FitnessParts["journal"]): FitnessParts {
  const log = { write: (level: string, event: string, message: string) => void lines.push(`${level} ${event} ${message}`) };
  const s7 = (): Promise<never> => Promise.reject(new Error("nothing is asked over S7"));
  return { clock, journal, journalFile: journalFile(), log, plan: () => plan({}), policies: everyPolicy, stateDir: folder, s7 };
}

test("a poller in order is fit, with a record and a line that say so", async () => {
  const opened = await openJournal(journalFile(), { clock });
  assert.ok("journal" in opened);
  assert.equal(await unfitness(parts(opened.journal)), undefined);
  assert.equal(opened.journal.auditHead.sequence, 1);
  await opened.journal.close();
  assert.equal(lines.at(-1), "info self_test self-test: every safeguard that was tried held");
});

test("a disk that does not answer for 5 s keeps it from asking, and the log says what to do", async () => {
  class Hanging extends RememberingJournal {
    override settled(): Promise<void> {
      return new Promise(() => undefined);
    }
  }
  const journal = new Hanging();
  const unfit = unfitness(parts(journal));
  while (journal.entries.length === 0) await settled();
  await clock.advance(4999);
  assert.deepEqual(lines, []);
  await clock.advance(1);
  assert.match((await unfit) ?? "", /^audit: no record could be written within 5 s \(the disk has not answered\) \(make room/u);
  assert.match(lines[0] ?? "", /^error self_test self-test, audit: no record could be written/u);
  assert.equal(journal.entries[0]?.type, "self_test");
});

test("a journal that is closed meanwhile keeps it from asking too", async () => {
  class Closing extends RememberingJournal {
    override settled(): Promise<void> {
      return Promise.reject(new Error("journal: closed"));
    }
  }
  assert.match((await unfitness(parts(new Closing()))) ?? "", /no record could be written/u);
});
