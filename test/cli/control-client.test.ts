/** The command's end of the control socket: whatever the other end does, the command learns it in a sentence and in time. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type RequestListener, type Server } from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { controlClient, someoneListens } from "../../src/cli/control-client.ts";
import { FakeClock } from "../support/fake-clock.ts";

let folder = "";
let socketPath = "";
let server: Server | undefined;
let clock = new FakeClock();

async function poller(answer: RequestListener): Promise<void> {
  server = createServer(answer);
  await new Promise<void>((resolve) => server?.listen(socketPath, resolve));
}

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "wk-"));
  socketPath = path.join(folder, "control.sock");
  clock = new FakeClock();
});
afterEach(async () => {
  assert.equal(clock.waiting, 0, "a deadline was forgotten");
  server?.closeAllConnections();
  if (server) await new Promise((resolve) => server?.close(resolve));
  server = undefined;
  rmSync(folder, { recursive: true });
});

describe("a question to the poller", () => {
  test("is posted as JSON to the command's own path, and the answer comes back", async () => {
    let seen = "";
    await poller((request, response) => {
      seen = [request.method, request.url, request.headers["content-type"], ""].join(" ");
      request.on("data", (chunk) => (seen += String(chunk)));
      request.on("end", () => response.end('{"ok":true,"result":{"wasStopped":true}}'));
    });
    const asked = await controlClient(socketPath, clock).ask("stop", { by: "eto-1", reason: "smoke" });
    assert.deepEqual(asked, { kind: "answered", reply: { ok: true, result: { wasStopped: true } } });
    assert.equal(seen, 'POST /v1/stop application/json {"by":"eto-1","reason":"smoke"}');
  });

  test("finds nobody where there is no socket", async () => {
    assert.deepEqual(await controlClient(socketPath, clock).ask("status", {}), { kind: "nobody" });
    assert.equal(await someoneListens(socketPath, clock), false);
  });

  test("is given up at its deadline when the poller stands still", async () => {
    let arrived = (): void => undefined;
    const waiting = new Promise<void>((resolve) => (arrived = resolve));
    await poller(() => arrived());
    const asked = controlClient(socketPath, clock).ask("status", {});
    await waiting;
    await clock.advance(10_000);
    assert.deepEqual(await asked, {
      kind: "trouble",
      detail: `${socketPath}: the poller cannot be reached (no answer within 10 s)`,
    });
  });

  const strange: readonly [what: string, text: string, detail: RegExp][] = [
    ["not JSON", "<html>", /found an answer that is not JSON, expected a poller of this version$/],
    ["without ok", '{"hello":1}', /found an answer without "ok", expected a poller of this version$/],
    ["ok without a result", '{"ok":true}', /found an answer without "ok"/],
    ["problems that are not sentences", '{"ok":false,"problems":[1]}', /found an answer without "ok"/],
    ["null", "null", /found an answer without "ok"/],
  ];
  for (const [what, text, detail] of strange) {
    test(`reports an answer that is ${what}`, async () => {
      await poller((_request, response) => response.end(text));
      const asked = await controlClient(socketPath, clock).ask("status", {});
      assert.equal(asked.kind, "trouble");
      assert.match(asked.kind === "trouble" ? asked.detail : "", detail);
    });
  }

  test("reports a poller that hangs up in the middle of its answer", async () => {
    await poller((_request, response) => {
      response.writeHead(200, { "content-length": "100" });
      response.write('{"ok":', () => response.destroy());
    });
    const asked = await controlClient(socketPath, clock).ask("status", {});
    assert.equal(asked.kind, "trouble");
  });

  test("reports a file that is no socket", async () => {
    writeFileSync(socketPath, "");
    const asked = await controlClient(socketPath, clock).ask("status", {});
    // Linux answers ECONNREFUSED for a file that is no socket: nobody listens there either way.
    assert.deepEqual(asked, { kind: "nobody" });
  });

  test("refuses a path that Linux would cut short", async () => {
    const asked = await controlClient(path.join(folder, "x".repeat(100)), clock).ask("status", {});
    assert.match(asked.kind === "trouble" ? asked.detail : "", /expected at most 100; choose a shorter stateDir$/);
  });
});

test("someone listens as soon as a connection is taken, even if nothing is ever answered", async () => {
  await poller(() => undefined);
  assert.equal(await someoneListens(socketPath, clock), true);
});
