/** What was learnt of devices is told once, with its age and whether its moments mean anything to this boot. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { milliseconds, wallMs } from "../../src/domain/units.ts";
import { JournalNotebook } from "../../src/store/notebook.ts";
import { RememberingJournal } from "./support/site.ts";

const journal = new RememberingJournal();
const row = (key: string, value: string, boot = "this") => ({ key, value, boot, at: wallMs(1000) });
const notebook = (...learnt: readonly ReturnType<typeof row>[]): JournalNotebook =>
  new JournalNotebook({ journal, learnt, boot: "this", now: () => wallMs(4000) });

test("what an earlier run noted is told once", () => {
  const notes = notebook(row("pace a", '{"slowInARow":3}'), row("pace b", "7", "another"));
  assert.deepEqual(notes.recall("pace a"), { value: { slowInARow: 3 }, sameBoot: true, age: milliseconds(3000) });
  assert.equal(notes.recall("pace a"), undefined);
  assert.equal(notes.recall("pace c"), undefined);
  assert.deepEqual(notes.recall("pace b"), { value: 7, sameBoot: false, age: milliseconds(3000) });
});

test("a note of the future has no age, and a damaged one no value", () => {
  const notes = notebook({ ...row("a", "{"), at: wallMs(9000) });
  assert.deepEqual(notes.recall("a"), { value: undefined, sameBoot: true, age: milliseconds(0) });
});

test("a note goes to the journal as JSON, with the boot and the trusted time; nothing means that it is forgotten", () => {
  const notes = notebook();
  notes.note("lost a", { since: 5 });
  notes.note("lost a", undefined);
  const stamp = { boot: "this", at: wallMs(4000) };
  assert.deepEqual(journal.learntRows, [
    { key: "lost a", value: '{"since":5}', ...stamp },
    { key: "lost a", value: "", ...stamp },
  ]);
});

test("what this run noted is told like what an earlier one did, until it is forgotten: a reload may take a device out and in again", () => {
  const notes = notebook(row("missed a", '{"missed":3}', "another"));
  notes.recall("missed a");
  notes.note("missed a", { missed: 4 });
  notes.note("missed b", { missed: 1 });
  assert.deepEqual(notes.recall("missed a"), { value: { missed: 4 }, sameBoot: true, age: milliseconds(0) });
  assert.equal(notes.recall("missed a"), undefined);
  notes.note("missed b", undefined);
  assert.equal(notes.recall("missed b"), undefined);
});
