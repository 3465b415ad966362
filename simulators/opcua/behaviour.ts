/** The ways in which an OPC UA server behaves. */
import { type ServiceName, statusCodes } from "./services.ts";

export type PlainBehaviour =
  | "healthy"
  | "silent" // takes connections and bytes, never answers
  | "silent-publish" // gives sessions and subscriptions, and never a keep-alive
  | "closes-at-once" // FIN as soon as somebody connects
  | "busy" // ERR BadTcpServerTooBusy in answer to HEL
  | "garbage-after-ack" // 64 bytes that are no chunk, right behind the ACK
  | "huge-chunk" // the chunk that answers OPN promises 2 GB
  | "chunked" // every reply in a channel comes in chunks of 16 bytes
  | "wrong-request-id"
  | "wrong-channel"
  | "too-many-sessions"
  | "publish-error" // BadTimeout to every Publish, at once
  | "unasked-publish" // two keep-alives for each Publish
  | "reset" // RST in answer to the first service of a channel
  | "never-closes"; // never sends its own FIN

export type OpcuaBehaviour =
  | PlainBehaviour
  /** Whatever is asked for, it publishes as often as this: a keep-alive every interval. */
  | { readonly kind: "impatient"; readonly publishingIntervalMs: number }
  /** Tokens of the secure channel that live as long as this. */
  | { readonly kind: "short-token"; readonly lifetimeMs: number }
  /** Its endpoints are said to be elsewhere. */
  | { readonly kind: "redirecting"; readonly endpointUrl: string }
  /** A ServiceFault in answer to one service. */
  | { readonly kind: "refused"; readonly service: ServiceName; readonly status: number }
  /** Answers within a channel that come late. */
  | { readonly kind: "late"; readonly afterMs: number };

export function behaviourName(behaviour: OpcuaBehaviour): string {
  if (typeof behaviour === "string") return behaviour;
  switch (behaviour.kind) {
    case "impatient":
      return `impatient (${behaviour.publishingIntervalMs} ms)`;
    case "short-token":
      return `short-token (${behaviour.lifetimeMs} ms)`;
    case "redirecting":
      return `redirecting (${behaviour.endpointUrl})`;
    case "refused":
      return `refused (${behaviour.service}, 0x${behaviour.status.toString(16)})`;
    case "late":
      return `late (${behaviour.afterMs} ms)`;
  }
}

/** The status of the ServiceFault that a service gets, or undefined where it is answered. */
export function refusal(behaviour: OpcuaBehaviour, service: ServiceName): number | undefined {
  if (behaviour === "too-many-sessions" && service === "createSession") return statusCodes.badTooManySessions;
  if (behaviour === "publish-error" && service === "publish") return statusCodes.badTimeout;
  if (typeof behaviour === "object" && behaviour.kind === "refused" && behaviour.service === service) return behaviour.status;
  return undefined;
}

export function lateMs(behaviour: OpcuaBehaviour): number {
  return typeof behaviour === "object" && behaviour.kind === "late" ? behaviour.afterMs : 0;
}
