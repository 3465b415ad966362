/** Whether devices are still who a person has accepted, as metrics. */
import type { Board } from "../domain/board.ts";
import type { DeviceFamily } from "./device-families.ts";
import { escaped, sample } from "./exposition.ts";

export const identityFamilies: readonly DeviceFamily[] = [
  {
    name: "watchkeeper_device_identity_accepted",
    type: "gauge",
    help: "1 while a person has accepted what the device says of itself, also where that has changed since; 0 while something of it is not accepted yet. Absent where it has said nothing of itself.",
    samples: accepted,
  },
  {
    name: "watchkeeper_device_identity_changed",
    type: "gauge",
    help: "1 while a field of what the device says of itself is other than a person has accepted (vendor, product, description, firmware, serial, certificate, hardware_address); absent otherwise.",
    samples: changed,
  },
];

function* accepted(board: Board): Generator<string> {
  for (const { device } of board.devices()) {
    const views = board.identitiesOf(device.id);
    const all = views.every(({ state }) => state !== "not_accepted");
    yield views.length === 0 ? "" : sample("watchkeeper_device_identity_accepted", `device="${escaped(device.id)}"`, all ? 1 : 0);
  }
}

function* changed(board: Board): Generator<string> {
  for (const { device } of board.devices()) {
    const fields = new Set(board.identitiesOf(device.id).flatMap(({ differences }) => differences.map(({ field }) => field)));
    let text = "";
    for (const field of fields) text += sample("watchkeeper_device_identity_changed", `device="${escaped(device.id)}",field="${field}"`, 1);
    yield text;
  }
}
