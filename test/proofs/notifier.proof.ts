/** Proves that what happens reaches people: by a real mail server and a real syslog daemon, over TLS, across a kill, and never by the plant's wire. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { outboxIn } from "../../src/store/database-outbox.ts";
import { describe, onIp, startCapture } from "./support/capture.ts";
import { makeNetwork, type Network } from "./support/netns.ts";
import { makeCertificate, smtpPort, startRsyslog, startSmtp, syslogPort } from "./support/receivers.ts";
import { runUnder } from "./support/run-under.ts";
import { startSimulated } from "./support/simulated.ts";
import { makeSite, pollerHost, type Site } from "./support/site.ts";
import { waitFor } from "./support/wait.ts";

const [healthy, unplugged, office] = ["192.0.2.10", "192.0.2.11", "198.51.100.25"] as const;
const [mailName, trapName] = ["mail.ship.example", "trap.ship.example"] as const;
const login = { user: "watchkeeper", password: "hush" };
/** Longer than a device that is down waits for its next asking, and than a message that was not taken: both wait ever longer. */
const deadlineMs = 90_000;

interface Running {
  said(): string;
  kill(signal: NodeJS.Signals): Promise<number | NodeJS.Signals>;
}

/** As its unit has it: the whole site is read-only, but for the notifier's own folder. */
const confined = `
  mount --bind "$1" "$1" && mount -o remount,bind,ro "$1" && mount --bind "$2" "$2" && mount -o remount,bind,rw "$2" && shift 2 && exec "$@"`;

async function startNotifier(network: Network, site: Site): Promise<Running> {
  const places = [site.folder, outboxIn(site.stateDir).folder];
  const argv = ["unshare", "--mount", "--propagation", "private", "--", "/bin/sh", "-c", confined, "sh", ...places];
  const child = network.exec(pollerHost, [...argv, ...site.command("notify")], { env: { WATCHKEEPER_LAB: "1" } });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text: string) => (said += text));
  const closed = once(child, "close");
  await waitFor(() => said.includes("of what happens at"), { what: "the notifier to start", deadlineMs, context: () => said });
  return {
    said: () => said,
    kill: async (signal) => {
      child.kill(signal);
      const [code, ended] = (await closed) as [number | null, NodeJS.Signals | null];
      return code ?? ended ?? 0;
    },
  };
}

test("a device that is unplugged and back, and a stop with a forged text, are told by mail and syslog, with a kill -9 in between", async () => {
  await using network = await makeNetwork({
    hosts: [
      { name: pollerHost, address: "192.0.2.1" },
      { name: pollerHost, address: "198.51.100.1", segment: "office" },
      { name: "healthy", address: healthy },
      { name: "unplugged", address: unplugged },
      { name: "office", address: office, segment: "office" },
    ],
  });
  const [site] = await Promise.all([
    makeSite(network, {
      devices: [
        { id: "healthy", address: healthy },
        { id: "unplugged", address: unplugged, changes: { name: "Fresh water PLC" } },
      ],
      startsPerSecondMax: 10,
    }),
    startSimulated(network, "healthy", { [healthy]: "healthy" }),
    startSimulated(network, "unplugged", { [unplugged]: "healthy" }),
  ]);
  const certificate = makeCertificate(network.folder, office, mailName);
  writeFileSync(join(site.folder, "mail.password"), login.password, { mode: 0o600 });
  const caFile = certificate.certificateFile;
  const addresses = { from: "wk@ship.example", to: ["eto@ship.example"] };
  const password = { user: login.user, passwordFile: "./mail.password" };
  const targets = [
    { id: "mail", kind: "mail", host: mailName, port: smtpPort, tls: "starttls", caFile, ...addresses, ...password },
    { id: "log", kind: "syslog", host: office, port: syslogPort, tls: "implicit", caFile },
    // A mistake that must reach nobody: this is the healthy PLC.
    { id: "wrong", kind: "syslog", host: healthy, port: syslogPort, tls: "none" },
    // And so is this, once the name has become an address.
    { id: "trap", kind: "syslog", host: trapName, port: syslogPort, tls: "none" },
  ];
  writeFileSync(
    join(site.folder, "notify.yaml"),
    JSON.stringify({ schema: "notify/v1", groupWait: "1s", groupInterval: "1s", nameServers: [office], targets }),
  );
  const names = runUnder(network, "office", new URL("support/dns-server.ts", import.meta.url), {
    args: [JSON.stringify({ address: office, names: { [mailName]: office, [trapName]: healthy } })],
  });
  await names.next("listening", deadlineMs);
  const plant = await startCapture(network, pollerHost);
  const poller = await site.start();
  const livenessOf = async (device: string): Promise<string | undefined> => {
    const status = await site.ask("status", {});
    return status.ok ? status.result.devices.find((one) => one.device === device)?.liveness : undefined;
  };
  const becomes = (liveness: string): Promise<unknown> =>
    waitFor(async () => (await livenessOf("unplugged")) === liveness, {
      what: `the device to be ${liveness}`,
      deadlineMs,
      everyMs: 50,
      context: poller.said,
    });

  // Nobody listens in the office yet.
  const first = await startNotifier(network, site);
  await becomes("up");
  await network.linkDown("unplugged");
  await becomes("down");
  const refused = (): boolean => ["mail", "log", "wrong", "trap"].every((target) => first.said().includes(`${target}: not delivered`));
  await waitFor(refused, { what: "all to be refused", deadlineMs, context: first.said });
  assert.match(first.said(), /wrong: not delivered, tried again until it is: found 192\.0\.2\.10, which lies in the segment lan/u);
  const trapped = /trap: not delivered, tried again until it is: trap\.ship\.example: found 192\.0\.2\.10, which lies in the segment lan/u;
  await waitFor(() => trapped.test(first.said()), { what: "the trap to be seen", deadlineMs, context: first.said });
  assert.equal(await first.kill("SIGKILL"), "SIGKILL");
  // Back while nobody looks: both the message from before the kill and this are to be told.
  await network.linkUp("unplugged");

  const [smtp, syslog] = await Promise.all([
    startSmtp(network, "office", certificate, login),
    startRsyslog(network, "office", certificate),
  ]);
  const mailed = (): string => smtp.mails.map(({ content }) => content).join("\n");
  const second = await startNotifier(network, site);
  const told = (what: RegExp): Promise<unknown> =>
    waitFor(() => what.test(mailed()) && syslog.lines().some((line) => what.test(line)), {
      what: String(what),
      deadlineMs,
      context: () => [second.said(), mailed(), ...syslog.lines(), smtp.said(), syslog.said()].join("\n"),
    });
  await told(/Fresh water PLC \(unplugged\) is down/u);
  await becomes("up");
  await told(/Fresh water PLC \(unplugged\) is back/u);
  // By hand, as anybody may: the text tries to be a record, a header and a line of its own.
  const forged = "drill\r\nBcc: all@ship.example\r\n\r\nforged line\n29 <0>1 - - forged - - - a record";
  writeFileSync(join(site.stateDir, "STOP"), JSON.stringify({ by: "eto-1", reason: forged }));
  await told(/the site wire-proof is stopped/u);

  const status = await site.cli("notify", "status", "--json");
  const { records } = JSON.parse(status.out) as { readonly records: readonly { readonly target: string; readonly delivered: number }[] };
  assert.deepEqual(
    records.map(({ target, delivered }) => `${target} ${delivered > 0 ? "delivered" : "nothing"}`),
    ["log delivered", "mail delivered", "trap nothing", "wrong nothing"],
  );
  assert.equal(await second.kill("SIGTERM"), 0, second.said());
  assert.equal(await poller.end(), 0, poller.said());
  // A journal that nobody writes is read as well.
  const third = await startNotifier(network, site);
  assert.equal(await third.kill("SIGTERM"), 0, third.said());
  for (const { said } of [first, second, third]) assert.doesNotMatch(said(), /the journal cannot be used|read-only/u);

  // Each message came once or more often, with its id, as it was meant.
  const lines = syslog.lines();
  for (const line of lines)
    assert.match(line, /^(crit|warning|notice) watchkeeper Watchkeeper\w+ \[watchkeeper@32473 id="[a-z0-9]+-\d+\.\d+" site="wire-proof" /u);
  assert.ok(
    lines.some((line) => line.startsWith("warning watchkeeper WatchkeeperStopped ") && line.includes("forged")),
    "the text stands in its own record",
  );
  for (const { content, from, to } of smtp.mails) {
    assert.deepEqual([from, to], ["wk@ship.example", ["eto@ship.example"]]);
    const [head = "", body = ""] = content.replaceAll("\r\n", "\n").split(/\n\n([^]*)/u);
    assert.doesNotMatch(head, /^Bcc:/mu);
    assert.doesNotMatch(body, /^forged/mu);
    assert.match(head, /^Message-ID: <watchkeeper\.[a-z0-9]+-\d+@wire-proof\.invalid>$/mu);
  }

  // Names were asked of the office's name server, by the office's interface.
  const asked = names.messages.filter(({ event }) => event === "asked");
  assert.ok(asked.some(({ name }) => name === mailName) && asked.some(({ name }) => name === trapName), JSON.stringify(asked));
  for (const { from } of asked) assert.equal(from, "198.51.100.1");

  // On the plant's wire there is the poller's asking and nothing else.
  const packets = onIp(await plant.stop());
  const peers = new Set(packets.flatMap(({ source, destination }) => [source, destination]));
  assert.deepEqual([...peers].toSorted(), ["192.0.2.1", healthy, unplugged], describe(packets));
  const ports = new Set(packets.filter(({ fromUs }) => fromUs).map(({ destinationPort }) => destinationPort));
  assert.deepEqual([...ports], [502], describe(packets));
});
