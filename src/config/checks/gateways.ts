/** Checks what a gateway's entry says within itself: an address or a port of this machine, and what must hold on a bus that is our own. */
import type { GatewayEntry } from "../schema/gateway.ts";
import type { Complaints, Entries, Entry } from "./entries.ts";

/** Lab mode reaches no plant: pseudo terminals lead to programs of this machine alone. */
const labDevice = /^\/dev\/pts\/\d+$/u;

export function checkGateways({ gateways }: Entries, lab: boolean, complaints: Complaints): void {
  for (const { index, value } of gateways) {
    const forms = [value.address, value.serialPort].filter((form) => form !== undefined).length;
    if (forms === 1) {
      if (value.serialPort !== undefined) checkOwnBus({ index, value }, lab, complaints);
      continue;
    }
    const found = forms === 0 ? "neither address nor serialPort" : "both address and serialPort";
    complaints.add(["gateways", index], { found, expected: "one of them" });
  }
}

/** On RS-485 one master speaks. A second one garbles the other's frames, and neither sees it (Modbus over Serial Line V1.02, 2.1). */
function checkOwnBus({ index, value }: Entry<GatewayEntry>, lab: boolean, complaints: Complaints): void {
  const { framing, otherClients, retries, serialPort } = value;
  if (lab && !labDevice.test(serialPort!.device)) {
    const hint = "lab mode asks nothing else";
    complaints.add(["gateways", index, "serialPort", "device"], {
      found: serialPort!.device,
      expected: "a pseudo terminal, /dev/pts/N",
      hint,
    });
  }
  if (framing !== undefined) {
    complaints.add(["gateways", index, "framing"], { found: framing, expected: "no framing with serialPort: RTU frames are all there is" });
  }
  if (retries !== 0) {
    complaints.add(["gateways", index, "retries"], { found: String(retries), expected: "0 with serialPort: Watchkeeper repeats nothing" });
  }
  if (otherClients === undefined || otherClients.length > 0) {
    complaints.add(["gateways", index, "otherClients"], {
      found: otherClients === undefined ? "nothing" : otherClients.map(({ name }) => name).join(", "),
      expected: "[], which says that no other master speaks on this bus",
      hint: "where a PLC or a gateway is the bus's master, ask that one instead",
    });
  }
}
