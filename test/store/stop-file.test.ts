/** STOP is the one truth: whatever cannot be understood is a stop, and none is lost. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import fs, {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { StopFile } from "../../src/store/stop-file.ts";
import { FakeClock } from "../support/fake-clock.ts";

let parent = "";
let folder = "";
let path = "";
const clock = new FakeClock();
const open = (): StopFile => new StopFile(folder, clock);
/** As a person does who has just looked. */
const lift = (stop: StopFile, by: string, reason: string): ReturnType<StopFile["lift"]> => stop.lift(by, reason, stop.generation);

beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), "watchkeeper-stop-"));
  folder = join(parent, "state");
  path = join(folder, "STOP");
  mkdirSync(folder, { mode: 0o700 });
});
afterEach(() => rmSync(parent, { recursive: true, force: true }));

describe("a stop", () => {
  test("is not in force where there is no file", () => {
    assert.equal(open().inForce, false);
    assert.equal(open().record, undefined);
  });

  test("that is written holds in memory, on disk and for the next process, and says who and why", () => {
    const stop = open();
    assert.equal(stop.write("eto-1", "odd noises from pump 2"), undefined);
    assert.equal(stop.inForce, true);
    assert.equal(statSync(path).mode & 0o777, 0o600);
    assert.deepEqual(open().record, { by: "eto-1", reason: "odd noises from pump 2", since: "2026-11-21T12:00:00.000Z" });
  });

  test("keeps its first author when somebody stops again", () => {
    open().write("eto-1", "first");
    const second = open();
    assert.equal(second.write("eto-2", "second"), undefined);
    assert.equal(second.record?.by, "eto-1");
  });

  test("by another process is seen at the next read", () => {
    const poller = open();
    open().write("command", "by hand");
    assert.equal(poller.inForce, false);
    assert.equal(poller.read(), true);
    assert.equal(poller.record?.reason, "by hand");
  });

  test("ends when it is lifted with a name and a reason", () => {
    const stop = open();
    stop.write("eto-1", "test");
    assert.match(lift(stop, "", "fine again")?.problem ?? "", /no name/u);
    assert.match(lift(stop, "eto-1", " ")?.problem ?? "", /no reason/u);
    assert.equal(stop.inForce, true);
    assert.equal(lift(stop, "eto-1", "fine again"), undefined);
    assert.equal(stop.inForce, false);
    assert.equal(open().inForce, false);
  });
});

describe("a resumption lifts the stop that was looked at, and", () => {
  test("none that came after it, though nobody has looked at the file in between", () => {
    const stop = open();
    stop.write("eto-1", "first");
    const { generation } = stop;
    stop.write("eto-2", "smoke again");
    assert.match(stop.lift("eto-1", "fine", generation)?.problem ?? "", /found another stop/u);
    assert.equal(stop.inForce, true);
    assert.equal(JSON.parse(readFileSync(path, "utf8")).latest.by, "eto-2");
    assert.equal(stop.lift("eto-1", "looked again", stop.generation), undefined);
  });

  test("none that another process wrote meanwhile, in the same words", () => {
    const resuming = open();
    resuming.write("eto-1", "same");
    const { generation } = resuming;
    open().write("eto-1", "same");
    assert.match(resuming.lift("eto-1", "fine", generation)?.problem ?? "", /found another stop/u);
    assert.equal(open().inForce, true);
  });

  test("none that came where there was none", () => {
    const stop = open();
    const { generation } = stop;
    writeFileSync(path, "");
    assert.match(stop.lift("eto-1", "fine", generation)?.problem ?? "", /found another stop/u);
    assert.equal(open().inForce, true);
  });

  test("none that somebody puts in its place in the very moment of lifting", (context) => {
    const stop = open();
    stop.write("eto-1", "first");
    const rename = fs.renameSync.bind(fs);
    const place = context.mock.method(fs, "renameSync", (from: string, to: string) => {
      place.mock.restore();
      syncBuiltinESMExports();
      open().write("eto-2", "second");
      rename(from, to);
    });
    syncBuiltinESMExports();
    assert.match(lift(stop, "eto-1", "fine")?.problem ?? "", /found another stop/u);
    assert.equal(stop.read(), true);
    assert.equal(open().record?.by, "eto-1");
    assert.deepEqual(readdirSync(folder), ["STOP"]);
  });

  test("nothing where nothing is stopped", () => {
    const stop = open();
    assert.equal(lift(stop, "eto-1", "fine"), undefined);
    assert.deepEqual(readdirSync(folder), []);
  });
});

describe("a stop that comes while one is in force is another one,", () => {
  const others: readonly [what: string, make: () => void][] = [
    ["also over somebody's own words, which stay", () => writeFileSync(path, "do not poll!")],
    ["also over a folder", () => mkdirSync(path)],
    ["also over a link to nowhere", () => symlinkSync("/nonexistent", path)],
    ["also over a pipe", () => void execFileSync("mkfifo", [path])],
  ];
  for (const [what, make] of others) {
    test(what, () => {
      make();
      const kind = execFileSync("stat", ["-c", "%F %s", path], { encoding: "utf8" });
      const resuming = open();
      const { generation } = resuming;
      assert.equal(open().write("eto-2", "smoke"), undefined);
      assert.match(resuming.lift("eto-1", "fine", generation)?.problem ?? "", /found another stop/u);
      assert.equal(execFileSync("stat", ["-c", "%F %s", path], { encoding: "utf8" }), kind);
    });
  }
});

describe("what is there and cannot be understood is a stop:", () => {
  const oddities: readonly [what: string, make: () => void][] = [
    ["an empty file", () => writeFileSync(path, "")],
    ["a file of somebody's own words", () => writeFileSync(path, "do not poll!")],
    ["JSON that is not a record", () => writeFileSync(path, "[null]")],
    ["the word null", () => writeFileSync(path, "null")],
    ["a huge file", () => writeFileSync(path, "x".repeat(1_000_000))],
    ["a folder", () => mkdirSync(path)],
    ["a link to nowhere", () => symlinkSync("/nonexistent", path)],
    ["a pipe, which nobody waits for", () => void execFileSync("mkfifo", [path])],
    ["a missing state folder", () => rmSync(folder, { recursive: true })],
    [
      "a state folder that was replaced",
      () => {
        renameSync(folder, `${folder}.old`);
        mkdirSync(folder);
      },
    ],
  ];
  for (const [what, make] of oddities) {
    test(what, () => {
      const stop = open();
      make();
      assert.equal(stop.read(), true);
      assert.equal(stop.read(), true);
      assert.notEqual(stop.record, undefined);
    });
  }

  test("a state folder that was never there", () => {
    assert.equal(new StopFile(join(parent, "nowhere"), clock).inForce, true);
  });

  test("text that would obey in a terminal is made harmless", () => {
    writeFileSync(path, JSON.stringify({ by: "\u001b[2J", reason: "a\nb", since: "yesterday" }));
    assert.deepEqual(open().record, { by: "?[2J", reason: "a?b", since: undefined });
  });
});

describe("the generation", () => {
  test("stays while nothing changes, and goes up with every stop and lift, whoever did it", () => {
    const poller = open();
    const seen = [poller.generation];
    poller.read();
    assert.equal(poller.generation, seen[0]);
    const note = (): void => {
      poller.read();
      assert.ok(poller.generation > seen.at(-1)!, `${poller.generation} after ${seen.join(", ")}`);
      seen.push(poller.generation);
      poller.read();
      assert.equal(poller.generation, seen.at(-1));
    };
    poller.write("a", "b");
    note();
    lift(poller, "a", "b");
    note();
    writeFileSync(path, "");
    note();
    writeFileSync(path, "changed");
    note();
    rmSync(path);
    note();
  });
});

describe("a stop that cannot be written", () => {
  test("holds in memory, is reported, and is not lifted by the file's absence", () => {
    const stop = open();
    rmSync(folder, { recursive: true });
    writeFileSync(folder, "a file where the folder was");
    assert.match(stop.write("eto-1", "disk is broken")?.problem ?? "", /this process is stopped/u);
    assert.equal(stop.inForce, true);
    rmSync(folder);
    mkdirSync(folder);
    assert.equal(stop.read(), true);
    assert.equal(stop.record?.by, "eto-1");
  });

  test("can be written once there is room, and then be lifted", () => {
    const stop = open();
    renameSync(folder, `${folder}.away`);
    assert.notEqual(stop.write("eto-1", "disk is broken"), undefined);
    renameSync(`${folder}.away`, folder);
    assert.equal(stop.write("eto-1", "again"), undefined);
    assert.equal(JSON.parse(readFileSync(path, "utf8")).by, "eto-1");
    assert.equal(lift(stop, "eto-1", "room again"), undefined);
    assert.equal(stop.inForce, false);
  });
});

test("a stop that cannot be lifted stays in force and says so", () => {
  const stop = open();
  mkdirSync(path);
  assert.match(lift(stop, "eto-1", "fine")?.problem ?? "", /stays stopped/u);
  assert.equal(stop.inForce, true);
});

test("a file left by a killed writer is not in the way", () => {
  symlinkSync("/nonexistent/elsewhere", `${path}.tmp-${process.pid}`);
  const stop = open();
  assert.equal(stop.write("eto-1", "test"), undefined);
  chmodSync(path, 0o600);
  assert.equal(open().record?.by, "eto-1");
});
