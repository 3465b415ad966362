/** Identities as tests need them: what a device says, accepted or not, and beside what. */
import { viewOf, type IdentityView, type KnownIdentity } from "../../src/domain/baseline.ts";
import type { DeviceId } from "../../src/domain/plan.ts";
import type { Said } from "../../src/domain/said.ts";
import { wallMs, type WallMs } from "../../src/domain/units.ts";

export const saidAt: WallMs = wallMs(Date.parse("2026-11-21T12:00:00Z"));
export const plate: Said = { vendor: "Schneider Electric", product: "TM221CE24R", firmware: "1.11" };

/** @param accepted what a person has accepted; nobody has where it is absent */
export function knownIdentity(device: string, said: Said, accepted?: Said, address = "192.0.2.11"): KnownIdentity {
  const signed = { by: "eto-1", reason: "type plate", at: saidAt };
  return {
    device: device as DeviceId,
    place: `${address} unit 1`,
    source: "modbus-fc43",
    said,
    since: saidAt,
    accepted: accepted === undefined ? [] : [{ said: accepted, ...signed }],
  };
}

export function identityView(device: string, said: Said, accepted?: Said): IdentityView {
  return viewOf(knownIdentity(device, said, accepted), []);
}
