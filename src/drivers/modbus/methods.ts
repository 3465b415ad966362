/** The pure half of Modbus: what may be asked, as exact frames. A new request is one row here and one branch in the driver. */
import type { Method, MethodInput } from "../../domain/driver.ts";
import type { MethodId, Operation } from "../../domain/operations.ts";
import type { Allowance, Proof } from "../../domain/plan.ts";
import { frameTemplate } from "../../domain/template.ts";

/** FC 43/14, basic stream from its first object: vendor, product code, revision (Modbus Application Protocol V1.1b3, 6.21). */
export interface IdentificationAsk {
  readonly functionCode: 43;
  readonly unitId: number;
  readonly readCode: 1;
  readonly objectId: 0;
}

export type ModbusAsk = IdentificationAsk;

interface Row {
  readonly id: MethodId;
  readonly operation: Operation;
  readonly proves: Proof;
  parse(unitId: number, input: MethodInput): { readonly ask: ModbusAsk } | { readonly problems: readonly string[] };
  /** Function code and data. */
  pdu(ask: ModbusAsk): readonly number[];
  describe(ask: ModbusAsk): string;
}

const rows: readonly Row[] = [
  {
    id: "modbus-fc43",
    operation: "modbus-read-device-identification",
    // A communication module may answer for a CPU that has stopped; a profile that knows its family may say more.
    proves: "comms-module",
    parse(unitId, { register }) {
      if (register) return { problems: ["register: found one, expected none: FC 43/14 reads no register"] };
      return { ask: Object.freeze({ functionCode: 43, unitId, readCode: 1, objectId: 0 }) };
    },
    pdu: ({ functionCode, readCode, objectId }) => [functionCode, 0x0e, readCode, objectId],
    describe: ({ unitId }) => `FC 43/14 read device identification, basic, unit ${unitId}`,
  },
];

const nothing: Allowance = Object.freeze({ connectionsMax: 0, requestsMax: 0, bytesMax: 0, templates: Object.freeze([]) });
const connection: Allowance = Object.freeze({ ...nothing, connectionsMax: 1 });

export const modbusMethods: readonly Method<ModbusAsk>[] = rows.map((row) => ({
  id: row.id,
  protocol: "modbus",
  transport: "tcp",
  defaultPort: 502,
  proves: row.proves,
  parse(input) {
    const { unitId } = input;
    return unitId !== undefined && isUnit(unitId) ? row.parse(unitId, input) : { problems: [unitProblem(unitId)] };
  },
  opening: () => connection,
  asking: (ask) => oneRequest(row.operation, ask.unitId, row.pdu(ask)),
  closing: () => nothing,
  describe: (ask) => row.describe(ask),
}));

/** Modbus Messaging on TCP/IP Implementation Guide V1.0b, 4.4.1.2. */
function isUnit(unitId: number): boolean {
  return Number.isInteger(unitId) && ((unitId >= 1 && unitId <= 247) || unitId === 255);
}

function unitProblem(unitId: number | undefined): string {
  const expected = "expected 1 to 247, or 255 where the device itself is addressed";
  if (unitId === undefined) return `unitId: missing, ${expected}`;
  return `unitId: found ${unitId}${unitId === 0 ? " (the broadcast)" : ""}, ${expected}`;
}

/** The two bytes of the transaction id are the library's counter; every other byte is fixed. */
function oneRequest(operation: Operation, unitId: number, pdu: readonly number[]): Allowance {
  const bytes = Uint8Array.of(0, 0, 0, 0, 0, pdu.length + 1, unitId, ...pdu);
  const mask = new Uint8Array(bytes.length).fill(0xff);
  mask.fill(0x00, 0, 2);
  return Object.freeze({
    connectionsMax: 0,
    requestsMax: 1,
    bytesMax: bytes.length,
    templates: Object.freeze([frameTemplate(operation, bytes, mask)]),
  });
}
