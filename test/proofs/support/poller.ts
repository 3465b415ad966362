/** A poller of the product in a process of its own inside a host, known by what it logs and by its control socket. */
import { once } from "node:events";
import { request } from "node:http";
import { createInterface } from "node:readline";
import type { ControlCommand, ControlReply, ControlRequest } from "../../../src/domain/control.ts";
import type { Network } from "./netns.ts";
import { waitFor } from "./wait.ts";

export interface Poller {
  readonly pid: number;
  /** Its log so far, one line each. */
  readonly log: readonly string[];
  signal(name: NodeJS.Signals): void;
  /** Resolves when it logs that it has started to ask; fails when it ends instead. */
  started(): Promise<void>;
  /** SIGTERM; its exit code once it has drained and ended. */
  end(): Promise<number | NodeJS.Signals>;
  /** Its exit code, or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals>;
  /** Everything that it said, for a failing assertion. */
  said(): string;
}

const startDeadlineMs = 60_000;
/** An exchange takes 5.8 s at most, a device that does not follow a FIN 2 s more, and a busy machine its time. */
const endDeadlineMs = 60_000;

/** Starts it; the process is `argv` itself, so that a frozen or killed pid is the poller's own. It ends with the network at the latest. */
export function startPoller(network: Network, host: string, argv: readonly string[]): Poller {
  const child = network.exec(host, argv, { env: { WATCHKEEPER_LAB: "1" } });
  const log: string[] = [];
  let complaints = "";
  let end: number | NodeJS.Signals | undefined;
  createInterface({ input: child.stdout }).on("line", (line) => log.push(line));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (complaints += text));
  const ended = once(child, "close").then(([code, signal]: (number | NodeJS.Signals | null)[]) => (end = code ?? signal ?? 0));
  const said = (): string => [...log, complaints].join("\n");
  return {
    pid: child.pid ?? 0,
    log,
    signal: (name) => void child.kill(name),
    started: async () => {
      const probe = (): boolean => {
        if (end !== undefined) throw new Error(`the poller ended (${end}) instead of asking: ${said()}`);
        return log.some((line) => line.includes("checks asked: "));
      };
      await waitFor(probe, { what: "the poller to start", deadlineMs: startDeadlineMs, context: said });
    },
    end: async () => {
      child.kill("SIGTERM");
      const probe = (): readonly [number | NodeJS.Signals] | undefined => (end === undefined ? undefined : [end]);
      const [code] = await waitFor(probe, { what: "the poller to drain and end", deadlineMs: endDeadlineMs, context: said });
      return code;
    },
    ended,
    said,
  };
}

/** Asks a running poller over its control socket, without the half second that a command takes to start. Rejects where nobody answers. */
export async function control<Name extends ControlCommand>(
  socketPath: string,
  name: Name,
  body: ControlRequest<Name>,
): Promise<ControlReply<Name>> {
  const sent = request({ socketPath, path: `/v1/${name}`, method: "POST", headers: { "content-type": "application/json" }, agent: false });
  sent.end(JSON.stringify(body));
  const [response] = (await once(sent, "response")) as [AsyncIterable<Buffer>];
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk);
  return JSON.parse(Buffer.concat(chunks).toString("utf8")) as ControlReply<Name>;
}
