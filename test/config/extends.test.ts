/** A profile that extends another one can only tighten it, one level deep; everything looser is said with its line. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, test, type TestContext } from "node:test";
import { readLibrary, type Library } from "../../src/config/library.ts";
import { formatProblem } from "../../src/config/problem.ts";
import type { ProfileId } from "../../src/domain/plan.ts";
import { soundProfile } from "./checks/library-profile.ts";

const upper = soundProfile.replace("id: test-device", "id: upper").replace("review: draft\n", "review: draft\nextends: test-device\n");
const ownAdvisory = upper.slice(upper.indexOf("advisories:"), upper.indexOf("liveness:"));
const sound = upper.replace(ownAdvisory, "").replace(/ {2}- \{id: icsa.*\n/u, "");

function library(t: TestContext, files: Readonly<Record<string, string>>): Library {
  const folder = mkdtempSync(path.join(tmpdir(), "library-"));
  t.after(() => {
    rmSync(folder, { recursive: true });
  });
  for (const [name, text] of Object.entries({ "test-device.yaml": soundProfile, ...files })) writeFileSync(path.join(folder, name), text);
  const { profiles, problems } = readLibrary(folder, { lint: false });
  return { profiles, problems: problems.map((problem) => ({ ...problem, file: path.basename(problem.file) })) };
}

test("what the lower profile forbids, warns of and wants stated holds above it", (t) => {
  const bare = sound
    .replace("ownerMustState: [otherClients, watchdog]", "ownerMustState: [firmware]")
    .replace(/ {2}- \{kind: function-code.*\n/u, "  []\n");
  const { profiles, problems } = library(t, { "upper.yaml": bare });
  assert.deepEqual(problems.map(formatProblem), []);
  const made = profiles.get("upper" as ProfileId)!.value;
  assert.deepEqual(made.ownerMustState, ["firmware", "otherClients", "watchdog"]);
  assert.deepEqual(
    made.forbidden.map((one) => (one.kind === "function-code" ? one.functionCode : one.kind)),
    [90],
  );
  assert.deepEqual(
    made.advisories.map(({ id }) => id),
    ["ICSA-20-016-01"],
  );
  assert.deepEqual(
    made.advisories.flatMap(({ sources }) => sources).map((id) => made.sources.some((one) => one.id === id)),
    [true],
  );
});

describe("said with its line is", () => {
  for (const [what, from, to, expected] of [
    [
      "a method that the lower one does not name",
      "  modbus-fc3:",
      "  modbus-fc4:",
      /methods\.modbus-fc4: found modbus-fc4, expected forbid, or a method that test-device names/,
    ],
    [
      "a decision that is looser",
      "decision: ask",
      "decision: allow",
      /methods\.modbus-fc3\.decision: found "allow", expected nothing looser than ask, as test-device has it/,
    ],
    ["a shorter interval", ", intervalMin: 60s", "", /methods\.modbus-fc43\.intervalMin: found 0, expected nothing looser than 60000/],
    ["a kind that is asked more readily", "kind: plc", "kind: plc", undefined],
    [
      "an advisory that stands there already",
      "liveness:",
      `${ownAdvisory}liveness:`,
      /advisories\[0\]\.id: found "ICSA-20-016-01" again, expected nothing: test-device has it/,
    ],
  ] as const)
    test(what, (t) => {
      const text = sound.replace(from, () => to);
      const withSource = what.startsWith("an advisory")
        ? text.replace(/ {2}- \{id: farm/u, `${/ {2}- \{id: icsa.*\n/u.exec(upper)![0]}  - {id: farm`)
        : text;
      const { problems } = library(t, { "upper.yaml": withSource });
      const said = problems.map(formatProblem);
      if (expected === undefined) assert.deepEqual(said, []);
      else {
        assert.equal(said.length, 1, said.join("\n"));
        assert.match(said[0]!, expected);
        assert.match(said[0]!, /^upper\.yaml:\d+: /u);
      }
    });

  for (const [what, from, to, expected] of [
    [
      "a larger pool",
      "poolSize: {value: null, status: not-documented, grade: N}",
      "poolSize: {value: 2, status: not-documented, grade: M}",
      /connection\.poolSize\.value: found 4, expected nothing looser than 2/,
    ],
    [
      "a kinder watchdog",
      "fedBy: {value: null, status: not-documented, grade: N}",
      "fedBy: {value: any-telegram, status: not-documented, grade: M}",
      /watchdog\.fedBy\.value: found "unknown", expected nothing looser than any-telegram/,
    ],
    ["a smaller reserve", "reserve: 2", "reserve: 3", /connection\.reserve: found 2, expected nothing looser than 3/],
    [
      "a connection whose end may trip",
      "closeCausesFault: {value: null, status: not-documented, grade: N}",
      "closeCausesFault: {value: true, status: not-documented, grade: M}",
      /closeCausesFault\.value: found "unknown", expected nothing looser than yes/,
    ],
    [
      "more who may answer",
      "vendors: []",
      "vendors: [Test]",
      /identification\.vendors: found the list of nobody, expected nothing looser than Test/,
    ],
    ["a kind that is asked more readily", "kind: plc", "kind: drive", /kind: found false, expected nothing looser than true/],
    [
      "a method with a longer wait",
      "intervalMin: 60s",
      "intervalMin: 60s, answerWithin: 2s",
      /methods\.modbus-fc43\.answerWithin: found nothing, expected nothing looser than 2000/,
    ],
  ] as const)
    test(`${what} than the lower profile has`, (t) => {
      const { problems } = library(t, { "upper.yaml": sound, "test-device.yaml": soundProfile.replace(from, () => to) });
      const said = problems.map(formatProblem);
      assert.equal(said.length, 1, said.join("\n"));
      assert.match(said[0]!, expected);
    });
});

test("two levels are one too many, and a floor that cannot be read is no second problem", (t) => {
  const third = sound.replace("id: upper", "id: third").replace("extends: test-device", "extends: upper");
  assert.match(
    library(t, { "upper.yaml": sound, "third.yaml": third }).problems.map(formatProblem).join("\n"),
    /^third\.yaml:9: extends: found "upper", which extends test-device, expected a profile that extends nothing itself: one level only$/u,
  );
  const broken = library(t, { "upper.yaml": sound, "test-device.yaml": "schema: [\n" });
  assert.deepEqual(
    broken.problems.map(({ file }) => file),
    ["test-device.yaml"],
  );
});

test("only one master below is only one master above", (t) => {
  const one = soundProfile.replace(
    "identification:",
    "exclusive: {value: true, status: documented, grade: V, sources: [manual]}\nidentification:",
  );
  assert.equal(
    library(t, { "upper.yaml": sound, "test-device.yaml": one }).profiles.get("upper" as ProfileId)?.value.exclusive?.value,
    true,
  );
});
