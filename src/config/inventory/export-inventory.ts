/** Writes a watchlist's devices as an inventory, in columns that `import` reads back. */
import { csvText } from "../csv.ts";
import type { Watchlist, WatchlistDevice } from "../schema/watchlist.ts";
import { exportHead, inventoryFields, type InventoryField } from "./columns.ts";

/** What only the inventory has (its own remarks, protocols) is not in a watchlist: those columns are left out. */
const columns = inventoryFields.filter((field) => field !== "protocol" && field !== "description");

export function inventoryText({ devices, segments, gateways }: Watchlist): string {
  const zoneOf = new Map<string, string>(segments.map(({ id, zone }) => [id, zone]));
  const segmentOf = new Map<string, string>(gateways.map(({ id, segment }) => [id, segment]));
  const rows = devices.map((device) => {
    const segment = device.segment ?? segmentOf.get(device.via ?? "") ?? "";
    const cells = cellsOf(device, segment, zoneOf.get(segment) ?? "");
    return columns.map((column) => cells[column] ?? "");
  });
  return csvText([columns.map((column) => exportHead[column]), ...rows]);
}

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
