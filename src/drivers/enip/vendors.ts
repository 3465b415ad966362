/** Names of a few vendors and device types; every other id is shown as its number. */

/** ODVA vendor ids, as nmap's scripts/enip-info.nse (db4aeff) lists them, in the words of each maker's own labels. */
const vendors: ReadonlyMap<number, string> = new Map([
  [1, "Rockwell Automation"],
  [3, "Honeywell"],
  [13, "Belden"],
  [40, "WAGO"],
  [46, "ABB"],
  [47, "Omron"],
  [68, "Eaton"],
  [82, "Mitsubishi Electric"],
  [90, "HMS Industrial Networks"],
  [94, "Advantech"],
  [97, "Danfoss"],
  [108, "Beckhoff"],
  [161, "Mitsubishi Electric"],
  [176, "Red Lion"],
  [243, "Schneider Electric"],
  [250, "Yokogawa"],
  [309, "ProSoft"],
  [326, "GE Fanuc"],
  [367, "Keyence"],
  [403, "Eaton"],
  [443, "Vacon"],
  [562, "Phoenix Contact"],
  [593, "ABB"],
  [634, "Hirschmann"],
  [722, "ABB"],
  [840, "Kongsberg Simrad"],
  [939, "Cisco"],
  [947, "Belden"],
  [991, "Moxa"],
  [1251, "Siemens"],
  [1418, "Emerson"],
]);

/** Of the same list; device types are profiles of the CIP library, and prove nothing of what the device is used for. */
const deviceTypes: ReadonlyMap<number, string> = new Map([
  [2, "AC drive"],
  [12, "communications adapter"],
  [14, "programmable logic controller"],
  [24, "human-machine interface"],
  [43, "generic device, keyable"],
  [44, "managed Ethernet switch"],
]);

/** `Rockwell Automation`, or `vendor id 4711`. */
export function vendorName(id: number): string {
  return vendors.get(id) ?? `vendor id ${id}`;
}

/** `12 (communications adapter)`, or the number alone. */
export function deviceTypeName(type: number): string {
  const name = deviceTypes.get(type);
  return name === undefined ? String(type) : `${type} (${name})`;
}
