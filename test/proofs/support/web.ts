/** The poller's web server as seen from inside its host: on loopback, where no capture of a device's wire sees it. */
import type { Network } from "./netns.ts";
import { runUnder, type Script } from "./run-under.ts";

export interface Answers {
  /** How often each status came. */
  readonly statuses: Readonly<Record<string, number>>;
  /** Of the last answer. */
  readonly body: string;
}

export interface Web {
  visit(method: "GET" | "POST", path: string, times?: number, atOnce?: number): Promise<Answers>;
}

/** A thousand reloads take seconds, on a busy machine a minute or two. */
const deadlineMs = 180_000;

/** Of the address that `init` writes into the settings. */
export function webOf(network: Network, host: string): Web {
  const visitor: Script = runUnder(network, host, new URL("visitor.ts", import.meta.url), { args: ["127.0.0.1:9824"] });
  return {
    async visit(method, path, times = 1, atOnce = 1) {
      visitor.tell({ method, path, times, atOnce });
      const { statuses, body } = await visitor.next("visited", deadlineMs);
      return { statuses: statuses as Answers["statuses"], body: String(body) };
    },
  };
}
