/** Starts the independent devices: Modbus implementations this project had no hand in. Each resolves once its port really listens. */
import { execFile } from "node:child_process";
import { mkdtemp } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { waitForListener } from "../support/kernel.ts";
import type { Network } from "../support/netns.ts";

export interface OracleOptions {
  /** 502 unless said otherwise. */
  readonly port?: number;
}

export interface PymodbusOptions extends OracleOptions {
  /** The unit ids that answer, the others staying silent as on a serial bus; every unit id unless said otherwise. */
  readonly unitIds?: readonly number[];
  /** Raw RTU frames with their CRC inside TCP instead of Modbus TCP. */
  readonly rtuOverTcp?: boolean;
  /** Its identification does not fit into one reply, and it has extended objects. */
  readonly long?: boolean;
}

export interface Oracle {
  readonly address: string;
  readonly port: number;
  readonly pid: number;
  /** What it printed, stdout and stderr. The libmodbus device reports each request it received as a line of JSON. */
  output(): string;
}

const modbusPort = 502;
/** pymodbus took 0.3 s to 3 s to import and listen. */
const startDeadlineMs = 60_000;
/** Debian's own interpreter: another python3 earlier in PATH would not find Debian's pymodbus. */
const debianPython = "/usr/bin/python3";

/** What the pymodbus device says of itself in function code 43/14. */
export const pymodbusIdentity = { VendorName: "Oracle Works", ProductCode: "PYM-3", MajorMinorRevision: "3.0.0" } as const;

/** A device with identification: function codes 1-4, 17 and 43/14. It ends with the network. */
export function startPymodbus(network: Network, host: string, options: PymodbusOptions = {}): Promise<Oracle> {
  const { port = modbusPort, unitIds = [], rtuOverTcp = false, long = false } = options;
  const script = fileURLToPath(new URL("pymodbus_server.py", import.meta.url));
  const units = unitIds.length === 0 ? [] : [unitIds.join(",")];
  const framing = [...(rtuOverTcp ? ["--rtu"] : []), ...(long ? ["--long"] : [])];
  return start(network, host, port, [debianPython, "-B", script, ...framing, network.address(host), String(port), ...units]);
}

/** A device without identification: function code 43 gets exception 1, 17 gets "LMB3.1.6". Compiled here; it ends with the network. */
export async function startLibmodbus(network: Network, host: string, options: OracleOptions = {}): Promise<Oracle> {
  const { port = modbusPort } = options;
  const program = join(await mkdtemp(join(network.folder, "libmodbus-")), "libmodbus_server");
  await compile(fileURLToPath(new URL("libmodbus_server.c", import.meta.url)), program);
  return start(network, host, port, [program, network.address(host), String(port)]);
}

async function start(network: Network, host: string, port: number, argv: readonly string[]): Promise<Oracle> {
  const child = network.exec(host, argv);
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text: string) => (output += text));
  await waitForListener(network, host, port, startDeadlineMs, () => output);
  return { address: network.address(host), port, pid: child.pid ?? 0, output: () => output };
}

async function compile(source: string, program: string): Promise<void> {
  const run = promisify(execFile);
  const { stdout } = await run("pkg-config", ["--cflags", "--libs", "libmodbus"]);
  await run("gcc", ["-O1", "-Wall", "-Wextra", "-Werror", "-o", program, source, ...stdout.trim().split(/\s+/)]);
}
