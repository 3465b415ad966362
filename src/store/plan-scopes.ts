/** What a plan says of whom, looked up for the board. */
import type { Scope } from "../domain/outcome.ts";
import type { DeviceId, Plan, PlannedDevice } from "../domain/plan.ts";
import type { StandingReason } from "../domain/reasons.ts";

export function scopesOf(device: PlannedDevice): readonly Scope[] {
  return ["site", `device:${device.id}`, `segment:${device.segment}`, `profile:${device.profile}`];
}

/** Segments and families of which something is asked: elsewhere nothing can be held. */
export function askedScopes(plan: Plan): ReadonlySet<Scope> {
  return new Set([...plan.devices.values()].filter(({ checks }) => checks.length > 0).flatMap(scopesOf));
}

/** The first reason of each device that has a refused check. */
export function reasonsByDevice(plan: Plan): ReadonlyMap<DeviceId, StandingReason> {
  const reasons = new Map<DeviceId, StandingReason>();
  for (const { device, reason } of plan.refused.values()) if (!reasons.has(device)) reasons.set(device, reason);
  return reasons;
}
