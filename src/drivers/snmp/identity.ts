/** Who a managed device is, by its maker's words and its maker's number. */
import type { Identity } from "../../domain/outcome.ts";

function enterpriseOf(objectId: string | undefined): number | undefined {
  const enterprise = /^1\.3\.6\.1\.4\.1\.(\d{1,10})(\.|$)/u.exec(objectId ?? "")?.[1];
  return enterprise === undefined ? undefined : Number(enterprise);
}

/** IANA, Private Enterprise Numbers: makers of managed devices that are met in plants. */
const makers: ReadonlyMap<number, string> = new Map([
  [9, "Cisco"],
  [95, "Rockwell Automation"],
  [248, "Hirschmann"],
  [318, "APC"],
  [2356, "LANCOM"],
  [3181, "Microsens"],
  [4196, "Siemens"],
  [4329, "Siemens"],
  [4346, "Phoenix Contact"],
  [8072, "Net-SNMP"],
  [8691, "Moxa"],
  [12_356, "Fortinet"],
  [13_576, "WAGO"],
  [15_004, "RuggedCom"],
  [16_177, "Westermo"],
]);

/** Agents without an id of their own answer 0.0 (RFC 3418, 2): that names nothing. */
export function identityOf(description: string | undefined, objectId: string | undefined): Identity {
  const enterprise = enterpriseOf(objectId);
  return {
    ...(objectId !== undefined && objectId !== "0.0" && { code: objectId }),
    ...(enterprise !== undefined && { vendor: makers.get(enterprise) ?? `enterprise ${enterprise}`, vendorCode: String(enterprise) }),
    ...(description !== undefined && description !== "" && { product: description }),
  };
}
