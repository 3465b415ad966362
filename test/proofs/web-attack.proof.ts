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
/** What else the machine has to do may fall on one of them: each of the promises is to be kept in two of the three. */
const [rounds, roundsKept] = [3, 2];
const devices = 30;
const address = (index: number): string => `192.0.2.${101 + index}`;
const deadlineMs = 90_000;

/** What the page says of the schedule up to now. */
interface Kept {
  /** Of a page: when it was made, to a pulse of the poller. Of what came between two: how long that was. */
  readonly tookMs: number;
  readonly starts: number;
  readonly lateSeconds: number;
  /** Starts that were late by more than 50 ms. */
  readonly veryLate: number;
  readonly stalls: number;
}

interface Round {
  readonly quiet: Kept;
  readonly attacked: Kept;
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
  const compared: Round[] = [];
  let counts: Readonly<Record<string, number>> = {};
  for (let round = 0; round < rounds; round++) {
    const first = await scraped(attacker);
    await watchTheWireFor(windowMs);
    const second = await scraped(attacker);
    attacker.tell({ do: "attack", forMs: windowMs });
    await watchTheWireFor(windowMs);
    const third = await scraped(attacker);
    compared.push({ quiet: between(first, second), attacked: between(second, third) });
    counts = (await attacker.next("attacked", deadlineMs))["counts"] as typeof counts;
  }
  // Of everybody who came: on a busy machine the last of them are turned away after the time that is compared.
  const { refused } = await scraped(attacker);
  assert.equal(await poller.end(), 0, poller.said());

  const context = JSON.stringify({ compared, counts, refused });
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

  for (const [broken, kept] of Object.entries(promises)) assert.ok(compared.filter(kept).length >= roundsKept, `${broken}: ${context}`);
});

/** By what it means where one is not kept. */
const promises: Readonly<Record<string, (round: Round) => boolean>> = {
  "the poller stood still": ({ quiet, attacked }) => attacked.stalls <= quiet.stalls,
  "checks were not asked": ({ quiet, attacked }) => attacked.starts / attacked.tookMs >= 0.8 * (quiet.starts / quiet.tookMs),
  "starts are late": ({ quiet, attacked }) => attacked.lateSeconds / attacked.starts <= 3 * (quiet.lateSeconds / quiet.starts) + 0.02,
  "starts are very late": ({ quiet, attacked }) => attacked.veryLate / attacked.starts <= 3 * (quiet.veryLate / quiet.starts) + 0.05,
};

async function scraped(attacker: Script): Promise<Scraped> {
  attacker.tell({ do: "scrape" });
  const { status, lines } = await attacker.next("scraped", deadlineMs);
  assert.equal(status, 200, "the scraper is served, whoever else comes");
  const page = lines as readonly string[];
  const value = (series: string): number => Number(page.find((line) => line.startsWith(`${series} `))?.slice(series.length + 1));
  const starts = value("watchkeeper_schedule_lateness_seconds_count");
  return {
    tookMs: 1000 * value("watchkeeper_last_pulse_timestamp_seconds"),
    starts,
    lateSeconds: value("watchkeeper_schedule_lateness_seconds_sum"),
    veryLate: starts - value('watchkeeper_schedule_lateness_seconds_bucket{le="0.05"}'),
    stalls: value("watchkeeper_stalls_total"),
    refused: page.filter((line) => line.includes("_refused_total{")).join("\n"),
  };
}

/** What came between two looks at the page. */
function between(earlier: Kept, later: Kept): Kept {
  return {
    tookMs: later.tookMs - earlier.tookMs,
    starts: later.starts - earlier.starts,
    lateSeconds: later.lateSeconds - earlier.lateSeconds,
    veryLate: later.veryLate - earlier.veryLate,
    stalls: later.stalls - earlier.stalls,
  };
}
