/**
 * Proves the whole chain: a real Prometheus and a real Alertmanager take up the shipped files, an unplugged device raises the alert, plugged in
 * again it is resolved, and a mute keeps another quiet. First with the files unchanged, byte for byte; then, because their times are for people
 * and not for a proof, with copies in which nothing but times and the receiver is other: every time of 15 s and more is one of 1 s.
 */
import assert from "node:assert/strict";
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { makeNetwork, type Network } from "./support/netns.ts";
import { checkout } from "./support/product.ts";
import { runUnder, type Script } from "./support/run-under.ts";
import { startSimulated } from "./support/simulated.ts";
import { makeSite, pollerHost } from "./support/site.ts";
import { waitFor } from "./support/wait.ts";

/** For a busy machine: the shipped file alone has 15 s between two scrapes, and Prometheus takes 5 s to find its targets. */
const deadlineMs = 90_000;
const [prometheusAt, alertmanagerAt, sinkAt] = ["127.0.0.1:9090", "127.0.0.1:9093", "127.0.0.1:9095"];
const files = { "prometheus.yaml": "prometheus", "watchkeeper.rules.yaml": "prometheus", "alertmanager.yaml": "alertmanager" } as const;
type FileName = keyof typeof files;

interface Alert {
  readonly labels: Readonly<Record<string, string>>;
  readonly state?: string;
}
interface Posted {
  readonly status: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** Shorter times, and somebody who hears of it. */
function hurried(text: string): string {
  const times = /^(\s*(?:- |\{)?(?:scrape_interval|evaluation_interval|for|group_wait|group_interval): ?)(?:\d+s|\d+m|\d+h)$/gmu;
  return text.replace(times, "$11s").replace("  - name: nobody\n", `  - name: nobody\n    webhook_configs: [{url: "http://${sinkAt}/"}]\n`);
}

/** Alerts are asked for as an operator's browser would. */
function asker(network: Network, at: string): (path: string, method?: string) => Promise<string> {
  const visitor = runUnder(network, pollerHost, new URL("support/visitor.ts", import.meta.url), { args: [at] });
  return async (path, method = "GET") => {
    visitor.tell({ method, path, times: 1, atOnce: 1 });
    return String((await visitor.next("visited", deadlineMs))["body"]);
  };
}

async function started(network: Network, argv: readonly string[], saysReady: RegExp): Promise<{ hangUp(): void; said(): string }> {
  const child = network.exec(pollerHost, argv);
  let said = "";
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text: string) => (said += text));
  await waitFor(() => saysReady.test(said), { what: argv[0] ?? "", deadlineMs, everyMs: 50, context: () => said });
  return { hangUp: () => void child.kill("SIGHUP"), said: () => said };
}

test("an unplugged device raises the alert, plugged in again it is resolved, and a mute keeps another quiet", async () => {
  await using network = await makeNetwork({
    hosts: [
      { name: pollerHost, address: "192.0.2.1" },
      { name: "healthy", address: "192.0.2.10" },
      { name: "pump", address: "192.0.2.11" },
      { name: "muted", address: "192.0.2.12" },
    ],
  });
  const hosts = ["healthy", "pump", "muted"] as const;
  const folder = join(network.folder, "monitoring");
  mkdirSync(folder);
  const place = (name: string): string => join(folder, name);
  for (const name of Object.keys(files) as FileName[]) copyFileSync(join(checkout, "deploy", files[name], name), place(name));
  const [site, , alertmanager, prometheus] = await Promise.all([
    makeSite(network, { devices: hosts.map((id) => ({ id, address: network.address(id) })), startsPerSecondMax: 10 }),
    Promise.all(hosts.map((host) => startSimulated(network, host, { [network.address(host)]: "healthy" }))),
    started(
      network,
      [
        "prometheus-alertmanager",
        `--config.file=${place("alertmanager.yaml")}`,
        `--storage.path=${place("alertmanager")}`,
        `--web.listen-address=${alertmanagerAt}`,
        "--cluster.listen-address=",
      ],
      /Listening on|listening/u,
    ),
    started(
      network,
      [
        "prometheus",
        `--config.file=${place("prometheus.yaml")}`,
        `--storage.tsdb.path=${place("data")}`,
        `--web.listen-address=${prometheusAt}`,
      ],
      /Server is ready to receive web requests/u,
    ),
  ]);
  const [askPrometheus, askAlertmanager] = [asker(network, prometheusAt), asker(network, alertmanagerAt)];

  // The shipped files, unchanged: every rule is loaded, the Alertmanager is found, the poller is scraped.
  const poller = await site.start();
  const rules = JSON.parse(await askPrometheus("/api/v1/rules?type=alert")) as {
    readonly data: { readonly groups: readonly { readonly rules: readonly { readonly name: string }[] }[] };
  };
  const shipped = Array.from(
    readFileSync(join(checkout, "deploy/prometheus/watchkeeper.rules.yaml"), "utf8").matchAll(/- alert: (\w+)/gu),
    ([, name]) => name ?? "",
  );
  assert.ok(shipped.length > 15);
  assert.deepEqual(rules.data.groups.flatMap((group) => group.rules.map(({ name }) => name)).toSorted(), shipped.toSorted());
  const found = /"activeAlertmanagers":\[\{"url":"http:\/\/127\.0\.0\.1:9093\/api\/v2\/alerts"\}\]/u;
  await waitFor(async () => found.test(await askPrometheus("/api/v1/alertmanagers")), {
    what: "the Alertmanager to be found",
    deadlineMs,
    everyMs: 200,
    context: prometheus.said,
  });
  const query = async (expression: string): Promise<readonly { readonly metric: Readonly<Record<string, string>> }[]> => {
    const answer = JSON.parse(await askPrometheus(`/api/v1/query?query=${encodeURIComponent(expression)}`)) as {
      readonly data: { readonly result: readonly { readonly metric: Readonly<Record<string, string>> }[] };
    };
    return answer.data.result;
  };
  const holds = (expression: string, context: () => string = prometheus.said): Promise<unknown> =>
    waitFor(async () => (await query(expression)).length > 0, { what: expression, deadlineMs, everyMs: 200, context });
  await holds('up{job="watchkeeper", site="mv-aurora"} == 1');

  // The copies: what differs is counted, so that nothing else can.
  const sink: Script = runUnder(network, pollerHost, new URL("support/webhook-sink.ts", import.meta.url), { args: [sinkAt] });
  await sink.next("listening", deadlineMs);
  for (const name of Object.keys(files) as FileName[]) {
    const text = readFileSync(place(name), "utf8");
    writeFileSync(place(name), hurried(text));
    const changed = hurried(text)
      .split("\n")
      .filter((line) => !text.split("\n").includes(line));
    for (const line of changed) assert.match(line, /: ?1s$|webhook_configs/u, `${name}: ${line}`);
    assert.ok(changed.length > 0, name);
  }
  alertmanager.hangUp();
  prometheus.hangUp();
  const reloaded = (said: () => string): Promise<unknown> =>
    waitFor(() => /Completed loading of configuration file[^]*Completed loading of configuration file/u.test(said()), {
      what: "the copies to be loaded",
      deadlineMs,
      context: said,
    });
  await Promise.all([reloaded(prometheus.said), reloaded(alertmanager.said)]);

  const muted = await site.ask("window-open", { kind: "mute", scope: "device:muted", forMs: 3_600_000, by: "eto-1", reason: "cable work" });
  assert.ok(muted.ok, JSON.stringify(muted));
  await holds('watchkeeper_device_muted{device="muted"} == 1');
  await holds('watchkeeper_device_state{device="pump", state="up"} == 1');
  await Promise.all([network.linkDown("pump"), network.linkDown("muted")]);
  const firing = async (): Promise<readonly string[]> => {
    const alerts = JSON.parse(await askAlertmanager("/api/v2/alerts")) as readonly Alert[];
    return alerts.map(({ labels }) => `${labels["alertname"] ?? ""} ${labels["device"] ?? ""}`);
  };
  const posted = (status: string): readonly Posted[] =>
    sink.messages
      .filter(({ event }) => event === "posted")
      .flatMap(({ body }) => (JSON.parse(String(body)) as { readonly alerts: readonly Posted[] }).alerts)
      .filter((alert) => alert.status === status);
  const toldOf = (status: string): readonly string[] =>
    posted(status).map(({ labels }) => `${labels["alertname"] ?? ""} ${labels["device"] ?? ""} ${labels["site"] ?? ""}`);
  await waitFor(() => toldOf("firing").includes("WatchkeeperDeviceDown pump mv-aurora"), {
    what: "the alert",
    deadlineMs,
    everyMs: 100,
    context: () => JSON.stringify(sink.messages),
  });
  // Where a busy machine missed a scrape, the Alertmanager hears of it again with the next.
  await waitFor(async () => (await firing()).includes("WatchkeeperDeviceDown pump"), {
    what: "the Alertmanager to show it",
    deadlineMs,
    everyMs: 200,
    context: poller.said,
  });

  // The muted one is as down, for Prometheus to see, and two evaluations later nobody is told of it.
  await holds('watchkeeper_device_state{device="muted", state="down"} == 1');
  await holds(
    'timestamp(watchkeeper_device_state{device="muted", state="down"} == 1) - on (device) min_over_time(timestamp(watchkeeper_device_state{device="muted", state="down"} == 1)[30s:1s]) > 3',
  );
  assert.deepEqual(await query('ALERTS{device="muted"}'), []);
  assert.doesNotMatch(JSON.stringify(sink.messages), /"muted"/u);

  await network.linkUp("pump");
  await waitFor(() => toldOf("resolved").includes("WatchkeeperDeviceDown pump mv-aurora"), {
    what: "the resolution",
    deadlineMs,
    everyMs: 100,
    context: () => `${JSON.stringify(sink.messages)}\n${poller.said()}`,
  });
  // Its end is the mute's end: what still stands is told then.
  const closed = await site.ask("window-close", { id: muted.result.window.id, by: "eto-1", reason: "done" });
  assert.ok(closed.ok, JSON.stringify(closed));
  await waitFor(() => toldOf("firing").includes("WatchkeeperDeviceDown muted mv-aurora"), {
    what: "the alert after the mute",
    deadlineMs,
    everyMs: 100,
    context: () => JSON.stringify(sink.messages),
  });
  assert.equal(await poller.end(), 0, poller.said());
});
