/** What a Modbus exception says about the device: something answered, so it is never mere silence (Modbus Application Protocol V1.1b3, 7). */
import type { Answer } from "../../domain/outcome.ts";

const names: ReadonlyMap<number, string> = new Map([
  [0x01, "illegal function"],
  [0x02, "illegal data address"],
  [0x03, "illegal data value"],
  [0x04, "server device failure"],
  [0x05, "acknowledge, still busy with it"],
  [0x06, "server device busy"],
  [0x07, "negative acknowledge"],
  [0x08, "memory parity error"],
  [0x0a, "gateway path unavailable"],
  [0x0b, "gateway target device failed to respond"],
]);

/** The device says of itself that it is not well. */
const unwell: ReadonlySet<number> = new Set([0x04, 0x05, 0x06]);
/** A gateway speaks for a device that does not. */
const gateways: ReadonlySet<number> = new Set([0x0a, 0x0b]);

/** @param what what was asked, `FC 43/14` */
export function exceptionAnswer(code: number, what: string): Answer {
  const detail = `exception 0x${code.toString(16).padStart(2, "0")} to ${what}: ${names.get(code) ?? "not a code of the standard"}`;
  if (gateways.has(code)) return { said: "gateway_only", detail };
  if (unwell.has(code)) return { said: "degraded", failure: "protocol_error", detail };
  // A device that does not know the question, or answers it oddly, is alive all the same.
  return { said: "alive", note: detail };
}
