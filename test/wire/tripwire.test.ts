/** Proves with a listening server and a UDP receiver that no socket but the wires' own reaches anybody, however it is made. */
import assert from "node:assert/strict";
import { createSocket, Socket as UdpSocket } from "node:dgram";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { get } from "node:http";
import { connect as connectHttp2 } from "node:http2";
import { type AddressInfo, connect, createServer, type Server, Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";
import { connect as connectTls } from "node:tls";
import { makingOwn, WireSocket } from "../../src/wire/own-sockets.ts";
import { armTripwire } from "../../src/wire/tripwire.ts";

interface Blocked {
  readonly detail: string;
  readonly address: string | undefined;
}

const host = "127.0.0.1";
const realConnect = Socket.prototype.connect;
let server: Server;
let port = 0;
let arrivals = 0;
let receiver: UdpSocket;
let datagrams: string[] = [];
let blocked: Blocked[] = [];
let disarm: () => void;

before(async () => {
  server = createServer((socket) => {
    arrivals += 1;
    socket.on("error", () => {});
    socket.end();
  });
  server.listen(0, host);
  await once(server, "listening");
  port = (server.address() as AddressInfo).port;
  receiver = createSocket("udp4");
  receiver.on("message", (bytes) => datagrams.push(bytes.toString()));
  receiver.bind(0, host);
  await once(receiver, "listening");
});

after(() => {
  server.close();
  receiver.close();
});

beforeEach(() => {
  arrivals = 0;
  datagrams = [];
  blocked = [];
  disarm = armTripwire({ onBlocked: (detail, address) => blocked.push({ detail, address }) });
});

afterEach(() => disarm());

/** Connections are accepted in the order in which they came: when this one is there, an earlier one would be. */
async function ownConnection(): Promise<void> {
  const socket = new WireSocket();
  socket.connect({ host, port });
  socket.resume();
  await once(socket, "close");
}

async function ownDatagram(): Promise<void> {
  const socket = makingOwn(() => createSocket("udp4"));
  const arrived = once(receiver, "message");
  socket.send("ours", receiver.address().port, host);
  await arrived;
  socket.close();
}

async function failure(socket: { once(event: "error", listener: (error: Error) => void): unknown }): Promise<Error> {
  const [error] = (await once(socket as Socket, "error")) as [Error];
  return error;
}

describe("a TCP connection that no wire announced reaches nobody", () => {
  const dials: readonly [how: string, dial: () => { once(event: "error", listener: (error: Error) => void): unknown }][] = [
    ["net.connect", () => connect({ host, port })],
    ["net.connect with port and host", () => connect(port, host)],
    ["net.connect with a port as text", () => connect(String(port) as unknown as number, host)],
    ["a new Socket", () => new Socket().connect({ host, port })],
    ["a new Socket with port and host", () => new Socket().connect(port, host)],
    ["a name", () => connect({ host: "localhost", port })],
    ["no host, which means localhost", () => connect(port)],
    [
      "a look-up of its own that answers at once",
      () => connect({ host: "plc", port, lookup: (_host, _options, done) => done(null, host, 4) }),
    ],
    ["tls.connect", () => connectTls({ host, port })],
    ["tls.connect over a socket that still connects", () => connectTls({ socket: connect({ host, port }) })],
    ["http.get", () => get({ host, port })],
    ["http2.connect", () => connectHttp2(`http://${host}:${port}`)],
  ];
  for (const [how, dial] of dials) {
    test(`by ${how}`, async () => {
      const error = await failure(dial());
      assert.match(error.message, /tripwire/);
      assert.equal(blocked.length, 1);
      assert.match(blocked[0]?.detail ?? "", new RegExp(`:${port} was begun outside the wires, by .*tripwire\\.test\\.ts`));
      await ownConnection();
      assert.equal(arrivals, 1);
    });
  }

  test("by fetch", async () => {
    await assert.rejects(fetch(`http://${host}:${port}/`));
    assert.equal(blocked[0]?.address, host);
    await ownConnection();
    assert.equal(arrivals, 1);
  });

  test("by WebSocket", async () => {
    const socket = new WebSocket(`ws://${host}:${port}/`);
    await new Promise((resolve) => socket.addEventListener("error", resolve));
    assert.equal(blocked[0]?.address, host);
    await ownConnection();
    assert.equal(arrivals, 1);
  });

  test("when it is tried again and again", async () => {
    const socket = new Socket();
    for (const attempt of [1, 2, 3]) {
      socket.connect({ host, port });
      await failure(socket);
      assert.equal(blocked.length, attempt);
    }
    await ownConnection();
    assert.equal(arrivals, 1);
  });
});

describe("whoever took hold of the real connect() before", () => {
  const dials: readonly [how: string, options: object][] = [
    ["with a literal address", { host, port }],
    ["with a name", { host: "localhost", port, autoSelectFamily: true }],
    [
      "with a look-up of its own that answers at once",
      { host: "plc", port, autoSelectFamily: false, lookup: (_host: string, _options: object, done: Answer) => done(null, host, 4) },
    ],
  ];
  type Answer = (error: null, address: string, family: number) => void;
  for (const [how, options] of dials) {
    test(`still reaches nobody, ${how}`, async () => {
      const socket = new Socket();
      Reflect.apply(realConnect, socket, [options]);
      await failure(socket);
      assert.ok(blocked.some(({ detail }) => /past the guard/.test(detail)));
      await ownConnection();
      assert.equal(arrivals, 1);
    });
  }
});

test("a blocked socket that nobody listens to does not end the process", async () => {
  const socket = connect({ host, port });
  await new Promise((resolve) => socket.once("close", resolve));
  assert.equal(blocked.length, 1);
});

test("nor does one that went past the guard end the process", async () => {
  const socket = new Socket();
  Reflect.apply(realConnect, socket, [{ host, port }]);
  await new Promise((resolve) => socket.once("close", resolve));
  assert.equal(blocked.length, 1);
});

test("a port without a host is reported as localhost, and without either as that", async () => {
  await failure(connect({ port: 502 }));
  await failure(new Socket().connect({} as { port: number }));
  assert.deepEqual(
    blocked.map(({ address }) => address),
    ["localhost", "localhost"],
  );
});

test("a dialler that left no trace is reported all the same", async () => {
  // Called by the event loop itself, with nothing of ours on the stack.
  const socket = new Socket().on("error", () => {});
  process.nextTick(socket.connect.bind(socket) as (options: object) => void, { host, port });
  await new Promise((resolve) => socket.once("close", resolve));
  assert.match(blocked[0]?.detail ?? "", /by code that left no trace$/);
});

test("the report names the address that was dialled", async () => {
  await failure(connect({ host: "192.0.2.7", port: 502 }));
  assert.equal(blocked[0]?.address, "192.0.2.7");
  assert.match(blocked[0]?.detail ?? "", /192\.0\.2\.7:502/);
});

describe("a UDP socket that no wire announced sends nothing", () => {
  const sends: readonly [how: string, send: (to: number) => void][] = [
    ["by send without bind", (to) => createSocket("udp4").send("foreign", to, host)],
    ["by bind", () => createSocket("udp4").bind(0, host)],
    ["by connect", (to) => createSocket("udp4").connect(to, host)],
    ["made by its constructor", (to) => new (UdpSocket as unknown as new (type: string) => UdpSocket)("udp4").send("foreign", to, host)],
    [
      "with a look-up of its own",
      (to) => createSocket({ type: "udp4", lookup: (_host, _options, done) => done(null, host, 4) }).send("foreign", to, "plc"),
    ],
  ];
  for (const [how, send] of sends) {
    test(how, async () => {
      assert.throws(() => send(receiver.address().port), { code: "ERR_SOCKET_DGRAM_NOT_RUNNING" });
      assert.match(blocked[0]?.detail ?? "", /UDP socket was made outside the wires, by .*tripwire\.test\.ts/);
      await ownDatagram();
      assert.deepEqual(datagrams, ["ours"]);
    });
  }

  test("also one whose signal was aborted before", () => {
    const socket = createSocket({ type: "udp4", signal: AbortSignal.abort() });
    assert.throws(() => socket.bind(0, host), { code: "ERR_SOCKET_DGRAM_NOT_RUNNING" });
    assert.equal(blocked.length, 1);
  });
});

describe("what reaches no device passes", () => {
  test("a unix-domain and an abstract socket", async () => {
    const folder = mkdtempSync(join(tmpdir(), "tripwire-"));
    for (const path of [join(folder, "s.sock"), `\0tripwire-test-${process.pid}`]) {
      const listener = createServer((socket) => socket.end("hello"));
      listener.listen(path);
      await once(listener, "listening");
      const [greeting] = (await once(connect(path), "data")) as [Buffer];
      assert.equal(greeting.toString(), "hello");
      const [again] = (await once(new Socket().connect({ path }), "data")) as [Buffer];
      assert.equal(again.toString(), "hello");
      listener.close();
    }
    rmSync(folder, { recursive: true });
    assert.deepEqual(blocked, []);
  });

  test("a server that others connect to", async () => {
    await ownConnection();
    assert.equal(arrivals, 1);
    assert.deepEqual(blocked, []);
  });
});

test("a socket on a path cannot be talked into an address", async () => {
  const socket = new Socket();
  // Read once it is a path, read again it is none.
  const reads = ["/nowhere.sock", undefined, undefined];
  socket.connect(Object.defineProperty({ host, port }, "path", { get: () => reads.shift() }));
  await failure(socket);
  assert.match(blocked[0]?.detail ?? "", /past the guard/);
  await ownConnection();
  assert.equal(arrivals, 1);
});

test("it is armed once at a time, and disarmed for good", async () => {
  assert.throws(() => armTripwire({ onBlocked: () => {} }), /armed already/);
  disarm();
  assert.equal(Socket.prototype.connect, realConnect);
  const socket = connect({ host, port }).resume();
  await once(socket, "close");
  assert.equal(arrivals, 1);
  disarm = armTripwire({ onBlocked: () => {} });
});
