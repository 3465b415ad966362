/** The server side of the control socket: `POST /v1/<command>` on a socket file that only the poller's own user can open. */
import { chmodSync } from "node:fs";
import fastify, { type FastifyError, type FastifyInstance, type FastifyReply, type FastifySchema } from "fastify";
import { baselineDevicesMax } from "../domain/baseline-control.ts";
import {
  controlBodyBytesMax,
  controlPathBytesMax,
  type ControlCommand,
  type ControlHandlers,
  type ControlReply,
  type ControlRequest,
} from "../domain/control.ts";
import { methodIds } from "../domain/operations.ts";
import { windowKinds } from "../domain/windows.ts";
import { problemWithPlace } from "./socket-file.ts";

export interface ControlOptions {
  /** `<stateDir>/control.sock`; at most 100 bytes. */
  readonly path: string;
  readonly handlers: ControlHandlers;
  /** Whether a process answers at the path; asked only when a socket file lies there. */
  readonly answered: (path: string) => Promise<boolean>;
  /** Told of everything that a handler threw; the caller of the command learns only that it failed. */
  readonly bug: (error: unknown) => void;
}

export interface ControlServer {
  /** Ends every connection at once and removes the socket file. */
  close(): Promise<void>;
}

/** Commands at once; more wait in the kernel. A script gone wild must not use up the poller's file descriptors. */
const connectionsMax = 32;

/**
 * Listens, or says in one sentence why it cannot. Whoever calls holds the state folder's lock: between the question whether somebody
 * answers and the removal of a stale socket file, nobody else may start to listen.
 */
export async function startControl(options: ControlOptions): Promise<ControlServer | { readonly problem: string }> {
  const problem = await problemWithPath(options);
  if (problem !== undefined) return { problem };
  const app = server(options);
  try {
    await app.listen({ path: options.path });
    // The state folder (0700) keeps others out until this line; the mode keeps them out should somebody open the folder later.
    chmodSync(options.path, 0o600);
  } catch (error) {
    await app.close();
    if (!isSystemError(error)) throw error;
    return {
      problem: `${options.path}: the control socket cannot be opened (${error.message}); expected a folder that this user may write`,
    };
  }
  return { close: () => app.close() };
}

async function problemWithPath({ path, answered }: ControlOptions): Promise<string | undefined> {
  const bytes = Buffer.byteLength(path);
  if (bytes > controlPathBytesMax)
    return `${path}: the control socket's path has ${bytes} bytes, expected at most ${controlPathBytesMax}; choose a shorter stateDir`;
  return problemWithPlace(path, answered);
}

function server({ handlers, bug }: ControlOptions): FastifyInstance {
  const app = fastify({
    logger: false,
    bodyLimit: controlBodyBytesMax,
    // For the request to arrive whole. The answer may take as long as a device has to answer and its line to become free.
    requestTimeout: 5000,
    connectionTimeout: 0,
    keepAliveTimeout: 1000,
    forceCloseConnections: true,
    trustProxy: false,
    routerOptions: { caseSensitive: true, ignoreTrailingSlash: false },
    // A field that is wrong is refused, never repaired or dropped: half a command is not a command.
    ajv: {
      customOptions: { coerceTypes: false, removeAdditional: false, useDefaults: false, allErrors: true, formats: { [real]: isReal } },
    },
  });
  app.server.maxConnections = connectionsMax;
  for (const name of Object.keys(schemas) as ControlCommand[]) addCommand(app, name, handlers);
  app.setNotFoundHandler((request, reply) =>
    refuse(
      reply,
      404,
      `unknown command ${request.method} ${request.url}; expected POST /v1/ and one of: ${Object.keys(schemas).join(", ")}`,
    ),
  );
  app.setErrorHandler((error: FastifyError, _request, reply) => {
    const status = error.statusCode ?? 500;
    if (status < 500) return refuse(reply, status, ...asSentences(error));
    bug(error);
    return refuse(reply, 500, "the poller could not carry this out because of a mistake in itself; its log says more");
  });
  return app;
}

function addCommand<Name extends ControlCommand>(app: FastifyInstance, name: Name, handlers: ControlHandlers): void {
  const schema: FastifySchema = schemas[name];
  app.post(`/v1/${name}`, { schema }, async (request, reply) => {
    // The schema of this very command has just been checked.
    const answer: ControlReply<Name> = await handlers[name](request.body as ControlRequest<Name>);
    return reply.code(answer.ok ? 200 : 422).send(answer);
  });
}

function refuse(reply: FastifyReply, status: number, ...problems: readonly string[]): FastifyReply {
  return reply.code(status).send({ ok: false, problems });
}

function asSentences(error: FastifyError): readonly string[] {
  if (!error.validation) return [error.message];
  return error.validation.map(({ instancePath, message, params }) => {
    const extra = typeof params["additionalProperty"] === "string" ? ` (${params["additionalProperty"]})` : "";
    return `${instancePath === "" ? "request" : instancePath.slice(1)} ${message ?? "is wrong"}${extra}`;
  });
}

const words = { type: "string", minLength: 1, maxLength: 1000, pattern: "\\S" };
const scope = { type: "string", maxLength: 300, pattern: "^(site|(device|segment|profile):.+)$" };

/** In the words in which it is told; a 31st of February is not taken for the 3rd of March. */
const real = "a day and time that there is, such as 2026-11-22T07:30:00Z";
const isReal = (text: string): boolean => {
  const at = Date.parse(text);
  return at >= 0 && new Date(at).toISOString().startsWith(text.slice(0, 19));
};
const moment = { type: "string", maxLength: 30, pattern: "^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(\\.\\d{3})?Z$", format: real };
const span = { type: "integer", minimum: 1, maximum: 8_640_000_000 };
/** Exactly one way to say when it ends. */
const oneEnd = { oneOf: [{ required: ["until"] }, { required: ["forMs"] }] };
const windowScope = { type: "string", maxLength: 300, pattern: "^(site|(device|segment|zone|profile):.+)$" };
const windowEnd = { until: moment, forMs: span };
const seenDevice = {
  type: "object",
  properties: { device: words, seen: words },
  required: ["device", "seen"],
  additionalProperties: false,
};

const schemas: Readonly<Record<ControlCommand, FastifySchema>> = {
  status: body({}, []),
  check: body({ device: words, method: { enum: methodIds } }, ["device"]),
  certificates: body({ device: words }, ["device"]),
  stop: body({ by: words, reason: words }, ["by", "reason"]),
  resume: body({ by: words, reason: words }, ["by", "reason"]),
  reset: body({ by: words, reason: words, scope }, ["by", "reason", "scope"]),
  clock: body({ by: words, reason: words }, ["by", "reason"]),
  reload: body({ by: words }, ["by"]),
  "window-open": body(
    {
      by: words,
      reason: words,
      kind: { enum: Object.keys(windowKinds) },
      scope: windowScope,
      from: moment,
      ...windowEnd,
      offsetMinutes: { type: "integer", minimum: -720, maximum: 840 },
      change: words,
    },
    ["by", "reason", "kind", "scope"],
    oneEnd,
  ),
  "window-extend": body({ by: words, reason: words, id: words, ...windowEnd }, ["by", "reason", "id"], oneEnd),
  "window-close": body({ by: words, reason: words, id: words }, ["by", "reason", "id"]),
  "window-list": body({}, []),
  "baseline-accept": body(
    {
      by: words,
      reason: words,
      devices: { type: "array", minItems: 1, maxItems: baselineDevicesMax, items: seenDevice },
      beside: { type: "boolean" },
    },
    ["by", "reason", "devices"],
  ),
  "deep-query": body(
    {
      by: words,
      reason: words,
      differences: words,
      change: words,
      acknowledged: { type: "boolean" },
      devices: { type: "array", items: words, minItems: 1, maxItems: 1000 },
    },
    ["by", "reason", "differences", "acknowledged", "devices"],
  ),
  "deep-query-look": body({ id: words, seen: { type: "integer", minimum: 0 } }, ["id", "seen"]),
  "deep-query-end": body({ id: words, by: words }, ["id", "by"]),
  audit: body(
    {
      source: words,
      category: { enum: ["configuration", "approval", "stop", "trip", "guard", "lifecycle", "command"] },
      type: words,
      result: { enum: ["success", "failure", "refused"] },
      detail: { type: "string", maxLength: 8000 },
    },
    ["source", "category", "type", "result", "detail"],
  ),
};

function body(properties: Readonly<Record<string, unknown>>, required: readonly string[], rules: object = {}): FastifySchema {
  return { body: { type: "object", properties, required, additionalProperties: false, ...rules } };
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && "syscall" in error;
}
