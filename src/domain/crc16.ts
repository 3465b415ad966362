/** The check sum at the end of a Modbus RTU frame, which the driver writes and the wire compares (Modbus over Serial Line V1.02, 6.2.2). */

/** 16 bits; the frame carries the low byte first. */
export function crc16(bytes: Uint8Array): number {
  let crc = 0xffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xa001 : crc >>> 1;
  }
  return crc;
}

/** The bytes and their check sum. */
export function withCrc(bytes: Uint8Array): Uint8Array {
  const frame = new Uint8Array(bytes.length + 2);
  frame.set(bytes);
  const crc = crc16(bytes);
  frame[bytes.length] = crc & 0xff;
  frame[bytes.length + 1] = crc >> 8;
  return frame;
}

/** Whether the last two bytes are the check sum of the others. */
export function crcFits(frame: Uint8Array): boolean {
  // With its own check sum behind it, every frame comes out as 0.
  return frame.length > 2 && crc16(frame) === 0;
}
