/** `npm run simulate`: well and badly behaved devices on loopback addresses until Ctrl-C, then what each was sent. */
import { once } from "node:events";
import { parseArgs } from "node:util";
import { devicesMax, exampleFleet } from "./example-fleet.ts";
import { type Fleet, startFleet } from "./fleet.ts";
import { Timers } from "./timers.ts";

const help = `Starts simulated devices on loopback addresses and shows what listens where.

  npm run simulate                                  20 devices on 127.1.0.1 to 127.1.0.20 until Ctrl-C
  npm run simulate -- --devices 50 --for 60         50 devices for a minute
  npm run simulate -- --bind 127.1.7.               on 127.1.7.1 and following

  --devices N    how many, 1 to ${devicesMax} (20)
  --bind PREFIX  the first three numbers of the addresses, within 127 (127.1.0.)
  --for SECONDS  end by itself; without it, run until Ctrl-C
  --help
`;

/** A day. */
const secondsMax = 86_400;

interface Wishes {
  readonly devices: number;
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
  return simulate(wishes);
}

async function simulate(wishes: Wishes): Promise<number> {
  let fleet: Fleet;
  try {
    fleet = await startFleet(exampleFleet(wishes.devices, wishes.bind));
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
  const met = fleet.members.filter(({ device }) => device.counts.connections > 0);
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
function readWishes(args: readonly string[]): Wishes | string {
  let values: { devices: string; bind: string; for?: string };
  try {
    ({ values } = parseArgs({
      args: [...args],
      options: { devices: { type: "string", default: "20" }, bind: { type: "string", default: "127.1.0." }, for: { type: "string" } },
    }));
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause;
    return cause.message;
  }
  const devices = wholeNumber(values.devices, devicesMax);
  if (devices === undefined) return `--devices ${values.devices}: expected a whole number from 1 to ${devicesMax}`;
  // Loopback only: a simulator that answers on a plant's network is taken for a device.
  if (!isLoopbackPrefix(values.bind))
    return `--bind ${values.bind}: expected three numbers of a loopback address with a dot at the end, such as 127.1.0.`;
  if (values.for === undefined) return { devices, bind: values.bind, forMs: undefined };
  const seconds = Number(values.for);
  // Compared this way round, so that what is no number at all fails too.
  if (!(seconds > 0 && seconds <= secondsMax)) return `--for ${values.for}: expected seconds, up to ${secondsMax}`;
  return { devices, bind: values.bind, forMs: seconds * 1000 };
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
