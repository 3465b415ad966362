/** OPC UA checks written down by hand, with the frames that the methods themselves make. */
import type { MethodInput } from "../../src/domain/driver.ts";
import type { MethodId } from "../../src/domain/operations.ts";
import type { Check, CheckId, DeviceId, LineId } from "../../src/domain/plan.ts";
import { milliseconds, wallMs } from "../../src/domain/units.ts";
import { opcuaMethods, type OpcuaAsk } from "../../src/drivers/opcua/methods.ts";

export interface OpcuaCheckOptions {
  readonly method: Extract<MethodId, `opcua-${string}`>;
  /** 127.0.0.1 unless said otherwise. */
  readonly address?: string;
  readonly port: number;
  readonly intervalMs?: number;
  readonly connection?: "fresh" | "kept";
  readonly input?: MethodInput;
}

/** One server on loopback. */
export function opcuaCheck(options: OpcuaCheckOptions): Check<OpcuaAsk> {
  const { address = "127.0.0.1", port, intervalMs = 60_000 } = options;
  const method = opcuaMethods.find(({ id }) => id === options.method)!;
  const interval = milliseconds(intervalMs);
  const parsed = method.parse({ endpoint: { address, port }, interval, ...options.input });
  if (!("ask" in parsed)) throw new Error(parsed.problems.join("; "));
  const { ask } = parsed;
  return {
    id: `server/${method.id}` as CheckId,
    device: "server" as DeviceId,
    method: method.id,
    protocol: method.protocol,
    target: { address, port, transport: "tcp" },
    line: `address:${address}` as LineId,
    interval,
    slot: milliseconds(0),
    missesToDown: 3,
    connection: options.connection ?? method.connection ?? "fresh",
    connectWithin: milliseconds(800),
    answerWithin: method.answerWithin?.(ask) ?? milliseconds(5000),
    ask,
    opening: method.opening(ask),
    asking: method.asking(ask),
    closing: method.closing(ask),
    proves: method.proves,
    approvedUntil: wallMs(Date.parse("2028-02-21")),
    digest: "sha256:test",
  };
}
