/** A journal in a folder of its own for each test, opened with a clock that is moved by hand, and closed whatever came of it. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach } from "node:test";
import type { AuditEntry, Transition } from "../../../src/domain/board.ts";
import type { DeviceId } from "../../../src/domain/plan.ts";
import { seconds, wallMs, type WallMs } from "../../../src/domain/units.ts";
import { JournalDatabase } from "../../../src/store/database.ts";
import { openJournal, type JournalOptions, type OpenedJournal, type StoreJournal } from "../../../src/store/journal.ts";
import { FakeClock } from "../../support/fake-clock.ts";

/** What the running test works with; made anew before each. */
export interface JournalBench {
  readonly folder: string;
  readonly path: string;
  readonly clock: FakeClock;
  open(options?: Partial<JournalOptions>): Promise<OpenedJournal>;
  /** Every row of a table, read from the file. */
  rows(table: string): readonly Record<string, unknown>[];
}

/** To be called once at the top of a test file; the bench is usable inside tests. */
export function journalBench(): JournalBench {
  let folder = "";
  let clock = new FakeClock();
  let journals: StoreJournal[] = [];
  const path = (): string => join(folder, "journal.sqlite");
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "watchkeeper-journal-"));
    clock = new FakeClock();
    journals = [];
    assert.equal(JournalDatabase.create(path()), undefined);
  });
  afterEach(async () => {
    await Promise.all(journals.map((journal) => closed(journal, clock)));
    rmSync(folder, { recursive: true, force: true });
  });
  return {
    get folder() {
      return folder;
    },
    get path() {
      return path();
    },
    get clock() {
      return clock;
    },
    async open(options = {}) {
      const result = await openJournal(path(), { clock, ...options });
      if ("problem" in result) throw new Error(result.problem);
      journals.push(result.journal);
      return result;
    },
    rows: (table) => rowsOf(path(), table),
  };
}

/** Closing waits by the clock where the disk does not answer. */
export async function closed(journal: StoreJournal, clock: FakeClock): Promise<void> {
  const done = journal.close();
  if (journal.unwritableSince !== undefined) await clock.advance(seconds(30));
  await done;
}

function rowsOf(path: string, table: string): readonly Record<string, unknown>[] {
  const db = new DatabaseSync(path, { readOnly: true, timeout: 5000 });
  try {
    return db
      .prepare(`SELECT * FROM ${table}`)
      .all()
      .map((row) => ({ ...row }));
  } finally {
    db.close();
  }
}

export const at: WallMs = wallMs(1_763_726_400_000);

export function entry(detail: string, category: AuditEntry["category"] = "command"): AuditEntry {
  return { at, source: "eto-1", category, type: "test", result: "success", detail };
}

export function transition(device: string): Transition {
  return { device: device as DeviceId, at, from: "up", to: "down", cause: "timeout", detail: "no answer within 5 s" };
}

/** Lets real work of another thread go on until `done`; the test runner's limit ends it otherwise. */
export async function until(done: () => boolean): Promise<void> {
  while (!done()) await new Promise((resolve) => setImmediate(resolve));
}
