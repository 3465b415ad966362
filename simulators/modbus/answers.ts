/** What a well-behaved device answers: function codes 1-4, 17 and 43/14 (Modbus Application Protocol V1.1b3, 6); all others are unsupported. */
import { exceptionCodes, exceptionPdu } from "./frames.ts";
import { identificationPdu, type ModbusIdentity } from "./identification.ts";

export type RegisterTable = "coils" | "discrete-inputs" | "holding-registers" | "input-registers";

/** Values by protocol address (0-based): a map serves all four tables, a function tells them apart. Absent or undefined: no such address. */
export type RegisterSource = ReadonlyMap<number, number> | ((table: RegisterTable, protocolAddress: number) => number | undefined);

export interface ModbusContents {
  readonly identity: ModbusIdentity;
  readonly registers: RegisterSource;
  /** The one-byte server id of FC17. */
  readonly serverId: number;
  /** The run indicator of FC17: false is a CPU in STOP. */
  readonly running: boolean;
}

interface ReadFunction {
  readonly table: RegisterTable;
  readonly quantityMax: number;
  readonly bitsEach: 1 | 16;
}

const readFunctions: ReadonlyMap<number, ReadFunction> = new Map<number, ReadFunction>([
  [1, { table: "coils", quantityMax: 2000, bitsEach: 1 }],
  [2, { table: "discrete-inputs", quantityMax: 2000, bitsEach: 1 }],
  [3, { table: "holding-registers", quantityMax: 125, bitsEach: 16 }],
  [4, { table: "input-registers", quantityMax: 125, bitsEach: 16 }],
]);

/** Write single and multiple coils and registers, write file record, mask write, read/write multiple. */
const writeFunctions: ReadonlySet<number> = new Set([5, 6, 15, 16, 21, 22, 23]);

export function isWrite(functionCode: number): boolean {
  return writeFunctions.has(functionCode);
}

/** True when a request of a function this device knows has the wrong number of bytes. */
export function isMisshapen(pdu: Buffer): boolean {
  const functionCode = pdu.readUInt8(0);
  if (readFunctions.has(functionCode)) return pdu.length !== 5;
  if (functionCode === 17) return pdu.length !== 1;
  return functionCode === 43 && (pdu.length < 2 || (pdu.readUInt8(1) === 14 && pdu.length !== 4));
}

export function answer(pdu: Buffer, contents: ModbusContents): Buffer {
  const functionCode = pdu.readUInt8(0);
  if (isMisshapen(pdu)) return exceptionPdu(functionCode, exceptionCodes.illegalDataValue);
  const read = readFunctions.get(functionCode);
  if (read) return readPdu(functionCode, read, pdu.readUInt16BE(1), pdu.readUInt16BE(3), contents.registers);
  if (functionCode === 17) return serverIdPdu(contents);
  if (functionCode === 43 && pdu.readUInt8(1) === 14) return identificationPdu(contents.identity, pdu.readUInt8(2), pdu.readUInt8(3));
  return exceptionPdu(functionCode, exceptionCodes.illegalFunction);
}

function readPdu(functionCode: number, read: ReadFunction, start: number, quantity: number, source: RegisterSource): Buffer {
  if (quantity < 1 || quantity > read.quantityMax) return exceptionPdu(functionCode, exceptionCodes.illegalDataValue);
  const values: number[] = [];
  for (let address = start; address < start + quantity; address++) {
    const value = address > 0xffff ? undefined : typeof source === "function" ? source(read.table, address) : source.get(address);
    if (value === undefined) return exceptionPdu(functionCode, exceptionCodes.illegalDataAddress);
    values.push(value);
  }
  const data = Buffer.alloc(Math.ceil((quantity * read.bitsEach) / 8));
  for (const [index, value] of values.entries()) {
    if (read.bitsEach === 16) data.writeUInt16BE(value & 0xffff, index * 2);
    else if (value !== 0) data.writeUInt8(data.readUInt8(index >> 3) | (1 << (index & 7)), index >> 3);
  }
  return Buffer.concat([Buffer.from([functionCode, data.length]), data]);
}

function serverIdPdu(contents: ModbusContents): Buffer {
  const text = Buffer.from(contents.identity.productCode, "latin1");
  return Buffer.concat([Buffer.from([17, 2 + text.length, contents.serverId, contents.running ? 0xff : 0x00]), text]);
}
