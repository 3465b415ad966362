/** The real Watchkeeper as child processes: its commands, and a poller that is ended with the demo whatever happens. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { Timers } from "../timers.ts";

export const launcher: string = fileURLToPath(new URL("../../bin/watchkeeper.mjs", import.meta.url));

const environment: NodeJS.ProcessEnv = { ...process.env, WATCHKEEPER_LAB: "1" };
/** Draining takes as long as the slowest exchange, which is 2 s here. */
const endWithinMs = 10_000;
const tailLinesMax = 20;

export interface Finished {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs one command to its end. `signal` ends it early; this then rejects with the signal's reason. */
export async function watchkeeper(args: readonly string[], signal: AbortSignal): Promise<Finished> {
  signal.throwIfAborted();
  const child = spawn(process.execPath, [launcher, ...args], { env: environment, stdio: ["ignore", "pipe", "pipe"] });
  const end = (): void => void child.kill();
  signal.addEventListener("abort", end, { once: true });
  const [[code], out, err] = await Promise.all([once(child, "close"), text(child.stdout), text(child.stderr)]);
  signal.removeEventListener("abort", end);
  signal.throwIfAborted();
  return { code: typeof code === "number" ? code : null, out, err };
}

export interface RunningPoller {
  /** Resolves when it has ended, with how and its last words. */
  readonly ended: Promise<string>;
  /** Asks it to drain and end, and kills it when it does not. */
  end(): Promise<void>;
  /** The last lines that it has said so far. */
  lastWords(): string;
  /** Kills it, as a power cut would. */
  crash(): Promise<void>;
}

export function startPoller(args: readonly string[]): RunningPoller {
  // The channel carries nothing: the launcher ends the poller when it breaks, so that none outlives a demo that was killed.
  const child = spawn(process.execPath, [launcher, "run", ...args], { env: environment, stdio: ["ignore", "pipe", "pipe", "ipc"] });
  const lastWords = keepTail(child);
  const ended = once(child, "close").then(([code, signal]: unknown[]) => `ended with ${String(code ?? signal)}${lastWords()}`);
  return {
    ended,
    lastWords,
    async end() {
      const timers = new Timers();
      timers.after(endWithinMs, () => void child.kill("SIGKILL"));
      child.kill("SIGTERM");
      await ended;
      timers.clear();
    },
    async crash() {
      child.kill("SIGKILL");
      await ended;
    },
  };
}

/** What a process said last, each line on a line of its own. */
export function keepTail(child: ChildProcess): () => string {
  let tail: readonly string[] = [];
  for (const stream of [child.stdout, child.stderr])
    stream
      ?.setEncoding("utf8")
      .on("data", (chunk: string) => (tail = [...tail, ...chunk.split("\n")].filter(Boolean).slice(-tailLinesMax)));
  return () => tail.map((line) => `\n  ${line}`).join("");
}
