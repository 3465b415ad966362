/** Two pollers of one state folder never work at once, whichever network namespace or container they are in. */
import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { claimBesideOthers, claimStateFolder } from "../../src/store/database-lock.ts";
import { systemClock } from "../../src/system-clock.ts";
import { FakeClock } from "../support/fake-clock.ts";

let folder = "";
let children: ChildProcess[] = [];
const clock = new FakeClock();
const claim = (): ReturnType<typeof claimStateFolder> => claimStateFolder(folder, clock);
const problemOf = (claimed: ReturnType<typeof claimStateFolder>): string => ("problem" in claimed ? claimed.problem : "");

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "watchkeeper-lock-"));
  children = [];
});
afterEach(async () => {
  for (const child of children) await killed(child);
  rmSync(folder, { recursive: true });
});

/** A process that takes the lock and holds it until it is killed. */
async function holder(): Promise<ChildProcess> {
  const code = `
    import { claimStateFolder } from ${JSON.stringify(import.meta.resolve("../../src/store/database-lock.ts"))};
    import { systemClock } from ${JSON.stringify(import.meta.resolve("../../src/system-clock.ts"))};
    globalThis.lock = claimStateFolder(${JSON.stringify(folder)}, systemClock);
    console.log(lock.problem ?? "has it");
    process.stdin.resume();`;
  const child = spawn(process.execPath, ["--input-type=module", "--eval", code], { stdio: ["pipe", "pipe", "inherit"] });
  children.push(child);
  const [said] = (await once(child.stdout, "data")) as [Buffer];
  assert.equal(String(said).trim(), "has it");
  return child;
}

async function killed(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGKILL");
  await ended;
}

describe("the lock of a state folder", () => {
  test("is refused while another process holds it, and says which one", async () => {
    const first = await holder();
    const problem = problemOf(claim());
    assert.match(problem, /found another poller at work in this state folder/u);
    assert.ok(problem.includes(`process ${first.pid ?? 0} on ${hostname()} since 20`), problem);
    assert.match(problemOf(claim()), /another poller/u, "a refused claim has not taken the lock away");
  });

  test("is free again once that process was killed", async () => {
    await killed(await holder());
    const mine = claim();
    assert.ok("release" in mine, problemOf(mine));
    mine.release();
  });

  test("is held against this process too until it is released, and leaves files for its user alone", () => {
    const mine = claim();
    assert.ok("release" in mine);
    assert.match(problemOf(claimStateFolder(folder, systemClock)), /another poller/u);
    mine.release();
    const next = claim();
    assert.ok("release" in next);
    next.release();
    assert.deepEqual(readdirSync(folder).toSorted(), ["lock.json", "lock.sqlite"]);
    for (const name of readdirSync(folder)) assert.equal(statSync(join(folder, name)).mode & 0o077, 0, name);
  });

  test("names nobody who has ended: whoever has it just then has not written its name yet, and that is waited for", async () => {
    const first = await holder();
    const path = join(folder, "lock.json");
    const own = readFileSync(path, "utf8");
    const before = spawn("true");
    await once(before, "exit");
    const noteOf = (host: string): void => writeFileSync(path, JSON.stringify({ pid: before.pid, host, since: "2026-11-22T00:00:00Z" }));
    noteOf(hostname());
    const beside = claimBesideOthers(folder, clock);
    await clock.advance(500);
    writeFileSync(path, own);
    await clock.advance(100);
    assert.match(problemOf(await beside), new RegExp(`\\(process ${first.pid ?? 0} on `, "u"));
    noteOf(hostname());
    const unnamed = claimBesideOthers(folder, clock);
    await clock.advance(1000);
    assert.match(problemOf(await unnamed), /\(which one is not known\)/u);
    // Of another host nobody here can tell.
    noteOf("container-7");
    assert.match(problemOf(await claimBesideOthers(folder, clock)), new RegExp(`process ${before.pid ?? 0} on container-7`, "u"));
    await killed(first);
    noteOf(hostname());
    const mine = await claimBesideOthers(folder, clock);
    assert.ok("release" in mine);
    mine.release();
  });

  test("says so where nobody knows who holds it", async () => {
    await holder();
    for (const text of ["", "null", "{"]) {
      writeFileSync(join(folder, "lock.json"), text);
      assert.match(problemOf(claim()), /another poller at work in this state folder \(/u, text);
    }
    rmSync(join(folder, "lock.json"));
    assert.match(problemOf(claim()), /\(which one is not known\)/u);
  });

  test("cannot be had where the file is something else, and that is said", () => {
    writeFileSync(join(folder, "lock.sqlite"), "x".repeat(5000));
    assert.match(problemOf(claim()), /the lock of the state folder cannot be had \(file is not a database\)/u);
    rmSync(folder, { recursive: true });
    assert.match(problemOf(claim()), /cannot be had \(ENOENT/u);
    writeFileSync(folder, "");
  });
});
