/** The web server shows what is stored, stops and reloads, and does nothing else for anybody. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { MemoryBoard } from "../../src/store/board.ts";
import type { Outcome } from "../../src/domain/outcome.ts";
import { answered, check, failed, plan, refused } from "../store/support/site.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { nastyName } from "./support/small-site.ts";
import { serving, type Reply } from "./support/web.ts";
import { identityView, plate } from "../support/identities.ts";

describe("reading", () => {
  test("the metrics, in the format that is asked for", async () => {
    const { ask } = await serving();
    const text = await ask("GET", "/metrics");
    assert.deepEqual([text.status, text.headers["content-type"]], [200, "text/plain; version=0.0.4; charset=utf-8"]);
    assert.match(text.body, /^# HELP watchkeeper_build_info/u);
    const open = await ask("GET", "/metrics", { accept: "application/openmetrics-text;version=1.0.0,text/plain;q=0.5" });
    assert.equal(open.headers["content-type"], "application/openmetrics-text; version=1.0.0; charset=utf-8");
    assert.ok(open.body.endsWith("# EOF\n"));
  });

  test("health and readiness", async () => {
    let why: string | undefined = "the first round is not over";
    const { ask } = await serving({ actions: { notReady: () => why } });
    assert.deepEqual(await bodyOf(ask("GET", "/-/healthy")), [200, "Healthy\n"]);
    assert.deepEqual(await bodyOf(ask("GET", "/-/ready")), [503, "Not ready: the first round is not over\n"]);
    why = undefined;
    assert.deepEqual(await bodyOf(ask("GET", "/-/ready")), [200, "Ready\n"]);
  });

  test("the settings in effect", async () => {
    const { ask } = await serving();
    const reply = await ask("GET", "/config");
    assert.match(String(reply.headers["content-type"]), /^application\/json/u);
    assert.deepEqual(JSON.parse(reply.body), { site: "mv-test" });
  });

  test("says what there is to whoever asks the wrong way", async () => {
    const { ask } = await serving();
    for (const path of ["/-/reload", "/-/stop"]) {
      for (const method of ["GET", "PUT", "DELETE", "HEAD"]) {
        const reply = await ask(method, path);
        assert.deepEqual([reply.status, reply.headers["allow"]], [405, "POST"], `${method} ${path}`);
        if (method !== "HEAD") assert.equal(reply.body, "This endpoint requires a POST request.\n");
      }
    }
    assert.equal((await ask("POST", "/metrics")).status, 405);
    assert.equal((await ask("GET", "/metrics/")).status, 404);
    for (const path of ["/-/resume", "/-/reset", "/v1/stop"]) assert.equal((await ask("POST", path)).status, 404);
  });
});

describe("changing", () => {
  test("stops and reloads on POST, whatever comes with it", async () => {
    const { ask, done } = await serving();
    assert.deepEqual(await bodyOf(ask("POST", "/-/stop")), [200, "Stopped.\n"]);
    assert.deepEqual(await bodyOf(ask("POST", "/-/reload", { "content-type": "application/x-www-form-urlencoded" }, "x=1")), [
      200,
      "Reloaded.\n",
    ]);
    assert.deepEqual(await bodyOf(ask("POST", "/-/stop", { "content-type": "application/json" }, "{")), [200, "Stopped.\n"]);
    assert.deepEqual(done, ["stop by web, 127.0.0.1: POST /-/stop", "reload by web, 127.0.0.1", "stop by web, 127.0.0.1: POST /-/stop"]);
  });

  test("says that files were not taken over, without what is in them", async () => {
    const { ask } = await serving({ actions: { reload: () => Promise.resolve(["watchlist.yaml:3 192.0.2.7 is not in the subnet"]) } });
    const reply = await ask("POST", "/-/reload");
    assert.equal(reply.status, 500);
    assert.match(reply.body, /1 problem in the files, the running plan stays/u);
    assert.doesNotMatch(reply.body, /192/u);
  });

  test("says that a stop could not be written", async () => {
    const { ask } = await serving({ actions: { stop: () => "state/STOP: the disk is full" } });
    assert.deepEqual(await bodyOf(ask("POST", "/-/stop")), [500, "Stopped, but: state/STOP: the disk is full\n"]);
  });

  test("refuses a body that is longer than anybody needs", async () => {
    const { ask, done } = await serving();
    const reply = await ask("POST", "/-/stop", { "content-type": "text/plain" }, "x".repeat(5000));
    assert.equal(reply.status, 413);
    assert.deepEqual(done, []);
  });
});

describe("a web page on this machine", () => {
  test("that points its own name at us reads nothing", async () => {
    const { ask } = await serving();
    for (const path of ["/metrics", "/", "/nothing"]) assert.equal((await ask("GET", path, { host: "evil.example:9824" })).status, 403);
  });

  test("changes nothing", async () => {
    const { ask, done } = await serving();
    assert.equal((await ask("POST", "/-/stop", { origin: "http://evil.example" })).status, 403);
    assert.equal((await ask("POST", "/-/stop", { "sec-fetch-site": "cross-site" })).status, 403);
    assert.equal((await ask("POST", "/-/stop", { host: "evil.example" })).status, 403);
    assert.deepEqual(done, []);
  });

  test("may be ours, on whatever loopback name", async () => {
    const { ask, server, done } = await serving();
    const [address = ""] = server.addresses;
    const reply = await ask("POST", "/-/stop", { origin: `http://${address}`, "sec-fetch-site": "same-origin" });
    assert.equal(reply.status, 200);
    assert.equal((await ask("GET", "/metrics", { host: "localhost:1234" })).status, 200);
    assert.equal(done.length, 1);
  });

  test("is told to keep, frame and load nothing", async () => {
    const { ask } = await serving();
    const { headers } = await ask("GET", "/");
    assert.equal(headers["cache-control"], "no-store");
    assert.match(String(headers["content-security-policy"]), /default-src 'none'.*frame-ancestors 'none'/u);
    assert.equal(headers["x-content-type-options"], "nosniff");
    assert.equal(headers["access-control-allow-origin"], undefined);
  });
});

describe("the landing page", () => {
  test("says how the site is, in lab mode and out of it, stopped and running", async () => {
    const { ask, board } = await serving();
    const { body, headers } = await ask("GET", "/");
    assert.match(String(headers["content-type"]), /^text\/html/u);
    assert.match(body, /Lab mode/u);
    assert.match(body, /2 problems and were not taken over/u);
    assert.match(body, /device:pump<td>identity mismatch/u);
    assert.match(body, /Held: several devices fell silent together.*<td>segment:bridge<td>pump fell silent/su);
    const changed =
      /Identity changed.*<td>plc<td>modbus-fc43<td>firmware: was &quot;1\.10&quot;, is &quot;1\.11&quot;; serial number: was &quot;7&quot;, is not said/su;
    assert.match(body, changed);
    assert.match(body, /Not accepted yet who they are: 1 device\./u);
    assert.match(
      body,
      /Not heard: somebody should look.*<td>nothing on segment hvac answers<td>nothing answers.*<td>gateway gw-1 is down</su,
    );
    assert.match(body, /Unknown, and why.*<tr><td>1<td>tripped: a person must look and reset<td>[^<]*pump/su);
    assert.match(body, /<td class="degraded"><b>1<\/b> degraded/u);
    assert.doesNotMatch(body, /No device is asked/u);
    board.stop(true);
    assert.match((await ask("GET", "/")).body, /Stopped\. No device is asked/u);
    assert.doesNotMatch(body, /192\.0\.2/u);
  });

  test("lists maintenance windows and a deep query that is under way, without the names of people", async () => {
    const { ask, board } = await serving();
    assert.doesNotMatch((await ask("GET", "/")).body, /Maintenance windows|deep query is under way/u);
    const pause = { id: "w1", kind: "pause", scope: "device:plc", offsetMinutes: 60, by: "eto-1", reason: "PLC is serviced" } as const;
    const times = { from: "2026-11-21T11:00:00.000Z", until: "2026-11-21T13:00:00.000Z", change: null };
    board.deepQuery = () => ({ id: "dq-1", devices: ["plc", "pump"], by: "eto-1", reason: "survey", since: "2026-11-21T11:30:00.000Z" });
    assert.match((await ask("GET", "/")).body, /<p>A deep query is under way since 2026-11-21 11:30:00 UTC: plc, pump\./u);
    board.windows = () => [
      { ...pause, ...times, open: true },
      { ...pause, ...times, id: "w2", kind: "mute", scope: "site", open: false },
    ];
    const { body } = await ask("GET", "/");
    const open = "<tr><td>w1<td>pause<td>device:plc<td>open<td>2026-11-21 13:00:00 UTC";
    const planned = "<tr><td>w2<td>mute<td>site<td>begins 2026-11-21 11:00:00 UTC<td>2026-11-21 13:00:00 UTC";
    assert.ok(body.includes(`${open}${planned}</table>`), body);
    assert.doesNotMatch(body, /eto-1|serviced/u);
  });

  test("lists devices that never answered, and says what the answers of the others prove", async () => {
    const clock = new FakeClock();
    const card = check("plc", { id: "plc/card" as never, proves: "network-interface", digest: "sha256:card" });
    const board = new MemoryBoard(clock, plan({ mute: {}, plc: { checks: [card, check("plc")] }, fresh: {} }), {
      stopped: false,
      trips: [],
      proven: new Map(),
    });
    board.outcome(answered(card, clock.monotonic()));
    for (let miss = 0; miss < 3; miss++) for (const id of ["mute", "plc"]) board.outcome(failed(check(id), clock.monotonic()));
    const { ask } = await serving({ board, clock });
    const { body } = await ask("GET", "/");
    assert.match(body, /<td class="unknown">unknown<td>never answered yet: its silence proves nothing<td>never/u);
    assert.match(body, /<td class="up">up<td>network interface answers; never answered yet: plc\/modbus-fc43</u);
    assert.match(body, /What their answers prove, at most.*<tr><td>1<td>network interface answers<\/table>/su);
    assert.doesNotMatch(body, /Identity changed|Not accepted yet/u);
    const [troubled = "", unknown = ""] = body.split("Unknown, and why");
    assert.doesNotMatch(troubled, /Device fresh/u);
    assert.match(unknown, /<tr><td>1<td>[^<]*<td>Device fresh</u);
    board.identitiesOf = (id) => [identityView(id, plate)];
    assert.match((await ask("GET", "/")).body, /Not accepted yet who they are: 3 devices\./u);
  });

  test("says why devices are unknown, the most frequent reason first, with some of their names", async () => {
    const clock = new FakeClock();
    const names = Array.from({ length: 7 }, (_, number) => `unit-${number}`);
    const devices = Object.fromEntries([...names, "plc"].map((name) => [name, {}]));
    const board = new MemoryBoard(clock, plan(devices), { stopped: false, trips: [], proven: new Map() });
    for (const name of names) board.outcome({ ...refused(check(name), clock.monotonic(), "behind"), behind: "fw<1>" } as Outcome);
    board.outcome(refused(check("plc"), clock.monotonic(), "cut_off"));
    const { ask } = await serving({ board, clock });
    const { body } = await ask("GET", "/");
    const why =
      /<tr><td>7<td>the gateway or switch that it stands behind is down: fw&lt;1&gt;<td>[^<]*unit-0, [^<]*unit-4, and 2 more<tr><td>1<td>the poller is cut off/u;
    assert.match(body, why);
    board.outcome(answered(check("plc"), clock.monotonic()));
    for (const name of names) board.outcome(answered(check(name), clock.monotonic()));
    assert.doesNotMatch((await ask("GET", "/")).body, /Unknown, and why|Not heard/u);
  });

  test("lists devices in trouble by name, whatever they are called, up to a number", async () => {
    const clock = new FakeClock();
    const count = 60;
    const names = Array.from({ length: count }, (_, index) => `d${index}`);
    const site = plan(Object.fromEntries(names.map((id) => [id, { device: { name: `<script>alert("${nastyName}")</script>` } }])));
    const proven = new Map([...site.checks.values()].map(({ id, digest }) => [id, digest]));
    const board = new MemoryBoard(clock, site, { stopped: false, trips: [], proven });
    for (const id of names) for (let miss = 0; miss < 3; miss++) board.outcome(failed(check(id), clock.monotonic()));
    const { ask } = await serving({ board, clock });
    const { body } = await ask("GET", "/");
    assert.doesNotMatch(body, /<script/u);
    assert.equal([...body.matchAll(/&lt;script&gt;/gu)].length, 50);
    assert.match(body, /and 10 more/u);
    assert.match(body, /<td class="down">down<td>no answer in time<td>never/u);
  });
});

async function bodyOf(reply: Promise<Reply>): Promise<[number, string]> {
  const { status, body } = await reply;
  return [status, body];
}
