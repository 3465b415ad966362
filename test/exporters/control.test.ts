/** The control socket over a real socket file: who may open it, what it refuses, and that a stale file never hides a living poller. */
import assert from "node:assert/strict";
import { chmodSync, existsSync, linkSync, mkdtempSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { request as httpRequest } from "node:http";
import net from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { startControl, type ControlServer } from "../../src/exporters/control.ts";
import type { ControlHandlers } from "../../src/domain/control.ts";

let folder = "";
let socketPath = "";
let server: ControlServer | undefined;
let bugs: unknown[] = [];
let asked: unknown[] = [];

const handlers: ControlHandlers = {
  status: () => Promise.reject(new Error("a mistake inside")),
  check: (request) => Promise.resolve({ ok: true, result: { device: request.device, outcomes: [] } }),
  certificates: () => Promise.resolve({ ok: false, problems: ["no such check"] }),
  stop: (request) => {
    asked.push(request);
    return Promise.resolve({ ok: true, result: { wasStopped: false } });
  },
  resume: () => Promise.resolve({ ok: false, problems: ["the audit record cannot be written"] }),
  reset: () => Promise.resolve({ ok: true, result: { lifted: [] } }),
  reload: () => Promise.resolve({ ok: true, result: { planDigest: "sha256:0", devices: 0, checks: 0, refused: 0, restartFor: [] } }),
  clock: () => Promise.resolve({ ok: true, result: { before: "2026-11-22T12:00:00.000Z", now: "2026-11-21T12:00:00.000Z" } }),
  "window-open": (request) => {
    asked.push(request);
    return Promise.resolve({ ok: false, problems: ["no such device"] });
  },
  "window-extend": () => Promise.resolve({ ok: false, problems: ["no such window"] }),
  "window-close": () => Promise.resolve({ ok: false, problems: ["no such window"] }),
  "window-list": () => Promise.resolve({ ok: true, result: { now: "2026-11-21T12:00:00.000Z", windows: [] } }),
  "baseline-accept": () => Promise.resolve({ ok: true, result: { accepted: [] } }),
  "deep-query": (request) => {
    asked.push(request);
    return Promise.resolve({ ok: false, problems: ["no window"] });
  },
  "deep-query-look": () => Promise.resolve({ ok: false, problems: ["no such deep query"] }),
  "deep-query-end": () => Promise.resolve({ ok: true, result: { record: null } }),
  audit: () => Promise.resolve({ ok: true, result: { at: "2026-11-21T12:00:00.000Z" } }),
};

async function started(options: { path?: string; answered?: boolean } = {}): Promise<ControlServer | { problem: string }> {
  const result = await startControl({
    path: options.path ?? socketPath,
    handlers,
    answered: () => Promise.resolve(options.answered ?? false),
    bug: (error) => bugs.push(error),
  });
  if ("close" in result) server = result;
  return result;
}

function send(method: string, url: string, body: string, type = "application/json"): Promise<{ status: number; body: unknown }> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({ socketPath, method, path: url, agent: false, headers: { "content-type": type } }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, body: JSON.parse(text) as unknown }));
    });
    request.on("error", reject);
    request.end(body);
  });
}

/** A socket file where nobody listens: what a killed poller leaves. */
async function staleSocket(at: string): Promise<void> {
  // Node removes the file of a server that it closes, so it is bound elsewhere and reached by a second name.
  const listener = net.createServer();
  await new Promise<void>((resolve) => listener.listen(at, resolve));
  const kept = `${at}.kept`;
  linkSync(at, kept);
  await new Promise((resolve) => listener.close(resolve));
  renameSync(kept, at);
}

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "wk-"));
  chmodSync(folder, 0o700);
  socketPath = path.join(folder, "control.sock");
  bugs = [];
  asked = [];
});
afterEach(async () => {
  await server?.close();
  server = undefined;
  rmSync(folder, { recursive: true });
});

describe("the control socket", () => {
  test("can be opened by its own user only", async () => {
    await started();
    assert.equal(statSync(socketPath).mode & 0o777, 0o600);
  });

  test("hands a command to its handler and its result back", async () => {
    await started();
    const reply = await send("POST", "/v1/stop", '{"by":"eto-1","reason":"smoke"}');
    assert.deepEqual(reply, { status: 200, body: { ok: true, result: { wasStopped: false } } });
    assert.deepEqual(asked, [{ by: "eto-1", reason: "smoke" }]);
  });

  test("tells the handler's problems as they are", async () => {
    await started();
    const reply = await send("POST", "/v1/resume", '{"by":"eto-1","reason":"all clear"}');
    assert.deepEqual(reply, { status: 422, body: { ok: false, problems: ["the audit record cannot be written"] } });
  });

  test("reports a handler that threw and shows nothing of its inside", async () => {
    await started();
    const reply = await send("POST", "/v1/status", "{}");
    assert.deepEqual(reply, {
      status: 500,
      body: { ok: false, problems: ["the poller could not carry this out because of a mistake in itself; its log says more"] },
    });
    assert.match(String(bugs), /a mistake inside/);
  });

  test("is gone with its file after it was closed", async () => {
    const running = await started();
    assert.ok("close" in running);
    await running.close();
    server = undefined;
    assert.equal(existsSync(socketPath), false);
  });
});

describe("the control socket refuses", () => {
  beforeEach(async () => {
    await started();
  });

  const unknown =
    "expected POST /v1/ and one of: status, check, certificates, stop, resume, reset, clock, reload, window-open, window-extend, window-close, window-list, baseline-accept, deep-query, deep-query-look, deep-query-end, audit";
  const cases: readonly [what: string, method: string, url: string, body: string, status: number, problems: readonly string[]][] = [
    ["an unknown command", "POST", "/v1/format", "{}", 404, [`unknown command POST /v1/format; ${unknown}`]],
    ["a command by GET", "GET", "/v1/stop", "", 404, [`unknown command GET /v1/stop; ${unknown}`]],
    ["a stop that nobody signs", "POST", "/v1/stop", '{"reason":"x"}', 400, ["request must have required property 'by'"]],
    [
      "an empty name and a missing reason, both at once",
      "POST",
      "/v1/stop",
      '{"by":" "}',
      400,
      ["request must have required property 'reason'", 'by must match pattern "\\S"'],
    ],
    ["a number where a name belongs", "POST", "/v1/reload", '{"by":7}', 400, ["by must be string"]],
    [
      "a field it does not know",
      "POST",
      "/v1/reload",
      '{"by":"x","force":true}',
      400,
      ["request must NOT have additional properties (force)"],
    ],
    [
      "a scope of no known kind",
      "POST",
      "/v1/reset",
      '{"by":"x","reason":"y","scope":"everything"}',
      400,
      ['scope must match pattern "^(site|(device|segment|profile):.+)$"'],
    ],
    ...["2026-99-99T99:99:99Z", "2027-02-31T10:00:00Z", "0000-01-01T00:00:00Z"].map((until): (typeof cases)[number] => [
      `a window that ends at ${until}`,
      "POST",
      "/v1/window-open",
      JSON.stringify({ by: "x", reason: "y", kind: "mute", scope: "site", until }),
      400,
      ['until must match format "a day and time that there is, such as 2026-11-22T07:30:00Z"'],
    ]),
  ];
  for (const [what, method, url, body, status, problems] of cases) {
    test(what, async () => {
      assert.deepEqual(await send(method, url, body), { status, body: { ok: false, problems } });
      assert.deepEqual(asked, []);
    });
  }

  test("a body of more than 16 KiB", async () => {
    const reply = await send("POST", "/v1/stop", JSON.stringify({ by: "x", reason: "y".repeat(20_000) }));
    assert.equal(reply.status, 413);
    assert.deepEqual(asked, []);
  });

  test("a body that is not JSON", async () => {
    assert.equal((await send("POST", "/v1/stop", "by=eto-1", "application/x-www-form-urlencoded")).status, 415);
    assert.equal((await send("POST", "/v1/stop", "{by}")).status, 400);
    assert.deepEqual(asked, []);
  });
});

describe("where something already lies at the socket's path", () => {
  test("a stale socket is replaced", async () => {
    await staleSocket(socketPath);
    assert.ok("close" in (await started({ answered: false })));
    assert.equal((await send("POST", "/v1/reload", '{"by":"x"}')).status, 200);
  });

  test("a socket that answers is left alone", async () => {
    await staleSocket(socketPath);
    assert.deepEqual(await started({ answered: true }), {
      problem: `${socketPath}: another poller answers here; expected none. Stop it first, or use a state folder of its own`,
    });
    assert.ok(existsSync(socketPath));
  });

  for (const [what, put] of [
    ["a file", () => writeFileSync(socketPath, "notes")],
    ["a symbolic link", () => symlinkSync("/etc/passwd", socketPath)],
  ] as const) {
    test(`${what} is left alone`, async () => {
      put();
      assert.deepEqual(await started(), {
        problem: `${socketPath}: found something other than a socket, expected nothing or an old socket; move it away`,
      });
      assert.ok(existsSync(socketPath));
    });
  }

  test("a path that Linux would cut short is refused", async () => {
    const long = path.join(folder, "x".repeat(100));
    const result = await started({ path: long });
    assert.ok("problem" in result);
    assert.match(result.problem, /bytes, expected at most 100; choose a shorter stateDir$/);
  });

  test("a folder that is not there is a problem, not a crash", async () => {
    const result = await started({ path: path.join(folder, "gone/control.sock") });
    assert.ok("problem" in result);
    assert.match(result.problem, /cannot be opened \(.*\); expected a folder that this user may write$/);
  });
});
