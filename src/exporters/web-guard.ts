/** Stands before every request: how many, from where, under what name, and by whom. What it refuses costs the poller next to nothing. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Clock } from "../domain/clock.ts";
import type { WebConfig } from "../domain/web.ts";
import { refusedBecause } from "./host-guard.ts";
import { Doorkeeper } from "./pace.ts";
import { PasswordCheck } from "./password-check.ts";
import type { WebAccess, WebRefusal } from "./web-access.ts";
import { clientName } from "./web-tls.ts";

type IncomingMessage = FastifyRequest["raw"];
type Socket = IncomingMessage["socket"];

/** A user's name and a password take less; RFC 7617. */
const credentialsLengthMax = 1000;

export class WebGuard {
  readonly #access: WebAccess;
  readonly #door: Doorkeeper;
  readonly #passwords: PasswordCheck;
  /** Hosts that the servers listen at, in lower case. */
  readonly #listening: readonly string[];
  readonly #users = new WeakMap<IncomingMessage, string>();
  readonly #asking = new WeakSet<Socket>();

  constructor(access: WebAccess, clock: Clock, listening: readonly string[]) {
    this.#access = access;
    this.#door = new Doorkeeper(clock);
    this.#passwords = new PasswordCheck({ clock, compare: (password, hash) => access.compare(password, hash) });
    this.#listening = listening;
  }

  /** To be called once for each server, before it listens. */
  guard(app: FastifyInstance): void {
    // Before Node's own listener begins the handshake, so that this very connection gets a certificate that was just renewed.
    app.server.prependListener("connection", (socket: Socket) => this.#connected(socket));
    app.server.on("drop", () => this.#access.refused("connections", "a server had no connection left"));
    app.addHook("onRequest", async (request, reply) => this.#admit(request, reply));
  }

  /** Who asks, for records. */
  who({ raw, ip }: FastifyRequest): string {
    const user = this.#users.get(raw) ?? clientName(raw.socket);
    return user === undefined ? `web, ${from(ip)}` : `web, ${user} from ${from(ip)}`;
  }

  close(): void {
    this.#passwords.close();
  }

  #connected(socket: Socket): void {
    this.#access.look();
    const leave = this.#door.enter(socket.remoteAddress ?? "");
    if (leave) {
      socket.once("close", leave);
      return;
    }
    this.#access.refused("connections", `${from(socket.remoteAddress)} has too many connections, or opens them too fast`);
    socket.destroy();
  }

  /** The reply is sent where somebody is refused, and no route is reached. */
  async #admit(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply | undefined> {
    const { socket } = request.raw;
    // Requests that come before the answer to the last: nobody who scrapes does that, and thousands fit into one packet.
    if (this.#asking.has(socket)) {
      socket.destroy();
      return reply.hijack();
    }
    this.#asking.add(socket);
    reply.raw.once("close", () => this.#asking.delete(socket));
    await this.#door.turn();
    this.#access.look();
    const { config } = this.#access;
    void reply.headers({ ...protection, ...lowered(config.headers) });
    return this.#stranger(request, reply, config) ?? this.#unknown(request, reply, config);
  }

  #stranger({ raw, ip, method, headers }: FastifyRequest, reply: FastifyReply, { tls }: WebConfig): FastifyReply | undefined {
    const { host, origin, "sec-fetch-site": fetchSite } = headers;
    const names = [...this.#listening, ...this.#access.hosts, ...(tls?.names ?? []), raw.socket.localAddress ?? ""];
    const asked = { method, host, origin, fetchSite: typeof fetchSite === "string" ? fetchSite : fetchSite?.[0] };
    const because = refusedBecause(asked, { scheme: tls ? "https" : "http", names });
    return because === undefined ? undefined : this.#refuse(reply, 403, "host", because, `${from(ip)}: ${because}`);
  }

  async #unknown({ raw, ip, headers }: FastifyRequest, reply: FastifyReply, { users }: WebConfig): Promise<FastifyReply | undefined> {
    if (users.size === 0) return undefined;
    const given = credentialsIn(headers.authorization);
    const verdict = given && (await this.#passwords.verdict({ ...given, from: ip ?? "" }, users));
    if (verdict === "right") {
      this.#users.set(raw, given!.user);
      return undefined;
    }
    if (typeof verdict === "object") {
      void reply.header("retry-after", String(Math.ceil(verdict.later / 1000)));
      return this.#refuse(reply, 429, "guesses", `${from(ip)} tried too many passwords; try again later`);
    }
    void reply.header("www-authenticate", 'Basic realm="watchkeeper", charset="UTF-8"');
    if (given) return this.#refuse(reply, 401, "password", `${from(ip)} came with a wrong password`);
    return this.#refuse(reply, 401, "password", "this server asks for a user and a password", `${from(ip)} came without a password`);
  }

  /** `recorded`: for the log and the audit, where they need more words than whoever is refused. */
  #refuse(reply: FastifyReply, status: number, why: WebRefusal, because: string, recorded: string = because): FastifyReply {
    this.#access.refused(why, recorded);
    return reply.code(status).type("text/plain; charset=utf-8").send(`Refused: ${because}.\n`);
  }
}

/** A client's address; whoever comes by a socket file has none. */
function from(ip: string | undefined): string {
  return ip === "" || ip === undefined ? "a socket file" : ip;
}

interface Given {
  readonly user: string;
  readonly password: string;
}

function credentialsIn(header: string | undefined): Given | undefined {
  if (header === undefined || header.length > credentialsLengthMax) return undefined;
  const [, encoded] = /^Basic +([A-Za-z0-9+/]+=*)$/iu.exec(header) ?? [];
  if (encoded === undefined) return undefined;
  const text = Buffer.from(encoded, "base64").toString("utf8");
  const colon = text.indexOf(":");
  return colon < 0 ? undefined : { user: text.slice(0, colon), password: text.slice(colon + 1) };
}

/** Nothing of ours is kept, framed, or guessed to be something else, and a page of ours loads and runs nothing. */
const protection: Readonly<Record<string, string>> = {
  "cache-control": "no-store",
  "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "referrer-policy": "no-referrer",
  "cross-origin-resource-policy": "same-origin",
};

/** The owner's own word on a header takes the place of ours; an empty one says nothing. */
function lowered(headers: WebConfig["headers"]): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(headers).flatMap(([name, value]) => (value === "" ? [] : [[name.toLowerCase(), value]])));
}
