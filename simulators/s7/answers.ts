/** What a well-behaved S7 CPU answers: connection, setup, the lists of its mode and its identity, and bytes of its memory. */
import { acknowledgement, confirmation, disconnection, listReply, type ListContent, type S7Request } from "./frames.ts";

/** Operating modes as a CPU codes them: 8 RUN, 4 STOP, 6 startup, 10 HOLD, 13 DEFECT. */
export type S7Mode = number;

export interface S7Cpu {
  readonly mode: S7Mode;
  readonly orderNumber: string;
  readonly firmware: readonly [number, number, number];
  readonly typeName: string;
  readonly serial: string;
  /** By the mode selector, by configuration, in force; where the selector stands (1 RUN); the startup switch. */
  readonly protection: readonly [number, number, number, number, number];
  /** The size of a PDU that it offers at most. */
  readonly pduBytes: number;
  /** By `DB10`, `M`, `I`, `Q`: what stands there, from byte 0 on. */
  readonly memory: Readonly<Record<string, Buffer>>;
}

const areaNames: ReadonlyMap<number, string> = new Map([
  [0x81, "I"],
  [0x82, "Q"],
  [0x83, "M"],
]);

export function answer(request: S7Request, cpu: S7Cpu): Buffer {
  switch (request.kind) {
    case "connect":
      return confirmation(request.bytes);
    case "setup": {
      const parameters = Buffer.from(request.bytes.subarray(17));
      parameters.writeUInt16BE(Math.min(cpu.pduBytes, parameters.readUInt16BE(6)), 6);
      return acknowledgement(request.bytes, parameters, Buffer.alloc(0));
    }
    case "list":
      return listReply(request.bytes, listOf(request, cpu));
    case "read":
      return readReply(request, cpu);
    case "other":
      return request.bytes.readUInt8(5) === 0xf0
        ? acknowledgement(request.bytes, Buffer.alloc(0), Buffer.alloc(0), 0x8104)
        : disconnection(0);
  }
}

function listOf({ id, index }: Extract<S7Request, { readonly kind: "list" }>, cpu: S7Cpu): ListContent | { readonly error: number } {
  if (id === 0x011c) {
    const record = componentRecords(cpu).find((one) => one.readUInt16BE(0) === index);
    return record ? { recordBytes: 34, records: [record] } : { error: 0xd402 };
  }
  if (index !== (id === 0x0232 ? 4 : 0)) return { error: 0xd402 };
  switch (id) {
    case 0x0424: {
      const record = Buffer.alloc(20);
      record.set([0x51, 0x44, 0xff, cpu.mode]);
      return { recordBytes: 20, records: [record] };
    }
    case 0x0011:
      return { recordBytes: 28, records: [1, 6, 7].map((index) => moduleRecord(index, cpu)) };
    case 0x001c:
      return fitted({ recordBytes: 34, records: componentRecords(cpu) }, cpu.pduBytes);
    case 0x0232: {
      const record = Buffer.alloc(40);
      for (const [at, value] of [4, ...cpu.protection].entries()) record.writeUInt16BE(value, 2 * at);
      return { recordBytes: 40, records: [record] };
    }
    default:
      return { error: 0xd401 };
  }
}

/** What one PDU holds; behind its head of 22 bytes, the data's of 4 and the list's of 8. */
function fitted(list: ListContent, pduBytes: number): ListContent {
  const whole = Math.floor((pduBytes - 34) / list.recordBytes);
  if (whole >= list.records.length) return list;
  return { ...list, records: list.records.slice(0, whole), count: list.records.length, more: true };
}

function moduleRecord(index: number, { orderNumber, firmware }: S7Cpu): Buffer {
  const record = Buffer.alloc(28);
  record.writeUInt16BE(index);
  record.write(orderNumber.padEnd(20), 2, 20, "latin1");
  if (index === 7) record.set([0x56, ...firmware], 24);
  return record;
}

/** As a CPU without a memory card has them: 8 is not among them. */
function componentRecords(cpu: S7Cpu): readonly Buffer[] {
  const named: readonly [number, string][] = [
    [1, "SIM-STATION"],
    [2, cpu.typeName],
    [3, "=A1+B2"],
    [4, "Original Siemens Equipment"],
    [5, cpu.serial],
    [7, cpu.typeName],
    [9, ""],
    [11, "deck 2"],
  ];
  const records = named.map(([index, text]) => componentRecord(index, text));
  records.find((record) => record.readUInt16BE(0) === 9)!.set([0x00, 0x2a, 0xf6, 0x00, 0x00, 0x01], 2);
  return records;
}

function componentRecord(index: number, text: string): Buffer {
  const record = Buffer.alloc(34);
  record.writeUInt16BE(index);
  record.write(text, 2, 32, "latin1");
  return record;
}

function readReply({ area, db, byte, count, bytes }: Extract<S7Request, { readonly kind: "read" }>, cpu: S7Cpu): Buffer {
  const place = cpu.memory[area === 0x84 ? `DB${db}` : (areaNames.get(area) ?? "")];
  const found = place !== undefined && byte + count <= place.length ? place.subarray(byte, byte + count) : undefined;
  const head = Buffer.from(found ? [0xff, 4, 0, 0] : [place ? 5 : 10, 0, 0, 0]);
  if (found) head.writeUInt16BE(count * 8, 2);
  return acknowledgement(bytes, Buffer.from([4, 1]), Buffer.concat([head, found ?? Buffer.alloc(0)]));
}
