/** bcrypt runs in a thread of its own, which yields to everybody else. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { BcryptThread } from "../../src/poller/bcrypt-thread.ts";

/** Of "fresh-water", by htpasswd -nBC 4. */
const hash = "$2y$04$.V2HYgKTIf/mjQlQ2ck4oOjD7XZYFhV3MEaE/eOJyTdCIYdySwMAi";

test("tells the right password from another, with the lowest priority that there is", async () => {
  const thread = new BcryptThread();
  assert.deepEqual(await Promise.all([thread.compare("fresh-water", hash), thread.compare("salt-water", hash)]), [true, false]);
  // Field 19 of stat(5), counted after the name, which may hold blanks.
  const priorities = readdirSync("/proc/self/task").map(
    (task) =>
      readFileSync(`/proc/self/task/${task}/stat`, "utf8")
        .replace(/^.*\) /u, "")
        .split(" ")[16],
  );
  assert.equal(priorities.filter((nice) => nice === "19").length, 1, "one thread, and only that one");
  await thread.close();
});

test("a thread that ended is started again, and who waited is told", async () => {
  const thread = new BcryptThread();
  const waiting = thread.compare("fresh-water", hash);
  await thread.close();
  await assert.rejects(waiting, /the thread that compares passwords ended/u);
  assert.equal(await thread.compare("fresh-water", hash), true);
  await thread.close();
});
