/** The web server's sockets: where it listens, how much it takes on, and how it ends. */
import assert from "node:assert/strict";
import { connect } from "node:net";
import { describe, test } from "node:test";
import { seconds } from "../../src/domain/units.ts";
import { startWeb } from "../../src/exporters/http.ts";
import { quietWeb } from "./support/quiet-web.ts";
import { asking, serving } from "./support/web.ts";

describe("the server", () => {
  test("listens on several addresses, and says each", async () => {
    const { server } = await serving({
      listen: [
        { host: "127.0.0.1", port: 0 },
        { host: "::1", port: 0 },
      ],
    });
    assert.match(server.addresses.join(" "), /^127\.0\.0\.1:\d+ \[::1\]:\d+$/u);
    for (const address of server.addresses) assert.equal((await asking(address)("GET", "/-/healthy")).status, 200);
  });

  test("listens nowhere when one address is taken, and says which", async () => {
    const { server } = await serving();
    const port = Number(server.addresses[0]?.split(":")[1]);
    const second = await startWeb({
      ...(await quietWeb()),
      listen: [
        { host: "127.0.0.1", port: 0 },
        { host: "127.0.0.1", port },
      ],
      activation: { pid: 1, ppid: 0 },
      bug: (error) => assert.fail(String(error)),
    });
    assert.match("problem" in second ? second.problem : "", new RegExp(`127\\.0\\.0\\.1:${port} cannot be used .*EADDRINUSE`, "u"));
  });

  test("tells a mistake of ours to the log and not to the caller", async () => {
    const { ask, bugs } = await serving({
      actions: {
        settings: () => {
          throw new TypeError("secret detail");
        },
      },
    });
    const reply = await ask("GET", "/config");
    assert.equal(reply.status, 500);
    assert.doesNotMatch(reply.body, /secret/u);
    assert.equal(bugs.length, 1);
  });

  test("writes a few pages at once and refuses more until one is done", async () => {
    const waiting: (() => void)[] = [];
    const page = {
      async *render(): AsyncGenerator<string> {
        yield "x\n";
        await new Promise<void>((resolve) => waiting.push(resolve));
        yield "y\n";
      },
    };
    const { ask } = await serving({ page });
    const scrapes = [1, 2, 3, 4].map(() => ask("GET", "/metrics"));
    while (waiting.length < 4) await new Promise((resolve) => setImmediate(resolve));
    const refused = await ask("GET", "/metrics");
    assert.deepEqual([refused.status, refused.headers["retry-after"]], [503, "5"]);
    for (const go of waiting.splice(0)) go();
    for (const { body } of await Promise.all(scrapes)) assert.equal(body, "x\ny\n");
    const again = ask("GET", "/metrics");
    while (waiting.length === 0) await new Promise((resolve) => setImmediate(resolve));
    waiting[0]?.();
    assert.equal((await again).status, 200);
  });

  test("cuts off a reader who never comes to the end, and forgets one who went away", async () => {
    let rendering = 0;
    const page = {
      async *render(): AsyncGenerator<string> {
        rendering += 1;
        try {
          for (;;) {
            yield "x".repeat(65_536);
            await new Promise((resolve) => setImmediate(resolve));
          }
        } finally {
          rendering -= 1;
        }
      },
    };
    const { server, clock } = await serving({ page });
    const { hostname, port } = new URL(`http://${server.addresses[0] ?? ""}`);
    const hangUp = connect(Number(port), hostname);
    const stall = connect(Number(port), hostname);
    for (const socket of [hangUp, stall]) {
      socket.on("error", () => undefined);
      socket.write("GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n");
    }
    while (rendering < 2) await new Promise((resolve) => setImmediate(resolve));
    hangUp.destroy();
    while (rendering > 1) await new Promise((resolve) => setImmediate(resolve));
    assert.equal(clock.waiting, 1, "the timer of the one that went away is gone");
    const ended = new Promise((resolve) => stall.on("close", resolve));
    await clock.advance(seconds(60));
    while (rendering > 0) await new Promise((resolve) => setImmediate(resolve));
    stall.resume();
    await ended;
    assert.equal(clock.waiting, 0);
  });

  test("ends every connection when it is closed", async () => {
    const { server } = await serving();
    const { hostname, port } = new URL(`http://${server.addresses[0] ?? ""}`);
    const idle = connect(Number(port), hostname);
    await new Promise((resolve) => idle.on("connect", resolve));
    const ended = new Promise((resolve) => idle.on("close", resolve));
    idle.resume().on("error", () => undefined);
    await server.close();
    await ended;
    assert.ok(idle.destroyed);
  });
});
