/** The shipped profiles say what the research says, with its grade and its source, and nothing beside it. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, test } from "node:test";
import fc from "fast-check";
import { readLibrary, shippedLibrary } from "../../src/config/library.ts";
import { isPrintable, type Fact, type FactValue } from "../../src/config/schema/facts.ts";
import type { Profile } from "../../src/config/schema/profile.ts";
import type { ProfileId } from "../../src/domain/plan.ts";

/** A row of the table of facts as it was gathered, and the profile's fact that it became. */
interface Row {
  readonly profile: ProfileId;
  readonly fact: string;
  readonly grade: string;
  readonly row: string;
  readonly value: string;
  readonly source: string;
  /** Its value is the row's own text; otherwise it is told in other words. */
  readonly verbatim: boolean;
}

type RawRow = readonly [ProfileId, string, string, string, string, string];
const table = JSON.parse(readFileSync(path.join(import.meta.dirname, "../fixtures/vendor-facts.json"), "utf8")) as {
  readonly rows: readonly RawRow[];
  readonly reworded: readonly RawRow[];
  readonly families: Readonly<Record<string, readonly ProfileId[]>>;
};
const read = (rawRows: readonly RawRow[], verbatim: boolean): readonly Row[] =>
  rawRows.map(([profile, fact, grade, row, value, source]) => ({ profile, fact, grade, row, value, source, verbatim }));
const rows: readonly Row[] = [...read(table.rows, true), ...read(table.reworded, false)];
const { profiles } = readLibrary(shippedLibrary, { lint: false });
const shipped = (id: ProfileId): Profile => profiles.get(id)?.value ?? assert.fail(`there is no ${id}`);
const factOf = ({ profile, fact }: Row): Fact<FactValue> =>
  shipped(profile).facts.get(fact) ?? assert.fail(`${profile} has no fact ${fact}`);

/** Numbers as they stand in a text, `0x2002`, `2.80` and `CVE-2019-6857` among them. */
const figures = (text: string): readonly string[] => text.match(/CVE-\d{4}-\d+|0x[\da-f]+|\d+(?:\.\d+)*/giu) ?? [];

function agrees(row: Row): void {
  const where = `${row.profile} ${row.fact}`;
  const { value, grade, status, note, sources } = factOf(row);
  assert.equal(grade, row.grade, where);
  const documents = shipped(row.profile).sources.filter(({ id }) => sources.includes(id));
  const places = documents.map(({ title, document, place, mirror }) => [title, document, place, mirror].join(" ")).join(" ");
  // In other words the number of a weakness may stand in its advisory's title, and an edition beside its document.
  const said = [String(value), note ?? "", row.verbatim ? "" : places].join(" ");
  const whole = row.grade === "A" || !row.verbatim;
  if (row.grade === "N") assert.deepEqual([value, status], [null, "not-documented"], where);
  const told = row.grade === "N" && !row.verbatim ? "" : whole ? `${row.row} ${row.value}` : row.row;
  for (const figure of figures(told)) assert.ok(said.includes(figure), `${where}: ${figure}`);
  // What an excerpt was taken to mean is never printed as what the document says.
  if (row.verbatim && row.grade === "V" && value !== null)
    assert.ok(`${row.row} `.toLowerCase().startsWith(String(value).toLowerCase()), `${where}: ${String(value)}`);
  if (row.grade === "M" || row.grade === "S") assert.ok(!isPrintable({ value, grade, status, note, sources }), where);
  const pages = row.grade === "V" ? (row.source.match(/p\.\d+/gu) ?? []).map((page) => page.slice(2)) : [];
  for (const page of [...pages, ...(row.source.match(/(?<=ICSA)-\d\d-\d{3}-\d\d/gu) ?? [])])
    assert.ok(places.includes(page), `${where}: ${page}`);
}

describe("a fact of the table", () => {
  test("stands in its profile with its figures, its grade and its source: twenty at random, by seed", () => {
    fc.assert(fc.property(fc.constantFrom(...rows), agrees), { numRuns: 20 });
  });

  test("and so does every other", () => {
    for (const row of rows) agrees(row);
    assert.ok(rows.length > 200);
  });

  test("with another grade or another figure is noticed", () => {
    for (const verbatim of [true, false]) {
      const row = rows.find((one) => one.grade === "V" && one.verbatim === verbatim)!;
      agrees(row);
      assert.throws(() => agrees({ ...row, grade: "M" }));
      assert.throws(() => agrees({ ...row, row: `${row.row} 4711` }));
      assert.throws(() => agrees({ ...row, source: `${row.source} p.4711` }));
    }
  });
});

test("each of the at least 31 families that were looked into has a profile, with what is known of it or that nothing is", () => {
  assert.ok(Object.keys(table.families).length >= 31);
  for (const [family, ids] of Object.entries(table.families)) {
    assert.ok(ids.length > 0, family);
    for (const id of ids) assert.ok(shipped(id).facts.size > 0 || id === "passive-navigation", `${family}: ${id}`);
  }
});

test("a profile of the table has no other facts", () => {
  for (const id of new Set(rows.flatMap(({ profile, verbatim }) => (verbatim ? [profile] : [])))) {
    const known = new Set(rows.filter(({ profile }) => profile === id).map(({ fact }) => fact));
    assert.deepEqual(
      [...shipped(id).facts.keys()].filter((fact) => !known.has(fact)),
      [],
      id,
    );
  }
});
