/** Devices with few connections: whoever takes one too many throws the plant's own clients out, or keeps them out (H14, H20, H22). */
import { startModbusDevice, type ConnectionLimit } from "../modbus/device.ts";
import { modbusPort, plainTarget, times, type Hazard, type Scene } from "./hazard.ts";
import { Scada } from "./scada.ts";

const watchMs = 5000;

function pool(limit: ConnectionLimit, scadaFresh: boolean, overflow: "rejects" | "evicts-oldest" | "evicts-idle"): Hazard["start"] {
  return async (prefix): Promise<Scene> => {
    const host = `${prefix}1`;
    const device = await startModbusDevice({ host, port: modbusPort, connections: limit });
    // One connection that is kept, or one for each reading: either takes one slot at a time.
    const scada = new Scada({ host, connections: 1, everyMs: 250, ...(scadaFresh && { fresh: true }) });
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

export const pools: readonly Hazard[] = [
  {
    id: "evicts-oldest",
    rows: ["H14"],
    title: "a newcomer throws out the oldest client",
    watchMs,
    start: pool({ size: 4, overflow: "evict-oldest", ghosts: "reaped" }, false, "evicts-oldest"),
  },
  {
    id: "evicts-idle",
    rows: ["H14"],
    title: "a newcomer throws out the client that was silent longest",
    watchMs,
    start: pool({ size: 4, overflow: "evict-idle", ghosts: "reaped" }, false, "evicts-idle"),
  },
  {
    id: "refuses-when-full",
    rows: ["H11", "H14"],
    title: "a full device keeps SCADA out",
    watchMs,
    start: pool({ size: 4, overflow: "refuse", ghosts: "reaped" }, true, "rejects"),
  },
  {
    id: "half-closed",
    rows: ["H16", "H20", "H22"],
    title: "connections that are not closed cleanly are lost until the power is cycled",
    watchMs,
    start: pool({ size: 4, overflow: "close-newcomer", ghosts: "never-reaped" }, true, "rejects"),
  },
];
