/** Runs a program inside a host to its end and tells how it ended, whatever its exit code. */
import { once } from "node:events";
import type { ExecOptions, Network } from "./netns.ts";

export interface Ran {
  readonly code: number | NodeJS.Signals;
  readonly out: string;
  readonly err: string;
}

export async function runToEnd(network: Network, host: string, argv: readonly string[], options: ExecOptions = {}): Promise<Ran> {
  const child = network.exec(host, argv, options);
  let [out, err] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => (out += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (err += text));
  child.stdin.end();
  const [code, signal] = (await once(child, "close")) as [number | null, NodeJS.Signals | null];
  return { code: code ?? signal ?? 0, out, err };
}
