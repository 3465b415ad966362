/** The devices of the demo: what each is, how it behaves, and what the watchlist says of it before and after the approval. */
import type { FleetEntry } from "../fleet.ts";
import type { ModbusBehaviour } from "../modbus/device.ts";

export interface Role {
  readonly id: string;
  /** For people: what is special about it. */
  readonly note: string;
  readonly behaviour: ModbusBehaviour;
  readonly intervalSeconds: number;
  /** With the 300 ms for the connection less than the interval, so that a miss does not cost the next slot. */
  readonly answerWithinMs: number;
  /** Why nothing may ever reach it; absent where it is asked. */
  readonly never?: "excluded" | "safety" | "not-approved";
}

/** The one that goes and comes back. */
export const patientId = "feed-pump";
export const excludedId = "burner";
export const safetyId = "gas-detector";

const ordinary = { behaviour: "healthy", intervalSeconds: 2, answerWithinMs: 800 } as const;

export const cast: readonly Role[] = [
  { ...ordinary, id: "cooling-pump", note: "healthy" },
  { ...ordinary, id: "tank-gauge", note: "slow: 600 ms", behaviour: { kind: "slow", afterMs: 600 }, answerWithinMs: 1500 },
  { ...ordinary, id: "old-winch", note: "does not know FC 43", behaviour: "fc43-unsupported" },
  { ...ordinary, id: "hvac-plc", note: "busy, says so", behaviour: "busy" },
  { ...ordinary, id: patientId, note: "falls silent", intervalSeconds: 1, answerWithinMs: 500 },
  { ...ordinary, id: excludedId, note: "excluded", never: "excluded" },
  { ...ordinary, id: safetyId, note: "safety function", never: "safety" },
  { ...ordinary, id: "new-panel", note: "not approved", never: "not-approved" },
];

export const asked: readonly Role[] = cast.filter(({ never }) => never === undefined);
export const neverAsked: readonly Role[] = cast.filter(({ never }) => never !== undefined);

const port = 10_502;

/** @param prefix the first three numbers of the addresses, with the dot: `127.1.0.` */
export function fleetList(prefix: string): readonly FleetEntry[] {
  return cast.map(({ id, note, behaviour }, index): FleetEntry => {
    const identity = { vendorName: "Watchkeeper", productCode: "SIM-MODBUS", revision: "1.0", productName: id };
    return { protocol: "modbus", name: id, note, options: { host: `${prefix}${index + 1}`, port, identity, behaviour } };
  });
}

/**
 * `before`: as it is approved. `after`: the maker of one device has forbidden to ask it, and a newcomer was added.
 * @param today `2026-11-21`
 */
export function watchlistText(prefix: string, today: string, when: "before" | "after"): string {
  const listed = cast.flatMap((role, index) => (when === "before" && role.never === "not-approved" ? [] : [{ role, index }]));
  const excludedIndex = cast.findIndex(({ id }) => id === excludedId);
  return `# The watchlist of the demo: simulated devices on loopback addresses.
schema: watchlist/v1
segments:
  - id: demo
    zone: LAB
    subnet: ${prefix}0/24
    localAddress: ${prefix}254
    startsPerSecondMax: 8
    approvedBy: the demo
    reason: simulators on this computer, asked every second or two
devices:
${listed.map(({ role, index }) => deviceText(role, `${prefix}${index + 1}`, today)).join("")}${
    when === "before"
      ? ""
      : `excluded:
  - {address: ${prefix}${excludedIndex + 1}, reason: "its maker forbids third-party connections"}
`
  }`;
}

function deviceText({ id, never, intervalSeconds, answerWithinMs }: Role, address: string, today: string): string {
  return `  - id: ${id}
    address: ${address}
    port: ${port}
    segment: demo
    function: ${never === "safety" ? "safety" : "control"}
    category: I
    profile: generic-modbus-tcp
    statements: {otherClients: [], watchdog: {mode: none, closeCausesFault: false, by: the demo, on: ${today}}}
    checks:
      - {method: modbus-fc43, unitId: 1, interval: ${intervalSeconds}s, connectWithin: 300ms, answerWithin: ${answerWithinMs}ms}
`;
}
