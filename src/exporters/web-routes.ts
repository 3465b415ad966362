/** What the web server answers: metrics, health, discovery and a page for people; it may stop the site and reload approved files, and nothing else. */
import { Readable } from "node:stream";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Board } from "../domain/board.ts";
import type { Cancel, Clock } from "../domain/clock.ts";
import { restartWords } from "../domain/restart-words.ts";
import { after, seconds, type Milliseconds } from "../domain/units.ts";
import { formatFor } from "./accept.ts";
import { contentTypes } from "./exposition.ts";
import { landingPage } from "./landing.ts";
import { discovery, probe } from "./probe.ts";
import type { PrometheusPage } from "./prometheus.ts";

/** What the web may cause. None of them resumes, resets or approves. */
export interface WebActions {
  /** Why the poller is not ready, in one line; undefined when it is. */
  notReady(): string | undefined;
  /** Reads the files again; whole sentences where they have problems, and then the running plan stays. */
  reload(by: string): Promise<readonly string[]>;
  /** Settings that were changed and hold only from the next start. */
  restartFor(): readonly string[];
  /** Returns a sentence when the stop holds but could not be written. */
  stop(by: string, reason: string): string | undefined;
  /** The settings in effect, without secrets; shown as JSON. */
  settings(): unknown;
}

export interface RouteOptions {
  readonly board: Board;
  readonly clock: Clock;
  readonly page: Pick<PrometheusPage, "render">;
  readonly actions: WebActions;
  readonly version: string;
  readonly yieldToLoop: () => Promise<void>;
}

/** Pages written at once, all servers together. */
const pagesMax = 4;
/** A reader that is slower than this is cut off: Prometheus gives up after 10 s by default. */
const pageWithin: Milliseconds = seconds(60);
const postOnly = "This endpoint requires a POST request.\n";

/** What may be read; all of it stored state. `pages`: those that are being written, of all servers together. */
export function addReads(app: FastifyInstance, options: RouteOptions, pages: Set<Readable>): void {
  const { actions, board, clock } = options;
  app.get("/", async (_request, reply) => reply.type("text/html; charset=utf-8").send(await landingPage(options)));
  app.get("/metrics", (request, reply) => {
    if (pages.size >= pagesMax) return tooMany(reply);
    const format = formatFor(request.headers.accept);
    const page = Readable.from(options.page.render(board, format), { objectMode: false });
    guardPage(page, pages, clock);
    return reply.type(contentTypes[format]).send(page);
  });
  app.get<{ Querystring: Readonly<Record<string, unknown>> }>("/probe", (request, reply) => {
    const format = formatFor(request.headers.accept);
    const { target, module, debug } = request.query;
    const answer = probe(board, clock, { target: word(target), module: word(module), debug: debug === "true" }, format);
    if (answer.status !== 200 || answer.debug) return text(reply, answer.status, answer.body);
    return reply.type(contentTypes[format]).send(answer.body);
  });
  app.get("/sd", (_request, reply) => {
    if (pages.size >= pagesMax) return tooMany(reply);
    const list = Readable.from(paced(discovery(board), options.yieldToLoop), { objectMode: false });
    guardPage(list, pages, clock);
    return reply.type("application/json").send(list);
  });
  app.get("/-/healthy", (_request, reply) => text(reply, 200, "Healthy\n"));
  app.get("/-/ready", (_request, reply) => {
    const why = actions.notReady();
    return why === undefined ? text(reply, 200, "Ready\n") : text(reply, 503, `Not ready: ${why}\n`);
  });
  app.get("/config", (_request, reply) =>
    reply.type("application/json; charset=utf-8").send(`${JSON.stringify(actions.settings(), undefined, 2)}\n`),
  );
  app.setNotFoundHandler((request, reply) => {
    const path = request.url.split("?", 1)[0] ?? "";
    const method = methods.get(path);
    if (method === undefined) return text(reply, 404, "There is nothing here; / says what there is.\n");
    void reply.header("allow", method);
    return text(reply, 405, method === "POST" ? postOnly : "This endpoint requires a GET request.\n");
  });
}

/** What answers what: for the right word to somebody who asks the other way. */
const methods: ReadonlyMap<string, "GET" | "POST"> = new Map([
  ["/", "GET"],
  ["/metrics", "GET"],
  ["/probe", "GET"],
  ["/sd", "GET"],
  ["/config", "GET"],
  ["/-/healthy", "GET"],
  ["/-/ready", "GET"],
  ["/-/reload", "POST"],
  ["/-/stop", "POST"],
]);

export function addChanges(app: FastifyInstance, actions: WebActions, who: (request: FastifyRequest) => string): void {
  app.post("/-/reload", async (request, reply) => {
    const problems = await actions.reload(who(request));
    const waits = actions.restartFor();
    if (problems.length === 0) return text(reply, 200, waits.length === 0 ? "Reloaded.\n" : `Reloaded. ${restartWords(waits)}.\n`);
    // The sentences may name addresses and paths, which whoever may scrape need not know.
    return text(
      reply,
      500,
      `Not reloaded: ${problems.length === 1 ? "1 problem" : `${problems.length} problems`} in the files, the running plan stays. \`watchkeeper check-config\` names them.\n`,
    );
  });
  app.post("/-/stop", (request, reply) => {
    const problem = actions.stop(who(request), "POST /-/stop");
    return problem === undefined ? text(reply, 200, "Stopped.\n") : text(reply, 500, `Stopped, but: ${problem}\n`);
  });
}

/** Counts the page until it is gone, and cuts off a reader who never comes to its end. */
function guardPage(page: Readable, pages: Set<Readable>, clock: Clock): void {
  pages.add(page);
  const cancel: Cancel = clock.at(after(clock.monotonic(), pageWithin), () => page.destroy(new Error("the reader was too slow")));
  page.once("close", () => {
    cancel();
    pages.delete(page);
  });
}

function tooMany(reply: FastifyReply): FastifyReply {
  return text(reply.header("retry-after", "5"), 503, "Too many scrapes at once; try again.\n");
}

/** In pieces, with the loop's turn between any two. */
async function* paced(parts: Iterable<string>, yieldToLoop: () => Promise<void>): AsyncGenerator<string> {
  let piece = "";
  for (const part of parts) {
    piece += part;
    if (piece.length < 16_384) continue;
    yield piece;
    await yieldToLoop();
    piece = "";
  }
  yield piece;
}

/** A parameter that is there once. */
function word(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

export function text(reply: FastifyReply, status: number, body: string): FastifyReply {
  return reply.code(status).type("text/plain; charset=utf-8").send(body);
}
