/** What an earlier run left, told to the gate of this one: by name, and by place where a device is called otherwise by now. */
import type { Trip } from "../domain/outcome.ts";
import type { Check, Plan, PlannedDevice } from "../domain/plan.ts";
import type { HeartbeatGate } from "../safety/gate.ts";
import { placeNoted, type AskedThere, type LeftBehind } from "../store/in-flight-file.ts";

export interface Inheritance {
  readonly gate: Pick<HeartbeatGate, "inherit">;
  readonly inFlight: { readonly left: LeftBehind };
}

/** What the run before may have left open at devices counts from here on, and what it was asking as asked. */
export function inherit({ gate, inFlight }: Inheritance, plan: Plan): void {
  const { checks, counted, lines } = inFlight.left;
  const asked = checks.flatMap((one) => (one.ended ? [] : (checkThere(one, plan) ?? [])));
  const unnoted = checks.flatMap((one) => (one.ended ? (checkThere(one, plan) ?? []) : []));
  const opened = asked.filter(({ opening }) => opening.connectionsMax > 0);
  gate.inherit(counted, new Set([...lines, ...opened.map(({ line }) => line)]), asked, unnoted);
}

/** The devices that stand where a reply may have ended the poller twice; where none does any more, the one that was called so. */
export function poisonTrips({ check, place }: AskedThere, { devices }: Plan): readonly Trip[] {
  const detail = `${check} was being asked when the poller ended, twice in a row, and neither end was a clean one: its reply may be the cause`;
  const standing = [...devices.values()].filter((device) => stands(device, place)).map(({ id }): string => id);
  const names = standing.length > 0 ? standing : [check.slice(0, check.lastIndexOf("/"))];
  return names.map((name): Trip => ({ scope: `device:${name}`, cause: "poison_reply", detail }));
}

function checkThere({ check, place }: AskedThere, { checks, deep, devices }: Plan): Check | undefined {
  const suffix = check.slice(check.lastIndexOf("/"));
  const device = [...devices.values()].find((one) => stands(one, place));
  const id = (device ? `${device.id}${suffix}` : check) as Check["id"];
  return checks.get(id) ?? deep.get(id);
}

/** Its own place is the first; the others are those of its hardware. */
function stands({ places = [] }: PlannedDevice, place: string): boolean {
  return place !== "" && placeNoted(places[0] ?? "") === place;
}
