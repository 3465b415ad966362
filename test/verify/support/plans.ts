/** Small plans as `plan --json` prints them. */
import { approvedBy, type Approved } from "../../../src/verify/approved.ts";
import { device, poller } from "./captured.ts";

/** FC 43/14, basic, unit 1; the transaction id may be anything. */
export const fc43 = { operation: "modbus-read-device-identification", hex: "000000000005012b0e0100", mask: "0000ffffffffffffffffff" };
export const fc43Frame = "000100000005012b0e0100";
/** FC 6 write single register, unit 1. */
export const writeFrame = "0001000000060106000100ff";

const none = { connectionsMax: 0, requestsMax: 0, bytesMax: 0, frames: [] };
export const once = (frame: object, requestsMax = 1): object => ({ connectionsMax: 0, requestsMax, bytesMax: 300, frames: [frame] });

export function check(more: object = {}): object {
  return {
    id: "plc/modbus-fc43",
    line: `address:${device}`,
    protocol: "modbus",
    target: { address: device, port: 502, transport: "tcp", localAddress: poller },
    intervalMs: 60_000,
    answerWithinMs: 5000,
    opening: { ...none, connectionsMax: 1 },
    asking: once(fc43),
    closing: none,
    worstCase: { packetsMax: 20, packetsMaxFrozen: 22, packetsMaxKilled: 22, arpBroadcastsMax: 3, arpProbesMax: 3 },
    ...more,
  };
}

export function plan(...checks: readonly object[]): object {
  const lines = new Set(checks.map((each) => (each as { line: string }).line));
  return { schema: "plan/v1", checks, lines: [...lines].map((id) => ({ id, gapMs: 60_000 })) };
}

export function approved(...checks: readonly object[]): Approved {
  return approvedBy(plan(...(checks.length === 0 ? [check()] : checks)));
}
