/** S7 checks written down by hand, with the frames that the methods themselves make, and replies put together from bytes. */
import type { MethodInput } from "../../src/domain/driver.ts";
import type { Check, CheckId, DeviceId, LineId } from "../../src/domain/plan.ts";
import type { S7Bytes, S7Route } from "../../src/domain/s7.ts";
import { milliseconds, wallMs } from "../../src/domain/units.ts";
import { s7Methods, type S7Ask } from "../../src/drivers/s7/methods.ts";

export const route: S7Route = { rack: 0, slot: 2, connectionType: "basic" };
/** A counter of two bytes. */
export const counter: S7Bytes = { area: "DB", db: 1, byte: 0, count: 2, value: { type: "uint16" } };

export interface S7CheckOptions {
  readonly method: "s7-cpu-status" | "s7-read";
  readonly address?: string;
  readonly port: number;
  readonly device?: string;
  readonly connection?: "fresh" | "kept";
  readonly bytes?: S7Bytes;
  readonly answerWithinMs?: number;
}

/** One CPU on loopback. */
export function s7Check(options: S7CheckOptions): Check<S7Ask> {
  const { address = "127.0.0.1", port, device = "plc", connection = "fresh", bytes = counter, answerWithinMs = 5000 } = options;
  const method = s7Methods.find(({ id }) => id === options.method)!;
  const ask = askOf(options.method, { s7: route, ...(options.method === "s7-read" && { bytes }) });
  return {
    id: `${device}/${method.id}` as CheckId,
    device: device as DeviceId,
    method: method.id,
    protocol: method.protocol,
    target: { address, port, transport: "tcp" },
    line: `address:${address}:${port}` as LineId,
    interval: milliseconds(60_000),
    slot: milliseconds(0),
    missesToDown: 3,
    connection,
    connectWithin: milliseconds(800),
    answerWithin: milliseconds(answerWithinMs),
    ask,
    opening: method.opening(ask),
    asking: method.asking(ask),
    closing: method.closing(ask),
    proves: method.proves,
    approvedUntil: wallMs(Date.parse("2028-02-21")),
    digest: `sha256:${device}`,
  };
}

export function askOf(method: S7CheckOptions["method"], input: MethodInput): S7Ask {
  const parsed = s7Methods.find(({ id }) => id === method)!.parse(input);
  if (!("ask" in parsed)) throw new Error(parsed.problems.join("; "));
  return parsed.ask;
}

const list =
  "0300003d02f080 320700000000000c0020 000112081284010100000000 ff09001c 0424 0000 0014 0001 5144ff08 00000000 00000000 2411211234567890";

const protection = `0300005102f080 3207 0000 0000 000c0034 000112081284010100000000 ff090030 0232 0004 0028 0001 0004 00010000000100020000 ${"00".repeat(28)}`;

/** What a healthy CPU in RUN answers to each of our requests: a confirmation, a setup of 240 bytes, its mode or its protection level, the bytes 00 2a. */
export function healthyS7Reply(requestHex: string): string {
  if (requestHex.slice(10, 12) === "e0") return `0300001611d00001002a00c0010ac1020100c202${requestHex.slice(40, 44)}`;
  const reference = requestHex.slice(22, 26);
  if (requestHex.slice(34, 36) === "f0") return withReference("0300001b02f080320300000000000800000000f0000001000100f0", reference);
  if (requestHex.slice(16, 18) === "07")
    return withReference((requestHex.slice(58, 62) === "0232" ? protection : list).replaceAll(" ", ""), reference);
  return withReference("0300001b02f0803203000000000002000600000401ff040010002a", reference);
}

export function withReference(frameHex: string, reference: string): string {
  return `${frameHex.slice(0, 22)}${reference}${frameHex.slice(26)}`;
}
