/** A second reading of the Modbus standard, for tests only: what a reply must be taken for, written without the product's decoders. */

export type Verdict = "alive" | "degraded" | "gateway_only" | "malformed" | "timeout";

/** @param request the one frame that was sent @param received all bytes that came */
export function expectedOf(request: Uint8Array, received: Uint8Array): Verdict {
  const reply = Buffer.from(received);
  // Protocol id 0 and a length of 2 to 254, judged as soon as a byte of them is there.
  if (reply.subarray(2, 5).some((byte) => byte !== 0)) return "malformed";
  if (reply.length < 6) return "timeout";
  const length = reply.readUInt16BE(4);
  if (length < 2 || length > 254) return "malformed";
  if (reply.length < 6 + length) return "timeout";
  if (reply.length > 6 + length) return "malformed";
  if (reply[0] !== request[0] || reply[1] !== request[1] || reply[6] !== request[6]) return "malformed";
  const asked = request[7]!;
  const pdu = reply.subarray(7);
  if (pdu[0] === asked + 0x80) return ofException(pdu);
  if (pdu[0] !== asked) return "malformed";
  if (asked === 43) return isIdentification(pdu) ? "alive" : "malformed";
  if (pdu.length < 2 || pdu.length !== 2 + pdu[1]!) return "malformed";
  if (asked === 17) return pdu[1]! < 2 ? "malformed" : pdu[3] === 0 ? "degraded" : "alive";
  const count = (request[10]! << 8) | request[11]!;
  return pdu[1] === (asked < 3 ? Math.floor((count + 7) / 8) : count * 2) ? "alive" : "malformed";
}

/** The same of raw RTU frames (Modbus over Serial Line V1.02, 2.5.1): unit id, PDU, and a check sum, low byte first. */
export function expectedOfRtu(request: Uint8Array, received: Uint8Array): Verdict {
  const reply = Buffer.from(received);
  if (reply.length < 2) return "timeout";
  const functionCode = reply[1]!;
  // Nothing but answers to function codes 1 to 4, and their exceptions, says how long it is.
  if ((functionCode & 0x7f) < 1 || (functionCode & 0x7f) > 4) return "malformed";
  let length = 5;
  if (functionCode < 0x80) {
    if (reply.length < 3) return "timeout";
    if (reply[2] === 0 || reply[2]! > 250) return "malformed";
    length += reply[2]!;
  }
  if (reply.length < length) return "timeout";
  if (reply.length > length || remainder(reply) !== 0) return "malformed";
  const asked = request[1]!;
  if (reply[0] !== request[0] || (functionCode & 0x7f) !== asked) return "malformed";
  if (functionCode & 0x80) return ofException(reply.subarray(1, 3));
  const count = request.length === 8 ? (request[4]! << 8) | request[5]! : 0;
  return reply[2] === (asked < 3 ? Math.floor((count + 7) / 8) : count * 2) ? "alive" : "malformed";
}

/** A frame with its own check sum behind it leaves nothing over; bit by bit (2.5.1.2, appendix B). */
function remainder(frame: Uint8Array): number {
  let rest = 0xffff;
  for (const byte of frame) {
    for (let bit = 0; bit < 8; bit++) {
      const wrong = ((rest ^ (byte >> bit)) & 1) === 1;
      rest = wrong ? (rest >> 1) ^ 0xa001 : rest >> 1;
    }
  }
  return rest;
}

function ofException(pdu: Buffer): Verdict {
  if (pdu.length !== 2) return "malformed";
  const code = pdu[1]!;
  if (code === 10 || code === 11) return "gateway_only";
  return code >= 4 && code <= 6 ? "degraded" : "alive";
}

/** MEI type 14, read code 1, a conformity level of the table, then as many whole objects as counted, none twice. */
function isIdentification(pdu: Buffer): boolean {
  if (pdu.length < 7 || pdu[1] !== 14 || pdu[2] !== 1) return false;
  if (![1, 2, 3, 0x81, 0x82, 0x83].includes(pdu[3]!) || (pdu[4] !== 0 && pdu[4] !== 255)) return false;
  const ids: number[] = [];
  let rest = pdu.subarray(7);
  while (rest.length > 0) {
    if (rest.length < 2 || rest.length < 2 + rest[1]!) return false;
    ids.push(rest[0]!);
    rest = rest.subarray(2 + rest[1]!);
  }
  if (new Set(ids).size !== ids.length) return false;
  return pdu[4] === 255 ? ids.length <= pdu[6]! : ids.length === pdu[6];
}
