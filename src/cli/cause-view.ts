/** What cannot be heard for a cause that several devices share: why they are unknown, and not down. */
import { isUnknownBy, sharedCauseWords, type CauseStatus } from "../domain/cause-words.ts";
import type { DeviceStatus, Status } from "../domain/control.ts";
import type { Notice } from "./status-view.ts";
import { counted, moment } from "./text.ts";

/** With how many devices are unknown by it at this moment; those that were asked since may have been heard, or not asked yet. */
export function causeNotice(cause: CauseStatus, devices: readonly DeviceStatus[]): Notice {
  const concerned = devices.filter((device) => isUnknownBy(device, cause)).length;
  const unknown = `${counted(concerned, "device")} ${concerned === 1 ? "is" : "are"} unknown by it, not down`;
  return { text: `NOT HEARD since ${moment(cause.since)}: ${sharedCauseWords(cause)} (${cause.detail}); ${unknown}` };
}

export function causesOn(device: DeviceStatus, { causes }: Status): readonly CauseStatus[] {
  return causes.filter((cause) => isUnknownBy(device, cause));
}
