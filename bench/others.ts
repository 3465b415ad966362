/** CPU of a whole poller a check, beside two well-known ones in the same run, at the same pace, on the same devices: blackbox_exporter and zabbix-agent2. */
import { Agent, get } from "node:http";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { once } from "node:events";
import { systemClock } from "../src/system-clock.ts";
import { bareFresh, type Place } from "./bare.ts";
import { startDevices } from "./device-process.ts";
import { started, unpacked, type Program } from "./debian.ts";
import type { Figure } from "./figure.ts";
import { openScheduled, pause } from "./scheduled.ts";
import { intervalMs } from "./site.ts";
import type { Sizes } from "./sizes.ts";
import { median, spreadOf } from "./statistics.ts";

const ports = 8;
const [blackboxPort, zabbixPort] = [29_115, 29_050];

/** Windows for nobody's account: until then compilers and caches are busy with it, and the connections that are kept are opened. */
const warming = 3;
/** As the poller does: once in a window of 4.5 s. */
const sweepEveryMs = 4400;

interface Asker {
  readonly name: string;
  /** Microseconds a check of one window. */
  window(starts: number, ms: number): Promise<number>;
  end(): Promise<unknown>;
}

export async function run({ devices, windows, windowMs }: Sizes): Promise<readonly Figure[]> {
  const folder = mkdtempSync(path.join(tmpdir(), "watchkeeper-bench-"));
  const simulated = await startDevices(ports);
  const placeOf = (index: number): Place => simulated.places[index % ports]!;
  const askers: Asker[] = [];
  try {
    askers.push(await product("fresh", devices, placeOf));
    // Each window begins the interval anew and asks the same devices: from the second on their connections are there.
    askers.push(await product("kept", devices, placeOf));
    askers.push(
      other("blackbox_exporter", await startBlackbox(folder), placeOf, probe),
      other("zabbix-agent2", await startZabbix(folder), placeOf, modbusGet),
    );
    askers.push(nodeAlone(placeOf));
    const costs: number[][] = askers.map(() => []);
    const starts = Math.max(1, Math.round((devices * windowMs) / intervalMs));
    for (let round = -warming; round < windows; round++)
      for (const [at, asker] of askers.entries()) {
        const cost = await asker.window(starts, windowMs);
        if (round >= 0) costs[at]!.push(cost);
      }
    const [fresh = [], kept = [], blackbox = [], zabbix = [], bare = []] = costs;
    const [, , blackboxName = "", zabbixName = "", bareName = ""] = askers.map(({ name }) => name);
    return [
      figure(`CPU a check of ${devices} devices, fresh connections`, fresh, blackboxName, blackbox),
      figure("the same", fresh, zabbixName, zabbix),
      figure("CPU a check, kept connections", kept, blackboxName, blackbox),
      figure("the same", kept, zabbixName, zabbix),
      withoutAim(figure(`${bareName} alone, fresh connections`, bare, zabbixName, zabbix)),
    ];
  } finally {
    for (const { end } of askers) await end();
    await simulated.end();
    rmSync(folder, { recursive: true });
  }
}

async function product(connection: "fresh" | "kept", devices: number, placeOf: (index: number) => Place): Promise<Asker> {
  const poller = await openScheduled(devices, placeOf, connection);
  return {
    name: connection,
    async window(_starts, ms) {
      const { starts, cpu } = await poller.window(ms, Math.min(ms, sweepEveryMs));
      return cpu / starts;
    },
    async end() {
      process.stderr.write(`others: ${poller.stalls} stalls of the machine were noticed with ${connection} connections\n`);
      await poller.end();
    },
  };
}

/** What Node itself takes for a connection, a question, an answer and an end: no poller in Node takes less. */
function nodeAlone(placeOf: (index: number) => Place): Asker {
  const itself: Program = {
    cpu() {
      const { user, system } = process.cpuUsage();
      return user + system;
    },
    end: () => Promise.resolve(),
  };
  return other("node:net", { program: itself, version: process.version }, placeOf, bareFresh);
}

/** At the pace of the product's window, one ask after the other's time. */
function other(name: string, { program, version }: Other, placeOf: (index: number) => Place, ask: (place: Place) => Promise<void>): Asker {
  return {
    name: `${name} ${version}`,
    async window(starts, ms) {
      const before = program.cpu();
      const begin = systemClock.monotonic();
      const asked: Promise<void>[] = [];
      for (let at = 0; at < starts; at++) {
        asked.push(ask(placeOf(at)));
        await pause(Math.max(0, begin + ((at + 1) * ms) / starts - systemClock.monotonic()));
      }
      await Promise.all(asked);
      return (program.cpu() - before) / starts;
    },
    end: () => program.end(),
  };
}

function figure(name: string, ours: readonly number[], what: string, theirs: readonly number[]): Figure {
  return {
    name,
    value: median(ours),
    unit: "µs",
    beside: { what, value: median(theirs) },
    aim: { atMost: 1, of: "beside" },
    noise: `${spreadOf(ours)}, theirs ${spreadOf(theirs)}`,
  };
}

/** For comparison: it is not ours to be better. */
function withoutAim({ aim: _ours, ...rest }: Figure): Figure {
  return rest;
}

interface Other {
  readonly program: Program;
  readonly version: string;
}

async function startBlackbox(folder: string): Promise<Other> {
  const { root, version } = unpacked("prometheus-blackbox-exporter");
  const config = path.join(folder, "blackbox.yml");
  writeFileSync(config, "modules:\n  tcp_connect:\n    prober: tcp\n    timeout: 5s\n");
  const words = [`--config.file=${config}`, `--web.listen-address=127.0.0.1:${blackboxPort}`, "--log.level=error"];
  return { program: await started(path.join(root, "usr/bin/prometheus-blackbox-exporter"), words, () => listening(blackboxPort)), version };
}

async function startZabbix(folder: string): Promise<Other> {
  const { root, version } = unpacked("zabbix-agent2");
  const config = path.join(folder, "zabbix.conf");
  const sockets = ["ControlSocket", "PluginSocket"].map((name) => `${name}=${path.join(folder, name)}`);
  const lines = ["Server=127.0.0.1", "ListenIP=127.0.0.1", `ListenPort=${zabbixPort}`, "LogType=console", "DebugLevel=1", "Hostname=bench"];
  writeFileSync(config, [...lines, ...sockets, ""].join("\n"));
  const words = ["--foreground", "--config", config];
  return { program: await started(path.join(root, "usr/sbin/zabbix_agent2"), words, () => listening(zabbixPort)), version };
}

async function listening(port: number): Promise<boolean> {
  const socket = connect({ host: "127.0.0.1", port });
  try {
    await once(socket, "connect");
    return true;
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ECONNREFUSED")) throw error;
    return false;
  } finally {
    socket.destroy();
  }
}

/** As Prometheus does it: connections that are kept, one answer a target. */
const agent = new Agent({ keepAlive: true, maxSockets: 64 });

function probe({ address, port }: Place): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const query = `/probe?module=tcp_connect&target=${address}:${port}`;
  get({ host: "127.0.0.1", port: blackboxPort, path: query, agent }, (answer) => {
    let text = "";
    answer.setEncoding("utf8").on("data", (piece: string) => (text += piece));
    answer.on("end", () => (text.includes("\nprobe_success 1") ? resolve() : reject(new Error(`bench: blackbox: ${text}`))));
  }).on("error", reject);
  return promise;
}

/** As a Zabbix server asks an agent: a connection for each item. */
async function modbusGet({ address, port }: Place): Promise<void> {
  const key = Buffer.from(`modbus.get["tcp://${address}:${port}",1,3,0,1,uint16]`);
  const length = Buffer.alloc(8);
  length.writeUInt32LE(key.length);
  const socket = connect({ host: "127.0.0.1", port: zabbixPort });
  socket.write(Buffer.concat([Buffer.from("ZBXD\u0001", "latin1"), length, key]));
  let reply = Buffer.alloc(0);
  for await (const piece of socket as AsyncIterable<Buffer>) reply = Buffer.concat([reply, piece]);
  const value = reply.subarray(13).toString("latin1");
  if (!/^\[?\d/u.test(value)) throw new Error(`bench: zabbix-agent2: ${value}`);
}
