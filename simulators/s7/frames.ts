/** S7 frames as a device reads and writes them: TPKT around COTP around S7, with an encoder of its own so that it can contradict the product. */

export type S7Request =
  | { readonly kind: "connect"; readonly calledTsap: number; readonly bytes: Buffer }
  | { readonly kind: "setup"; readonly bytes: Buffer }
  | { readonly kind: "list"; readonly id: number; readonly index: number; readonly bytes: Buffer }
  | {
      readonly kind: "read";
      readonly area: number;
      readonly db: number;
      readonly byte: number;
      readonly count: number;
      readonly bytes: Buffer;
    }
  /** Anything else that is framed: writes, blocks, control, the clock. */
  | { readonly kind: "other"; readonly bytes: Buffer };

export type Cut =
  | { readonly found: "nothing" }
  | { readonly found: "malformed" }
  | { readonly found: "request"; readonly request: S7Request; readonly rest: Buffer };

export function cutRequest(buffered: Buffer): Cut {
  if (buffered.length < 4) return { found: "nothing" };
  const length = buffered.readUInt16BE(2);
  if (buffered[0] !== 3 || buffered[1] !== 0 || length < 7) return { found: "malformed" };
  if (buffered.length < length) return { found: "nothing" };
  return { found: "request", request: requestOf(Buffer.from(buffered.subarray(0, length))), rest: Buffer.from(buffered.subarray(length)) };
}

function requestOf(bytes: Buffer): S7Request {
  const code = bytes.readUInt8(5);
  if (code === 0xe0) return { kind: "connect", calledTsap: bytes.length >= 22 ? bytes.readUInt16BE(20) : 0, bytes };
  if (code !== 0xf0 || bytes.length < 18 || bytes.readUInt8(7) !== 0x32) return { kind: "other", bytes };
  const [kind, called] = [bytes.readUInt8(8), bytes.readUInt8(17)];
  if (kind === 1 && called === 0xf0) return { kind: "setup", bytes };
  if (kind === 1 && called === 0x04 && bytes.length === 31) {
    const bits = bytes.readUIntBE(28, 3);
    return { kind: "read", area: bytes.readUInt8(27), db: bytes.readUInt16BE(25), byte: bits >> 3, count: bytes.readUInt16BE(23), bytes };
  }
  if (kind === 7 && bytes.length === 33 && bytes.readUInt16BE(22) === 0x4401)
    return { kind: "list", id: bytes.readUInt16BE(29), index: bytes.readUInt16BE(31), bytes };
  return { kind: "other", bytes };
}

/** TPKT and COTP data around an S7 PDU, or TPKT alone around another COTP frame. */
export function tpkt(rest: Buffer): Buffer {
  const head = Buffer.from([3, 0, 0, 0]);
  head.writeUInt16BE(4 + rest.length, 2);
  return Buffer.concat([head, rest]);
}

export function dataFrame(pdu: Buffer): Buffer {
  return tpkt(Buffer.concat([Buffer.from([2, 0xf0, 0x80]), pdu]));
}

export function confirmation(request: Buffer): Buffer {
  const body = Buffer.from(request.subarray(5));
  body.writeUInt8(0xd0, 0);
  body.writeUInt16BE(1, 1);
  body.writeUInt16BE(0x2a, 3);
  return tpkt(Buffer.concat([Buffer.from([body.length]), body]));
}

/** COTP disconnect request: why, 0 says nothing more. */
export function disconnection(reason: number): Buffer {
  return tpkt(Buffer.from([6, 0x80, 0, 1, 0, 0x2a, reason]));
}

/** An acknowledgement of a job, with an error where one is given. */
export function acknowledgement(request: Buffer, parameters: Buffer, data: Buffer, error = 0): Buffer {
  const head = Buffer.alloc(12);
  head.set([0x32, 3]);
  request.copy(head, 4, 11, 13);
  head.writeUInt16BE(parameters.length, 6);
  head.writeUInt16BE(data.length, 8);
  head.writeUInt16BE(error, 10);
  return dataFrame(Buffer.concat([head, parameters, data]));
}

export interface ListContent {
  readonly recordBytes: number;
  readonly records: readonly Buffer[];
  /** How many are said to be there; all where absent. */
  readonly count?: number;
  /** Further parts are to be fetched. */
  readonly more?: boolean;
}

export function listReply(request: Buffer, content: ListContent | { readonly error: number }): Buffer {
  const parameters = Buffer.from([0, 1, 0x12, 8, 0x12, 0x84, 1, 1, 0, 0, 0, 0]);
  if ("error" in content) {
    parameters.writeUInt16BE(content.error, 10);
    return userData(request, parameters, Buffer.from([0x0a, 0, 0, 0]));
  }
  parameters.writeUInt8(content.more ? 1 : 0, 9);
  const body = Buffer.concat([Buffer.alloc(8), ...content.records]);
  request.copy(body, 0, 29, 33);
  body.writeUInt16BE(content.recordBytes, 4);
  body.writeUInt16BE(content.count ?? content.records.length, 6);
  const head = Buffer.from([0xff, 9, 0, 0]);
  head.writeUInt16BE(body.length, 2);
  return userData(request, parameters, Buffer.concat([head, body]));
}

function userData(request: Buffer, parameters: Buffer, data: Buffer): Buffer {
  const head = Buffer.alloc(10);
  head.set([0x32, 7]);
  request.copy(head, 4, 11, 13);
  head.writeUInt16BE(parameters.length, 6);
  head.writeUInt16BE(data.length, 8);
  return dataFrame(Buffer.concat([head, parameters, data]));
}
