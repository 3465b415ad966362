/** Reads raw Modbus RTU frames, CRC included, that a gateway takes over TCP; lets out nothing but reads of coils, inputs and registers. */
import { crcFits } from "../../domain/crc16.ts";
import type { Operation } from "../../domain/operations.ts";
import type { FramePolicy } from "../../domain/wire.ts";
import { readOperation } from "./modbus.ts";

/** Unit id, function code, address, count and CRC (Modbus over Serial Line V1.02, 2.3). */
const requestBytes = 8;
/** Unit id, function code, exception code and CRC. */
const exceptionBytes = 5;
/** Unit id, function code, byte count and CRC, around the data. */
const aroundData = 5;
const dataBytesMax = 250;

/** RTU has no length field: only replies whose length follows from their function code can be told from noise, which leaves out 17 and 43. */
export const modbusRtuPolicy: FramePolicy = {
  protocol: "modbus",
  inboundBytesMax: aroundData + dataBytesMax,
  frameLength(buffered, direction) {
    const length = direction === "out" ? requestBytes : replyBytes(buffered);
    if (length === "malformed" || length === 0 || buffered.length < length) return length === "malformed" ? length : 0;
    return crcFits(buffered.subarray(0, length)) ? length : "malformed";
  },
  operation,
  unanswered: new Set(),
  answers(request, reply) {
    const asked = request[1]!;
    return reply[0] === request[0] && (reply[1] === asked || reply[1] === (asked | 0x80));
  },
};

function replyBytes(buffered: Uint8Array): number | "malformed" {
  const functionCode = buffered[1];
  if (functionCode === undefined) return 0;
  if (!isRead(functionCode & 0x7f)) return "malformed";
  if (functionCode & 0x80) return exceptionBytes;
  const dataBytes = buffered[2];
  if (dataBytes === undefined) return 0;
  return dataBytes >= 1 && dataBytes <= dataBytesMax ? aroundData + dataBytes : "malformed";
}

function operation(frame: Uint8Array): Operation | undefined {
  const [unit, functionCode] = frame;
  // 0 is the broadcast, and above 247 there is nothing on a serial line (2.2).
  if (frame.length !== requestBytes || unit! < 1 || unit! > 247 || !crcFits(frame)) return undefined;
  return readOperation(functionCode!, (frame[2]! << 8) | frame[3]!, (frame[4]! << 8) | frame[5]!);
}

function isRead(functionCode: number): boolean {
  return functionCode >= 1 && functionCode <= 4;
}
