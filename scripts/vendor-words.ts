/** What the parts of a vendor sheet have in common: example inputs, and words that Markdown leaves alone. */
import type { Profile } from "../src/config/schema/profile.ts";
import type { DeepRead } from "../src/domain/deep-reads.ts";
import type { Method, MethodInput } from "../src/domain/driver.ts";
import { limits } from "../src/domain/limits.ts";
import { seconds } from "../src/domain/units.ts";
import { termsFor } from "../src/drivers/opcua/terms.ts";
import type { OpcuaFacts } from "./opcua-messages.ts";

/** Ends with a full stop, as every line of a list does. */
export function upperFirst(words: string): string {
  return `${words.slice(0, 1).toUpperCase()}${words.slice(1)}${words.endsWith(".") ? "" : "."}`;
}

/** An echo has no port. */
export function placeOf({ transport, defaultPort }: Method): string {
  return defaultPort === 0 ? "" : `${transport.toUpperCase()} port ${defaultPort}. `;
}

export function opcuaFactsOf({ protocol, connection, defaultPort }: Method): OpcuaFacts | undefined {
  if (protocol !== "opcua") return undefined;
  return { endpoint: { address, port: defaultPort }, terms: connection === "kept" ? termsFor(limits.intervalDefault) : undefined };
}

const address = "192.0.2.11";

/** The first of some usual inputs that the method takes. */
export function exampleOf(profile: Profile, method: Method, deep?: DeepRead): unknown {
  const rack = profile.s7?.rack.value ?? 0;
  const slot = profile.s7?.slot.value ?? 1;
  const place: MethodInput = {
    interval: seconds(60),
    ...(deep && { deep }),
    ...(method.protocol === "s7" ? { s7: { rack, slot, connectionType: "basic" } } : {}),
    ...(method.protocol === "opcua" ? { endpoint: { address, port: method.defaultPort } } : {}),
  };
  const examples: readonly MethodInput[] = [
    place,
    { ...place, unitId: 1 },
    { ...place, unitId: 1, register: { protocolAddress: 100, count: 1 } },
    { ...place, bytes: { area: "DB", db: 10, byte: 4, count: 2 } },
    { ...place, credentials: { kind: "snmp-v2c", nameBytes: 8, id: "example" } },
  ];
  for (const input of examples) {
    const parsed = method.parse(input);
    if ("ask" in parsed) return parsed.ask;
  }
  return undefined;
}

export function text(reason: string): string {
  return reason.replaceAll(/[\\`*_[\]<>|#]/gu, (sign) => `\\${sign}`);
}
