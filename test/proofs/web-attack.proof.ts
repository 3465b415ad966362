/** Proves that whoever attacks the web server gets nothing and keeps no check from its time: the same poller with and without, in one run. */
import assert from "node:assert/strict";
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { hashSync } from "bcryptjs";
import { authority } from "../support/certificates.ts";
import { makeNetwork } from "./support/netns.ts";
import { runUnder, type Script } from "./support/run-under.ts";
import { startSimulated } from "./support/simulated.ts";
import { makeSite, pollerHost } from "./support/site.ts";
import { watchTheWireFor } from "./support/wait.ts";
import type { AttackerOptions } from "./support/web-attacker.ts";

const windowMs = 3000;
const devices = 30;
const address = (index: number): string => `192.0.2.${101 + index}`;
const deadlineMs = 90_000;

/** What the page says of the schedule up to now. */
interface Kept {
  readonly starts: number;
  readonly lateSeconds: number;
  /** Starts that were late by more than 50 ms. */
  readonly veryLate: number;
  readonly stalls: number;
}

interface Scraped extends Kept {
  /** Lines of the page. */
  readonly refused: string;
}

test("polling keeps its time while wrong passwords, ended certificates, 1,000 connections, slow clients and headers of 10 MB come all at once", async (t) => {
  await using network = await makeNetwork({
    hosts: [
      { name: pollerHost, address: "192.0.2.1" },
      { name: "plant", address: Array.from({ length: devices }, (_, index) => address(index)) },
    ],
  });
  const addresses = Array.from({ length: devices }, (_, index) => address(index));
  await startSimulated(network, "plant", Object.fromEntries(addresses.map((one) => [one, "healthy"] as const)));
  const site = await makeSite(network, {
    devices: addresses.map((one, index) => ({ id: `plc-${index}`, address: one })),
    startsPerSecondMax: 100,
  });
  const signer = authority(t);
  const [server, old] = [signer.issue("server"), signer.issue("old", -1)];
  writeFileSync(
    join(site.folder, "web.yaml"),
    `tls_server_config: {cert_file: ${server.certFile}, key_file: ${server.keyFile}, client_auth_type: VerifyClientCertIfGiven, client_ca_file: ${signer.certFile}}
basic_auth_users: {prometheus: "${hashSync("right", 10)}"}
`,
  );
  chmodSync(join(site.folder, "web.yaml"), 0o600);
  writeFileSync(site.settingsFile, readFileSync(site.settingsFile, "utf8").replace("configFile: null", "configFile: ./web.yaml"));
  const poller = await site.start();
  const options: AttackerOptions = {
    port: 9824,
    ca: signer.cert,
    authorization: `Basic ${Buffer.from("prometheus:right").toString("base64")}`,
    cert: old.cert,
    key: old.key,
  };
  const attacker = runUnder(network, pollerHost, new URL("support/web-attacker.ts", import.meta.url), { args: [JSON.stringify(options)] });
  await watchTheWireFor(2500);
  // In turns: what else the machine has to do falls on both.
  let [quiet, attacked] = [nothing, nothing];
  for (let round = 0; round < 2; round++) {
    const first = await scraped(attacker);
    await watchTheWireFor(windowMs);
    const second = await scraped(attacker);
    attacker.tell({ do: "attack", forMs: windowMs });
    await watchTheWireFor(windowMs);
    const third = await scraped(attacker);
    [quiet, attacked] = [plus(quiet, second, first), plus(attacked, third, second)];
    if (round === 0) await attacker.next("attacked", deadlineMs);
  }
  const { counts } = (await attacker.next("attacked", deadlineMs)) as unknown as { readonly counts: Readonly<Record<string, number>> };
  // Of everybody who came: on a busy machine the last of them are turned away after the time that is compared.
  const { refused } = await scraped(attacker);
  assert.equal(await poller.end(), 0, poller.said());

  const context = JSON.stringify({ quiet, attacked, counts, refused });
  t.diagnostic(context);
  for (const open of Object.keys(counts).filter((what) => what.endsWith(" 200"))) assert.fail(`somebody was let in: ${open}: ${context}`);
  for (const kind of ["password", "host", "path", "certificate", "plain", "header", "slow", "connection"])
    assert.ok(
      Object.keys(counts).some((what) => what.startsWith(`${kind} `)),
      `nobody tried ${kind}: ${context}`,
    );
  assert.ok((counts["connection cut"] ?? 0) >= 1000, context);
  for (const reason of ["host", "password", "certificate", "tls", "connections"])
    assert.match(refused, new RegExp(`reason="${reason}"\\} [1-9]`, "u"), context);

  assert.ok(attacked.stalls <= quiet.stalls + 1, `the poller stood still: ${context}`);
  assert.ok(attacked.starts >= 0.8 * quiet.starts, `checks were not asked: ${context}`);
  const mean = ({ lateSeconds, starts }: Kept): number => lateSeconds / starts;
  assert.ok(mean(attacked) <= 3 * mean(quiet) + 0.02, `starts are late: ${context}`);
  assert.ok(attacked.veryLate / attacked.starts <= 3 * (quiet.veryLate / quiet.starts) + 0.05, `starts are very late: ${context}`);
});

async function scraped(attacker: Script): Promise<Scraped> {
  attacker.tell({ do: "scrape" });
  const { status, lines } = await attacker.next("scraped", deadlineMs);
  assert.equal(status, 200, "the scraper is served, whoever else comes");
  const page = lines as readonly string[];
  const value = (series: string): number => Number(page.find((line) => line.startsWith(`${series} `))?.slice(series.length + 1));
  const starts = value("watchkeeper_schedule_lateness_seconds_count");
  return {
    starts,
    lateSeconds: value("watchkeeper_schedule_lateness_seconds_sum"),
    veryLate: starts - value('watchkeeper_schedule_lateness_seconds_bucket{le="0.05"}'),
    stalls: value("watchkeeper_stalls_total"),
    refused: page.filter((line) => line.includes("_refused_total{")).join("\n"),
  };
}

const nothing: Kept = { starts: 0, lateSeconds: 0, veryLate: 0, stalls: 0 };

/** The sum, with what came between two looks at the page. */
function plus(sum: Kept, later: Kept, earlier: Kept): Kept {
  return {
    starts: sum.starts + later.starts - earlier.starts,
    lateSeconds: sum.lateSeconds + later.lateSeconds - earlier.lateSeconds,
    veryLate: sum.veryLate + later.veryLate - earlier.veryLate,
    stalls: sum.stalls + later.stalls - earlier.stalls,
  };
}
