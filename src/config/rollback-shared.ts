/** What devices share, in a watchlist that ran: of budgets, gateways and hardware groups the stricter of then and today. */
import { canonicalJson } from "../domain/canonical.ts";
import { limits } from "../domain/limits.ts";
import type { DeviceId } from "../domain/plan.ts";
import type { GatewayEntry } from "./schema/gateway.ts";
import type { HardwareEntry, SegmentEntry, Watchlist } from "./schema/watchlist.ts";

/** `value` undefined: the entry is taken out. */
export interface Change {
  readonly path: readonly (string | number)[];
  readonly value: unknown;
}

export function sharedChanges(today: Watchlist, before: Watchlist): readonly Change[] {
  return [
    ...(before.siteBudget.startsPerSecondMax > today.siteBudget.startsPerSecondMax
      ? [{ path: ["siteBudget"], value: today.siteBudget }]
      : []),
    ...before.segments.flatMap((segment, at) => ofSegment(today.segments, segment, at)),
    ...before.gateways.flatMap((gateway, at) => ofGateway(today.gateways, gateway, at)),
    ...ofHardware(today, before),
  ];
}

/** A segment that today's file does not know has no more than everybody has: nobody raises it today. */
function ofSegment(today: readonly SegmentEntry[], before: SegmentEntry, at: number): readonly Change[] {
  const now = today.find(({ id }) => id === before.id) ?? today.find(({ subnet }) => subnet === before.subnet);
  const most = now?.startsPerSecondMax ?? limits.segmentStartsPerSecondDefault;
  const router = now?.defaultGateway;
  return [
    ...(before.startsPerSecondMax > most ? [{ path: ["segments", at, "startsPerSecondMax"], value: most }] : []),
    ...(router !== undefined && router !== before.defaultGateway ? [{ path: ["segments", at, "defaultGateway"], value: router }] : []),
  ];
}

/** The longer its bus is taken to be busy, and the more units it is said to have, the more rarely it is asked; who else uses it, today's file says. */
function ofGateway(today: readonly GatewayEntry[], before: GatewayEntry, at: number): readonly Change[] {
  const now = today.find(({ id }) => id === before.id) ?? today.find((one) => placeOf(one) === placeOf(before));
  if (now === undefined) return [];
  const set = (key: keyof GatewayEntry, value: unknown): Change => ({ path: ["gateways", at, key], value });
  const stated = (["otherClients", "connectionPool"] as const).filter((key) => differs(now[key], before[key]));
  return [
    ...(now.responseTimeout > before.responseTimeout ? [set("responseTimeout", `${now.responseTimeout}ms`)] : []),
    ...(["retries", "unitCount"] as const).flatMap((key) => (now[key] > before[key] ? [set(key, now[key])] : [])),
    ...stated.map((key) => set(key, now[key])),
  ];
}

function placeOf({ address, serialPort }: GatewayEntry): string | undefined {
  return address ?? serialPort?.device;
}

/** What either file calls one piece of hardware is one: its addresses share one line and one pool. */
function ofHardware(today: Watchlist, before: Watchlist): readonly Change[] {
  const here = new Set(before.devices.map(({ id }) => id));
  const idThen = (id: DeviceId): DeviceId | undefined => {
    const address = today.devices.find((one) => one.id === id)?.address;
    return here.has(id) ? id : before.devices.find((one) => address !== undefined && one.address === address)?.id;
  };
  const added = today.hardware.map(({ id, devices }) => ({ id, devices: [...new Set(devices.flatMap((one) => idThen(one) ?? []))] }));
  const groups = [...before.hardware, ...added.filter(({ devices }) => devices.length >= 2)].reduce(joined, []);
  return differs(groups, before.hardware) ? [{ path: ["hardware"], value: groups }] : [];
}

/** With every group that it shares a device with; the first one gives its name. */
function joined(groups: readonly HardwareEntry[], more: HardwareEntry): readonly HardwareEntry[] {
  const shares = ({ devices }: HardwareEntry): boolean => devices.some((id) => more.devices.includes(id));
  const [first, ...others] = groups.filter(shares);
  if (first === undefined) return [...groups, { ...more, id: unused(more.id, groups) }];
  const devices = [...new Set([first, ...others, more].flatMap((group) => group.devices))];
  return groups.flatMap((group) => (group === first ? [{ ...first, devices }] : shares(group) ? [] : [group]));
}

function unused(id: string, groups: readonly HardwareEntry[]): string {
  return groups.some((group) => group.id === id) ? unused(`${id}-today`, groups) : id;
}

function differs(a: unknown, b: unknown): boolean {
  return canonicalJson(a ?? null) !== canonicalJson(b ?? null);
}
