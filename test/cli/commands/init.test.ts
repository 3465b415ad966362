/** `init`: makes a site that is complete and asks nothing, and never touches what is there. */
import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { runCli } from "../../../src/cli/cli.ts";
import { init } from "../../../src/cli/commands/init.ts";
import { MemoryState, type Ran } from "../support/site.ts";
import { listed, surroundings, type Changes } from "../support/surroundings.ts";

let parent = "";
let created: unknown[] = [];
class CreatingState extends MemoryState {
  override create(...given: readonly unknown[]): Promise<undefined> {
    created.push(given);
    return Promise.resolve(undefined);
  }
}

async function run(argv: readonly string[], changes: Changes = {}): Promise<Ran> {
  const world = surroundings({ cwd: parent, state: new CreatingState(), ...changes });
  const code = await runCli(["init", ...argv], [listed(init)], world);
  const plainly = (text: string): string => text.replaceAll(parent, "PARENT");
  return { code, out: plainly(world.out()), err: plainly(world.err()) };
}

beforeEach(() => {
  parent = mkdtempSync(path.join(tmpdir(), "wk-"));
  created = [];
});
afterEach(() => rmSync(parent, { recursive: true }));

describe("init makes", () => {
  test("settings, a watchlist, room for profiles and the state folder, and says what comes next", async () => {
    assert.deepEqual(await run(["mv-aurora", "--site", "mv-aurora"]), {
      code: 0,
      err: "",
      out: `Made the site mv-aurora in mv-aurora:
  watchkeeper.yaml  settings
  watchlist.yaml    segments, gateways and devices; empty, with examples
  device-profiles/  this site's device profiles with their approvals
  state/            the poller's own: never copy or restore it

Nothing is asked yet. Next:
  1. edit mv-aurora/watchlist.yaml  name segments and devices; it holds examples
  2. cd mv-aurora
  3. watchkeeper check-config       every mistake at once, with file and line
  4. watchkeeper plan               what would be sent to which device, and what is missing
  5. watchkeeper help approve       how a person allows a device family to be asked
  6. watchkeeper run                ask what is approved`,
    });
    const folder = path.join(parent, "mv-aurora");
    assert.deepEqual(readdirSync(folder).toSorted(), ["device-profiles", "watchkeeper.yaml", "watchlist.yaml"]);
    assert.deepEqual(created, [[path.join(folder, "state"), { site: "mv-aurora", lab: false }]]);
    assert.match(readFileSync(path.join(folder, "watchkeeper.yaml"), "utf8"), /^site: mv-aurora$/m);
  });

  test("a state folder elsewhere, where a service may write no more than that", async () => {
    const state = path.join(parent, "lib/state");
    const { code, out, err } = await run(["mv-aurora", "--site", "mv-aurora", "--state", "lib/state"]);
    assert.deepEqual([code, err], [0, ""]);
    assert.match(out, /^ {2}PARENT\/lib\/state {2}the poller's own: never copy or restore it$/mu);
    assert.deepEqual(created, [[state, { site: "mv-aurora", lab: false }]]);
    assert.match(
      readFileSync(path.join(parent, "mv-aurora/watchkeeper.yaml"), "utf8"),
      new RegExp(`^stateDir: ${state} +# the poller's own`, "mu"),
    );
    mkdirSync(path.join(parent, "other"));
    const taken = await run(["second", "--site", "second", "--state", "other"]);
    assert.deepEqual([taken.code, taken.err], [1, "PARENT/other: found something there, expected nothing: a state folder is made new"]);
    assert.match((await run(["second", "--site", "second", "--state", "a#b"])).err, /--state: found "a#b", expected a path/u);
  });

  test("a site for the lab, where three things say so", async () => {
    const ran = await run(["lab", "--site", "lab", "--lab"], { env: { WATCHKEEPER_LAB: "1" } });
    assert.equal(ran.code, 0);
    assert.match(ran.out, /^LAB MODE: floors are lowered; only loopback and documentation addresses are asked\.$/m);
    assert.match(ran.out, /watchkeeper run --lab/);
    assert.deepEqual(created, [[path.join(parent, "lab/state"), { site: "lab", lab: true }]]);
  });

  test("a site in a folder that is there and empty of sites", async () => {
    writeFileSync(path.join(parent, "notes.txt"), "x");
    const ran = await run([".", "--site", "here", "--json"]);
    assert.deepEqual(JSON.parse(ran.out), { folder: "PARENT", site: "here", lab: false });
    assert.ok(existsSync(path.join(parent, "watchlist.yaml")));
  });
});

describe("init refuses", () => {
  test("a program's folder", async () => {
    writeFileSync(path.join(parent, "package.json"), "{}");
    assert.deepEqual(await run([".", "--site", "x"]), {
      code: 1,
      out: "",
      err: "PARENT: found a package.json, expected a folder of the site's own; a site does not live in a program's folder",
    });
    assert.deepEqual(readdirSync(parent), ["package.json"]);
    assert.deepEqual(created, []);
  });

  for (const name of ["watchkeeper.yaml", "watchlist.yaml", "device-profiles", "state"]) {
    test(`a folder with ${name}`, async () => {
      mkdirSync(path.join(parent, name));
      assert.deepEqual(await run([".", "--site", "x"]), {
        code: 1,
        out: "",
        err: `PARENT: found ${name}, expected no site yet; nothing is overwritten`,
      });
      assert.deepEqual(readdirSync(parent), [name]);
    });
  }

  test("a path in which no control socket fits", async () => {
    const ran = await run(["x".repeat(90), "--site", "x"]);
    assert.equal(ran.code, 1);
    assert.match(
      ran.err,
      /the path is too long for a control socket in its state folder \(\d+ bytes, expected at most 100\); choose a shorter one$/,
    );
    assert.deepEqual(readdirSync(parent), []);
  });

  test("a place that is a file", async () => {
    writeFileSync(path.join(parent, "file"), "");
    const ran = await run(["file/site", "--site", "x"]);
    assert.equal(ran.code, 1);
    assert.match(ran.err, /^PARENT\/file\/site: the site cannot be made here \(ENOTDIR.*\); expected a folder that you may write$/);
  });

  test("when the state folder cannot be made, and makes nothing else", async () => {
    const state = new MemoryState();
    state.create = () => Promise.resolve({ problems: ["no space left"] }) as never;
    assert.deepEqual(await run(["site", "--site", "x"], { state }), { code: 1, out: "", err: "no space left" });
    assert.deepEqual(readdirSync(path.join(parent, "site")), []);
  });
});

describe("init is wrong usage", () => {
  for (const [what, argv, env, message] of [
    ["without a folder", ["--site", "x"], {}, "<folder> is missing"],
    ["without a site", ["a"], {}, "--site <id> is missing: the site's id, for ever: a to z, 0 to 9 and -"],
    [
      "with a site's name that no file may carry",
      ["a", "--site", "MV Aurora"],
      {},
      '--site: found "MV Aurora", expected a to z, 0 to 9 and -, at most 63 characters, beginning with a letter or digit',
    ],
    [
      "with --lab alone",
      ["a", "--site", "x", "--lab"],
      {},
      "--lab: found WATCHKEEPER_LAB unset, expected 1. Lab mode lowers the floors: set WATCHKEEPER_LAB=1 where no plant can be reached",
    ],
    [
      "with another word in the environment",
      ["a", "--site", "x", "--lab"],
      { WATCHKEEPER_LAB: "true" },
      '--lab: found WATCHKEEPER_LAB "true", expected 1. Lab mode lowers the floors: set WATCHKEEPER_LAB=1 where no plant can be reached',
    ],
  ] as const) {
    test(what, async () => {
      const ran = await run(argv, { env });
      assert.equal(ran.code, 2);
      assert.equal(ran.err.split("\n")[0], `watchkeeper init: ${message}`);
      assert.deepEqual(readdirSync(parent), []);
    });
  }
});
