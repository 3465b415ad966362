/** Well-formed requests that change something in a device, in each protocol: no frame policy may know one of them for a read. */
import type { Protocol } from "../../domain/operations.ts";
import { failedItem, notChecked, passed, type SelfTestItem } from "../../domain/self-test.ts";
import type { FramePolicy } from "../../domain/wire.ts";

const enip = (message: string): string => {
  const length = (bytes: number): string => Buffer.from([bytes, 0]).toString("hex");
  const data = `000000000a000200 00000000 b200 ${length(bytesOf(message).length)} ${message}`;
  return `6f00 ${length(bytesOf(data).length)} 01000000 00000000 0000000000000000 00000000 ${data}`;
};

/** Hexadecimal, each with what it would do. */
const frames: Readonly<Record<Protocol | "modbus-rtu", readonly (readonly [what: string, hex: string])[]>> = {
  modbus: [
    ["FC 5 write single coil", "0001 0000 0006 01 05 0000 ff00"],
    ["FC 6 write single register", "0001 0000 0006 01 06 0000 0001"],
    ["FC 8 restart communications", "0001 0000 0006 01 08 0001 0000"],
    ["FC 16 write registers", "0001 0000 0009 01 10 0000 0001 02 0001"],
  ],
  "modbus-rtu": [["FC 6 write single register", "01 06 0000 0001 480a"]],
  enip: [
    ["CIP reset", enip("0502 20012401")],
    ["CIP set attribute", enip("1003 20012401 3007 0000")],
    ["CIP reset of a module in the rack", enip("5202 20062401 047d 0600 0502 20012401 0100 0101")],
  ],
  opcua: [
    ["Write", "4d534746 20000000 01000000 01000000 02000000 02000000 0100a102 00000000"],
    ["Call", "4d534746 20000000 01000000 01000000 02000000 02000000 0100c802 00000000"],
  ],
  s7: [
    ["write variable", "03000024 02f080 32 01 0000 0005 000e 0005 05 01 120a10020001000184000000 0004 0008 01"],
    ["PLC stop", "03000021 02f080 32 01 0000 0000 0010 0000 29 0000000000 09 505f50524f4752414d"],
  ],
  snmp: [["set sysName", "302b 020101 0407 70726976617465 a31d 020101 020100 020100 3012 3010 0608 2b06010201010500 0404 74657374"]],
  icmp: [["timestamp request", "0d00 0000 0001 0001 00000000 00000000 00000000"]],
};

export function bytesOf(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex.replaceAll(" ", ""), "hex"));
}

/** What would change something, by protocol; empty where nobody has written it down yet. */
export function writeFrames(protocol: string): readonly (readonly [what: string, frame: Uint8Array])[] {
  const known = Object.entries(frames).find(([name]) => name === protocol)?.[1] ?? [];
  return known.map(([what, hex]) => [what, bytesOf(hex)]);
}

export function tryPolicy(protocol: string, policy: FramePolicy): SelfTestItem {
  const name = `frames ${protocol}`;
  const tried = writeFrames(protocol);
  if (tried.length === 0) return notChecked(name, "no write request of this protocol is known to the self-test");
  const letOut = tried.filter(([, frame]) => policy.operation(frame) !== undefined).map(([what]) => what);
  if (letOut.length > 0)
    return failedItem(name, `taken for a read: ${letOut.join(", ")}`, "the program is damaged or changed: install it anew");
  return passed(name, `refused: ${tried.map(([what]) => what).join(", ")}`);
}
