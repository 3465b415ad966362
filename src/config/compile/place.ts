/** Where a device stands: its segment, the address that is asked for it, and the line on which one request at a time goes to it. */
import { isAddress, parseAddress } from "../../domain/address.ts";
import type { DeviceId, LineId } from "../../domain/plan.ts";
import { problemAt, quote, type Loaded, type Path, type Problem } from "../problem.ts";
import type { GatewayEntry } from "../schema/gateway.ts";
import type { HardwareEntry, SegmentEntry, Watchlist, WatchlistDevice } from "../schema/watchlist.ts";

export interface Place {
  readonly entry: WatchlistDevice;
  /** Of the device in the watchlist. */
  readonly path: Path;
  readonly segment: SegmentEntry;
  /** In its one spelling; of the gateway where the device stands behind one. On a bus of the poller's own the port's device file. */
  readonly address: string;
  /** On whose bus the device hangs, or whose address it has. */
  readonly gateway: GatewayEntry | undefined;
  /** The gateway whose line it shares: its own, or that of another address of its hardware. */
  readonly bus: GatewayEntry | undefined;
  readonly hardware: HardwareEntry | undefined;
  readonly line: LineId;
}

/** In the order of the watchlist. A device that stands nowhere is a problem and has no place. */
export function placesOf(watchlist: Loaded<Watchlist>): { readonly places: readonly Place[]; readonly problems: readonly Problem[] } {
  const directory = directoryOf(watchlist.value);
  const found = watchlist.value.devices.map((entry, index) => placed(entry, ["devices", index], directory, watchlist));
  const places = found.flatMap(({ place }) => place ?? []);
  return { places, problems: [...found.flatMap(({ problem }) => problem ?? []), ...groupsOnTwoBuses(watchlist, directory)] };
}

type Directory = ReturnType<typeof directoryOf>;

function directoryOf({ segments, gateways, hardware, devices }: Watchlist) {
  const byId = new Map(gateways.map((gateway) => [gateway.id, gateway]));
  const byAddress = new Map(
    gateways.flatMap((gateway) => (gateway.address === undefined ? [] : [[spelled(gateway.address), gateway] as const])),
  );
  const gatewayOf = ({ via, address }: WatchlistDevice): GatewayEntry | undefined =>
    via === undefined ? byAddress.get(spelled(address ?? "")) : byId.get(via);
  const gatewayOfDevice = new Map(devices.map((device) => [device.id, gatewayOf(device)]));
  return {
    gatewayOf,
    segments: new Map(segments.map((segment) => [segment.id, segment])),
    groups: new Map(hardware.flatMap((group) => group.devices.map((id): [DeviceId, HardwareEntry] => [id, group]))),
    /** The gateways of a group's devices; one at most is lawful. */
    busesOf: (group: HardwareEntry | undefined): readonly GatewayEntry[] => [
      ...new Set((group?.devices ?? []).flatMap((id) => gatewayOfDevice.get(id) ?? [])),
    ],
  };
}

function placed(
  entry: WatchlistDevice,
  path: Path,
  { gatewayOf, segments, groups, busesOf }: Directory,
  watchlist: Loaded<Watchlist>,
): { readonly place?: Place; readonly problem?: Problem } {
  const gateway = gatewayOf(entry);
  const segmentId = entry.via === undefined ? entry.segment : gateway?.segment;
  const segment = segmentId === undefined ? undefined : segments.get(segmentId);
  const address = entry.via === undefined ? entry.address : (gateway?.address ?? gateway?.serialPort?.device);
  if (segment === undefined || address === undefined) {
    const found = entry.via === undefined ? `segment ${quote(entry.segment)}` : `via ${quote(entry.via)}`;
    const expected = "an address in a segment of this file, or a gateway of this file";
    return { problem: problemAt(watchlist, path, { found, expected }) };
  }
  const hardware = groups.get(entry.id);
  const bus = gateway ?? busesOf(hardware)[0];
  const line = lineOf(spelled(address), bus, hardware);
  return { place: { entry, path, segment, address: spelled(address), gateway, bus, hardware, line } };
}

/** By address, not by name: renaming a device does not refill its bucket. A gateway's own address and its bus are one line. */
function lineOf(address: string, bus: GatewayEntry | undefined, hardware: HardwareEntry | undefined): LineId {
  if (bus !== undefined) return `gateway:${bus.id}` as LineId;
  return (hardware === undefined ? `address:${address}` : `hardware:${hardware.id}`) as LineId;
}

function groupsOnTwoBuses(watchlist: Loaded<Watchlist>, { busesOf }: Directory): readonly Problem[] {
  return watchlist.value.hardware.flatMap((group, index) => {
    const buses = busesOf(group).map(({ id }) => id);
    const complaint = { found: `devices on the gateways ${buses.join(" and ")}`, expected: "one gateway at most: a group is one line" };
    return buses.length > 1 ? [problemAt(watchlist, ["hardware", index], complaint)] : [];
  });
}

function spelled(address: string): string {
  const parsed = parseAddress(address);
  return isAddress(parsed) ? parsed.text : address;
}
