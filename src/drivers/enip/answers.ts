/** What a device's identity, or its refusal to tell it, says about the device: something answered, so it is never mere silence. */
import type { Answer, Identity } from "../../domain/outcome.ts";
import type { DeviceIdentity } from "./decode.ts";
import { deviceTypeName, vendorName } from "./vendors.ts";

/** Bits of the Identity object's status word (CIP Vol 1, 5A-2.2.1.5). */
const minorRecoverableFault = 0x0100;
const minorUnrecoverableFault = 0x0200;
const majorRecoverableFault = 0x0400;
const majorUnrecoverableFault = 0x0800;
/** The extended device status, bits 4 to 7, as far as an operator wants to know of it. */
const extendedStatus: ReadonlyMap<number, string> = new Map([
  [1, "firmware update in progress"],
  [2, "an I/O connection has faulted"],
  [4, "its stored configuration is bad"],
]);
const extendedMajorFault = 5;

const states: ReadonlyMap<number, string> = new Map([
  [0, "state nonexistent"],
  [1, "self-testing"],
  [2, "in standby"],
]);
const stateMajorRecoverableFault = 4;
const stateMajorUnrecoverableFault = 5;

/** Alive, or degraded where the device reports a major fault of its own. */
export function identityAnswer(device: DeviceIdentity): Answer {
  const identity: Identity = {
    vendor: vendorName(device.vendorId),
    vendorCode: String(device.vendorId),
    ...(device.productName === "" ? {} : { product: device.productName }),
    revision: `${device.revision.major}.${device.revision.minor}`,
    serial: device.serialNumber.toString(16).padStart(8, "0"),
  };
  const status = `status 0x${device.status.toString(16).padStart(4, "0")}`;
  const fault = majorFault(device);
  if (fault !== undefined)
    return { said: "degraded", failure: "protocol_error", detail: `the device reports a ${fault} (${status})`, identity };
  const kind = `device type ${deviceTypeName(device.deviceType)}, product code ${device.productCode}`;
  const remarks = remarksOn(device);
  return { said: "alive", identity, note: remarks.length === 0 ? kind : `${kind}; ${remarks.join(", ")} (${status})` };
}

function majorFault({ status, state }: DeviceIdentity): string | undefined {
  if (status & majorUnrecoverableFault || state === stateMajorUnrecoverableFault) return "major unrecoverable fault";
  if (status & majorRecoverableFault || state === stateMajorRecoverableFault) return "major recoverable fault";
  return extendedOf(status) === extendedMajorFault ? "major fault" : undefined;
}

function remarksOn({ status, state }: DeviceIdentity): readonly string[] {
  const remarks = [
    status & minorUnrecoverableFault ? "minor unrecoverable fault" : undefined,
    status & minorRecoverableFault ? "minor recoverable fault" : undefined,
    extendedStatus.get(extendedOf(status)),
    state === undefined ? undefined : states.get(state),
  ];
  return remarks.filter((remark) => remark !== undefined);
}

function extendedOf(status: number): number {
  return (status >> 4) & 0x0f;
}

/** CIP Vol 2, 2-3.5. */
const encapsulationErrors: ReadonlyMap<number, string> = new Map([
  [0x01, "unsupported command"],
  [0x02, "no memory left to handle it"],
  [0x03, "badly formed data"],
  [0x64, "invalid session handle"],
  [0x65, "invalid length"],
  [0x69, "unsupported protocol version"],
]);
/** A device that does not know the question is alive all the same. */
const encapsulationUnknown: ReadonlySet<number> = new Set([0x01, 0x69]);

/** @param status not 0 @param what what was asked, `List Identity` */
export function encapsulationErrorAnswer(status: number, what: string): Answer {
  return errorAnswer("encapsulation status", status, what, encapsulationErrors, encapsulationUnknown);
}

/** CIP Vol 1, B-1. */
const cipErrors: ReadonlyMap<number, string> = new Map([
  [0x01, "connection failure"],
  [0x02, "resource unavailable"],
  [0x04, "path segment error"],
  [0x05, "path destination unknown"],
  [0x08, "service not supported"],
  [0x0c, "object state conflict"],
  [0x0f, "privilege violation"],
  [0x10, "device state conflict"],
  [0x14, "attribute not supported"],
  [0x16, "object does not exist"],
]);
const cipUnknown: ReadonlySet<number> = new Set([0x04, 0x05, 0x08, 0x0f, 0x14, 0x16]);

/** `path segment error`. */
export function cipErrorName(status: number): string {
  return cipErrors.get(status) ?? uncommon;
}

const uncommon = "not among the common codes";

/** @param status not 0 */
export function cipErrorAnswer(status: number, what: string): Answer {
  return errorAnswer("CIP status", status, what, cipErrors, cipUnknown);
}

function errorAnswer(kind: string, status: number, what: string, names: ReadonlyMap<number, string>, unknown: ReadonlySet<number>): Answer {
  const detail = `${kind} 0x${status.toString(16).padStart(2, "0")} to ${what}: ${names.get(status) ?? uncommon}`;
  return unknown.has(status) ? { said: "alive", note: detail } : { said: "degraded", failure: "protocol_error", detail };
}
