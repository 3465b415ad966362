/** What counts as taken: a receiver's own word, or its orderly end; anything else is tried again. Over real sockets on loopback. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer as createHttp, type IncomingMessage } from "node:http";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { afterEach, describe, test } from "node:test";
import type { MailTarget, NotifyTarget, SyslogTarget, WebhookTarget } from "../../src/domain/notify.ts";
import { Secret } from "../../src/domain/secret.ts";
import { dial } from "../../src/notify/dial.ts";
import { sender, type Sent } from "../../src/notify/senders.ts";
import { systemClock } from "../../src/system-clock.ts";
import { itemWith, noticeWith } from "./support/scene.ts";

let servers: Server[] = [];
afterEach(() => {
  for (const server of servers) server.close();
  servers = [];
});

async function listening(server: Server): Promise<number> {
  servers.push(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

const dialled: string[] = [];
const parts = { clock: systemClock, hosts: () => "127.0.0.1 bridge.example\n192.0.2.7 plc.example\n", nameServers: [] };
const send = sender({
  clock: systemClock,
  hostname: "bridge",
  dial: (place, within) => {
    dialled.push(place.host);
    return dial(place, within, { ...parts, forbidden: (address) => (address.startsWith("192.0.2.") ? "found a segment" : undefined) });
  },
});
const notice = noticeWith([itemWith()]);
const tell = (target: NotifyTarget): Promise<Sent> => send(target, notice);
const shared = { id: "x", host: "127.0.0.1", tls: "none", least: "warning" } as const;
const syslog = (port: number): SyslogTarget => ({ ...shared, kind: "syslog", port, facility: 3 });
const webhook = (port: number): WebhookTarget => ({
  ...shared,
  kind: "webhook",
  port,
  path: "/hook?a=1",
  format: "watchkeeper",
  token: new Secret("t0ken"),
});
const mail = (port: number): MailTarget => ({ ...shared, kind: "mail", port, from: "wk@ship.example", to: ["eto@ship.example"] });

describe("syslog", () => {
  test("is taken when the receiver has read to the end and closes", async () => {
    const chunks: Buffer[] = [];
    const port = await listening(createServer((socket) => void socket.on("data", (chunk: Buffer) => chunks.push(chunk))));
    assert.equal(await tell(syslog(port)), undefined);
    assert.match(Buffer.concat(chunks).toString(), /^\d+ <26>1 .* bridge watchkeeper - WatchkeeperDeviceDown /u);
  });

  test("is not taken by one that breaks off, nor where nobody listens", async () => {
    const port = await listening(createServer((socket: Socket) => void socket.on("data", () => socket.resetAndDestroy())));
    assert.match((await tell(syslog(port))) ?? "", /ECONNRESET|the connection broke/u);
    servers[0]?.close();
    assert.match((await tell(syslog(port))) ?? "", /ECONNREFUSED/u);
  });
});

describe("a webhook", () => {
  test("is taken with 2xx and with nothing else; the token and an id for repeats are in the headers", async () => {
    let seen: IncomingMessage | undefined;
    let body = "";
    const codes = [204, 503, 301];
    const server = createHttp((request, response) => {
      seen = request;
      body = "";
      request.setEncoding("utf8").on("data", (text: string) => (body += text));
      request.on("end", () => response.writeHead(codes.shift() ?? 200, { location: "http://192.0.2.7/" }).end());
    });
    const port = await listening(server);
    assert.equal(await tell(webhook(port)), undefined);
    assert.deepEqual(
      [seen?.method, seen?.url, seen?.headers.authorization, seen?.headers["idempotency-key"]],
      ["POST", "/hook?a=1", "Bearer t0ken", "abc-1"],
    );
    assert.equal((JSON.parse(body) as { readonly id: string }).id, "abc-1");
    assert.match((await tell(webhook(port))) ?? "", /found the answer 503 Service Unavailable, expected 200 to 299/u);
    assert.match((await tell(webhook(port))) ?? "", /found the answer 301/u);
  });
});

describe("e-mail", () => {
  test("goes over our own socket: the library dials nobody, and says what the server said", async () => {
    const port = await listening(createServer((socket) => void socket.end("554 no service for you\r\n")));
    dialled.length = 0;
    assert.match((await tell(mail(port))) ?? "", /127\.0\.0\.1:\d+: .*554/u);
    assert.deepEqual(dialled, ["127.0.0.1"]);
  });
});

test("a name that leads into a segment is refused before anything is sent", async () => {
  assert.equal(await tell({ ...syslog(514), host: "plc.example" }), "plc.example: found a segment");
  const port = await listening(createServer((socket) => void socket.resume()));
  assert.equal(await tell({ ...syslog(port), host: "bridge.example" }), undefined);
});
