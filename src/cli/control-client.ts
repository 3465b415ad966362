/** The command's end of the control socket: one question to the running poller, with a deadline. */
import type { Clock } from "../domain/clock.ts";
import {
  controlPathBytesMax,
  controlReplyBytesMax,
  type ControlCommand,
  type ControlReply,
  type ControlRequest,
} from "../domain/control.ts";
import { formatDuration } from "../domain/duration.ts";
import { after, seconds, type Milliseconds } from "../domain/units.ts";

/** `nobody`: no poller runs. `trouble`: one may run, and this command could not speak to it; the detail is a whole sentence. */
export type Asked<Name extends ControlCommand> =
  | { readonly kind: "answered"; readonly reply: ControlReply<Name> }
  | { readonly kind: "nobody" }
  | { readonly kind: "trouble"; readonly detail: string };

export interface ControlClient {
  /** Never rejects for anything that the socket or the poller did. */
  ask<Name extends ControlCommand>(command: Name, request: ControlRequest<Name>, within?: Milliseconds): Promise<Asked<Name>>;
}

export const replyWithinDefault: Milliseconds = seconds(10);

/** Not by `import`, which looks at everything in the module, and so also loads what Node has for fetch and WebSocket: 50 ms for each command. */
const { request: httpRequest } = process.getBuiltinModule("node:http");

/** No file, or a file where nobody listens: what a poller leaves that was killed. */
const nobodyCodes: ReadonlySet<string> = new Set(["ENOENT", "ECONNREFUSED"]);

export function controlClient(socketPath: string, clock: Clock): ControlClient {
  return {
    async ask(command, request, within = replyWithinDefault) {
      const bytes = Buffer.byteLength(socketPath);
      if (bytes > controlPathBytesMax) {
        return trouble(`${socketPath}: the path has ${bytes} bytes, expected at most ${controlPathBytesMax}; choose a shorter stateDir`);
      }
      const posted = await post(socketPath, command, JSON.stringify(request), within, clock);
      if ("error" in posted) {
        if (nobodyCodes.has(posted.error.code ?? "")) return { kind: "nobody" };
        return trouble(`${socketPath}: the poller cannot be reached (${posted.error.message})`);
      }
      return understood(socketPath, posted.text);
    },
  };
}

/** Whether a process listens at the path. A socket that this user may not open counts as answered: it is somebody's. */
export async function someoneListens(socketPath: string, clock: Clock): Promise<boolean> {
  const posted = await post(socketPath, "status", "", seconds(2), clock, "connect");
  return !("error" in posted && nobodyCodes.has(posted.error.code ?? ""));
}

type Posted = { readonly text: string } | { readonly error: NodeJS.ErrnoException };

function post(path: string, command: string, body: string, within: Milliseconds, clock: Clock, until?: "connect"): Promise<Posted> {
  return new Promise((resolve) => {
    const request = httpRequest({
      socketPath: path,
      path: `/v1/${command}`,
      method: "POST",
      headers: { "content-type": "application/json", "content-length": Buffer.byteLength(body), connection: "close" },
      agent: false,
    });
    const cancel = clock.at(after(clock.monotonic(), within), () => {
      request.destroy(new Error(`no answer within ${formatDuration(within)}`));
    });
    const end = (posted: Posted): void => {
      cancel();
      resolve(posted);
      request.destroy();
    };
    request.on("error", (error) => end({ error }));
    request.on("response", (response) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      response.on("data", (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > controlReplyBytesMax) end({ error: new Error(`an answer of more than ${controlReplyBytesMax} bytes`) });
        else chunks.push(chunk);
      });
      response.on("error", (error) => end({ error }));
      response.on("end", () => end({ text: Buffer.concat(chunks).toString("utf8") }));
    });
    if (until === "connect") request.on("socket", (socket) => socket.on("connect", () => end({ text: "" })));
    request.end(body);
  });
}

/** The poller is of this same build and user; what it says is still checked for its outer shape, because a stranger may hold the path. */
function understood<Name extends ControlCommand>(path: string, text: string): Asked<Name> {
  let reply: unknown;
  try {
    reply = JSON.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return trouble(`${path}: found an answer that is not JSON, expected a poller of this version`);
  }
  if (!isReply<Name>(reply)) return trouble(`${path}: found an answer without "ok", expected a poller of this version`);
  return { kind: "answered", reply };
}

function isReply<Name extends ControlCommand>(value: unknown): value is ControlReply<Name> {
  if (typeof value !== "object" || value === null || !("ok" in value)) return false;
  if (value.ok === true) return "result" in value && typeof value.result === "object" && value.result !== null;
  return "problems" in value && Array.isArray(value.problems) && value.problems.every((problem) => typeof problem === "string");
}

function trouble(detail: string): { readonly kind: "trouble"; readonly detail: string } {
  return { kind: "trouble", detail };
}
