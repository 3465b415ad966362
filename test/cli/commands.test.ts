/** The table of commands: each explains itself with examples that work, and the documents name the same ones. */
import assert from "node:assert/strict";
import path from "node:path";
import { describe, test } from "node:test";
import { parse } from "../../src/cli/arguments.ts";
import { runCli } from "../../src/cli/cli.ts";
import { commonOptions } from "../../src/cli/command.ts";
import { commands } from "../../src/cli/commands.ts";
import { documents } from "../support/documents.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { readProjectFile, sourceFiles } from "../support/source-tree.ts";
import { surroundings } from "./support/surroundings.ts";

/** Where what is missing would be asked for. */
const atTerminal = { clock: new FakeClock(), prompt: () => Promise.resolve(undefined) };

test("the table holds every file of src/cli/commands once", () => {
  const files = sourceFiles(["src/cli/commands"])
    .map((file) => path.basename(file, ".ts"))
    .toSorted();
  assert.deepEqual(commands.map(({ name }) => name).toSorted(), files);
});

const loaded = new Map(await Promise.all(commands.map(async ({ name, load }) => [name, await load()] as const)));

for (const { name, summary } of commands) {
  const command = loaded.get(name)!;
  describe(`watchkeeper ${name}`, () => {
    test("has a summary of one line and at least one example", () => {
      assert.equal(command.name, name);
      assert.match(summary, /^[a-z][^\n]{8,90}[^.\n]$/);
      assert.ok(command.examples.length > 0);
    });

    test("says that it plans if it may, and only then", () => {
      assert.equal(command.plans ?? false, everythingLoaded(`src/cli/commands/${name}.ts`).has("src/cli/site.ts"));
    });

    for (const [line] of command.examples) {
      test(`may be written as ${line}`, () => {
        const words = [...line.matchAll(/"([^"]*)"|(\S+)/gu)].map(([, quoted, bare]) => quoted ?? bare ?? "");
        const from = words.indexOf("watchkeeper");
        assert.ok(words.slice(0, from).every((word) => /^[A-Z_]+=/u.test(word)));
        assert.equal(words[from + 1], command.name);
        const parsed = parse(command, words.slice(from + 2), atTerminal);
        assert.ok("arguments" in parsed, JSON.stringify(parsed));
        // A worksheet brings its own signatures.
        if (parsed.arguments.texts.has("worksheet")) return;
        const lacking = Object.entries(command.options).filter(([name, { needed }]) => needed && !parsed.arguments.texts.has(name));
        assert.deepEqual(
          lacking.map(([name]) => name).filter((name) => name !== "devices" || !parsed.arguments.flags.has("all-new")),
          [],
        );
      });
    }

    test("shows its examples and every option in its help", async () => {
      const world = surroundings();
      assert.equal(await runCli([command.name, "--help"], commands, world), 0);
      for (const [line] of command.examples) assert.ok(world.out().includes(line));
      for (const name of Object.keys({ ...command.options, ...commonOptions })) assert.ok(world.out().includes(`--${name}`), name);
    });

    test("refuses an option that it does not know", async () => {
      const world = surroundings();
      assert.equal(await runCli([command.name, "--no-such-option"], commands, world), 2);
      assert.match(world.err(), /unknown option --no-such-option/);
    });
  });
}

/** The file itself and everything in src/cli that it loads, at once or when it needs it. */
function everythingLoaded(file: string): ReadonlySet<string> {
  const found = new Set([file]);
  for (const one of found) {
    const imports = readProjectFile(one).matchAll(/^(?:import|export) (?!type )[^;]*? from "(\.[^"]+)";$|\bimport\("(\.[^"]+)"\)/gmu);
    for (const [, atOnce, later] of imports) {
      const target = path.posix.join(path.posix.dirname(one), atOnce ?? later ?? "");
      if (target.startsWith("src/cli/")) found.add(target);
    }
  }
  return found;
}

/** Every command line of a document: of its code blocks, continued lines joined and remarks taken off, and of its code spans. */
function commandLines(text: string): readonly string[] {
  const blocks = [...text.matchAll(/```[a-z]*\n([\s\S]*?)```/gu)].map(([, block]) => block ?? "");
  const lines = blocks.flatMap((block) => block.replaceAll(/\\\n\s*/gu, "").split("\n"));
  const spans = [...text.replaceAll(/```[\s\S]*?```/gu, "").matchAll(/`([^`\n]+)`/gu)].map(([, span]) => span ?? "");
  const all = [...lines, ...spans].map((line) =>
    line
      .replace(/\s+#.*$/u, "")
      .trim()
      .replace("node bin/watchkeeper.mjs", "watchkeeper"),
  );
  return all.filter((line) => /^watchkeeper [a-z]/u.test(line));
}

describe("the documents", () => {
  for (const file of documents().filter((name) => !name.startsWith("test/"))) {
    for (const line of new Set(commandLines(readProjectFile(file)))) {
      test(`${file} may say ${line}`, () => {
        const [, name, ...rest] = [...line.matchAll(/"([^"]*)"|(\S+)/gu)].map(([, quoted, bare]) => quoted ?? bare ?? "");
        const command = name === undefined ? undefined : loaded.get(name);
        assert.ok(command || name === "help", `no command ${name ?? ""}`);
        // An ellipsis stands for the rest, which the command's own help says in full.
        if (!command || rest.includes("…") || rest.length === 0) return;
        assert.ok("arguments" in parse(command, rest, atTerminal), JSON.stringify(parse(command, rest, atTerminal)));
      });
    }
  }

  test("and the overview name every command", async () => {
    const world = surroundings();
    await runCli(["help"], commands, world);
    for (const { name, summary } of commands)
      assert.match(world.out(), new RegExp(`^ {2}${name} +${summary.slice(0, 20).replaceAll(/[^a-z ,]/gu, ".")}`, "m"));
  });
});
