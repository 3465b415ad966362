/** The web server: where it listens, with TLS or without, how much it takes on, and how it ends. */
import type { Readable } from "node:stream";
import fastify, { type FastifyError, type FastifyInstance } from "fastify";
import { printable } from "../domain/printable.ts";
import { asksWho, type ListenAddress, type WebConfig, type WebTls } from "../domain/web.ts";
import { boundHost, isLoopback, listenAt, placesOf, type Activation, type Place, type Processes } from "./listening.ts";
import type { WebAccess } from "./web-access.ts";
import { WebGuard } from "./web-guard.ts";
import { addChanges, addReads, text, type RouteOptions } from "./web-routes.ts";
import { judgeClients, renewTls, tlsOptions, type TlsServer } from "./web-tls.ts";

export interface WebOptions extends RouteOptions {
  /** Each gets a server of its own. Port 0 takes any free one. */
  readonly listen: readonly ListenAddress[];
  readonly access: WebAccess;
  /** What systemd has said in the environment, and to whom. */
  readonly activation: Activation & Processes;
  /** Whether a process answers at a socket file. */
  readonly answered: (path: string) => Promise<boolean>;
  /** Told of everything that is a mistake of ours; the caller of the web learns only that it failed. */
  readonly bug: (error: unknown) => void;
}

export interface WebServer {
  /** Where it listens: `127.0.0.1:9824`, `[::1]:9824`, `unix:/run/web.sock`. */
  readonly addresses: readonly string[];
  /** Ends every connection at once. */
  close(): Promise<void>;
}

/** A pair of Prometheus servers, a person and some to spare; each socket costs the poller a file descriptor. */
const connectionsMax = 96;
/** A scraper keeps its connection for hours all the same; one that sends requests without end must come again by the door. */
const requestsOfConnectionMax = 1000;
/** For a whole request to arrive; Node looks as often as the second says. */
const requestWithinMs = 5000;
const lookedAtEveryMs = 1000;

/** Listens everywhere, or says in one sentence why it cannot and listens nowhere. */
export async function startWeb(options: WebOptions): Promise<WebServer | { readonly problem: string }> {
  const { access, activation, clock, listen } = options;
  const places = placesOf(listen, activation, activation);
  if (typeof places === "string") return { problem: places };
  const unusable = access.config.tls && tlsProblem(access.config.tls);
  if (unusable !== undefined) return { problem: `web.configFile: ${unusable}` };
  const guard = new WebGuard(
    access,
    clock,
    listen.flatMap((at) => ("host" in at ? [at.host.toLowerCase()] : [])),
  );
  const servers: FastifyInstance[] = [];
  const close = async (): Promise<void> => {
    guard.close();
    await Promise.all(servers.map(closed));
  };
  const pages = new Set<Readable>();
  const addresses: string[] = [];
  for (const place of places) {
    const app = server(options, pages, guard);
    servers.push(app);
    const result = await opened(app, place, options);
    if ("problem" in result) {
      await close();
      return result;
    }
    addresses.push(result.address);
  }
  follow(servers, access);
  return { addresses, close };
}

async function opened(app: FastifyInstance, place: Place, { access, answered }: WebOptions): ReturnType<typeof listenAt> {
  const closedToOthers = access.config.tls !== undefined && asksWho(access.config);
  const wide = "host" in place && !isLoopback(place.host) && !closedToOthers;
  const result = wide ? { address: place.host } : await listenAt(app, place, answered);
  // What systemd opened is known only now.
  if ("problem" in result || !(wide || isOpen(app, access.config))) return result;
  return {
    problem: `web.listenAddresses: found ${result.address}, which others than this machine can reach, expected TLS and authentication in the file that web.configFile names, or loopback`,
  };
}

/** Made and thrown away: OpenSSL alone knows what it takes. */
function tlsProblem(tls: WebTls): string | undefined {
  try {
    fastify({ logger: false, https: tlsOptions(tls) });
    return undefined;
  } catch (error) {
    if (!(error instanceof Error && "code" in error)) throw error;
    return `found TLS that OpenSSL refuses (${printable(error.message, 200)}), expected a certificate, key, ciphers and curves that it takes`;
  }
}

/** Others than this machine can reach it, and it does not ask who they are, or in clear. */
function isOpen(app: FastifyInstance, config: WebConfig): boolean {
  const host = boundHost(app);
  return host !== undefined && !isLoopback(host) && !(config.tls && asksWho(config));
}

/** Renewed certificates, passwords and headers hold from the next connection or request on. */
function follow(servers: readonly FastifyInstance[], access: WebAccess): void {
  const withTls = access.config.tls !== undefined;
  access.onChange(
    (config) => {
      if ((config.tls !== undefined) !== withTls)
        return `found it ${withTls ? "without" : "with"} TLS, expected it as at the start: a restart turns TLS on or off`;
      if (servers.some((app) => isOpen(app, config)))
        return "found no authentication, expected some: others than this machine can reach the server";
      return config.tls && tlsProblem(config.tls);
    },
    ({ tls }) => {
      if (tls) for (const app of servers) renewTls(app.server as unknown as TlsServer, tls);
    },
  );
}

/** Also ends the connections of one that fastify does not know to listen. */
async function closed(app: FastifyInstance): Promise<void> {
  const ended = app.close();
  app.server.closeAllConnections();
  await ended;
}

function server(options: WebOptions, pages: Set<Readable>, guard: WebGuard): FastifyInstance {
  const { access, clock } = options;
  const node = { connectionsCheckingInterval: lookedAtEveryMs, headersTimeout: requestWithinMs, requestTimeout: requestWithinMs };
  const { tls } = access.config;
  const app = fastify({
    ...(tls ? { https: { ...node, ...tlsOptions(tls) } } : { http: node }),
    logger: false,
    bodyLimit: 1024,
    requestTimeout: requestWithinMs,
    // Of silence on a socket; a reload of a large site is an answer that takes long.
    connectionTimeout: 30_000,
    keepAliveTimeout: 20_000,
    maxRequestsPerSocket: requestsOfConnectionMax,
    forceCloseConnections: true,
    trustProxy: false,
    exposeHeadRoutes: false,
    routerOptions: { caseSensitive: true, ignoreTrailingSlash: false },
  }) as unknown as FastifyInstance;
  app.server.maxConnections = connectionsMax;
  guard.guard(app);
  if (tls) judgeClients(app.server as unknown as TlsServer, access, clock);
  // `curl -d` sends a form; nothing reads any body, and none may keep a stop from being heard.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", { parseAs: "buffer" }, (_request, _body, done) => done(null, undefined));
  addReads(app, options, pages);
  addChanges(app, options.actions, (request) => guard.who(request));
  app.setErrorHandler((error: FastifyError, _request, reply) => {
    const status = error.statusCode ?? 500;
    if (status < 500) return text(reply, status, `${error.message}\n`);
    options.bug(error);
    return text(reply, 500, "This failed because of a mistake in the poller; its log says more.\n");
  });
  return app;
}
