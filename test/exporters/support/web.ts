/** A web server on a free port over the small site, and a client that may send any header. */
import { request, type IncomingMessage, type OutgoingHttpHeaders } from "node:http";
import { afterEach } from "node:test";
import { startWeb, type WebOptions, type WebServer } from "../../../src/exporters/http.ts";
import type { WebActions } from "../../../src/exporters/web-routes.ts";
import { openAccess } from "./open-access.ts";
import { smallSite, type SmallSite } from "./small-site.ts";

const open: WebServer[] = [];
afterEach(() => Promise.all(open.splice(0).map((server) => server.close())));

export interface Reply {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}
export type Ask = (method: string, path: string, headers?: OutgoingHttpHeaders, body?: string) => Promise<Reply>;

export interface Serving extends SmallSite {
  readonly server: WebServer;
  /** What the web caused, in order. */
  readonly done: readonly string[];
  readonly bugs: readonly unknown[];
  /** At the first address. */
  readonly ask: Ask;
}

export type ServingOptions = Partial<Omit<WebOptions, "actions">> & { readonly actions?: Partial<WebActions> };

/** Serves until the test ends. */
export async function serving(options: ServingOptions = {}): Promise<Serving> {
  const { board, page, clock } = await smallSite();
  const done: string[] = [];
  const bugs: unknown[] = [];
  const { actions, ...rest } = options;
  const server = await startWeb({
    listen: [{ host: "127.0.0.1", port: 0 }],
    access: openAccess(),
    activation: { pid: process.pid, ppid: process.ppid },
    answered: () => Promise.resolve(false),
    board,
    clock,
    page,
    version: "0.1.0",
    yieldToLoop: () => Promise.resolve(),
    bug: (error) => void bugs.push(error),
    ...rest,
    actions: {
      notReady: () => undefined,
      reload: (by) => {
        done.push(`reload by ${by}`);
        return Promise.resolve([]);
      },
      restartFor: () => [],
      stop: (by, reason) => void done.push(`stop by ${by}: ${reason}`),
      settings: () => ({ site: "mv-test" }),
      ...actions,
    },
  });
  if ("problem" in server) throw new Error(server.problem);
  open.push(server);
  return { server, board, page, clock, done, bugs, ask: asking(server.addresses[0]!) };
}

export function asking(address: string): Ask {
  const { hostname, port } = new URL(`http://${address}`);
  return (method, path, headers = {}, body = "") =>
    new Promise((resolve, reject) => {
      const asked = request({ host: hostname.replaceAll(/[[\]]/gu, ""), port, method, path, headers, agent: false }, (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (piece: string) => (text += piece));
        response.on("end", () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }));
        response.on("error", reject);
      });
      asked.on("error", reject);
      asked.end(body);
    });
}
