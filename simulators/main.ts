/** `npm run simulate`: well and badly behaved devices on loopback addresses until Ctrl-C, then what each was sent. `npm run demo`: the demo. */
import { once } from "node:events";
import { parseArgs } from "node:util";
import { demo, type DemoWishes } from "./demo/demo.ts";
import { devicesMax, exampleEnipFleet, exampleFleet, exampleOpcuaFleet, exampleS7Fleet } from "./example-fleet.ts";
import { type Fleet, startFleet } from "./fleet.ts";
import { Timers } from "./timers.ts";

const metricsPort = 9824;

const help = `Starts simulated devices on loopback addresses and shows what listens where.

  npm run simulate                                  20 Modbus devices on 127.1.0.1 to 127.1.0.20 until Ctrl-C
  npm run simulate -- --ethernet-ip 4               and 4 EtherNet/IP adapters on the first of these addresses
  npm run simulate -- --opc-ua 4                    and 4 OPC UA servers without security
  npm run simulate -- --s7 4                        and 4 S7 CPUs
  npm run simulate -- --devices 50 --for 60         50 devices for a minute
  npm run simulate -- --bind 127.1.7.               on 127.1.7.1 and following

  --devices N    how many Modbus devices, 1 to ${devicesMax} (20)
  --ethernet-ip N  how many EtherNet/IP adapters, 1 to ${devicesMax} (none)
  --opc-ua N     how many OPC UA servers, 1 to ${devicesMax} (none)
  --s7 N         how many S7 CPUs, 1 to ${devicesMax} (none)
  --bind PREFIX  the first three numbers of the addresses, within 127 (127.1.0.)
  --for SECONDS  end by itself; without it, run until Ctrl-C
  --help

  npm run demo                                      a lab site and the real poller, as a story, until Ctrl-C

  --for SECONDS  end by itself; without a terminal the story has 60 s
  --port N       where the poller serves its metrics (${metricsPort}); a free one where it is taken
`;

/** A day. */
const secondsMax = 86_400;

interface Wishes {
  readonly devices: number;
  readonly adapters: number;
  readonly opcuaServers: number;
  readonly cpus: number;
  readonly bind: string;
  readonly forMs: number | undefined;
}

process.exitCode = await main(process.argv.slice(2));

/** @returns the exit code: 0 good, 1 could not start, 2 wrong usage */
async function main(args: readonly string[]): Promise<number> {
  if (args.includes("--help")) {
    process.stdout.write(help);
    return 0;
  }
  const wishes = readWishes(args);
  if (typeof wishes === "string") {
    process.stderr.write(`${wishes}\n\n${help}`);
    return 2;
  }
  return "metricsPort" in wishes ? demo(wishes) : simulate(wishes);
}

async function simulate(wishes: Wishes): Promise<number> {
  let fleet: Fleet;
  try {
    const { bind } = wishes;
    fleet = await startFleet([
      ...exampleFleet(wishes.devices, bind),
      ...exampleEnipFleet(wishes.adapters, bind),
      ...exampleOpcuaFleet(wishes.opcuaServers, bind),
      ...exampleS7Fleet(wishes.cpus, bind),
    ]);
  } catch (cause) {
    if (!(cause instanceof Error)) throw cause;
    process.stderr.write(`${cause.message}\nIs another simulator running? Choose other addresses with --bind.\n`);
    return 1;
  }
  const rows = fleet.members.map(({ name, protocol, note, device }) => [name, protocol, `${device.host}:${device.port}`, note]);
  process.stdout.write(`${table([["device", "protocol", "listens on", "behaves"], ...rows])}\n`);
  process.stdout.write(wishes.forMs === undefined ? "Until Ctrl-C.\n" : `For ${wishes.forMs / 1000} s.\n`);
  await end(wishes.forMs);
  await fleet.close();
  process.stdout.write(`\n${sentReport(fleet)}`);
  return 0;
}

function sentReport(fleet: Fleet): string {
  const met = fleet.members.filter(({ device }) => device.counts.connections + device.counts.requests > 0);
  if (met.length === 0) return "Nothing was sent to any of them.\n";
  const rows = met.map(({ name, device: { counts } }) =>
    [name, counts.connections, counts.requests, counts.writes, counts.malformedRequests, counts.pipelinedRequests].map(String),
  );
  return table([["device", "connections", "requests", "writes", "malformed", "pipelined"], ...rows]);
}

/** Ctrl-C, a termination by whoever started this, or the end of the time asked for. */
async function end(afterMs: number | undefined): Promise<void> {
  const timers = new Timers();
  const stop = new AbortController();
  const ends = [once(process, "SIGINT", stop), once(process, "SIGTERM", stop)];
  const time = new Promise<void>((resolve) => {
    if (afterMs !== undefined) timers.after(afterMs, resolve);
  });
  await Promise.race([...ends, time]);
  timers.clear();
  stop.abort();
  await Promise.allSettled(ends);
}

/** The wishes, or what is wrong with them. */
function readWishes(args: readonly string[]): Wishes | DemoWishes | string {
  let values: {
    devices?: string;
    "ethernet-ip"?: string;
    "opc-ua"?: string;
    s7?: string;
    bind?: string;
    for?: string;
    demo?: boolean;
    port?: string;
  };
  try {
    ({ values } = parseArgs({
      args: [...args],
      options: {
        devices: { type: "string" },
        "ethernet-ip": { type: "string" },
        "opc-ua": { type: "string" },
        s7: { type: "string" },
        bind: { type: "string" },
        for: { type: "string" },
        demo: { type: "boolean" },
        port: { type: "string" },
      },
    }));
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause;
    return cause.message;
  }
  const { devices = "20", bind = "127.1.0.", port = String(metricsPort) } = values;
  const stray = values.demo ? (values.devices ?? values["ethernet-ip"] ?? values["opc-ua"] ?? values.s7 ?? values.bind) : values.port;
  if (stray !== undefined)
    return `found ${stray}: --devices and --bind are not for --demo (nor --ethernet-ip, --opc-ua, --s7), and --port is for --demo only`;
  const seconds = values.for === undefined ? undefined : Number(values.for);
  // Compared this way round, so that what is no number at all fails too.
  if (seconds !== undefined && !(seconds > 0 && seconds <= secondsMax))
    return `--for ${values.for ?? ""}: expected seconds, up to ${secondsMax}`;
  const forMs = seconds === undefined ? undefined : seconds * 1000;
  if (values.demo) {
    const number = wholeNumber(port, 65_535);
    return number === undefined ? `--port ${port}: expected a port from 1 to 65535` : { metricsPort: number, forMs };
  }
  const count = wholeNumber(devices, devicesMax);
  if (count === undefined) return `--devices ${devices}: expected a whole number from 1 to ${devicesMax}`;
  const others = { "ethernet-ip": 0, "opc-ua": 0, s7: 0 };
  for (const option of ["ethernet-ip", "opc-ua", "s7"] as const) {
    const wanted = values[option];
    const number = wanted === undefined ? 0 : wholeNumber(wanted, devicesMax);
    if (number === undefined) return `--${option} ${wanted ?? ""}: expected a whole number from 1 to ${devicesMax}`;
    others[option] = number;
  }
  // Loopback only: a simulator that answers on a plant's network is taken for a device.
  if (!isLoopbackPrefix(bind))
    return `--bind ${bind}: expected three numbers of a loopback address with a dot at the end, such as 127.1.0.`;
  return { devices: count, adapters: others["ethernet-ip"], opcuaServers: others["opc-ua"], cpus: others.s7, bind, forMs };
}

function wholeNumber(text: string, max: number): number | undefined {
  const value = /^[1-9]\d{0,5}$/.test(text) ? Number(text) : 0;
  return value >= 1 && value <= max ? value : undefined;
}

function isLoopbackPrefix(text: string): boolean {
  const found = /^127\.(\d{1,3})\.(\d{1,3})\.$/.exec(text);
  return found !== null && Number(found[1]) <= 255 && Number(found[2]) <= 255;
}

function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map(
      (row) =>
        `${row
          .map((cell, column) => cell.padEnd(widths[column] ?? 0))
          .join("  ")
          .trimEnd()}\n`,
    )
    .join("");
}
