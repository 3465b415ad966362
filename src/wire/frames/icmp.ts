/** Reads ICMP echo in both directions; lets out nothing but a small echo request (RFC 792). */
import type { Operation } from "../../domain/operations.ts";
import type { FramePolicy } from "../../domain/wire.ts";

const headerBytes = 8;
/** What ping sends by default, and every technician's laptop with it; nothing longer is asked of anybody. */
const payloadBytesMax = 56;
const echoRequest = 8;
const echoReply = 0;
const idAt = 4;

/** A message has no length of its own: a datagram is one. */
export const icmpPolicy: FramePolicy = {
  protocol: "icmp",
  inboundBytesMax: headerBytes + payloadBytesMax,
  frameLength(buffered, direction) {
    if (buffered.length > headerBytes + payloadBytesMax) return "malformed";
    if (buffered.length > 0 && buffered[0] !== (direction === "out" ? echoRequest : echoReply)) return "malformed";
    if (buffered.length > 1 && buffered[1] !== 0) return "malformed";
    return buffered.length < headerBytes ? 0 : buffered.length;
  },
  operation: (frame): Operation | undefined =>
    frame.length >= headerBytes && frame.length <= headerBytes + payloadBytesMax && frame[0] === echoRequest && frame[1] === 0
      ? "icmp-echo"
      : undefined,
  unanswered: new Set<Operation>(),
  /** Identifier, sequence number and payload come back as they went. */
  answers: (request, reply) =>
    request.length === reply.length && reply.every((byte, at) => (at < idAt ? at > 1 || byte === 0 : byte === request[at])),
};
