/** The closed list of objects that may be read: by Get, and of two columns of one table by GetNext. Names are the content of BER object identifiers. */

/** RFC 3418, sysDescr to sysServices; each has the one instance 0. */
const systemGroup: readonly number[] = [0x2b, 6, 1, 2, 1, 1];
const systemObjects: ReadonlySet<number> = new Set([1, 2, 3, 4, 5, 6, 7]);
/** RFC 2863: ifDescr, ifType, ifSpeed, ifPhysAddress, ifAdminStatus, ifOperStatus, ifLastChange, ifInErrors, ifOutErrors of one interface. */
const interfaces: readonly number[] = [0x2b, 6, 1, 2, 1, 2, 2, 1];
const interfaceColumns: ReadonlySet<number> = new Set([2, 3, 5, 6, 7, 8, 9, 14, 20]);
/** RFC 4188: dot1dBaseBridgeAddress.0, dot1dBaseNumPorts.0; dot1dBasePortIfIndex of one port. */
const bridgeAddress: readonly number[] = [0x2b, 6, 1, 2, 1, 17, 1, 1, 0];
const bridgePorts: readonly number[] = [0x2b, 6, 1, 2, 1, 17, 1, 2, 0];
const portInterface: readonly number[] = [0x2b, 6, 1, 2, 1, 17, 1, 4, 1, 2];
/** RFC 4188: dot1dTpFdbPort and dot1dTpFdbStatus, sorted by a hardware address. */
const tableColumns: readonly (readonly number[])[] = [
  [0x2b, 6, 1, 2, 1, 17, 4, 3, 1, 2],
  [0x2b, 6, 1, 2, 1, 17, 4, 3, 1, 3],
];
const addressBytes = 6;

/** What one GetRequest may name. */
export function isNamed(name: Uint8Array): boolean {
  if (begins(name, systemGroup)) return name.length === systemGroup.length + 2 && systemObjects.has(name[6]!) && name[7] === 0;
  if (begins(name, interfaces)) return interfaceColumns.has(name[interfaces.length]!) && isOneIndex(name.subarray(interfaces.length + 1));
  if (begins(name, portInterface)) return isOneIndex(name.subarray(portInterface.length));
  return [bridgeAddress, bridgePorts].some((one) => one.length === name.length && begins(name, one));
}

/** Of the table's two columns the beginning, or the same entry: one row is asked for. */
export function isNextEntry(names: readonly Uint8Array[]): boolean {
  const [first, ...others] = names.map((name, at) => {
    const column = tableColumns[at];
    return column !== undefined && begins(name, column) ? numbersIn(name.subarray(column.length)) : undefined;
  });
  if (names.length !== tableColumns.length || first === undefined) return false;
  const isAddress = first.length === addressBytes && first.every((one) => one < 0x100);
  return (first.length === 0 || isAddress) && others.every((other) => other?.join(".") === first.join("."));
}

function begins(name: Uint8Array, with_: readonly number[]): boolean {
  return name.length >= with_.length && with_.every((byte, at) => name[at] === byte);
}

/** One number of at most 31 bits. */
function isOneIndex(index: Uint8Array): boolean {
  const [number, ...others] = numbersIn(index) ?? [];
  return number !== undefined && number < 2 ** 31 && others.length === 0;
}

/** Seven bits a byte, the highest first; all but a number's last byte say that it goes on, and none begins with padding. */
function numbersIn(bytes: Uint8Array): readonly number[] | undefined {
  const numbers: number[] = [];
  let value: number | undefined;
  for (const byte of bytes) {
    if (value === undefined && byte === 0x80) return undefined;
    value = (value ?? 0) * 128 + (byte & 0x7f);
    if (byte >= 0x80) continue;
    numbers.push(value);
    value = undefined;
  }
  return value === undefined ? numbers : undefined;
}
