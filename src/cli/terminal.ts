/** The process's own streams, as commands see them. */
import { createInterface } from "node:readline";
import type { Sink, Surroundings } from "./command.ts";

export function terminal(): Pick<Surroundings, "stdout" | "stderr" | "prompt" | "onInterrupt"> {
  // Questions go to stderr: what is printed to stdout may be on its way into a file.
  const somebodySits = process.stdin.isTTY && process.stderr.isTTY;
  return { stdout: sink(process.stdout), stderr: sink(process.stderr), prompt: somebodySits ? ask : undefined, onInterrupt };
}

const interruptions = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

function onInterrupt(act: () => void): () => void {
  for (const signal of interruptions) process.on(signal, act);
  return () => {
    for (const signal of interruptions) process.off(signal, act);
  };
}

function sink(stream: NodeJS.WriteStream): Sink {
  return {
    write: (text) => stream.write(text),
    get isTerminal() {
      return stream.isTTY;
    },
    get columns() {
      return stream.isTTY ? stream.columns : undefined;
    },
  };
}

function ask(question: string): Promise<string | undefined> {
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  return new Promise((resolve) => {
    lines.on("close", () => resolve(undefined));
    lines.question(question, (answer) => {
      resolve(answer);
      lines.close();
    });
  });
}
