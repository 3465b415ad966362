/** Serial lines behind a gateway: dead units and late answers take the line from the plant's own master (H18, R10, R11). */
import { startSerialGateway } from "../modbus/gateway.ts";
import { modbusPort, plainTarget, type GatewayFacts, type Hazard, type Scene } from "./hazard.ts";
import { Scada } from "./scada.ts";

const watchMs = 8000;
const answerMs = 20;
const shareMax = 0.1;

function line(dead: readonly number[], facts: GatewayFacts, intervalMs: number): Hazard["start"] {
  return async (prefix): Promise<Scene> => {
    const host = `${prefix}1`;
    const { responseTimeoutMs, retries } = facts;
    const gateway = await startSerialGateway({
      host,
      port: modbusPort,
      live: [1],
      dead,
      answerMs,
      responseTimeoutMs,
      retries,
      deadUnits: "silence",
    });
    const master = new Scada({ host, connections: 1, everyMs: 500 });
    await master.begin();
    return {
      gateway: facts,
      targets: [1, ...dead].map((unitId) =>
        plainTarget(host, {
          id: `unit-${unitId}`,
          unitId,
          behindGateway: true,
          ask: "registers",
          intervalMs,
          answerWithinMs: 400,
          otherClients: 1,
        }),
      ),
      connections: () => gateway.counts.connections - master.dialled,
      begin: () => {},
      verdict: () => {
        const { deadBusyMs, requestsByUnit } = gateway.counts;
        const share = deadBusyMs / watchMs;
        const toDead = dead.reduce((sum, unit) => sum + (requestsByUnit.get(unit) ?? 0), 0);
        return {
          harmed: share > shareMax,
          seen: `dead units were asked ${toDead} times and took ${Math.round(share * 100)} % of the line; the master waited ${Math.round(master.slowestMs)} ms at most`,
        };
      },
      close: async () => {
        master.leave();
        await gateway.close();
      },
    };
  };
}

export const bus: readonly Hazard[] = [
  {
    id: "dead-units",
    rows: ["H18", "H27", "R10", "R11"],
    title: "dead units on a serial line take it from the master",
    watchMs,
    start: line([7, 8], { responseTimeoutMs: 50, retries: 1, units: 3 }, 4000),
  },
];
