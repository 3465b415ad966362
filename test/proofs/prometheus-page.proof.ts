/** Proves the metrics page with Prometheus' own tools: promtool finds nothing to say, the push gateway and a server take every series. */
import assert from "node:assert/strict";
import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import { parse } from "yaml";
import { largeSite } from "../exporters/support/large-site.ts";
import { rendered, smallSite } from "../exporters/support/small-site.ts";
import { serving } from "../exporters/support/web.ts";
import { checkout } from "./support/product.ts";
import { waitFor } from "./support/wait.ts";

/** Generous: met at once, it costs nothing, and a busy machine is no failure. */
const deadlineMs = 60_000;

describe("promtool check metrics", () => {
  for (const processMetrics of [false, true]) {
    test(`has nothing to say of the page ${processMetrics ? "with" : "without"} the process's own figures`, async () => {
      assert.equal(promtool(await rendered(await smallSite({ processMetrics }))), "");
    });
  }

  test("would have said so", () => {
    assert.match(promtool("# HELP x x\n# TYPE x counter\nx 1\n"), /should have "_total" suffix/u);
  });
});

describe("the push gateway", () => {
  test("takes the page, and not one with a series twice", async (t) => {
    const url = await pushGateway(t);
    const page = await rendered(await smallSite());
    assert.deepEqual(await push(url, page), { status: 200, body: "" });
    const [line = ""] = page.split("\n").filter((one) => one.startsWith("watchkeeper_check_refusal{"));
    const twice = await push(url, page.replace(line, `${line}\n${line}`));
    assert.equal(twice.status, 400, twice.body);
    assert.match(twice.body, /collected before with the same name and label values/u);
  });
});

describe("a Prometheus server", () => {
  for (const [format, accepted] of [
    ["OpenMetrics", "application/openmetrics-text; version=1.0.0; charset=utf-8"],
    ["text", "text/plain; version=0.0.4; charset=utf-8"],
  ] as const) {
    test(`scrapes every series in ${format}, each once`, async (t) => {
      const site = await smallSite();
      const { server, ask } = await serving({ ...site });
      const address = server.addresses[0] ?? "";
      const series = (await rendered(site)).split("\n").filter((line) => line !== "" && !line.startsWith("#")).length;
      // This server always asks for OpenMetrics first; a reverse proxy in between is how others come to see text.
      const target = format === "OpenMetrics" ? address : await throughProxyThatWantsText(t, address);
      const reply = await ask("GET", "/metrics", format === "OpenMetrics" ? { accept: "application/openmetrics-text;version=1.0.0" } : {});
      assert.equal(reply.headers["content-type"], accepted);
      const api = await prometheus(t, target);
      await becomes(api, "scrape_samples_scraped{job='site'}", series);
      await becomes(api, "up{job='site'}", 1);
      for (const name of ["duplicate_timestamp", "out_of_order", "out_of_bounds"]) {
        await becomes(api, `prometheus_target_scrapes_sample_${name}_total`, 0);
      }
      await becomes(api, "sum(watchkeeper_device_state{device=~'pump .2. . north\\nside'})", 1);
      await becomes(api, "count(count by (device) (watchkeeper_device_info))", 5);
    });
  }
});

describe("the form of blackbox_exporter", () => {
  test("is scraped by docs/web.md's job as it stands: every check of the discovery is a target, with its own answer", async (t) => {
    const site = await smallSite();
    const { server } = await serving({ ...site });
    const [, job = ""] = /```yaml probe\n([^`]+)```/u.exec(readFileSync(join(checkout, "docs/web.md"), "utf8")) ?? [];
    const { scrape_configs } = parse(job.replaceAll("127.0.0.1:9824", server.addresses[0] ?? "")) as { scrape_configs: readonly object[] };
    const api = await prometheusWith(t, scrape_configs, "1s");
    // Prometheus' relabelling passes no newline over, and no device's id has one.
    const checks = [...site.board.checks()].filter(({ check }) => !check.device.includes("\n")).length;
    await becomes(api, "count(up{job='watchkeeper-probe'} == 1)", checks);
    await becomes(api, "count(probe_timeout_seconds)", checks);
    await becomes(api, "probe_success{instance='plc', module='modbus-fc43', zone='OT-1'}", 1);
    await becomes(api, "probe_success{instance='plc', module='modbus-fc43#2'}", 0);
    assert.equal(await query(api, "probe_success{instance='mixer'}"), undefined, "nobody knows");
  });
});

describe("a page of 10,000 devices", () => {
  test("is taken by promtool, the push gateway, and a Prometheus that scrapes it as OpenMetrics, every series of it", async (t) => {
    const site = largeSite(10_000);
    const pieces: string[] = [];
    for await (const piece of site.page.render(site.board, "openmetrics")) pieces.push(piece);
    // Written once: what is tried here is the page, not how fast it comes.
    const { server } = await serving({
      ...site,
      page: {
        render: async function* () {
          yield* pieces;
        },
      },
    });
    const api = await prometheus(t, server.addresses[0] ?? "", "10s");
    const page = await rendered(site);
    const series = page.split("\n").filter((line) => line !== "" && !line.startsWith("#")).length;
    assert.ok(series > 200_000, `${series} series`);
    assert.deepEqual(await push(await pushGateway(t), page), { status: 200, body: "" });
    assert.equal(promtool(page), "");
    await becomes(api, "scrape_samples_scraped{job='site'}", series);
    await becomes(api, "up{job='site'}", 1);
    await becomes(api, "count(watchkeeper_device_state{state='up'} == 1)", 10_000);
  });
});

/** What promtool prints; empty when it is content. */
function promtool(page: string): string {
  try {
    return execFileSync("promtool", ["check", "metrics"], { input: page, encoding: "utf8", stdio: ["pipe", "pipe", "pipe"] });
  } catch (error) {
    if (error instanceof Error && "stderr" in error) return `${String(error.stderr)}${error.message}`;
    throw error;
  }
}

async function pushGateway(t: TestContext): Promise<string> {
  const address = `127.0.0.1:${await freePort()}`;
  daemon(t, "prometheus-pushgateway", [`--web.listen-address=${address}`, "--log.level=error"]);
  await answering(`http://${address}/-/ready`);
  return `http://${address}/metrics/job/proof`;
}

async function push(url: string, page: string): Promise<{ readonly status: number; readonly body: string }> {
  const reply = await fetch(url, { method: "PUT", headers: { "content-type": "text/plain; version=0.0.4" }, body: page });
  return { status: reply.status, body: await reply.text() };
}

/** A server that scrapes `target` every second, or as is said; returns its API's address. */
function prometheus(t: TestContext, target: string, every = "1s"): Promise<string> {
  return prometheusWith(t, [{ job_name: "site", static_configs: [{ targets: [target] }] }], every);
}

async function prometheusWith(t: TestContext, jobs: readonly object[], every: string): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "watchkeeper-prometheus-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const address = `127.0.0.1:${await freePort()}`;
  const configuration = join(folder, "prometheus.yml");
  writeFileSync(
    configuration,
    JSON.stringify({
      global: { scrape_interval: every, scrape_timeout: every },
      scrape_configs: [...jobs, { job_name: "self", static_configs: [{ targets: [address] }] }],
    }),
  );
  daemon(t, "prometheus", [
    `--config.file=${configuration}`,
    `--storage.tsdb.path=${join(folder, "data")}`,
    `--web.listen-address=${address}`,
    "--log.level=error",
  ]);
  await answering(`http://${address}/-/ready`);
  return `http://${address}/api/v1/query`;
}

/** Resolves once the value is this: the first scrapes come some seconds after the start, and a busy machine may miss one. */
async function becomes(api: string, expression: string, expected: number): Promise<void> {
  let found: number | undefined;
  const probe = async (): Promise<boolean> => (found = await query(api, expression)) === expected;
  await waitFor(probe, { what: `${expression} to be ${expected}`, deadlineMs, everyMs: 200, context: () => `it is ${String(found)}` });
}

/** The value of the only series, or undefined when there is none (yet). */
async function query(api: string, expression: string): Promise<number | undefined> {
  const reply = await fetch(`${api}?query=${encodeURIComponent(expression)}`);
  const { data } = (await reply.json()) as {
    readonly data?: { readonly result: readonly { readonly value: readonly [number, string] }[] };
  };
  const value = data?.result[0]?.value[1];
  return value === undefined ? undefined : Number(value);
}

async function throughProxyThatWantsText(t: TestContext, address: string): Promise<string> {
  const { createServer: createProxy } = await import("node:http");
  const proxy = createProxy((request, response) => {
    void fetch(`http://${address}${request.url ?? ""}`, { headers: { accept: "text/plain;version=0.0.4" } })
      .then(async (reply) =>
        response.writeHead(reply.status, { "content-type": reply.headers.get("content-type") ?? "" }).end(await reply.text()),
      )
      .catch((error: unknown) => response.destroy(new Error("proxy", { cause: error })));
  });
  proxy.listen(0, "127.0.0.1");
  await once(proxy, "listening");
  t.after(() => proxy.close());
  const bound = proxy.address();
  return `127.0.0.1:${typeof bound === "object" && bound !== null ? bound.port : 0}`;
}

/** Runs until the test ends, or this process does, however it ends. */
function daemon(t: TestContext, program: string, args: readonly string[]): ChildProcess {
  const child = spawn("setpriv", ["--pdeathsig", "KILL", program, ...args], { stdio: ["ignore", "ignore", "inherit"] });
  t.after(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
  });
  return child;
}

async function answering(url: string): Promise<void> {
  const answers = async (): Promise<boolean> => {
    try {
      return (await fetch(url)).ok;
    } catch (error) {
      if (error instanceof TypeError) return false; // fetch says so while nobody listens yet
      throw error;
    }
  };
  await waitFor(answers, { what: url, deadlineMs, everyMs: 100 });
}

let nextPort = 20_000 + ((process.pid * 13) % 10_000);

/** Below those from which Linux takes the ports of outgoing connections (ip_local_port_range): until the daemon has it nobody else does. */
async function freePort(): Promise<number> {
  for (;;) {
    const port = nextPort++;
    const server = createServer().listen(port, "127.0.0.1");
    try {
      await once(server, "listening");
    } catch (error) {
      if (error instanceof Error && "code" in error && error.code === "EADDRINUSE") continue;
      throw error;
    }
    server.close();
    await once(server, "close");
    return port;
  }
}
