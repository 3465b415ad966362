/** Writes a watchlist's devices as an inventory, in columns that `import` reads back. */
import { identityStates, type IdentityState, type IdentityView } from "../../domain/baseline.ts";
import type { IdentityField } from "../../domain/said.ts";
import { csvText } from "../csv.ts";
import type { Watchlist, WatchlistDevice } from "../schema/watchlist.ts";
import { exportHead, inventoryFields, type InventoryField } from "./columns.ts";

/** What only the inventory has (its own remarks, protocols) is not in a watchlist: those columns are left out. */
const columns = inventoryFields.filter((field) => field !== "protocol" && field !== "description");

/** What the devices said of themselves, beside what the inventory says of them; `import` reads none of it back. */
const foundHead = {
  vendor: "found vendor",
  product: "found product",
  description: "found description",
  firmware: "found firmware",
  serial: "found serial number",
  certificate: "found certificate",
  hardware_address: "found hardware address",
} as const satisfies Readonly<Record<IdentityField, string>>;
const foundFields = Object.keys(foundHead) as readonly IdentityField[];

/** @param found what each device said of itself; empty where nothing is known */
export function inventoryText({ devices, segments, gateways }: Watchlist, found: ReadonlyMap<string, readonly IdentityView[]>): string {
  const zoneOf = new Map<string, string>(segments.map(({ id, zone }) => [id, zone]));
  const segmentOf = new Map<string, string>(gateways.map(({ id, segment }) => [id, segment]));
  const rows = devices.map((device) => {
    const segment = device.segment ?? segmentOf.get(device.via ?? "") ?? "";
    const cells = cellsOf(device, segment, zoneOf.get(segment) ?? "");
    return [...columns.map((column) => cells[column] ?? ""), ...foundCells(found.get(device.id) ?? [])];
  });
  const heads = [...columns.map((column) => exportHead[column]), ...foundFields.map((field) => foundHead[field]), "found on", "identity"];
  return csvText([heads, ...rows]);
}

/** Each value once, whichever method told it; the last day on which one of them became what it is; the state that needs a person most. */
function foundCells(views: readonly IdentityView[]): readonly string[] {
  const values = foundFields.map((field) => [...new Set(views.flatMap(({ said }) => said[field] ?? []))].join(" | "));
  const since = Math.max(0, ...views.map((view) => view.since));
  const state = worstFirst.find((one) => views.some((view) => view.state === one));
  return [...values, since === 0 ? "" : new Date(since).toISOString().slice(0, 10), state === undefined ? "" : identityStates[state]];
}

const worstFirst: readonly IdentityState[] = ["changed", "not_accepted", "as_accepted"];

function cellsOf(device: WatchlistDevice, segment: string, zone: string): Partial<Record<InventoryField, string>> {
  const { id, name, address, via, macs, asset, category, profile, switchPorts, checks } = device;
  const unit = checks.find(({ unitId }) => unitId !== undefined)?.unitId;
  const [port] = switchPorts;
  return {
    id,
    name,
    address: address ?? "",
    via: via ?? "",
    unitId: unit === undefined ? "" : String(unit),
    mac: macs.join(" "),
    manufacturer: asset.manufacturer ?? "",
    model: asset.model ?? "",
    firmware: asset.firmware ?? "",
    serial: asset.serial ?? "",
    location: asset.location ?? "",
    function: device.function,
    category,
    zone,
    segment,
    switch: port?.switch ?? "",
    ifIndex: port === undefined ? "" : String(port.ifIndex),
    profile,
  };
}
