/** The ways in which a device behaves, and what each makes of a correct answer. */
import { buildFrame, exceptionCodes, exceptionPdu, type ModbusRequest } from "./frames.ts";

/** A well-behaved device and those that misbehave in one fixed way. */
export type PlainBehaviour =
  | "healthy"
  | "silent" // accepts connections and requests, never answers
  | "reset" // RST in answer to a request
  | "refuse-after-accept" // accepts the connection and closes it with FIN at once
  | "half-frame" // the first half of the answer, then nothing
  | "wrong-transaction"
  | "wrong-unit"
  | "wrong-function"
  | "oversize-length" // the length field promises 65535 bytes
  | "zero-length" // the length field says 0
  | "bad-protocol-id"
  | "more-follows-forever" // FC43: every answer announces a further one
  | "fc43-unsupported"
  | "busy" // exception 6 to everything
  | "duplicate-reply"
  | "unsolicited" // the answer, then a frame nobody asked for
  | "pipelined-garbage" // the answer with bytes glued to its end
  | "reply-after-close" // answers only once the client has sent its FIN
  | "never-closes"; // answers, but never sends its own FIN

export type ModbusBehaviour =
  | PlainBehaviour
  | { readonly kind: "exception"; readonly code: number }
  | { readonly kind: "slow"; readonly afterMs: number }
  | { readonly kind: "drip"; readonly intervalMs: number };

/** What the device does about one request. */
export type Reaction =
  | { readonly act: "ignore" }
  | { readonly act: "reset" }
  | { readonly act: "send-after-close"; readonly frame: Buffer }
  /** Waits `everyMs` before each of the writes; 0 writes them all at once. */
  | { readonly act: "send"; readonly writes: readonly Buffer[]; readonly everyMs: number; readonly answers: boolean };

const garbage: Buffer = Buffer.alloc(16, 0xa5);

export function behaviourName(behaviour: ModbusBehaviour): string {
  if (typeof behaviour === "string") return behaviour;
  switch (behaviour.kind) {
    case "exception":
      return `exception-0x${behaviour.code.toString(16).padStart(2, "0")}`;
    case "slow":
      return `slow (${behaviour.afterMs} ms)`;
    case "drip":
      return `drip (a byte every ${behaviour.intervalMs} ms)`;
  }
}

/** @param pdu what a healthy device would answer */
export function react(behaviour: ModbusBehaviour, request: ModbusRequest, pdu: Buffer): Reaction {
  const { transactionId, unitId, functionCode } = request;
  const correct = buildFrame({ transactionId, unitId }, pdu);
  if (typeof behaviour === "object") {
    switch (behaviour.kind) {
      case "exception":
        return send(buildFrame({ transactionId, unitId }, exceptionPdu(functionCode, behaviour.code)));
      case "slow":
        return { act: "send", writes: [correct], everyMs: behaviour.afterMs, answers: true };
      case "drip":
        return { act: "send", writes: [...correct].map((byte) => Buffer.from([byte])), everyMs: behaviour.intervalMs, answers: true };
    }
  }
  switch (behaviour) {
    case "healthy":
    case "never-closes":
      return send(correct);
    case "silent":
    case "refuse-after-accept":
      return { act: "ignore" };
    case "reset":
      return { act: "reset" };
    case "half-frame":
      return { act: "send", writes: [correct.subarray(0, correct.length >> 1)], everyMs: 0, answers: false };
    case "wrong-transaction":
      return send(buildFrame({ transactionId: otherTransaction(transactionId), unitId }, pdu));
    case "wrong-unit":
      return send(buildFrame({ transactionId, unitId: (unitId + 1) & 0xff }, pdu));
    case "wrong-function":
      return send(buildFrame({ transactionId, unitId }, withOtherFunction(pdu)));
    case "oversize-length":
      return send(buildFrame({ transactionId, unitId, length: 0xffff }, pdu));
    case "zero-length":
      return send(buildFrame({ transactionId, unitId, length: 0 }, pdu));
    case "bad-protocol-id":
      return send(buildFrame({ transactionId, unitId, protocolId: 0x0001 }, pdu));
    case "more-follows-forever":
      return send(buildFrame({ transactionId, unitId }, withMoreFollows(pdu)));
    case "fc43-unsupported":
      return functionCode === 43
        ? send(buildFrame({ transactionId, unitId }, exceptionPdu(43, exceptionCodes.illegalFunction)))
        : send(correct);
    case "busy":
      return send(buildFrame({ transactionId, unitId }, exceptionPdu(functionCode, exceptionCodes.serverDeviceBusy)));
    case "duplicate-reply":
      return send(correct, correct);
    case "unsolicited":
      return send(correct, buildFrame({ transactionId: otherTransaction(transactionId), unitId }, pdu));
    case "pipelined-garbage":
      return send(Buffer.concat([correct, garbage]));
    case "reply-after-close":
      return { act: "send-after-close", frame: correct };
  }
}

function send(...writes: readonly Buffer[]): Reaction {
  return { act: "send", writes, everyMs: 0, answers: true };
}

function otherTransaction(transactionId: number): number {
  return (transactionId + 1) & 0xffff;
}

/** The same answer under another function code; an exception stays one. */
function withOtherFunction(pdu: Buffer): Buffer {
  const changed = Buffer.from(pdu);
  const functionCode = changed.readUInt8(0);
  changed.writeUInt8((functionCode & 0x80) | ((functionCode & 0x7f) === 3 ? 4 : 3), 0);
  return changed;
}

/** Sets "more follows" and points back to object 0, so that a client that obeys asks for ever. Other answers stay as they are. */
function withMoreFollows(pdu: Buffer): Buffer {
  if (pdu.readUInt8(0) !== 43) return pdu;
  const changed = Buffer.from(pdu);
  changed.writeUInt8(0xff, 4);
  changed.writeUInt8(0x00, 5);
  return changed;
}
