/** The ways in which an S7 CPU behaves, and what each makes of a correct answer. */
import { disconnection, listReply, type S7Request } from "./frames.ts";

export type PlainS7Behaviour =
  | "healthy"
  | "silent" // takes connections, never answers
  | "hangs-once-connected" // confirms the connection, and then nothing
  | "hangs-once-set-up" // answers the setup, and then nothing
  | "refuses-basic" // a COTP disconnect request to S7-basic
  | "one-pg-slot" // a connection for a programming device only, and that one
  | "one-pg-connection" // any connections, but of programming devices one at a time
  | "no-setup" // an error to the communication setup
  | "no-list" // does not know any system status list
  | "wrong-reference"
  | "another-list"
  | "more-follows" // for ever
  | "truncated" // the first half of the answer, then nothing
  | "oversize" // a length of 65535
  | "duplicate-reply"
  | "reset" // a RST in answer to a list or a read
  | "never-closes"; // answers but never sends its own FIN

export type S7Behaviour =
  | PlainS7Behaviour
  | { readonly kind: "late"; readonly afterMs: number }
  /** Every answer but those that connect comes to harm; what is sent follows from the seed. */
  | { readonly kind: "mutated"; readonly seed: number };

export type Reaction =
  | { readonly act: "ignore" }
  | { readonly act: "reset" }
  | { readonly act: "send"; readonly frames: readonly Buffer[]; readonly afterMs: number };

export function s7BehaviourName(behaviour: S7Behaviour): string {
  if (typeof behaviour === "string") return behaviour;
  return behaviour.kind === "late" ? `late (${behaviour.afterMs} ms)` : `mutated (seed ${behaviour.seed})`;
}

const basic = 0x03;
export const programmingDevice = 0x01;

/** @param correct what a healthy CPU would answer @param others connections that are open beside this one; with "one-pg-connection" those of programming devices @param roll a number from 0 to below */
export function react(
  behaviour: S7Behaviour,
  request: S7Request,
  correct: Buffer,
  others: number,
  roll: (below: number) => number,
): Reaction {
  if (typeof behaviour === "object") {
    if (behaviour.kind === "late") return { act: "send", frames: [correct], afterMs: behaviour.afterMs };
    return request.kind === "connect" || request.kind === "setup" ? send(correct) : send(damaged(correct, roll));
  }
  const asks = request.kind === "list" || request.kind === "read";
  const type = request.kind === "connect" ? request.calledTsap >> 8 : undefined;
  switch (behaviour) {
    case "healthy":
    case "never-closes":
      return send(correct);
    case "silent":
      return { act: "ignore" };
    case "hangs-once-connected":
      return request.kind === "connect" ? send(correct) : { act: "ignore" };
    case "hangs-once-set-up":
      return asks ? { act: "ignore" } : send(correct);
    case "refuses-basic":
      return send(type === basic ? disconnection(0x80) : correct);
    case "one-pg-slot":
      return send(type !== undefined && (type !== programmingDevice || others > 0) ? disconnection(0x82) : correct);
    case "one-pg-connection":
      return send(type === programmingDevice && others > 0 ? disconnection(0x82) : correct);
    case "no-setup":
      return send(request.kind === "setup" ? changed(correct, 17, 0x85, 0x00).subarray(0, 19) : correct, request.kind === "setup");
    case "no-list":
      return send(request.kind === "list" ? listReply(request.bytes, { error: 0xd401 }) : correct);
    case "wrong-reference":
      return send(asks ? changed(correct, 11, correct.readUInt8(11) ^ 0xff) : correct);
    case "another-list":
      return send(request.kind === "list" ? changed(correct, 34, correct.readUInt8(34) ^ 1) : correct);
    case "more-follows":
      return send(
        request.kind === "list"
          ? listReply(request.bytes, { recordBytes: 20, records: [Buffer.alloc(20)], count: 9, more: true })
          : correct,
      );
    case "truncated":
      return send(correct.subarray(0, correct.length >> 1));
    case "oversize":
      return send(changed(correct, 2, 0xff, 0xff));
    case "duplicate-reply":
      return { act: "send", frames: [correct, correct], afterMs: 0 };
    case "reset":
      return asks ? { act: "reset" } : send(correct);
  }
}

/** @param shortened whether the frame was cut, so that its lengths have to be set again */
function send(frame: Buffer, shortened = false): Reaction {
  if (!shortened) return { act: "send", frames: [frame], afterMs: 0 };
  const fitting = Buffer.from(frame);
  fitting.writeUInt16BE(fitting.length, 2);
  fitting.writeUInt32BE(0, 13);
  return { act: "send", frames: [fitting], afterMs: 0 };
}

function changed(frame: Buffer, at: number, ...bytes: readonly number[]): Buffer {
  const copy = Buffer.from(frame);
  copy.set(bytes, at);
  return copy;
}

/** Bits turned, bytes set, cut out, put in or added, lengths set to an extreme; half of them with a frame length that fits again. */
export function damaged(reply: Buffer, roll: (below: number) => number): Buffer {
  let frame = Buffer.from(reply);
  for (let blow = roll(3); blow >= 0 && frame.length > 0; blow--) {
    const at = roll(frame.length);
    switch (roll(6)) {
      case 0:
        frame.writeUInt8(frame.readUInt8(at) ^ (1 << roll(8)), at);
        break;
      case 1:
        frame.writeUInt8(roll(256), at);
        break;
      case 2:
        frame = Buffer.concat([frame.subarray(0, at), frame.subarray(at + 1 + roll(8))]);
        break;
      case 3:
        frame = Buffer.concat([frame.subarray(0, at), Buffer.alloc(1 + roll(8), roll(256)), frame.subarray(at)]);
        break;
      case 4:
        frame = Buffer.concat([frame, Buffer.alloc(1 + roll(400), roll(256))]);
        break;
      default: {
        const places = [2, 13, 15, 31, 37, 39].filter((place) => place + 1 < frame.length);
        if (places.length > 0) frame.writeUInt16BE([0, 1, 0xff, 0x100, 0x7fff, 0xffff][roll(6)]!, places[roll(places.length)]!);
      }
    }
  }
  if (frame.length >= 4 && roll(2) === 0) frame.writeUInt16BE(frame.length, 2);
  return frame;
}
