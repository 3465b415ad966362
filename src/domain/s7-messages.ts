/** What the poller and the process of node-snap7 say to each other, as JSON; what the process says is read as strictly as a device's reply. */
import { printable } from "./printable.ts";
import type { S7Call } from "./s7.ts";

/** From the poller. `reply` carries a device's checked reply, `end` ends a conversation. */
export type ToS7Child =
  | { readonly say: "begin"; readonly id: number }
  | { readonly say: "call"; readonly id: number; readonly call: S7Call }
  | { readonly say: "reply"; readonly id: number; readonly hex: string }
  | { readonly say: "end"; readonly id: number };

export type FromS7Child =
  /** `network` names its network namespace, as Linux does; empty where it cannot be told. */
  | { readonly say: "ready"; readonly user: number; readonly network: string }
  /** node-snap7 cannot be loaded: no further attempt would help. */
  | { readonly say: "unavailable"; readonly detail: string }
  | { readonly say: "frame"; readonly id: number; readonly hex: string }
  | { readonly say: "done"; readonly id: number; readonly complaint?: string };

const textMax = 200;
/** Twice the longest frame that S7 knows, as hexadecimal. */
const hexMax = 2048;

/** Undefined for anything else: a process whose memory was damaged is not to be believed further. */
export function fromS7Child(message: unknown): FromS7Child | undefined {
  if (typeof message !== "object" || message === null) return undefined;
  const { say, id, hex, user, network, detail, complaint } = message as Readonly<Record<string, unknown>>;
  switch (say) {
    case "ready":
      return isWhole(user) && typeof network === "string" ? { say, user, network: printable(network, textMax) } : undefined;
    case "unavailable":
      return typeof detail === "string" ? { say, detail: printable(detail, textMax) } : undefined;
    case "frame":
      return isWhole(id) && isHex(hex) ? { say, id, hex } : undefined;
    case "done":
      if (!isWhole(id)) return undefined;
      if (complaint === undefined) return { say, id };
      return typeof complaint === "string" ? { say, id, complaint: printable(complaint, textMax) } : undefined;
    default:
      return undefined;
  }
}

function isWhole(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isHex(value: unknown): value is string {
  return typeof value === "string" && value.length <= hexMax && /^(?:[0-9a-f]{2})+$/u.test(value);
}
