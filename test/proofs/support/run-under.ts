/** Runs a TypeScript file with this Node inside a host, and talks with it in lines of JSON: what it prints, what it is told. */
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { ExecOptions, Network } from "./netns.ts";
import { waitFor } from "./wait.ts";

/** A line the script printed. By convention `event` names what happened; other lines of JSON are kept too. */
export type Message = Readonly<Record<string, unknown>>;

export interface Script {
  readonly pid: number;
  /** Every message so far, oldest first. */
  readonly messages: readonly Message[];
  /** The next message with this event that was not handed out before; fails at the deadline, or when the script ends without it. */
  next(event: string, deadlineMs: number): Promise<Message>;
  /** Writes one line of JSON to its stdin. */
  tell(command: Message): void;
  /** SIGSTOP and SIGCONT freeze and wake it. */
  signal(name: NodeJS.Signals): void;
  /** Its exit code, or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals>;
  stderr(): string;
}

export interface ScriptOptions extends ExecOptions {
  readonly args?: readonly string[];
  /** Arguments for node itself. */
  readonly nodeArgs?: readonly string[];
}

/** Starts the script. It ends with the network at the latest. */
export function runUnder(network: Network, host: string, file: URL, options: ScriptOptions = {}): Script {
  const { args = [], nodeArgs = [], ...execOptions } = options;
  const child = network.exec(host, [process.execPath, ...nodeArgs, fileURLToPath(file), ...args], execOptions);
  const messages: Message[] = [];
  const handedOut = new Set<Message>();
  let complaints = "";
  let end: number | NodeJS.Signals | null = null;
  child.stderr.setEncoding("utf8").on("data", (text: string) => (complaints += text));
  createInterface({ input: child.stdout }).on("line", (line) => messages.push(toMessage(line)));
  // "close", not "exit": only then is everything it printed read.
  const ended = once(child, "close").then(([code, signal]: (number | NodeJS.Signals | null)[]) => (end = code ?? signal ?? 0));
  const overheard = (): string => `it printed ${JSON.stringify(messages)}\nand complained: ${complaints}`;
  return {
    pid: child.pid ?? 0,
    messages,
    next: async (event, deadlineMs) => {
      const probe = (): Message | undefined => {
        const found = messages.find((message) => message["event"] === event && !handedOut.has(message));
        if (found === undefined && end !== null) throw new Error(`the script ended (${end}) without "${event}"; ${overheard()}`);
        return found;
      };
      const found = await waitFor(probe, { what: `the script to say "${event}"`, deadlineMs, everyMs: 2, context: overheard });
      handedOut.add(found);
      return found;
    },
    tell: (command) => void child.stdin.write(`${JSON.stringify(command)}\n`),
    signal: (name) => void child.kill(name),
    ended,
    stderr: () => complaints,
  };
}

/** A line that is not JSON is kept as `{text}`, so that a script's stray output is seen in a failure. */
function toMessage(line: string): Message {
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Message;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  return { text: line };
}
