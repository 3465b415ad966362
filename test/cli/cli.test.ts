/** How a command line is understood: what is wrong with it is said all at once, with the name that was probably meant, and ends with exit code 2. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { runCli } from "../../src/cli/cli.ts";
import { WrongUsage, type Command, type Context, type ListedCommand } from "../../src/cli/command.ts";
import { listed, surroundings } from "./support/surroundings.ts";

let seen: Context | undefined;
const greet: Command = {
  name: "greet",
  words: [
    { name: "device", required: true },
    { name: "colour", required: false },
  ],
  options: {
    by: { type: "text", value: "<name>", summary: "who greets", required: true },
    often: { type: "text", summary: "how often" },
    loud: { type: "flag", summary: "say it loud" },
  },
  examples: [["watchkeeper greet plc-1 --by eto-1", "greets it once"]],
  more: "It only greets.",
  run(context) {
    seen = context;
    if (context.words[1] === "green") throw new WrongUsage("found green, expected red or blue");
    context.print("hello");
    return Promise.resolve(0);
  },
};
const wave: Command = { name: "wave", words: [], options: {}, examples: [["watchkeeper wave", "it waves"]], run: () => Promise.resolve(1) };
let loaded: string[] = [];
const commands = [inTable(greet, "greet a device"), inTable(wave, "wave")];

function inTable(command: Command, summary: string): ListedCommand {
  const load = (): Promise<Command> => {
    loaded.push(command.name);
    return Promise.resolve(command);
  };
  return { name: command.name, summary, load };
}

async function run(...argv: readonly string[]): Promise<{ code: number; out: string; err: string }> {
  const world = surroundings();
  seen = undefined;
  loaded = [];
  const code = await runCli(argv, commands, world);
  return { code, out: world.out(), err: world.err() };
}

describe("a command line that is right", () => {
  test("runs its command with words, texts and flags", async () => {
    const ran = await run("greet", "plc-1", "--by=eto-1", "--loud", "--config.file", "/etc/w.yaml", "red");
    assert.deepEqual(ran, { code: 0, out: "hello", err: "" });
    assert.deepEqual(seen?.words, ["plc-1", "red"]);
    assert.equal(seen?.required("by"), "eto-1");
    assert.equal(seen?.text("config.file"), "/etc/w.yaml");
    assert.equal(seen?.text("often"), undefined);
    assert.equal(seen?.flag("loud"), true);
    assert.equal(seen?.flag("json"), false);
  });

  test("hands on the command's exit code", async () => {
    assert.equal((await run("wave")).code, 1);
  });

  test("may give a value that begins with - after =", async () => {
    assert.equal((await run("greet", "plc-1", "--by=-me-")).code, 0);
    assert.equal(seen?.required("by"), "-me-");
  });

  test("may have words that begin with - after --", async () => {
    await run("greet", "--by", "x", "--", "--odd");
    assert.deepEqual(seen?.words, ["--odd"]);
  });
});

describe("a command line that is wrong ends with 2, changes nothing and says", () => {
  const usage =
    "usage: watchkeeper greet <device> [colour] --by <name> [options]\nfor example: watchkeeper greet plc-1 --by eto-1\n`watchkeeper help greet` explains it.";
  const cases: readonly [what: string, argv: readonly string[], err: string][] = [
    ["an unknown command", ["dance"], 'watchkeeper: unknown command "dance"\n`watchkeeper help` lists all commands.'],
    [
      "which command was meant",
      ["gret"],
      'watchkeeper: unknown command "gret"; did you mean greet?\n`watchkeeper help` lists all commands.',
    ],
    [
      "an unknown command in help",
      ["help", "grete"],
      'watchkeeper: unknown command "grete"; did you mean greet?\n`watchkeeper help` lists all commands.',
    ],
    [
      "an option before the command",
      ["--json", "greet"],
      "watchkeeper: found --json before a command; expected watchkeeper <command> --json\n`watchkeeper help` lists all commands.",
    ],
    [
      "everything at once",
      ["greet", "--louder", "--json=yes", "--often", "--loud", "--loud"],
      [
        "watchkeeper greet: unknown option --louder; did you mean --loud?",
        'watchkeeper greet: --json takes no value; found "yes"',
        "watchkeeper greet: --often needs a value; found --loud (a value that begins with - is written --often=--loud)",
        "watchkeeper greet: --by <name> is missing: who greets",
        "watchkeeper greet: <device> is missing",
        usage,
      ].join("\n"),
    ],
    [
      "an option given twice",
      ["greet", "plc-1", "--by", "a", "--by", "b"],
      `watchkeeper greet: --by is given twice; expected once\n${usage}`,
    ],
    [
      "an option without its value",
      ["greet", "plc-1", "--by"],
      `watchkeeper greet: --by needs a value: --by <name>\nwatchkeeper greet: --by <name> is missing: who greets\n${usage}`,
    ],
    [
      "an empty value",
      ["greet", "plc-1", "--by", " "],
      `watchkeeper greet: --by is empty; expected --by <name>\nwatchkeeper greet: --by <name> is missing: who greets\n${usage}`,
    ],
    ["one word too many", ["greet", "a", "b", "c", "--by", "x"], `watchkeeper greet: "c" is one word too many\n${usage}`],
    [
      "a word where none is expected",
      ["wave", "a"],
      'watchkeeper wave: "a" is one word too many; expected only options\nusage: watchkeeper wave [options]\nfor example: watchkeeper wave\n`watchkeeper help wave` explains it.',
    ],
    [
      "what only the command can know",
      ["greet", "a", "green", "--by", "x"],
      `watchkeeper greet: found green, expected red or blue\n${usage}`,
    ],
    ["a short option", ["greet", "a", "--by", "x", "-l"], `watchkeeper greet: unknown option -l\n${usage}`],
    [
      "a property of every object",
      ["greet", "a", "--by", "x", "--constructor"],
      `watchkeeper greet: unknown option --constructor\n${usage}`,
    ],
  ];
  for (const [what, argv, err] of cases) {
    test(what, async () => {
      assert.deepEqual(await run(...argv), { code: 2, out: "", err });
    });
  }
});

describe("help", () => {
  test("without a command is printed as an error, because nothing was done", async () => {
    const ran = await run();
    assert.equal(ran.code, 2);
    assert.match(ran.err, /^watchkeeper 0\.1\.0: .*\n\nusage: watchkeeper <command> \[options\]/);
  });

  for (const argv of [["--help"], ["-h"], ["help"]]) {
    test(`by ${argv.join(" ")} lists every command with its summary`, async () => {
      const ran = await run(...argv);
      assert.equal(ran.code, 0);
      assert.match(ran.out, /^ {2}greet {2}greet a device$/m);
      assert.match(ran.out, /^ {2}wave {3}wave$/m);
    });
  }

  for (const argv of [
    ["help", "greet"],
    ["greet", "--help"],
    ["greet", "-h"],
    ["greet", "--nonsense", "--help"],
  ]) {
    test(`by ${argv.join(" ")} explains one command`, async () => {
      const ran = await run(...argv);
      assert.equal(seen, undefined);
      assert.deepEqual(ran, {
        code: 0,
        err: "",
        out: `watchkeeper greet: greet a device

It only greets.

usage: watchkeeper greet <device> [colour] --by <name> [options]

options:
  --by <name>     who greets (required)
  --often <text>  how often
  --loud          say it loud

for every command:
  --config.file <file>  the settings (default ./watchkeeper.yaml, else in /etc/watchkeeper)
  --json                print JSON instead of text
  --lab                 lab mode: needs WATCHKEEPER_LAB=1 and a state folder made with \`init --lab\`
  --help                explain this command

examples:
  watchkeeper greet plc-1 --by eto-1
      greets it once`,
      });
    });
  }
});

test("--version prints the version", async () => {
  assert.deepEqual(await run("--version"), { code: 0, out: "watchkeeper 0.1.0", err: "" });
});

test("a mistake in a command is not hidden", async () => {
  const broken: Command = { ...wave, run: (context) => Promise.resolve(context.required("nothing").length as 0) };
  await assert.rejects(async () => runCli(["wave"], [listed(broken)], surroundings()), /--nothing was read as required/);
});

describe("what only other commands need is not loaded", () => {
  test("by a command, whose file alone is", async () => {
    await run("wave");
    assert.deepEqual(loaded, ["wave"]);
    await run("help", "greet");
    assert.deepEqual(loaded, ["greet"]);
  });

  for (const argv of [[], ["help"], ["--version"], ["dance"]]) {
    test(`by watchkeeper ${argv.join(" ")}`, async () => {
      await run(...argv);
      assert.deepEqual(loaded, []);
    });
  }

  test("by a command without a plan, for which asking for methods is a mistake", async () => {
    const world = surroundings({ methods: () => Promise.reject(new Error("methods were loaded")) });
    const asks: Command = { ...wave, run: (context) => Promise.resolve(context.methods.size as 0) };
    assert.equal(await runCli(["wave"], commands, world), 1);
    await assert.rejects(async () => runCli(["wave"], [listed(asks)], world), /wave asks for methods, and does not say that it plans/);
    await assert.rejects(async () => runCli(["wave"], [listed({ ...asks, plans: true })], world), /methods were loaded/);
    assert.notEqual(await runCli(["wave"], [listed({ ...asks, plans: true })], surroundings()), 0);
  });
});
