/** What keeps the poller from hearing several devices at once, while it does: memory only, like what it is concluded from. */
import type { StandingCause } from "../domain/board.ts";
import type { SharedCause } from "../domain/outcome.ts";
import type { DeviceId, Plan } from "../domain/plan.ts";

export class Causes implements Iterable<StandingCause> {
  /** By cause and id: a segment may be silent and without a way out, and each ends by itself. */
  readonly #standing = new Map<string, StandingCause>();

  [Symbol.iterator](): Iterator<StandingCause> {
    return this.#standing.values();
  }

  begin(cause: StandingCause): void {
    const key = keyOf(cause.cause, cause.scope);
    if (!this.#standing.has(key)) this.#standing.set(key, cause);
  }

  end(cause: SharedCause, scope: string): void {
    this.#standing.delete(keyOf(cause, scope));
  }

  /** Drops what nobody can find the end of any more, because nothing asked stands behind it. A lost way out is ended by whoever looks at the ways. */
  adopt(plan: Plan): void {
    if (this.#standing.size === 0) return;
    const asked = [...plan.checks.values()].filter(({ target }) => target.transport !== "serial");
    const segments = new Set<string | undefined>(asked.map(({ device }) => plan.devices.get(device)?.segment));
    const doors = doorsOf(plan);
    for (const [key, { cause, scope }] of this.#standing)
      if (cause !== "way_out" && !(cause === "segment" ? segments : doors).has(scope)) this.#standing.delete(key);
  }
}

/** Gateways and asked devices that something asked stands behind, through others too. */
function doorsOf({ devices }: Plan): ReadonlySet<string> {
  const doors = new Set<string>();
  const look = (id: DeviceId): void => {
    for (const way of devices.get(id)?.behind ?? []) {
      if (doors.has(way)) continue;
      doors.add(way);
      look(way as DeviceId);
    }
  };
  for (const { id, checks } of devices.values()) if (checks.length > 0) look(id);
  for (const { id, checks } of devices.values()) if (checks.length === 0) doors.delete(id);
  return doors;
}

function keyOf(cause: SharedCause, scope: string): string {
  return `${cause} ${scope}`;
}
