/** Whoever is not let in costs next to nothing, and somebody else still is. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { describe, test } from "node:test";
import { Secret } from "../../src/domain/secret.ts";
import { openWeb, type WebConfig } from "../../src/domain/web.ts";
import { openAccess, type OpenAccess } from "./support/open-access.ts";
import { serving, type Serving } from "./support/web.ts";

const users: WebConfig = { headers: {}, users: new Map([["prometheus", new Secret("$2y$04$right")]]) };
const basic = (user: string, password: string): { authorization: string } => ({
  authorization: `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`,
});

function guarded(config: WebConfig = users): { access: OpenAccess; compared: string[] } {
  const compared: string[] = [];
  const compare = (password: string, hash: string): Promise<boolean> => {
    compared.push(password);
    return Promise.resolve(hash.endsWith(password));
  };
  return { access: openAccess(config, compare), compared };
}

describe("a user and a password", () => {
  test("are asked for on every path, and wrong ones let nobody in", async () => {
    const { access } = guarded();
    const { ask, done } = await serving({ access });
    for (const path of ["/", "/metrics", "/-/healthy", "/nowhere"]) {
      const reply = await ask("GET", path);
      assert.equal(reply.status, 401, path);
      assert.equal(reply.headers["www-authenticate"], 'Basic realm="watchkeeper", charset="UTF-8"');
    }
    const attempts = [
      basic("prometheus", "wrong"),
      basic("nobody", "right"),
      { authorization: "Basic !" },
      { authorization: "Bearer right" },
    ];
    for (const headers of attempts) assert.equal((await ask("POST", "/-/stop", headers)).status, 401);
    assert.deepEqual(done, []);
    assert.doesNotMatch(access.refusals.join(), /wrong$|right/u);
    assert.deepEqual(
      [...new Set(access.refusals)],
      ["password: 127.0.0.1 came without a password", "password: 127.0.0.1 came with a wrong password"],
    );
  });

  test("that are right let in, and records name the user", async () => {
    const { access, compared } = guarded();
    const { ask, done } = await serving({ access });
    assert.equal((await ask("GET", "/metrics", basic("prometheus", "right"))).status, 200);
    assert.equal((await ask("POST", "/-/stop", basic("prometheus", "right"))).status, 200);
    assert.deepEqual(done, ["stop by web, prometheus from 127.0.0.1: POST /-/stop"]);
    assert.deepEqual(compared, ["right"], "the second time nothing is compared");
  });

  test("that are guessed are soon not even looked at", async () => {
    const { access, compared } = guarded();
    const { ask } = await serving({ access });
    const statuses: number[] = [];
    for (let guess = 0; guess < 30; guess++) statuses.push((await ask("GET", "/metrics", basic("prometheus", `guess-${guess}`))).status);
    assert.deepEqual([...new Set(statuses)], [401, 429]);
    assert.equal(compared.length, 10);
    assert.match(String((await ask("GET", "/", basic("prometheus", "x"))).headers["retry-after"]), /^[1-9]\d*$/u);
  });

  test("come into force and go with the configuration, request by request", async () => {
    const { access } = guarded();
    const { ask } = await serving({ access });
    assert.equal((await ask("GET", "/metrics", basic("prometheus", "right"))).status, 200);
    access.change({ headers: {}, users: new Map([["prometheus", new Secret("$2y$04$other")]]) });
    assert.equal((await ask("GET", "/metrics", basic("prometheus", "right"))).status, 401);
    access.change(openWeb);
    assert.equal((await ask("GET", "/metrics")).status, 200);
  });
});

test("headers of the configuration take the place of ours", async () => {
  const { access } = guarded({ headers: { "X-Frame-Options": "sameorigin", "Strict-Transport-Security": "" }, users: new Map() });
  const { headers } = await (await serving({ access })).ask("GET", "/");
  assert.equal(headers["x-frame-options"], "sameorigin");
  assert.equal(headers["strict-transport-security"], undefined);
  assert.equal(headers["x-content-type-options"], "nosniff");
});

describe("connections", () => {
  test("of one address leave some for others", async () => {
    const access = openAccess();
    const site = await serving({ access });
    const flood = Array.from({ length: 200 }, () => opened(site));
    await Promise.all(flood.map((socket) => once(socket, "connect").catch(() => undefined)));
    while (access.refusals.length < 200 - 64) await new Promise((resolve) => setImmediate(resolve));
    const other = opened(site, "127.0.0.2");
    other.write("GET /-/healthy HTTP/1.1\r\nHost: localhost\r\n\r\n");
    const [reply] = (await once(other, "data")) as [Buffer];
    assert.match(reply.toString(), /^HTTP\/1\.1 200/u);
    assert.match(access.refusals[0] ?? "", /^connections: 127\.0\.0\.1 has too many connections/u);
    for (const socket of [...flood, other]) socket.destroy();
  });

  test("with requests before the answer to the last are ended", async () => {
    const page = { async *render(): AsyncGenerator<string> {} };
    const site = await serving({ page });
    const socket = opened(site);
    socket.write("GET /-/healthy HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(1000));
    let answers = 0;
    socket.on("data", (data) => (answers += data.toString().split("HTTP/1.1 200").length - 1));
    await ended(socket);
    assert.ok(answers < 5, `${answers} answers`);
  });

  test("with a header of megabytes, or of none of HTTP's making, are ended", async () => {
    const site = await serving();
    for (const text of [`GET / HTTP/1.1\r\nHost: localhost\r\nX: ${"x".repeat(1_000_000)}\r\n\r\n`, "\u0016\u0003\u0001\r\n\r\n"]) {
      const socket = opened(site);
      socket.write(text);
      socket.resume();
      await ended(socket);
    }
    assert.equal((await site.ask("GET", "/-/healthy")).status, 200);
  });

  test("no path leads out of what there is", async () => {
    const site = await serving();
    for (const path of ["/../package.json", "/%2e%2e/%2e%2e/etc/passwd", "/metrics/../../etc/passwd", "//etc/passwd", "/\u0000"]) {
      const socket = opened(site);
      socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`);
      const [reply] = (await once(socket, "data")) as [Buffer];
      assert.match(reply.toString(), /^HTTP\/1\.1 40[04]/u, path);
      assert.doesNotMatch(reply.toString(), /root:|"name"/u);
      socket.destroy();
    }
  });
});

function opened({ server }: Serving, localAddress = "127.0.0.1"): Socket {
  const [host = "", port = ""] = (server.addresses[0] ?? "").split(":");
  return connect({ host, port: Number(port), localAddress }).on("error", () => {});
}

/** A reset is an end too. */
function ended(socket: Socket): Promise<unknown> {
  return new Promise((resolve) => socket.on("close", resolve));
}
