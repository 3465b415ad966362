/** Devices with few connections: whoever takes one too many throws the plant's own clients out, or keeps them out (H14, H20, H22). */
import { startModbusDevice, type ConnectionLimit } from "../modbus/device.ts";
import { type FragileDevice, startFragile } from "./fragile-device.ts";
import { modbusPort, plainTarget, times, type Hazard, type Scene } from "./hazard.ts";
import { Scada, type ScadaOptions } from "./scada.ts";

const watchMs = 5000;

/** @param scadaOptions one connection that is kept, or one for each reading: either takes one slot at a time */
function pool(
  limit: ConnectionLimit,
  scadaOptions: Pick<ScadaOptions, "everyMs" | "fresh">,
  overflow: "rejects" | "evicts-oldest" | "evicts-idle",
): Hazard["start"] {
  return async (prefix): Promise<Scene> => {
    const host = `${prefix}1`;
    const device = await startModbusDevice({ host, port: modbusPort, connections: limit });
    const scada = new Scada({ host, connections: 1, ...scadaOptions });
    await scada.begin();
    return {
      targets: [plainTarget(host, { otherClients: 1, connectionPool: { size: limit.size, overflow } })],
      connections: () => device.counts.connections - scada.dialled,
      begin: () => {},
      verdict: () => {
        const { thrownOut, refused, answered } = scada;
        const { ghostConnections } = device.counts;
        const lost = ghostConnections > 0 ? `, ${ghostConnections} connections lost until the power is cycled` : "";
        return {
          harmed: thrownOut + refused + ghostConnections > 0,
          seen: `SCADA thrown out ${times(thrownOut)}, kept out ${times(refused)}, answered ${times(answered)}${lost}`,
        };
      },
      close: async () => {
        scada.leave();
        await device.close();
      },
    };
  };
}

/** Four slots; some answers stop in the middle. Who neither waits in vain nor lets go keeps a slot each time. */
async function halfFrames(prefix: string): Promise<Scene> {
  const size = 4;
  let most = 0;
  const device: FragileDevice = await startFragile({
    host: `${prefix}1`,
    onConnect: (client) => {
      if (device.clients.size > size) client.reset();
      else most = Math.max(most, device.clients.size);
    },
    onRequest: ({ functionCode }) => (functionCode === 43 ? { half: true } : undefined),
  });
  const scada = new Scada({ host: device.host, connections: 1, everyMs: 250, fresh: true });
  await scada.begin();
  return {
    targets: [plainTarget(device.host, { otherClients: 1, connectionPool: { size, overflow: "rejects" } })],
    connections: () => device.connections - scada.dialled,
    begin: () => {},
    verdict: () => ({
      harmed: scada.refused > 0,
      seen: `SCADA kept out ${times(scada.refused)}, answered ${times(scada.answered)}; at most ${most} of ${size} slots taken`,
    }),
    close: async () => {
      scada.leave();
      await device.close();
    },
  };
}

export const pools: readonly Hazard[] = [
  {
    id: "evicts-oldest",
    rows: ["H14"],
    title: "a newcomer throws out the oldest client",
    watchMs,
    start: pool({ size: 4, overflow: "evict-oldest", ghosts: "reaped" }, { everyMs: 250 }, "evicts-oldest"),
  },
  {
    id: "evicts-idle",
    rows: ["H14"],
    title: "a newcomer throws out the client that was silent longest",
    watchMs,
    // A page that is looked at now and then: between two looks it is the one that was silent longest, if newcomers need a slot.
    start: pool({ size: 4, overflow: "evict-idle", ghosts: "reaped" }, { everyMs: 1500 }, "evicts-idle"),
  },
  {
    id: "refuses-when-full",
    rows: ["H11", "H14"],
    title: "a full device keeps SCADA out",
    watchMs,
    start: pool({ size: 4, overflow: "refuse", ghosts: "reaped" }, { everyMs: 250, fresh: true }, "rejects"),
  },
  { id: "half-frames", rows: ["H20"], title: "answers that stop in the middle keep a slot", watchMs, start: halfFrames },
  {
    id: "half-closed",
    rows: ["H16", "H22"],
    title: "connections that are not closed cleanly are lost until the power is cycled",
    watchMs,
    start: pool({ size: 4, overflow: "close-newcomer", ghosts: "never-reaped" }, { everyMs: 250, fresh: true }, "rejects"),
  },
];
