/** Proves the dashboards: every query of every panel and variable, asked of a real Prometheus that scrapes a real poller, returns data. */
import assert from "node:assert/strict";
import { chmodSync, copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { hashSync } from "bcryptjs";
import { authority, type Authority } from "../support/certificates.ts";
import { makeNetwork, type Network } from "./support/netns.ts";
import { checkout } from "./support/product.ts";
import { runUnder } from "./support/run-under.ts";
import { startSimulated } from "./support/simulated.ts";
import { pollerHost, unapprovedSite } from "./support/site.ts";
import { waitFor } from "./support/wait.ts";

const dashboards = join(checkout, "deploy/grafana/dashboards");
const prometheusAt = "127.0.0.1:9090";
/** For a busy machine: some of it comes only once a device that is silent has been given up on. */
const dataWithinMs = 120_000;
const password = "right";

interface Dashboard {
  readonly title: string;
  readonly panels: readonly { readonly title: string; readonly targets: readonly { readonly expr: string }[] }[];
  readonly templating: { readonly list: readonly { readonly name: string; readonly definition?: string }[] };
}
interface Asked {
  readonly where: string;
  readonly path: string;
}

/** As Grafana fills it in with everything selected. */
function filledIn(expr: string): string {
  return expr.replaceAll("$__rate_interval", "10s").replaceAll(/\$(site|zone|category|device)\b/gu, ".*");
}

function queriesOf({ title, panels, templating }: Dashboard): readonly Asked[] {
  const ofPanels = panels.flatMap((panel) =>
    panel.targets.map(({ expr }) => ({
      where: `${title}: ${panel.title}: ${expr}`,
      path: `/api/v1/query?query=${encodeURIComponent(filledIn(expr))}`,
    })),
  );
  const ofVariables = templating.list.flatMap(({ name, definition }) => {
    if (definition === undefined) return [];
    const [, series = "", label = ""] = /^label_values\((.+), (\w+)\)$/u.exec(definition) ?? [];
    return [{ where: `${title}: $${name}`, path: `/api/v1/label/${label}/values?match[]=${encodeURIComponent(filledIn(series))}` }];
  });
  return [...ofPanels, ...ofVariables];
}

function hasData(body: string): boolean {
  const { data } = JSON.parse(body) as { readonly data?: readonly string[] | { readonly result: readonly unknown[] } };
  if (data === undefined) throw new Error(`Prometheus refuses the query: ${body}`);
  return "result" in data ? data.result.length > 0 : data.length > 0;
}

test("every query of every dashboard returns data, over TLS and with a password as docs/web.md has them", async (t) => {
  await using network = await makeNetwork({
    hosts: [
      { name: pollerHost, address: "192.0.2.1" },
      { name: "plant", address: ["192.0.2.10", "192.0.2.11", "192.0.2.12"] },
    ],
  });
  await startSimulated(network, "plant", { "192.0.2.10": "healthy", "192.0.2.11": "silent" });
  const site = await unapprovedSite(network, {
    devices: [
      { id: "plc", address: "192.0.2.10" },
      { id: "silent", address: "192.0.2.11", interval: "10s" },
      // Nobody approves this one: a refusal that stands.
      {
        id: "adapter",
        address: "192.0.2.12",
        profile: "generic-ethernet-ip",
        changes: { checks: [{ method: "enip-list-identity", interval: "10s" }] },
      },
    ],
    startsPerSecondMax: 10,
  });
  await site.approve("generic-modbus-tcp");
  const signer = authority(t);
  const { certFile, keyFile } = signer.issue("poller", 30, "IP:127.0.0.1");
  const web = join(site.folder, "web.yaml");
  writeFileSync(
    web,
    `{tls_server_config: {cert_file: ${certFile}, key_file: ${keyFile}}, basic_auth_users: {prometheus: "${hashSync(password, 4)}"}}`,
  );
  chmodSync(web, 0o600);
  writeFileSync(site.settingsFile, readFileSync(site.settingsFile, "utf8").replace("configFile: null", "configFile: ./web.yaml"));
  const poller = await site.start();
  // Too early on purpose: the gate's refusal is what is to be seen.
  const refused = async (): Promise<boolean> => {
    const asked = await site.ask("check", { device: "plc" });
    return asked.ok && asked.result.outcomes.some(({ kind }) => kind === "refused");
  };
  await waitFor(refused, { what: "a refusal", deadlineMs: dataWithinMs });
  await site.ask("window-open", { kind: "mute", scope: "device:silent", forMs: 3_600_000, by: "eto-1", reason: "spare, not fitted yet" });
  await startPrometheus(network, signer);
  const visitor = runUnder(network, pollerHost, new URL("support/visitor.ts", import.meta.url), { args: [prometheusAt] });
  const ask = async (path: string): Promise<string> => {
    visitor.tell({ method: "GET", path, times: 1, atOnce: 1 });
    return String((await visitor.next("visited", dataWithinMs))["body"]);
  };

  const files = readdirSync(dashboards);
  assert.deepEqual(files.toSorted(), ["device.json", "safety.json", "self.json", "watch.json"]);
  let left = files.flatMap((file) => queriesOf(JSON.parse(readFileSync(join(dashboards, file), "utf8")) as Dashboard));
  assert.ok(left.length > 60, `${left.length} queries`);
  const answered = async (): Promise<boolean> => {
    const empty: Asked[] = [];
    for (const query of left) if (!hasData(await ask(query.path))) empty.push(query);
    left = empty;
    return left.length === 0;
  };
  await waitFor(answered, {
    what: "data",
    deadlineMs: dataWithinMs,
    everyMs: 500,
    context: () => left.map(({ where }) => where).join("\n"),
  });
  assert.equal(hasData(await ask(`/api/v1/query?query=watchkeeper_nonsense`)), false, "one that returns nothing would be found");
  assert.equal(await poller.end(), 0, poller.said());
});

/** Debian's, with the shipped rules, in the poller's own host; it ends with the network. */
async function startPrometheus(network: Network, { certFile }: Authority): Promise<void> {
  const folder = join(network.folder, "prometheus");
  mkdirSync(folder);
  copyFileSync(join(checkout, "deploy/prometheus/watchkeeper.rules.yaml"), join(folder, "watchkeeper.rules.yaml"));
  const configuration = {
    global: { scrape_interval: "1s", scrape_timeout: "1s", evaluation_interval: "1s" },
    rule_files: ["watchkeeper.rules.yaml"],
    scrape_configs: [
      {
        job_name: "watchkeeper",
        scheme: "https",
        tls_config: { ca_file: certFile },
        basic_auth: { username: "prometheus", password },
        static_configs: [{ targets: ["127.0.0.1:9824"], labels: { site: "wire-proof" } }],
      },
    ],
  };
  writeFileSync(join(folder, "prometheus.yml"), JSON.stringify(configuration));
  const child = network.exec(pollerHost, [
    "prometheus",
    `--config.file=${join(folder, "prometheus.yml")}`,
    `--storage.tsdb.path=${join(folder, "data")}`,
    `--web.listen-address=${prometheusAt}`,
  ]);
  child.stdout.resume();
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (said += text));
  const ready = (): boolean => said.includes("Server is ready to receive web requests");
  await waitFor(ready, { what: "Prometheus", deadlineMs: dataWithinMs, everyMs: 100, context: () => said });
}
