/** What the devices of the watchlist said of themselves, as the state folder has it, with or without a poller. */
import { currentOf, peersOf, viewOf, type IdentityView, type KnownIdentity } from "../domain/baseline.ts";
import type { DeviceId, Plan } from "../domain/plan.ts";
import type { Context } from "./command.ts";
import type { Problems } from "./ports.ts";

/** By device, in the watchlist's order; a device that has said nothing has an empty list. */
export type Identities = ReadonlyMap<DeviceId, readonly IdentityView[]>;

export function identitiesOf({ state }: Pick<Context, "state">, stateDir: string, plan: Plan): Identities | Problems {
  const known = state.identities(stateDir);
  return "problems" in known ? known : viewedBy(plan, known);
}

export function viewedBy({ devices, checks }: Plan, known: readonly KnownIdentity[]): Identities {
  const all = Map.groupBy(known, ({ device }) => device);
  const current = (id: DeviceId): readonly KnownIdentity[] => {
    const planned = (devices.get(id)?.checks ?? []).flatMap((check) => checks.get(check) ?? []);
    return currentOf(all.get(id) ?? [], planned);
  };
  const view = (one: KnownIdentity, hardware: readonly DeviceId[]): IdentityView => viewOf(one, peersOf(one, hardware, current));
  return new Map(Array.from(devices.values(), ({ id, hardware = [] }) => [id, current(id).map((one) => view(one, hardware))]));
}
