/** Finds the command that was asked for, checks how it was written, runs it and says how it ended. */
import { parse, type Arguments } from "./arguments.ts";
import { WrongUsage, type Command, type Context, type ExitCode, type ListedCommand, type Surroundings } from "./command.ts";
import { example, explained, overview, usage } from "./help.ts";
import { nearest } from "./nearest.ts";

/** Never rejects for what a person typed. `argv` begins with the command's name. */
export async function runCli(argv: readonly string[], commands: readonly ListedCommand[], surroundings: Surroundings): Promise<ExitCode> {
  const { stdout, stderr, version } = surroundings;
  const [first, ...rest] = argv;
  if (first === undefined) {
    stderr.write(`${overview(commands, version)}\n`);
    return 2;
  }
  if (first === "--version") {
    stdout.write(`watchkeeper ${version}\n`);
    return 0;
  }
  if (first === "--help" || first === "-h" || first === "help") return help(rest, commands, surroundings);
  if (first.startsWith("-")) return wrong(surroundings, [`found ${first} before a command; expected watchkeeper <command> ${first}`]);
  const listed = commands.find(({ name }) => name === first);
  if (!listed) return wrong(surroundings, [unknownCommand(first, commands)]);
  return runCommand(listed, rest, surroundings);
}

async function help([name]: readonly string[], commands: readonly ListedCommand[], surroundings: Surroundings): Promise<ExitCode> {
  if (name === undefined) {
    surroundings.stdout.write(`${overview(commands, surroundings.version)}\n`);
    return 0;
  }
  const listed = commands.find((one) => one.name === name);
  if (!listed) return wrong(surroundings, [unknownCommand(name, commands)]);
  surroundings.stdout.write(`${explained(await listed.load(), listed.summary)}\n`);
  return 0;
}

async function runCommand(listed: ListedCommand, argv: readonly string[], surroundings: Surroundings): Promise<ExitCode> {
  const command = await listed.load();
  const parsed = parse(command, argv, surroundings);
  if ("help" in parsed) {
    surroundings.stdout.write(`${explained(command, listed.summary)}\n`);
    return 0;
  }
  if ("problems" in parsed) return wrong(surroundings, parsed.problems, command, argv[0]);
  try {
    return await command.run(await contextFor(command, parsed.arguments, surroundings));
  } catch (error) {
    if (error instanceof WrongUsage) return wrong(surroundings, error.problems, command, argv[0]);
    throw error;
  }
}

/** @param first word of the command: where it has several ways, the example is of the one that was meant */
function wrong({ stderr }: Surroundings, problems: readonly string[], command?: Command, first?: string): ExitCode {
  for (const problem of problems) stderr.write(`watchkeeper${command ? ` ${command.name}` : ""}: ${problem}\n`);
  stderr.write(
    command
      ? `usage: ${usage(command)}\nfor example: ${example(command, first)}\n\`watchkeeper help ${command.name}\` explains it.\n`
      : "`watchkeeper help` lists all commands.\n",
  );
  return 2;
}

function unknownCommand(typed: string, commands: readonly ListedCommand[]): string {
  const near = nearest(
    typed,
    commands.map(({ name }) => name),
  );
  return `unknown command "${typed}"${near === undefined ? "" : `; did you mean ${near}?`}`;
}

async function contextFor(command: Command, { words, texts, flags }: Arguments, surroundings: Surroundings): Promise<Context> {
  const methods = command.plans ? await surroundings.methods() : undefined;
  return {
    ...surroundings,
    get methods() {
      if (methods === undefined) throw new Error(`${command.name} asks for methods, and does not say that it plans`);
      return methods;
    },
    words,
    text: (option) => texts.get(option),
    required(option) {
      const text = texts.get(option);
      if (text === undefined) throw new Error(`--${option} was read as required, and its command does not require it`);
      return text;
    },
    flag: (option) => flags.has(option),
    print: (text) => surroundings.stdout.write(`${text}\n`),
    warn: (text) => surroundings.stderr.write(`${text}\n`),
  };
}
