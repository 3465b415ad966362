/** docs/first-site.md works: its files and commands, in its order, lead from an inventory to an approved plan. */
import assert from "node:assert/strict";
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { runCli } from "../../src/cli/cli.ts";
import { commands } from "../../src/cli/commands.ts";
import { readProjectFile } from "../support/source-tree.ts";
import { MemoryState } from "./support/site.ts";
import { surroundings } from "./support/surroundings.ts";

/** Need a process or a journal of their own; that they may be typed so is another test's affair. */
const notRun = new Set(["run", "selftest"]);

const blocks = [...readProjectFile("docs/first-site.md").matchAll(/```(\w+) ?(\w*)\n([\s\S]*?)```/gu)].map(([, kind, name, text]) => ({
  kind: kind!,
  name: name!,
  text: text!,
}));

test("the walk from an inventory to an approved plan runs as it is written", async () => {
  const parent = mkdtempSync(path.join(tmpdir(), "wk-first-"));
  const folder = path.join(parent, "mv-aurora");
  const watchlist = path.join(folder, "watchlist.yaml");
  const state = new MemoryState();
  let cwd = parent;
  const run = async (words: readonly string[]): Promise<string> => {
    const world = surroundings({ cwd, state });
    const code = await runCli(words, commands, world);
    assert.equal(code, 0, `${words.join(" ")}: ${world.err()}\n${world.out()}`);
    return world.out();
  };
  try {
    const ran: string[] = [];
    for (const { kind, name, text } of blocks) {
      if (name === "segment") appendFileSync(watchlist, text);
      else if (name === "inventory") writeFileSync(path.join(folder, "inventory.csv"), text);
      else if (name === "statements") {
        const before = readFileSync(watchlist, "utf8");
        writeFileSync(watchlist, before.replace(/( {4}profile: schneider-m221\n)/u, `$1${text}`));
      } else
        for (const line of text.trim().split("\n")) {
          assert.equal(kind, "sh");
          const words = [...line.matchAll(/"([^"]*)"|(\S+)/gu)].map(([, quoted, bare]) => quoted ?? bare ?? "");
          if (words[0] === "cd") cwd = path.join(cwd, words[1]!);
          else if (!notRun.has(words[1]!)) {
            const covers = words.includes("sha256:…") ? await coversOf(run) : "";
            await run(words.slice(1).map((word) => (word === "sha256:…" ? covers : word)));
            ran.push(words[1]!);
          }
        }
    }
    assert.ok(ran.length >= 11, ran.join(" "));
    const plan = JSON.parse(await run(["plan", "--json"])) as { checks: readonly { device: string }[]; refused: readonly unknown[] };
    assert.deepEqual(
      plan.checks.map(({ device }) => device),
      ["fresh-water-plant"],
    );
    assert.match(readFileSync(watchlist, "utf8"), /id: burner-management[^]*function: safety[^]*checks: \[\]/);
  } finally {
    rmSync(parent, { recursive: true });
  }
});

async function coversOf(run: (words: readonly string[]) => Promise<string>): Promise<string> {
  const { profiles } = JSON.parse(await run(["plan", "--json"])) as { profiles: readonly { id: string; covers: string }[] };
  return profiles.find(({ id }) => id === "schneider-m221")?.covers ?? "";
}
