/** Read Device Identification, function 43 with MEI type 14 (Modbus Application Protocol V1.1b3, 6.21). */
import { exceptionCodes, exceptionPdu } from "./frames.ts";

/** Objects 0 to 6. Text is sent as latin-1, so that any byte can be put into an answer. */
export interface ModbusIdentity {
  readonly vendorName: string;
  readonly productCode: string;
  readonly revision: string;
  readonly vendorUrl?: string;
  readonly productName?: string;
  readonly modelName?: string;
  readonly userApplicationName?: string;
}

const functionCode = 43;
const meiType = 14;
const pduBytesMax = 253;
const replyHeadBytes = 7;
const objectHeadBytes = 2;
/** The longest object that fits into one reply. */
export const objectBytesMax: number = pduBytesMax - replyHeadBytes - objectHeadBytes;

const basic = 1;
const individual = 4;
const lastBasicObject = 2;

/** Object id and value, in the order of the ids. */
export function identityObjects(identity: ModbusIdentity): ReadonlyMap<number, Buffer> {
  const texts = [
    identity.vendorName,
    identity.productCode,
    identity.revision,
    identity.vendorUrl,
    identity.productName,
    identity.modelName,
    identity.userApplicationName,
  ];
  const objects = new Map<number, Buffer>();
  for (const [id, text] of texts.entries()) if (text !== undefined) objects.set(id, Buffer.from(text, "latin1"));
  return objects;
}

export function identificationPdu(identity: ModbusIdentity, readCode: number, firstObjectId: number): Buffer {
  const objects = identityObjects(identity);
  // An unknown read code is illegal data value and an unknown object illegal data address.
  if (readCode < basic || readCode > individual) return exceptionPdu(functionCode, exceptionCodes.illegalDataValue);
  if (readCode === individual) {
    const value = objects.get(firstObjectId);
    return value === undefined
      ? exceptionPdu(functionCode, exceptionCodes.illegalDataAddress)
      : replyPdu(objects, readCode, [[firstObjectId, value]], undefined);
  }
  // Extended (3) is answered at the level this device has, which is regular: it holds no private objects.
  const stream = [...objects].filter(([id]) => readCode !== basic || id <= lastBasicObject);
  // A start that is not there is answered from the beginning, as the standard asks.
  const start = Math.max(
    0,
    stream.findIndex(([id]) => id === firstObjectId),
  );
  const fitting: [number, Buffer][] = [];
  let room = pduBytesMax - replyHeadBytes;
  for (const [id, value] of stream.slice(start)) {
    room -= objectHeadBytes + value.length;
    if (room < 0) return replyPdu(objects, readCode, fitting, id);
    fitting.push([id, value]);
  }
  return replyPdu(objects, readCode, fitting, undefined);
}

function replyPdu(all: ReadonlyMap<number, Buffer>, readCode: number, sent: readonly [number, Buffer][], next: number | undefined): Buffer {
  const hasRegular = [...all.keys()].some((id) => id > lastBasicObject);
  const conformity = hasRegular ? 0x82 : 0x81;
  const head = [functionCode, meiType, readCode, conformity, next === undefined ? 0x00 : 0xff, next ?? 0, sent.length];
  return Buffer.concat([Buffer.from(head), ...sent.flatMap(([id, value]) => [Buffer.from([id, value.length]), value])]);
}
