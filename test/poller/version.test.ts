/** The revision is what a package says of itself, or what git has checked out, and never a guess. */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { packageRevision } from "../../src/poller/version.ts";

const [one, two] = ["0123456789".repeat(4), "abcdef0123".repeat(4)] as const;

function folder(t: TestContext, files: Readonly<Record<string, string>>): string {
  const place = mkdtempSync(join(tmpdir(), "watchkeeper-revision-"));
  t.after(() => rmSync(place, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(place, name, ".."), { recursive: true });
    writeFileSync(join(place, name), text);
  }
  return place;
}

test("of a package its file REVISION", (t) => {
  assert.equal(packageRevision(folder(t, { REVISION: `${one}\n`, ".git/HEAD": two })), one);
});

test("of a package from a changed checkout that too, and no other word behind a commit", (t) => {
  assert.equal(packageRevision(folder(t, { REVISION: `${one}+modified\n` })), `${one}+modified`);
  assert.equal(packageRevision(folder(t, { REVISION: `${one}+x="y"\n` })), one);
});

test("of a checkout its commit, loose, packed or without a branch", (t) => {
  const head = "ref: refs/heads/main\n";
  assert.equal(packageRevision(folder(t, { ".git/HEAD": head, ".git/refs/heads/main": `${one}\n` })), one);
  const packed = `# pack-refs with: peeled\n${two} refs/heads/mainline\n${one} refs/heads/main\n`;
  assert.equal(packageRevision(folder(t, { ".git/HEAD": head, ".git/packed-refs": packed })), one);
  assert.equal(packageRevision(folder(t, { ".git/HEAD": `${two}\n` })), two);
});

test("of a second work tree, whose branch lies with the first", (t) => {
  const place = folder(t, {
    "tree/.git": "gitdir: ../main/.git/worktrees/tree\n",
    "main/.git/worktrees/tree/HEAD": "ref: refs/heads/side\n",
    "main/.git/worktrees/tree/commondir": "../..\n",
    "main/.git/refs/heads/side": `${two}\n`,
  });
  writeFileSync(join(place, "tree/.git"), `gitdir: ${place}/main/.git/worktrees/tree\n`);
  assert.equal(packageRevision(join(place, "tree")), two);
});

test("of anything else none", (t) => {
  assert.equal(packageRevision(folder(t, { REVISION: "not a commit\n", ".git/HEAD": "ref: ../../etc/passwd\n" })), "");
  assert.equal(packageRevision(folder(t, {})), "");
});
