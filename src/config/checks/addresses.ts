/** Checks every address of a watchlist: inside its segment, nobody else's, and written so that it means one device. */
import { contains, overlap, roleIn, type Address, type Subnet } from "../../domain/address.ts";
import type { SegmentId } from "../../domain/plan.ts";
import { quote, type Complaint, type Path } from "../problem.ts";
import { isComplaint, readAddress, readHost, readRange, readSubnet, type AddressRules } from "./address-rules.ts";
import type { Complaints, Entries } from "./entries.ts";

/** What the machine says of itself; the watchlist's own entries are added. */
export interface Surroundings extends AddressRules {
  readonly ownAddresses: readonly string[];
  readonly defaultGateways: readonly string[];
}

interface KnownSegment {
  readonly id: SegmentId;
  readonly subnet: Subnet;
}

export function checkAddresses(entries: Entries, surroundings: Surroundings, complaints: Complaints): void {
  const segments = checkSegments(entries, surroundings, complaints);
  const taken = new Map<string, string>([
    ...surroundings.ownAddresses.map((address): [string, string] => [address, "this machine's own address"]),
    ...entries.segments.map(({ value }): [string, string] => [value.localAddress, `the poller's own address on segment ${value.id}`]),
    ...surroundings.defaultGateways.map((address): [string, string] => [address, "this machine's default gateway"]),
    ...entries.segments.flatMap(({ value }): [string, string][] =>
      value.defaultGateway === undefined ? [] : [[value.defaultGateway, `the default gateway of segment ${value.id}`]],
    ),
  ]);
  const check = (path: Path, text: string, segment: SegmentId | undefined): void => {
    const address = readHost(text, surroundings);
    if (isComplaint(address)) return complaints.add(path, address);
    const owner = taken.get(text);
    if (owner !== undefined) return complaints.add(path, { found: `${quote(text)}, ${owner}`, expected: "a device's address" });
    const known = segments.find(({ id }) => id === segment);
    if (known !== undefined) checkInside(path, address, known, complaints);
  };
  for (const { index, value } of entries.gateways) {
    if (value.address !== undefined) check(["gateways", index, "address"], value.address, value.segment);
  }
  for (const { index, value } of entries.devices) {
    if (value.address !== undefined) check(["devices", index, "address"], value.address, value.segment);
  }
  checkDuplicates(entries, complaints);
  checkExclusions(entries, complaints);
}

function checkSegments({ segments }: Entries, surroundings: Surroundings, complaints: Complaints): readonly KnownSegment[] {
  const known: (KnownSegment & { readonly index: number })[] = [];
  for (const { index, value } of segments) {
    const subnet = readSubnet(value.subnet, surroundings);
    if (isComplaint(subnet)) {
      complaints.add(["segments", index, "subnet"], subnet);
      continue;
    }
    const other = known.find((one) => overlap(one.subnet, subnet));
    if (other !== undefined) {
      complaints.add(["segments", index, "subnet"], {
        found: `${quote(value.subnet)}, which overlaps segment ${other.id} (line ${complaints.lineOf(["segments", other.index])})`,
        expected: "each address in one segment",
      });
    }
    known.push({ id: value.id, subnet, index });
    for (const key of ["localAddress", "defaultGateway"] as const) {
      const text = value[key];
      if (text === undefined) continue;
      const address = readHost(text, surroundings);
      if (isComplaint(address)) complaints.add(["segments", index, key], address);
      else checkInside(["segments", index, key], address, { id: value.id, subnet }, complaints);
    }
  }
  return known;
}

function checkInside(path: Path, address: Address, { id, subnet }: KnownSegment, complaints: Complaints): void {
  const written = `${subnet.address.text}/${subnet.prefix}`;
  const found = quote(address.text);
  if (!contains(subnet, address))
    return complaints.add(path, { found, expected: `an address inside ${written}, the subnet of segment ${id}` });
  const role = roleIn(subnet, address);
  if (role !== "host") complaints.add(path, { found: `${found}, the ${role} address of ${written}`, expected: "a device's address" });
}

/** One address is one device, or one gateway and the device that it is itself; several devices may share one when they are declared to be one piece of hardware. */
function checkDuplicates({ gateways, devices, hardware }: Entries, complaints: Complaints): void {
  const groupOf = new Map(hardware.flatMap(({ value }) => value.devices.map((device) => [device, value.id])));
  const gatewayAt = new Map<string, Path>();
  for (const { index, value } of gateways) {
    const place = value.address ?? value.serialPort?.device;
    if (place === undefined) continue;
    const path = ["gateways", index, ...(value.address === undefined ? ["serialPort", "device"] : ["address"])];
    const first = gatewayAt.get(place);
    if (first === undefined) gatewayAt.set(place, path);
    else complaints.add(path, again(place, first, "one gateway entry for one address or port"));
  }
  const deviceAt = new Map<string, { readonly path: Path; readonly group: string | undefined }>();
  for (const { index, value } of devices) {
    if (value.address === undefined) continue;
    const path = ["devices", index, "address"];
    const group = groupOf.get(value.id);
    const first = deviceAt.get(value.address);
    if (first === undefined) deviceAt.set(value.address, { path, group });
    else if (group === undefined || group !== first.group) complaints.add(path, again(value.address, first.path, sharingHint));
  }

  function again(address: string, first: Path, hint: string): Complaint {
    return { found: `${quote(address)} again (first on line ${complaints.lineOf(first)})`, expected: "an address of its own", hint };
  }
}

const sharingHint = "devices of one machine stand together under `hardware:`; a unit behind a gateway has `via:` and no address";

function checkExclusions({ excluded }: Entries, complaints: Complaints): void {
  for (const { index, value } of excluded) {
    if (value.address !== undefined) {
      const address = readAddress(value.address);
      if (isComplaint(address)) complaints.add(["excluded", index, "address"], { ...address, ...exclusionWords(value.address) });
    }
    if (value.range !== undefined) {
      const range = readRange(value.range);
      if (isComplaint(range)) complaints.add(["excluded", index, "range"], range);
    }
  }
}

function exclusionWords(text: string): { readonly hint?: string } {
  return text.includes("/") ? { hint: "a range goes under `range:`" } : {};
}
