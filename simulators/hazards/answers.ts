/** Devices whose answers are the trap: a forbidden address, another device at the address, an answer that never ends (H28). */
import { identificationPdu } from "../modbus/identification.ts";
import { startFragile } from "./fragile-device.ts";
import { fullest } from "./load.ts";
import { plainTarget, times, type Hazard, type Scene } from "./hazard.ts";
import { Timers } from "../timers.ts";

const faultyAddress = 4;
const vendor = { vendorName: "Schneider Electric", productCode: "TM221CE24R", revision: "1.11" };

/** Reading one of the first ten registers stops the controller. */
async function forbiddenAddress(prefix: string): Promise<Scene> {
  let faults = 0;
  const device = await startFragile({
    host: `${prefix}1`,
    onRequest: ({ functionCode, pdu }) => {
      const [first, count] = [pdu.readUInt16BE(1), pdu.length >= 5 ? pdu.readUInt16BE(3) : 0];
      if ((functionCode === 3 || functionCode === 4) && first <= faultyAddress && faultyAddress < first + count) faults += 1;
      return faults > 0 ? { silent: true } : undefined;
    },
  });
  return {
    targets: [plainTarget(device.host)],
    connections: () => device.connections,
    begin: () => {},
    verdict: () => ({
      harmed: faults > 0,
      seen: `asked ${times(device.asked.length)}; stopped by a read of register ${faultyAddress} ${times(faults)}`,
    }),
    close: () => device.close(),
  };
}

/** The device is exchanged for one of another maker: whoever goes on asks a device that nobody approved. */
async function otherIdentity(prefix: string): Promise<Scene> {
  const timers = new Timers();
  let since: number | undefined;
  const device = await startFragile({ host: `${prefix}1`, contents: { identity: vendor } });
  return {
    targets: [plainTarget(device.host, { family: "schneider-m221", vendor: vendor.vendorName })],
    connections: () => device.connections,
    begin: () =>
      timers.after(2500, () => {
        since = device.asked.length;
        device.contents = { ...device.contents, identity: { vendorName: "Somebody Else", productCode: "DRIVE", revision: "9" } };
      }),
    verdict: () => {
      const after = device.asked.length - (since ?? 0);
      // One asking has to learn of it.
      return { harmed: since !== undefined && after > 1, seen: `the other device was asked ${times(after)}` };
    },
    close: async () => {
      timers.clear();
      await device.close();
    },
  };
}

async function moreFollows(prefix: string): Promise<Scene> {
  const device = await startFragile({
    host: `${prefix}1`,
    onRequest: ({ functionCode }) => (functionCode === 43 ? { pdu: moreToFollow() } : undefined),
  });
  return {
    targets: [plainTarget(device.host)],
    connections: () => device.connections,
    begin: () => {},
    verdict: () => {
      const most = fullest(device.asked, 1000);
      return { harmed: most > 10, seen: `asked ${times(device.asked.length)}, at most ${most} in a second` };
    },
    close: () => device.close(),
  };
}

/** Object 0, and the promise of another from object 0 on (Modbus Application Protocol V1.1b3, 6.21). */
function moreToFollow(): Buffer {
  const pdu = identificationPdu(vendor, 1, 0);
  pdu.writeUInt8(0xff, 4);
  pdu.writeUInt8(0x00, 5);
  return pdu;
}

export const answers: readonly Hazard[] = [
  {
    id: "forbidden-address",
    rows: ["H28", "R17"],
    title: "a read of the wrong register stops the controller",
    watchMs: 4000,
    start: forbiddenAddress,
  },
  { id: "other-identity", rows: [], title: "another maker's device answers at the address", watchMs: 5500, start: otherIdentity },
  { id: "more-follows", rows: [], title: "an answer that always announces another", watchMs: 4000, start: moreFollows },
];
