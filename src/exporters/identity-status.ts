/** What a device says of itself, in the words of the control socket. */
import type { IdentityView } from "../domain/baseline.ts";
import type { IdentityStatus } from "../domain/baseline-control.ts";
import type { WallMs } from "../domain/units.ts";

export function identityStatus({ device, place, source, said, since, accepted, state, differences }: IdentityView): IdentityStatus {
  return {
    device,
    source,
    place,
    state,
    said,
    saidSince: instant(since),
    accepted: accepted.map(({ said: was, by, reason, at }) => ({ said: was, by, reason, at: instant(at) })),
    differences: differences.map(({ field, before, after }) => ({ field, before, after: after ?? null })),
  };
}

function instant(at: WallMs): string {
  return new Date(at).toISOString();
}
