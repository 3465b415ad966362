/** The pure half of Modbus: what may be asked, as exact frames. A new request is one row here and one branch in the driver. */
import type { Method, MethodInput } from "../../domain/driver.ts";
import type { ValueType } from "../../domain/expectation.ts";
import type { MethodId, Operation } from "../../domain/operations.ts";
import { deepQueryPartsMax } from "../../domain/limits.ts";
import { withCrc } from "../../domain/crc16.ts";
import type { Allowance, Framing, Proof } from "../../domain/plan.ts";
import { frameTemplate } from "../../domain/template.ts";

/**
 * FC 43/14, a stream from its first object (Modbus Application Protocol V1.1b3, 6.21). Basic, for a heartbeat: vendor, product code, revision.
 * Regular or extended, for a deep query: then a divided answer may go on, and the object with which it does is the device's word.
 */
export interface IdentificationAsk {
  readonly functionCode: 43;
  readonly unitId: number;
  readonly readCode: 1 | 2 | 3;
  readonly objectId: 0 | 0x80;
}
/** Report Server ID (6.13). */
export interface ServerIdAsk {
  readonly functionCode: 17;
  readonly unitId: number;
  /** For a deep query: everything that it says is told. */
  readonly deep?: true;
}
/** Read coils, discrete inputs, holding registers, input registers (6.1 to 6.4), in this order. */
export interface ReadAsk {
  readonly functionCode: 1 | 2 | 3 | 4;
  readonly unitId: number;
  /** 0-based. */
  readonly protocolAddress: number;
  /** Bits with function codes 1 and 2, registers with 3 and 4. */
  readonly count: number;
  /** What they are read as; absent: nothing is made of them. */
  readonly value?: ValueType;
  readonly framing?: Framing;
}

export type ModbusAsk = IdentificationAsk | ServerIdAsk | ReadAsk;

type Parsed<Ask> = { readonly ask: Ask } | { readonly problems: readonly string[] };

interface Row<Ask extends ModbusAsk> {
  readonly id: MethodId;
  readonly operation: Operation;
  /** A communication module may answer for a CPU that has stopped; a profile that knows its family may say more. */
  readonly proves: Proof;
  parse(unitId: number, input: MethodInput): Parsed<Ask>;
  /** Function code and data. */
  pdu(ask: Ask): readonly number[];
  /** The byte of the PDU that is the device's word; absent or undefined: every byte is fixed. */
  freeAt?(ask: Ask): number | undefined;
  describe(ask: Ask): string;
}

const identification: Row<IdentificationAsk> = {
  id: "modbus-fc43",
  operation: "modbus-read-device-identification",
  proves: "comms-module",
  parse(unitId, { register, framing, deep }) {
    if (framing) return { problems: [noLength("FC 43/14", framing)] };
    if (register) return { problems: ["register: found one, expected none: FC 43/14 reads no register"] };
    if (deep?.read === "modbus-identification-extended")
      return { ask: Object.freeze({ functionCode: 43, unitId, readCode: 3, objectId: 0x80 }) };
    return { ask: Object.freeze({ functionCode: 43, unitId, readCode: deep ? 2 : 1, objectId: 0 }) };
  },
  pdu: ({ functionCode, readCode, objectId }) => [functionCode, 0x0e, readCode, objectId],
  freeAt: ({ readCode }) => (readCode === 1 ? undefined : 3),
  describe: ({ unitId, readCode }) =>
    `FC 43/14 read device identification, ${readCodes[readCode]}, unit ${unitId}${readCode === 1 ? "" : `, from its first object, and in further requests from each object with which the device says that it goes on, at most ${deepQueryPartsMax} in all`}`,
};

const readCodes = { 1: "basic", 2: "regular", 3: "extended" } as const;

const serverId: Row<ServerIdAsk> = {
  id: "modbus-fc17",
  operation: "modbus-report-server-id",
  proves: "comms-module",
  parse(unitId, { register, framing, deep }) {
    if (framing) return { problems: [noLength("FC 17", framing)] };
    if (register) return { problems: ["register: found one, expected none: FC 17 reads no register"] };
    return { ask: Object.freeze({ functionCode: 17, unitId, ...(deep && { deep: true }) }) };
  },
  pdu: ({ functionCode }) => [functionCode],
  describe: ({ unitId }) => `FC 17 report server id, unit ${unitId}`,
};

interface Table {
  readonly functionCode: ReadAsk["functionCode"];
  readonly operation: Operation;
  /** One of them, and several. */
  readonly names: readonly [string, string];
  /** The most that one reply can carry. */
  readonly countMax: number;
  readonly bitsEach: 1 | 16;
}

const tables: readonly Table[] = [
  { functionCode: 1, operation: "modbus-read-coils", names: ["coil", "coils"], countMax: 2000, bitsEach: 1 },
  { functionCode: 2, operation: "modbus-read-discrete-inputs", names: ["discrete input", "discrete inputs"], countMax: 2000, bitsEach: 1 },
  {
    functionCode: 3,
    operation: "modbus-read-holding-registers",
    names: ["holding register", "holding registers"],
    countMax: 125,
    bitsEach: 16,
  },
  { functionCode: 4, operation: "modbus-read-input-registers", names: ["input register", "input registers"], countMax: 125, bitsEach: 16 },
];

const addresses = 65_536;

function reads(table: Table): Row<ReadAsk> {
  const { functionCode, operation, names } = table;
  return {
    id: `modbus-fc${functionCode}`,
    operation,
    proves: "comms-module",
    parse(unitId, { register, framing }) {
      if (framing && unitId > 247) return { problems: [`unitId: found ${unitId}, expected 1 to 247 on a serial line (${framing})`] };
      if (!register) return { problems: [`register: missing, expected the ${names[1]} to read`] };
      const problems = [...rangeProblems(table, register), ...valueProblems(table, register)];
      const { protocolAddress, count, value } = register;
      if (problems.length > 0) return { problems };
      return { ask: Object.freeze({ functionCode, unitId, protocolAddress, count, ...(value && { value }), ...(framing && { framing }) }) };
    },
    pdu: ({ protocolAddress, count }) => [functionCode, protocolAddress >> 8, protocolAddress & 0xff, count >> 8, count & 0xff],
    describe({ unitId, protocolAddress, count, value, framing }) {
      const range = count === 1 ? `${protocolAddress}` : `${protocolAddress} to ${protocolAddress + count - 1}`;
      return `FC ${functionCode} read ${names[count === 1 ? 0 : 1]} ${range} (0-based)${asValue(value)}, unit ${unitId}${framing ? framingWords[framing] : ""}`;
    },
  };
}

const framingWords: Readonly<Record<Framing, string>> = {
  "rtu-over-tcp": ", as an RTU frame over TCP",
  rtu: ", as an RTU frame",
};

/** An RTU frame does not say how long it is; of these two replies only their own contents would. */
function noLength(what: string, framing: Framing): string {
  const where = framing === "rtu" ? "on a serial port" : `over a gateway with framing ${framing}`;
  return `method: found ${what} ${where}, where the end of its reply cannot be told; expected FC 1 to 4`;
}

type Register = NonNullable<MethodInput["register"]>;

function rangeProblems({ names, countMax }: Table, { protocolAddress, count }: Register): readonly string[] {
  const problems: string[] = [];
  if (!Number.isInteger(protocolAddress) || protocolAddress < 0 || protocolAddress >= addresses)
    problems.push(`protocolAddress: found ${protocolAddress}, expected 0 to 65535`);
  if (!Number.isInteger(count) || count < 1 || count > countMax)
    problems.push(`count: found ${count}, expected 1 to ${countMax} ${names[1]}`);
  if (problems.length === 0 && protocolAddress + count > addresses)
    problems.push(`register: found ${protocolAddress} and ${count} on, expected an end at 65535 or before`);
  return problems;
}

function valueProblems({ bitsEach, names }: Table, { count, value }: Register): readonly string[] {
  if (value === undefined) return [];
  if ((value.type === "bit") !== (bitsEach === 1))
    return [`type: found ${value.type}, expected ${bitsEach === 1 ? "bit" : "a type of 16 or 32 bits"} for ${names[1]}`];
  const wide = "wordOrder" in value;
  if (count === (wide ? 2 : 1)) return [];
  return [`count: found ${count}, expected ${wide ? 2 : 1} for one ${value.type}`];
}

function asValue(value: ValueType | undefined): string {
  if (value === undefined) return "";
  return ` as ${value.type}${"wordOrder" in value ? `, ${value.wordOrder === "big" ? "high" : "low"} word first` : ""}`;
}

const nothing: Allowance = Object.freeze({ connectionsMax: 0, requestsMax: 0, bytesMax: 0, templates: Object.freeze([]) });
const connection: Allowance = Object.freeze({ ...nothing, connectionsMax: 1 });

export const modbusMethods: readonly Method<ModbusAsk>[] = [
  method(identification),
  method(serverId),
  ...tables.map((table) => method(reads(table))),
];

/** A method is given back only the asks that its own row has made. */
function method<Ask extends ModbusAsk>(row: Row<Ask>): Method<ModbusAsk> {
  const made: Method<Ask> = {
    id: row.id,
    protocol: "modbus",
    transport: "tcp",
    defaultPort: 502,
    proves: row.proves,
    parse(input) {
      const { unitId } = input;
      return unitId !== undefined && isUnit(unitId) ? row.parse(unitId, input) : { problems: [unitProblem(unitId)] };
    },
    // A serial port is open already, and nothing is said on it before the request.
    opening: (ask) => ("framing" in ask && ask.framing === "rtu" ? nothing : connection),
    asking: (ask) =>
      "framing" in ask
        ? oneRtuRequest(row.operation, ask.unitId, row.pdu(ask))
        : oneRequest(row.operation, ask.unitId, row.pdu(ask), row.freeAt?.(ask)),
    closing: () => nothing,
    describe: (ask) => row.describe(ask),
  };
  return made as unknown as Method<ModbusAsk>;
}

/** Modbus Messaging on TCP/IP Implementation Guide V1.0b, 4.4.1.2. */
function isUnit(unitId: number): boolean {
  return Number.isInteger(unitId) && ((unitId >= 1 && unitId <= 247) || unitId === 255);
}

function unitProblem(unitId: number | undefined): string {
  const expected = "expected 1 to 247, or 255 where the device itself is addressed";
  if (unitId === undefined) return `unitId: missing, ${expected}`;
  return `unitId: found ${unitId}${unitId === 0 ? " (the broadcast)" : ""}, ${expected}`;
}

/** The two bytes of the transaction id are the library's counter; every other byte is fixed, but for one that a row leaves to the device. */
function oneRequest(operation: Operation, unitId: number, pdu: readonly number[], freeAt: number | undefined): Allowance {
  const bytes = Uint8Array.of(0, 0, 0, 0, 0, pdu.length + 1, unitId, ...pdu);
  const mask = new Uint8Array(bytes.length).fill(0xff);
  mask.fill(0x00, 0, 2);
  if (freeAt !== undefined) mask[bytes.length - pdu.length + freeAt] = 0x00;
  return one(operation, bytes, mask);
}

/** Every byte is fixed. */
function oneRtuRequest(operation: Operation, unitId: number, pdu: readonly number[]): Allowance {
  const bytes = withCrc(Uint8Array.of(unitId, ...pdu));
  return one(operation, bytes, new Uint8Array(bytes.length).fill(0xff));
}

function one(operation: Operation, bytes: Uint8Array, mask: Uint8Array): Allowance {
  return Object.freeze({
    connectionsMax: 0,
    requestsMax: 1,
    bytesMax: bytes.length,
    templates: Object.freeze([frameTemplate(operation, bytes, mask)]),
  });
}
