/** A cause that several devices share, in words for a person: what it is, whom it concerns. */
import type { SharedCause } from "./outcome.ts";
import type { Cause } from "./liveness.ts";

/** Why several devices cannot be heard at once: they are unknown by it, and none of them goes down. */
export interface CauseStatus {
  readonly cause: SharedCause;
  /** The bare id of the segment, gateway or device. */
  readonly scope: string;
  readonly detail: string;
  /** ISO 8601 in UTC. */
  readonly since: string;
}

const words: Readonly<Record<SharedCause, (scope: string) => string>> = {
  way_out: (scope) => `no way out to segment ${scope}`,
  segment: (scope) => `nothing on segment ${scope} answers`,
  gateway: (scope) => `gateway ${scope} is down`,
  device: (scope) => `${scope} is down, and devices stand behind it`,
};

/** `gateway fw-serial is down`. */
export function sharedCauseWords({ cause, scope }: { readonly cause: SharedCause; readonly scope: string }): string {
  return words[cause](scope);
}

/** Whether it is why a device is unknown. */
export function isUnknownBy(
  device: { readonly segment: string; readonly cause: Cause; readonly behind: string | null },
  { cause, scope }: { readonly cause: SharedCause; readonly scope: string },
): boolean {
  if (cause === "segment" || cause === "way_out") return device.cause === "cut_off" && device.segment === scope;
  return device.cause === "behind" && device.behind === scope;
}
