/** EtherNet/IP checks written down by hand, with the frames that the methods themselves make, and replies put together from bytes. */
import type { DeepRead } from "../../src/domain/deep-reads.ts";
import type { MethodId } from "../../src/domain/operations.ts";
import type { Check, CheckId, DeviceId, LineId } from "../../src/domain/plan.ts";
import { milliseconds, wallMs } from "../../src/domain/units.ts";
import { enipMethods, type EnipAsk } from "../../src/drivers/enip/methods.ts";

export interface EnipCheckOptions {
  readonly method: Extract<MethodId, `enip-${string}`>;
  readonly transport?: "udp" | "tcp";
  readonly address?: string;
  readonly port: number;
  readonly connection?: "fresh" | "kept";
  readonly localAddress?: string;
  /** What a deep query reads by the method. */
  readonly deep?: DeepRead;
}

/** One device on loopback. */
export function enipCheck(options: EnipCheckOptions): Check<EnipAsk> {
  const { address = "127.0.0.1", port, connection = "fresh", localAddress, deep } = options;
  const method = enipMethods.find(({ id }) => id === options.method)!;
  const transport = options.transport ?? method.transport;
  const parsed = method.parse({ transport, ...(deep && { deep }) });
  if (!("ask" in parsed)) throw new Error(parsed.problems.join("; "));
  const { ask } = parsed;
  return {
    id: `adapter/${method.id}` as CheckId,
    device: "adapter" as DeviceId,
    method: method.id,
    protocol: method.protocol,
    target: { address, port, transport, ...(localAddress === undefined ? {} : { localAddress }) },
    line: `address:${address}` as LineId,
    interval: milliseconds(60_000),
    slot: milliseconds(0),
    missesToDown: 3,
    connection,
    connectWithin: milliseconds(800),
    answerWithin: milliseconds(5000),
    ask,
    opening: method.opening(ask),
    asking: method.asking(ask),
    closing: method.closing(ask),
    proves: method.proves,
    approvedUntil: wallMs(Date.parse("2028-02-21")),
    ...(deep && { deep }),
    digest: "sha256:test",
  };
}

/** A 1756-ENBT/A as it answered in a capture (test/fixtures/real-replies/enip-list-identity.json): vendor, type, code, revision, status, serial, name. */
export const enbtIdentity = "01000c003a00040330008e4d52000b313735362d454e42542f41";
/** The item behind the count: type, length, protocol version, socket address, identity, state. */
export const enbtItem: string = `0c002d0001000002af120a0101a40000000000000000${enbtIdentity}03`;
export const sessionHandle = "44332211";

/** The reply to a request: its command and sender context, with these in their places. */
export function enipReply(
  requestHex: string,
  dataHex: string,
  options: { readonly session?: string; readonly status?: string } = {},
): string {
  const data = dataHex.replaceAll(" ", "");
  const length = Buffer.alloc(2);
  length.writeUInt16LE(data.length / 2);
  const { session = requestHex.slice(8, 16), status = "00000000" } = options;
  return `${requestHex.slice(0, 4)}${length.toString("hex")}${session}${status}${requestHex.slice(24, 40)}00000000${data}`;
}

/** SendRRData around a message of the router. */
export function unconnected(messageHex: string): string {
  const length = Buffer.alloc(2);
  length.writeUInt16LE(messageHex.length / 2);
  return `00000000 0000 0200 0000 0000 b200 ${length.toString("hex")} ${messageHex}`;
}

/** What a healthy device answers to each of our requests; nothing to UnregisterSession. */
export function healthyReply(requestHex: string): string | undefined {
  switch (requestHex.slice(0, 4)) {
    case "6300":
      return enipReply(requestHex, `0100${enbtItem}`);
    case "6500":
      return enipReply(requestHex, "01000000", { session: sessionHandle });
    case "6f00":
      return enipReply(requestHex, unconnected(`81000000${enbtIdentity}`));
    default:
      return undefined;
  }
}
