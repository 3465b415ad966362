/** The ways in which an EtherNet/IP device behaves, and what each makes of a correct answer. */
import { cipReply, encapsulationStatus, type EnipAnswer, enveloped, messageOf } from "./answers.ts";
import { buildFrame, commands, type EnipRequest } from "./frames.ts";

export type PlainBehaviour =
  | "healthy"
  | "silent" // takes connections and requests, never answers
  | "truncated" // the first half of the answer, then nothing
  | "wrong-context"
  | "wrong-command"
  | "wrong-session" // within a session, the handle of another
  | "oversize" // the length field promises 65535 bytes
  | "item-too-long" // an item that ends behind the reply
  | "duplicate-reply"
  | "session-refused" // no memory left for another session
  | "reset" // over TCP, a RST in answer to a request
  | "never-closes"; // over TCP, answers but never sends its own FIN

export type EnipBehaviour =
  | PlainBehaviour
  /** A general status of the message router, to every message within a session. */
  | { readonly kind: "cip-error"; readonly status: number; readonly additional?: number }
  | { readonly kind: "encapsulation-error"; readonly status: number }
  | { readonly kind: "late"; readonly afterMs: number };

export type Reaction =
  | { readonly act: "ignore" }
  | { readonly act: "reset" }
  | { readonly act: "send"; readonly frames: readonly Buffer[]; readonly afterMs: number };

export function behaviourName(behaviour: EnipBehaviour): string {
  if (typeof behaviour === "string") return behaviour;
  return behaviour.kind === "late"
    ? `late (${behaviour.afterMs} ms)`
    : `${behaviour.kind}-0x${behaviour.status.toString(16).padStart(2, "0")}`;
}

/** @param answered what a healthy device would answer */
export function react(behaviour: EnipBehaviour, request: EnipRequest, answered: EnipAnswer): Reaction {
  const { command, context } = request;
  const { status, sessionHandle, data } = answered;
  const header = { command, sessionHandle, status, context };
  const correct = buildFrame(header, data);
  if (typeof behaviour === "object") {
    switch (behaviour.kind) {
      case "cip-error": {
        const message = messageOf(request);
        if (message === undefined) return send(correct);
        return send(buildFrame(header, enveloped(cipReply(message.readUInt8(0), behaviour.status, undefined, behaviour.additional))));
      }
      case "encapsulation-error":
        return send(buildFrame({ ...header, status: behaviour.status }, Buffer.alloc(0)));
      case "late":
        return { act: "send", frames: [correct], afterMs: behaviour.afterMs };
    }
  }
  switch (behaviour) {
    case "healthy":
    case "never-closes":
      return send(correct);
    case "silent":
      return { act: "ignore" };
    case "reset":
      return { act: "reset" };
    case "truncated":
      return send(correct.subarray(0, correct.length >> 1));
    case "wrong-context":
      return send(buildFrame({ ...header, context: Buffer.from(context.map((byte) => byte ^ 0xff)) }, data));
    case "wrong-command":
      return send(
        buildFrame({ ...header, command: command === commands.listIdentity ? commands.registerSession : commands.listIdentity }, data),
      );
    case "wrong-session":
      return send(buildFrame({ ...header, sessionHandle: (sessionHandle ^ 0xff) >>> 0 }, data));
    case "oversize":
      return send(buildFrame({ ...header, length: 0xffff }, data));
    case "item-too-long":
      return send(buildFrame(header, withLongerItem(command, data)));
    case "duplicate-reply":
      return send(correct, correct);
    case "session-refused":
      if (command !== commands.registerSession) return send(correct);
      return send(buildFrame({ ...header, sessionHandle: 0, status: encapsulationStatus.noMemory }, Buffer.alloc(0)));
  }
}

function send(...frames: readonly Buffer[]): Reaction {
  return { act: "send", frames, afterMs: 0 };
}

/** The length of the identity item, which stands behind a count and a type, or of the message of a SendRRData. Other data has no items. */
function withLongerItem(command: number, data: Buffer): Buffer {
  const at = command === commands.sendRRData ? 14 : command === commands.listIdentity ? 4 : undefined;
  if (at === undefined || data.length < at + 2) return data;
  const changed = Buffer.from(data);
  changed.writeUInt16LE(changed.readUInt16LE(at) + 1, at);
  return changed;
}
