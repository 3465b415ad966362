/** A check by echo of a loopback address, as compile would make it. */
import { icmpMethods, type EchoAsk } from "../../src/drivers/icmp/methods.ts";
import type { Check, CheckId, DeviceId, LineId } from "../../src/domain/plan.ts";
import { milliseconds, wallMs } from "../../src/domain/units.ts";

export function icmpCheck(address = "127.0.0.9"): Check<EchoAsk> {
  const method = icmpMethods[0]!;
  const ask: EchoAsk = { what: "echo" };
  return {
    id: "host/icmp-echo" as CheckId,
    device: "host" as DeviceId,
    method: "icmp-echo",
    protocol: "icmp",
    target: { address, port: 0, transport: "icmp", localAddress: "127.0.0.1" },
    line: `address:${address}` as LineId,
    interval: milliseconds(60_000),
    slot: milliseconds(0),
    missesToDown: 3,
    connection: "fresh",
    connectWithin: milliseconds(0),
    answerWithin: milliseconds(5000),
    ask,
    opening: method.opening(ask),
    asking: method.asking(ask),
    closing: method.closing(ask),
    proves: "network-interface",
    approvedUntil: wallMs(Date.parse("2028-02-21")),
    digest: "sha256:icmp",
  };
}
