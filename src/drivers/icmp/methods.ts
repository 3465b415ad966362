/** The pure half of ICMP: one echo request with a small payload that is always the same. */
import type { Method } from "../../domain/driver.ts";
import type { Allowance } from "../../domain/plan.ts";
import { frameTemplate } from "../../domain/template.ts";

export interface EchoAsk {
  readonly what: "echo";
}

/**
 * Type 8, code 0, checksum, identifier, sequence number 1 and eight bytes 00 to 07, as iputils' ping fills them (captured). Checksum and
 * identifier are ping's own.
 */
export const echoRequest: readonly number[] = [8, 0, 0, 0, 0, 0, 0, 1, 0, 1, 2, 3, 4, 5, 6, 7];
const mask: readonly number[] = [255, 255, 0, 0, 0, 0, ...echoRequest.slice(6).map(() => 255)];

const nothing: Allowance = Object.freeze({ connectionsMax: 0, requestsMax: 0, bytesMax: 0, templates: Object.freeze([]) });
const asking: Allowance = Object.freeze({
  connectionsMax: 0,
  requestsMax: 1,
  bytesMax: echoRequest.length,
  templates: Object.freeze([frameTemplate("icmp-echo", Uint8Array.from(echoRequest), Uint8Array.from(mask))]),
});

const echo: Method<EchoAsk> = {
  id: "icmp-echo",
  protocol: "icmp",
  transport: "icmp",
  defaultPort: 0,
  // An operating system's network stack answers by itself, whatever runs or does not run above it.
  proves: "network-interface",
  parse({ unitId, register }) {
    const problems = [
      ...(unitId === undefined ? [] : [`unitId: found ${unitId}, expected none: an echo reaches an address`]),
      ...(register === undefined ? [] : ["register: found one, expected none: an echo reads nothing"]),
    ];
    return problems.length > 0 ? { problems } : { ask: Object.freeze({ what: "echo" }) };
  },
  opening: () => nothing,
  asking: () => asking,
  closing: () => nothing,
  describe: () => "ICMP echo request, 8 bytes of payload, by the system's ping",
};

export const icmpMethods: readonly Method<EchoAsk>[] = [echo];
