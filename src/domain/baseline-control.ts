/** The identity baseline on the control socket: what a device says of itself, and a person's word that it is right. */
import type { IdentityState } from "./baseline.ts";
import type { Instant, Signed } from "./control.ts";
import type { IdentityField, Said } from "./said.ts";

/** Of one `baseline-accept`: with the longest ids and the longest reason there is room for them in a body. */
export const baselineDevicesMax = 75;

/** What a device says of itself, beside what a person has accepted. */
export interface IdentityStatus {
  readonly device: string;
  /** The method by which it was said. */
  readonly source: string;
  /** Address, and unit or rack and slot. */
  readonly place: string;
  readonly state: IdentityState;
  readonly said: Said;
  readonly saidSince: Instant;
  /** The latest is the last; empty: nobody has accepted anything. */
  readonly accepted: readonly { readonly said: Said; readonly by: string; readonly reason: string; readonly at: Instant }[];
  /** In the state `changed`; `after` is null where it is not said any more. */
  readonly differences: readonly { readonly field: IdentityField; readonly before: string; readonly after: string | null }[];
}

/** A device, and the mark of what a person has seen of it. */
export interface SeenDevice {
  readonly device: string;
  readonly seen: string;
}

export interface BaselineControlCommands {
  /**
   * What the devices say of themselves now is accepted; all of them or none. `seen`: the mark of what a person has seen of it, as `baseline
   * show` prints it; where the device says something else by now, nothing is accepted. `beside`: what was accepted before stays so too.
   */
  readonly "baseline-accept": {
    readonly request: Signed & { readonly devices: readonly SeenDevice[]; readonly beside?: boolean };
    readonly result: { readonly accepted: readonly IdentityStatus[] };
  };
}
