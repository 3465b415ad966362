/** The files of a lab site for the plants of several hazards, with what an owner would truthfully state of their devices. */
import type { GatewayFacts, Target } from "./hazard.ts";

/** The plant of one hazard in a segment of its own. */
export interface Plant {
  /** Of the hazard. */
  readonly id: string;
  /** `127.2.7.` */
  readonly prefix: string;
  readonly targets: readonly Target[];
  readonly gateway?: GatewayFacts;
}

const register = { id: "alive", space: "holding-registers", protocolAddress: 0 };
const methods = {
  identification: "modbus-fc43",
  registers: "modbus-fc3",
  "cpu-status": "s7-cpu-status",
  "keep-alive": "opcua-keepalive",
} as const;

/** Of a device in the site's watchlist. */
export function deviceId(plant: Pick<Plant, "id">, { id }: Pick<Target, "id">): string {
  return `${plant.id}-${id}`;
}

export function familyOf({ family, protocol, behindGateway }: Target): string {
  if (family) return family;
  if (protocol === "s7") return "siemens-s7-300-400";
  if (protocol === "opcua") return "generic-opcua";
  return behindGateway ? "generic-modbus-rtu" : "generic-modbus-tcp";
}

/** JSON is YAML 1.2. @param on the day of the statements */
export function siteFiles(plants: readonly Plant[], on: string): readonly (readonly [name: string, text: string])[] {
  const raised = { startsPerSecondMax: 20, approvedBy: "the suite", reason: "simulators on this computer" };
  const watchlist = {
    schema: "watchlist/v1",
    siteBudget: { ...raised, startsPerSecondMax: 100 },
    segments: plants.map(({ id, prefix }) => ({ id, zone: "LAB", subnet: `${prefix}0/24`, localAddress: `${prefix}254`, ...raised })),
    gateways: plants.flatMap((plant) => gatewayEntries(plant)),
    devices: plants.flatMap((plant) => plant.targets.map((target) => deviceEntry(plant, target, on))),
  };
  const targets = plants.flatMap((plant) => plant.targets);
  const families = [...Map.groupBy(targets, familyOf)].flatMap(([family, members]) => {
    const more = siteProfile(members, on);
    const file = { schema: "site-profile/v1", id: family, approval: { stage: "draft" }, ...more };
    return Object.keys(more).length === 0 ? [] : [[`device-profiles/${family}.yaml`, JSON.stringify(file, undefined, 2)] as const];
  });
  return [["watchlist.yaml", JSON.stringify(watchlist, undefined, 2)], ...families];
}

/** What a site's own file says of a family beside its approval. */
function siteProfile(members: readonly Target[], on: string): object {
  const vendors = [...new Set(members.flatMap(({ vendor }) => vendor ?? []))];
  const keepsAlive = members.some(({ ask }) => ask === "keep-alive");
  return {
    ...(members.some(({ ask }) => ask === "registers") && { liveness: [register] }),
    ...(keepsAlive && { agreed: [{ method: methods["keep-alive"], reason: "a simulator has sessions to spare", by: "the suite", on }] }),
    ...(vendors.length > 0 && { identification: { vendors } }),
  };
}

function gatewayEntries({ id, gateway, targets: [first] }: Plant): readonly object[] {
  if (!gateway || !first) return [];
  const { address, port, otherClients } = first;
  const { responseTimeoutMs, retries, units } = gateway;
  const serial = { responseTimeout: `${responseTimeoutMs}ms`, retries, unitCount: units };
  return [{ id: gatewayId(id), address, port, segment: id, ...serial, otherClients: clients(otherClients) }];
}

function gatewayId(plant: string): string {
  return `${plant}-gateway`;
}

function deviceEntry(plant: Plant, target: Target, on: string): object {
  const { address, port, protocol, unitId, behindGateway, ask, intervalMs, answerWithinMs, connectionPool, watchdog, otherClients } =
    target;
  const reached = behindGateway ? { via: gatewayId(plant.id) } : { address, port, segment: plant.id };
  const asked = { method: methods[ask], ...(protocol === "modbus" && { unitId }), ...(ask === "registers" && { register: register.id }) };
  const pool = connectionPool && { connectionPool: { ...connectionPool, source: "the simulator's own settings" } };
  return {
    id: deviceId(plant, target),
    ...reached,
    ...(protocol === "s7" && { s7: { rack: 0, slot: 2 } }),
    function: "control",
    category: "I",
    profile: familyOf(target),
    statements: { ...(!behindGateway && { otherClients: clients(otherClients) }), ...pool, watchdog: { ...watchdog, by: "the suite", on } },
    checks: [{ ...asked, interval: `${intervalMs}ms`, connectWithin: "300ms", answerWithin: `${answerWithinMs}ms` }],
  };
}

function clients(count: number): readonly object[] {
  return count === 0 ? [] : [{ name: "SCADA", connections: count }];
}
