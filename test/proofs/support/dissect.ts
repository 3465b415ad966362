/** Reads a capture file through tshark, so that no encoder or parser of this project judges itself. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { Packet, TcpFlag } from "./packets.ts";

/** The columns asked of tshark. Of a field that occurs several times (an ICMP error quotes a packet) all values come, the outer first. */
const fields = [
  "frame.number",
  "frame.time_epoch",
  "ip.src",
  "ip.dst",
  "ip.proto",
  "ip.len",
  "arp.src.proto_ipv4",
  "arp.dst.proto_ipv4",
  "tcp.srcport",
  "tcp.dstport",
  "udp.srcport",
  "udp.dstport",
  "tcp.flags",
  "tcp.payload",
  "udp.payload",
  "tcp.stream",
  "tcp.analysis.retransmission",
  "tcp.analysis.fast_retransmission",
  "tcp.analysis.spurious_retransmission",
  "tcp.analysis.keep_alive",
  "modbus.func_code",
  "modbus.exception_code",
  "mbtcp.unit_id",
  "cotp.dst-tsap",
  "cotp.dst-tsap-bytes",
  "s7comm.header.rosctr",
  "_ws.col.Protocol",
  "_ws.col.Info",
] as const;

type Field = (typeof fields)[number];
type Row = Readonly<Record<Field, string>>;

/** Bits of the TCP header's flag byte (RFC 9293, 3.1). */
const flagBits: readonly (readonly [TcpFlag, number])[] = [
  ["FIN", 0x01],
  ["SYN", 0x02],
  ["RST", 0x04],
  ["PSH", 0x08],
  ["ACK", 0x10],
];
const protocols: Readonly<Record<string, Packet["protocol"]>> = { "1": "icmp", "6": "tcp", "17": "udp" };
const unitSeparator = "\u001f";
const execFileAsync = promisify(execFile);

/**
 * Dissects a finished capture file. `configuration` is an empty folder, or one of its own: somebody's Wireshark preferences must not change
 * what a proof sees. `us` are the addresses whose packets count as ours; `decodeAs` are tshark rules such as "tcp.port==10502,mbtcp".
 */
export async function dissect(
  file: string,
  configuration: string,
  us: ReadonlySet<string>,
  decodeAs: readonly string[],
): Promise<readonly Packet[]> {
  const asked = fields.flatMap((field) => ["-e", field]);
  const rules = decodeAs.flatMap((rule) => ["-d", rule]);
  const format = ["-T", "fields", "-E", `separator=${unitSeparator}`, "-E", "occurrence=a", "-E", "aggregator=,"];
  const { stdout } = await execFileAsync("tshark", ["-n", "-r", file, ...rules, ...format, ...asked], {
    env: { ...process.env, WIRESHARK_CONFIG_DIR: configuration },
    maxBuffer: 1024 * 1024 * 1024,
  });
  const rows = stdout.split("\n").filter(Boolean).map(toRow);
  const startNs = toNanoseconds(rows[0]?.["frame.time_epoch"] ?? "0.0");
  return rows.map((row) => toPacket(row, startNs, us));
}

function toRow(line: string): Row {
  const cells = line.split(unitSeparator);
  return Object.fromEntries(fields.map((field, index) => [field, cells[index] ?? ""])) as Row;
}

function toPacket(row: Row, startNs: bigint, us: ReadonlySet<string>): Packet {
  const protocol = row["arp.src.proto_ipv4"] === "" ? (protocols[first(row["ip.proto"])] ?? "other") : "arp";
  const source = first(protocol === "arp" ? row["arp.src.proto_ipv4"] : row["ip.src"]);
  const destination = first(protocol === "arp" ? row["arp.dst.proto_ipv4"] : row["ip.dst"]);
  const hasPorts = protocol === "tcp" || protocol === "udp";
  const payloadHex = hasPorts ? first(row[`${protocol}.payload`]) : "";
  const epochNs = toNanoseconds(row["frame.time_epoch"]);
  return {
    number: Number(row["frame.number"]),
    epochNs,
    atMs: Number(epochNs - startNs) / 1e6,
    fromUs: us.has(source),
    protocol,
    source,
    destination,
    sourcePort: hasPorts ? Number(first(row[`${protocol}.srcport`])) : null,
    destinationPort: hasPorts ? Number(first(row[`${protocol}.dstport`])) : null,
    ipLength: Number(first(row["ip.len"])),
    flags: protocol === "tcp" ? toFlags(Number(first(row["tcp.flags"]))) : [],
    payloadLength: payloadHex.length / 2,
    payloadHex,
    stream: protocol === "tcp" ? Number(first(row["tcp.stream"])) : null,
    retransmission: ["", "fast_", "spurious_"].some((kind) => row[`tcp.analysis.${kind}retransmission` as Field] !== ""),
    keepAlive: row["tcp.analysis.keep_alive"] !== "",
    modbusFunctionCodes: numbers(row["modbus.func_code"]),
    modbusExceptionCodes: numbers(row["modbus.exception_code"]),
    modbusUnitIds: numbers(row["mbtcp.unit_id"]),
    cotpCalledTsap: (row["cotp.dst-tsap-bytes"] || row["cotp.dst-tsap"]).replaceAll(/^0x|:/gu, ""),
    s7Kinds: numbers(row["s7comm.header.rosctr"]),
    dissector: row["_ws.col.Protocol"],
    info: row["_ws.col.Info"],
  };
}

function first(values: string): string {
  return values.split(",")[0] ?? "";
}

function numbers(values: string): readonly number[] {
  return values === "" ? [] : values.split(",").map(Number);
}

function toFlags(bits: number): readonly TcpFlag[] {
  return flagBits.filter(([, bit]) => (bits & bit) !== 0).map(([flag]) => flag);
}

/** "1763756650.123456789": as a number it would lose the last three digits. */
function toNanoseconds(epoch: string): bigint {
  const [seconds = "0", fraction = ""] = epoch.split(".");
  return BigInt(seconds) * 1_000_000_000n + BigInt(fraction.padEnd(9, "0").slice(0, 9));
}
