/**
 * Asks a web server with TLS and passwords as a scraper does, and attacks it in every way at once, from inside its host. Argument: JSON of
 * `AttackerOptions`. Each line of JSON on its stdin is {"do":"scrape"} or {"do":"attack","forMs":5000}; it prints {"event":"scraped",
 * "status","lines"} with the lines of the page that are wanted, and {"event":"attacked","counts":{"password 401":120}}.
 */
import { once } from "node:events";
import { Agent, request } from "node:https";
import { connect as connectPlain, type Socket } from "node:net";
import { setPriority } from "node:os";
import { createInterface } from "node:readline";
import { connect as connectTls } from "node:tls";

export interface AttackerOptions {
  readonly port: number;
  readonly ca: string;
  readonly authorization: string;
  /** A client certificate that has ended. */
  readonly cert: string;
  readonly key: string;
}

const { port, ca, authorization, cert, key } = JSON.parse(process.argv[2] ?? "{}") as AttackerOptions;
const host = "127.0.0.1";
/** Somebody else than the attackers, as far as the server can see. */
const scraper = new Agent({ keepAlive: true, maxSockets: 1, ca, localAddress: "127.0.0.2" });
const counts: Record<string, number> = {};
let guesses = 0;
const count = (what: string): void => void (counts[what] = (counts[what] ?? 0) + 1);

// The attackers of a plant have machines of their own.
setPriority(19);
for await (const line of createInterface({ input: process.stdin })) {
  const told = JSON.parse(line) as { readonly do: "scrape" } | { readonly do: "attack"; readonly forMs: number };
  if (told.do === "scrape") void scrape();
  else void attack(told.forMs);
}

async function scrape(): Promise<void> {
  const sent = request({
    host,
    port,
    path: "/metrics",
    agent: scraper,
    servername: "localhost",
    headers: { host: "localhost", authorization },
  }).end();
  const [response] = (await once(sent, "response")) as [AsyncIterable<Buffer> & { readonly statusCode: number }];
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk);
  const lines = Buffer.concat(chunks)
    .toString("utf8")
    .split("\n")
    .filter((one) => /^watchkeeper_(schedule_lateness|stalls|web_refused|last_pulse)/u.test(one));
  console.log(JSON.stringify({ event: "scraped", status: response.statusCode, lines }));
}

async function attack(forMs: number): Promise<void> {
  const until = performance.now() + forMs;
  const again = async (what: () => Promise<void>): Promise<void> => {
    while (performance.now() < until) await what();
  };
  const agents = [1, 2, 3, 4].map(() => new Agent({ keepAlive: true, maxSockets: 1, ca }));
  await Promise.all([
    ...agents.map((agent) => again(() => asked("password", "/metrics", { host: "localhost", authorization: guess() }, agent))),
    again(() => asked("host", "/metrics", { host: "evil.example", authorization })),
    again(() => asked("path", "/../../../../etc/passwd", { host: "localhost", authorization })),
    again(endedCertificate),
    again(() => spoken("plain", "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n")),
    again(() =>
      overTls("header", (socket) => void socket.write(`GET / HTTP/1.1\r\nHost: localhost\r\nX: ${"x".repeat(10_000_000)}\r\n\r\n`)),
    ),
    again(() => overTls("slow", drip)),
    again(thousandConnections),
  ]);
  for (const agent of agents) agent.destroy();
  console.log(JSON.stringify({ event: "attacked", counts }));
}

function guess(): string {
  return `Basic ${Buffer.from(`prometheus:guess-${(guesses += 1)}`).toString("base64")}`;
}

async function asked(what: string, path: string, headers: Record<string, string>, agent?: Agent): Promise<void> {
  const sent = request({ host, port, path, headers, servername: "localhost", ca, agent: agent ?? false });
  await new Promise<void>((resolve) => {
    sent.on("response", (response) => {
      count(`${what} ${response.statusCode ?? 0}`);
      response.resume().on("close", resolve);
    });
    sent.on("error", () => {
      count(`${what} cut`);
      resolve();
    });
    sent.end();
  });
}

/** Until the server ends it. */
async function ended(what: string, socket: Socket): Promise<void> {
  let heard = "";
  socket.on("data", (data) => (heard = heard || data.toString("latin1").slice(0, 12))).on("error", () => {});
  await new Promise((resolve) => socket.on("close", resolve));
  count(`${what} ${/^HTTP\/1\.1 \d+/u.exec(heard)?.[0].slice(9) ?? "cut"}`);
}

async function spoken(what: string, text: string): Promise<void> {
  const socket = connectPlain(port, host);
  socket.write(text);
  await ended(what, socket);
}

async function overTls(what: string, speak: (socket: Socket) => void, client: { cert?: string; key?: string } = {}): Promise<void> {
  const socket = connectTls({ host, port, ca, servername: "localhost", ...client });
  socket.once("secureConnect", () => speak(socket));
  await ended(what, socket);
}

function endedCertificate(): Promise<void> {
  return overTls(
    "certificate",
    (socket) => void socket.write(`GET / HTTP/1.1\r\nHost: localhost\r\nAuthorization: ${authorization}\r\n\r\n`),
    { cert, key },
  );
}

/** A byte of a header every now and then. */
function drip(socket: Socket): void {
  socket.write("GET / HTTP/1.1\r\nHost: localhost\r\nX: ");
  const timer = setInterval(() => socket.write("x"), 300);
  socket.once("close", () => clearInterval(timer));
}

/** All at once, and held for as long as the server lets them. */
async function thousandConnections(): Promise<void> {
  const sockets = Array.from({ length: 1000 }, () => connectPlain(port, host));
  await Promise.all(sockets.map((socket) => ended("connection", socket)));
}
