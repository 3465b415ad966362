/** What a command is, and what it is given: everything it may see of the world comes in here, so that a test needs no process. */
import type { Clock } from "../domain/clock.ts";
import type { Method } from "../domain/driver.ts";
import type { MethodId } from "../domain/operations.ts";
import type { Machine } from "./machine.ts";
import type { FencePorts, NotifierPorts, RunPoller, RunSelfTest, StateStore } from "./ports.ts";

/** 0: done, or nothing wrong. 1: a problem was found or the command failed. 2: the command was written wrongly; nothing was done. */
export type ExitCode = 0 | 1 | 2;

export interface Sink {
  write(text: string): void;
  readonly isTerminal: boolean;
  /** Width in characters; undefined where there is no terminal. */
  readonly columns: number | undefined;
}

/** The world as commands see it. Made once, in `src/main.ts`. */
export interface Surroundings {
  readonly stdout: Sink;
  readonly stderr: Sink;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly clock: Clock;
  readonly version: string;
  /** Whom to write into records when nobody is named: the login name. */
  readonly user: string;
  /** The pure halves of the drivers, loaded when a command that plans asks for them; that loads no protocol package. */
  readonly methods: () => Promise<ReadonlyMap<MethodId, Method>>;
  /** Asked when it is needed: addresses come and go. */
  readonly machine: () => Machine;
  readonly state: StateStore;
  readonly fence: FencePorts;
  readonly runPoller: RunPoller;
  readonly selfTest: RunSelfTest;
  readonly notifier: () => Promise<NotifierPorts>;
  /** Asks the person at the terminal, who may give up (Ctrl-C, Ctrl-D): then undefined. Absent where nobody sits. */
  readonly prompt: ((question: string) => Promise<string | undefined>) | undefined;
  /** Runs `act` in place of the end that Ctrl-C and SIGTERM bring, until the returned function is called. */
  readonly onInterrupt: (act: () => void) => () => void;
}

export interface Option {
  readonly type: "text" | "flag";
  /** What stands for the value in the help, such as `<name>`; for a text. */
  readonly value?: string;
  readonly summary: string;
  /** May be given several times; the values come joined by commas. */
  readonly repeatable?: true;
  /** Missing is wrong usage. */
  readonly required?: true;
  /** Asked for on a terminal by the command itself; missing elsewhere is wrong usage. */
  readonly needed?: true;
  /** Options beside one of which it is not needed. */
  readonly unless?: readonly string[];
}

export type Options = Readonly<Record<string, Option>>;

export interface Context extends Omit<Surroundings, "methods"> {
  /** Of a command that `plans`. Others have none, and asking for one is a mistake in the command. */
  readonly methods: ReadonlyMap<MethodId, Method>;
  readonly words: readonly string[];
  /** The option's text; undefined when it was not given. */
  readonly text: (option: string) => string | undefined;
  /** The text of an option that is `required`. */
  readonly required: (option: string) => string;
  readonly flag: (option: string) => boolean;
  /** A line for the person (or the program, with --json) who called. */
  readonly print: (text: string) => void;
  /** A line about the command itself: warnings and what went wrong. */
  readonly warn: (text: string) => void;
}

/** What a person has written, as far as it could be read. */
export type Written = Pick<Context, "words" | "text" | "flag" | "clock" | "prompt">;

/** One word after the command's name. */
export interface Word {
  readonly name: string;
  readonly required: boolean;
  /** Of the last word: as many of them as one likes. */
  readonly many?: true;
}

/** A command as the table has it. The rest of it is loaded when it is called, so that none waits for what only others need. */
export interface ListedCommand {
  readonly name: string;
  /** One line, without a full stop. */
  readonly summary: string;
  readonly load: () => Promise<Command>;
}

export interface Command {
  readonly name: string;
  /** It compiles a plan, and so needs the methods of every protocol. */
  readonly plans?: true;
  readonly words: readonly Word[];
  readonly options: Options;
  /** Whole command lines, each with what it does. */
  readonly examples: readonly (readonly [line: string, what: string])[];
  /** A paragraph under the summary: what the command changes, and what its exit code says. */
  readonly more?: string;
  /** What is missing or wrong beyond what the tables say, because it depends on what else is written; told together with that. */
  objections?(written: Written): readonly string[];
  run(context: Context): Promise<ExitCode>;
}

/** Every command takes these. */
export const commonOptions: Options = {
  "config.file": {
    type: "text",
    value: "<file>",
    summary: "the settings (default ./watchkeeper.yaml, else in /etc/watchkeeper)",
  },
  json: { type: "flag", summary: "print JSON instead of text" },
  lab: { type: "flag", summary: "lab mode: needs WATCHKEEPER_LAB=1 and a state folder made with `init --lab`" },
  help: { type: "flag", summary: "explain this command" },
};

/** Thrown for a wrong command line found after parsing; ends with exit code 2. */
export class WrongUsage extends Error {
  override readonly name = "WrongUsage";
  readonly problems: readonly string[];

  constructor(...problems: readonly string[]) {
    super(problems.join("; "));
    this.problems = problems;
  }
}
