/** What a healthy device of any family answers to each request of ours, put together from bytes. */
import type { Check } from "../../src/domain/plan.ts";
import { answer, type ModbusContents } from "../../simulators/modbus/answers.ts";
import { buildFrame, cutRequest } from "../../simulators/modbus/frames.ts";
import { enbtIdentity, healthyReply } from "./enip-checks.ts";
import type { FamilyTraits } from "./family-device.ts";
import { opcuaReply } from "./opcua-replies.ts";
import { healthyS7Reply } from "./s7-checks.ts";

/** What registers of the library must hold: the constants of WAGO's couplers, the marker of SunSpec, Moxa's vendor number; every other holds 1. */
const holding: ReadonlyMap<number, number> = new Map([
  [0x2002, 0x1234],
  [0x2003, 0xaaaa],
  ...[0, 40_000, 50_000].flatMap((at): [number, number][] => [
    [at, 0x5375],
    [at + 1, 0x6e53],
  ]),
]);
const input: ReadonlyMap<number, number> = new Map([[0, 0x1393]]);

const contents: ModbusContents = {
  identity: { vendorName: "Simulated", productCode: "SIM", revision: "1.0" },
  registers: (table, protocolAddress) => (table === "holding-registers" ? holding : input).get(protocolAddress) ?? 1,
  serverId: 1,
  running: true,
};

/** Undefined where the protocol has no answer, such as to a goodbye. */
export function familyReply({ protocol }: Check, { vendorId }: FamilyTraits, request: Uint8Array): Uint8Array | undefined {
  const hex = Buffer.from(request).toString("hex");
  switch (protocol) {
    case "modbus":
      return modbusReply(request);
    case "enip":
      return bytes(healthyReply(hex)?.replace(enbtIdentity, `${littleEndian(vendorId)}${enbtIdentity.slice(4)}`));
    case "opcua":
      return bytes(opcuaReply(hex));
    case "s7":
      return bytes(healthyS7Reply(hex));
    case "icmp":
      return Uint8Array.of(0, ...request.subarray(1));
    case "snmp":
      return snmpReply(request);
  }
}

function littleEndian(number: number): string {
  return Buffer.of(number & 255, number >> 8).toString("hex");
}

function bytes(hex: string | undefined): Uint8Array | undefined {
  return hex === undefined || hex === "" ? undefined : Uint8Array.from(Buffer.from(hex, "hex"));
}

function modbusReply(frame: Uint8Array): Uint8Array {
  const cut = cutRequest(Buffer.from(frame));
  if (cut.found !== "request") throw new Error(`not a Modbus request: ${cut.found}`);
  return Uint8Array.from(buildFrame(cut.request, answer(cut.request.pdu, contents)));
}

/** BER with lengths below 128 (X.690, 8.1.3.4): a message of v2c is short. */
const tagged = (tag: number, ...parts: readonly Uint8Array[]): Buffer => {
  const body = Buffer.concat(parts);
  return Buffer.concat([Buffer.of(tag, ...(body.length < 128 ? [body.length] : [0x81, body.length])), body]);
};
/** sysUpTime, sysObjectID, sysDescr, sysName: in the order in which they are asked. */
const values: readonly Buffer[] = [
  tagged(0x43, Buffer.of(1, 0)),
  tagged(0x06, Buffer.of(0x2b, 6, 1, 4, 1, 0)),
  tagged(0x04, Buffer.from("simulated")),
  tagged(0x04, Buffer.from("sim")),
];

/** The objects that were asked for, with a value each. */
function snmpReply(request: Uint8Array): Uint8Array {
  const message = children(Buffer.from(request));
  const [version, community, get] = children(message[0]!.body);
  const [id, , , list] = children(get!.body);
  const bound = children(list!.body).map(({ body }, at) => tagged(0x30, children(body)[0]!.whole, values[at]!));
  const zero = Buffer.of(2, 1, 0);
  const response = tagged(0xa2, id!.whole, zero, zero, tagged(0x30, ...bound));
  return Uint8Array.from(tagged(0x30, version!.whole, community!.whole, response));
}

interface Element {
  readonly whole: Buffer;
  readonly body: Buffer;
}

function children(bytesOf: Buffer): readonly Element[] {
  const found: Element[] = [];
  for (let at = 0; at < bytesOf.length;) {
    const short = bytesOf.readUInt8(at + 1);
    const [head, length] = short < 128 ? [2, short] : [3, bytesOf.readUInt8(at + 2)];
    found.push({ whole: bytesOf.subarray(at, at + head + length), body: bytesOf.subarray(at + head, at + head + length) });
    at += head + length;
  }
  return found;
}
