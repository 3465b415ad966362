/** What the demo sees of the running poller: its status over the control socket, as `watchkeeper status` does, and its metrics. */
import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { createServer } from "node:net";
import path from "node:path";
import { text } from "node:stream/consumers";
import { type ControlReply, controlSocketName, type Status } from "../../src/domain/control.ts";

const answerWithinMs = 5_000;

/** Undefined while no poller answers. A process of its own for each look would cost half a second of processor each. */
export async function statusOf(folder: string): Promise<Status | undefined> {
  const socketPath = path.join(folder, "state", controlSocketName);
  const body = await fetched({ socketPath, path: "/v1/status", method: "POST", headers: { "content-type": "application/json" } }, "{}");
  if (body === undefined) return undefined;
  const reply = JSON.parse(body) as ControlReply<"status">;
  return reply.ok ? reply.result : undefined;
}

/** The sum of a counter over its labels; undefined where the page cannot be had or does not show it. */
export async function counterOf(port: number, name: string): Promise<number | undefined> {
  const page = await fetched({ host: "127.0.0.1", port, path: "/metrics", method: "GET" });
  const values = page?.split("\n").flatMap((line) => (line.startsWith(`${name}{`) ? [Number(line.slice(line.lastIndexOf(" ")))] : []));
  return values === undefined || values.length === 0 ? undefined : values.reduce((sum, value) => sum + value, 0);
}

export interface ReservedPort {
  readonly port: number;
  release(): Promise<void>;
}

/** `wanted` where it is free, else any port that is; held, so that nobody takes it before the poller does. */
export async function reservePort(wanted: number): Promise<ReservedPort> {
  return (await held(wanted)) ?? (await held(0)) ?? { port: wanted, release: () => Promise.resolve() };
}

async function held(port: number): Promise<ReservedPort | undefined> {
  const server = createServer((socket) => socket.destroy());
  try {
    await once(server.listen(port, "127.0.0.1"), "listening");
  } catch (error) {
    if (error instanceof Error && "syscall" in error) return undefined;
    throw error;
  }
  const address = server.address();
  const release = async (): Promise<void> => {
    if (!server.listening) return;
    server.close();
    await once(server, "close");
  };
  return { port: address !== null && typeof address === "object" ? address.port : port, release };
}

interface Where {
  readonly socketPath?: string;
  readonly host?: string;
  readonly port?: number;
  readonly path: string;
  readonly method: "GET" | "POST";
  readonly headers?: Readonly<Record<string, string>>;
}

async function fetched(where: Where, body = ""): Promise<string | undefined> {
  const asking = request({ ...where, agent: false, timeout: answerWithinMs });
  // Also after its answer has begun: then nobody else listens for it.
  asking.on("error", () => {});
  asking.on("timeout", () => asking.destroy(new Error("no answer in time")));
  try {
    asking.end(body);
    const [reply] = (await once(asking, "response")) as [IncomingMessage];
    return await text(reply);
  } catch (error) {
    // No poller yet, or no more: whoever waits for it looks again.
    if (error instanceof Error) return undefined;
    throw error;
  }
}
