/** OPC UA servers and S7 CPUs: few sessions, a pace that the server sets, and one connection for the engineer (H15, H16, H23). */
import { connect, type Socket } from "node:net";
import { type OpcuaBehaviour, startOpcuaDevice } from "../opcua/device.ts";
import { startS7Device } from "../s7/device.ts";
import { monotonicMs, Timers } from "../timers.ts";
import { plainTarget, times, type Hazard, type Scene, type Verdict } from "./hazard.ts";

const opcuaPort = 14_840;
const s7Port = 10_102;
const watchMs = 5000;
const publishPerSecondMax = 2;
/** As many as small controllers have. */
const sessionsMax = 5;

interface Seen {
  readonly publishPerSecond: number;
  readonly sessions: number;
  readonly sessionsAtOnce: number;
  readonly connections: number;
}

function opcua(behaviour: OpcuaBehaviour, judge: (seen: Seen) => Verdict): Hazard["start"] {
  return async (prefix): Promise<Scene> => {
    const device = await startOpcuaDevice({ host: `${prefix}1`, port: opcuaPort, behaviour, sessionsMax });
    let sinceMs = 0;
    return {
      targets: [plainTarget(device.host, { port: opcuaPort, protocol: "opcua", ask: "keep-alive" })],
      connections: () => device.counts.connections,
      begin: () => {
        sinceMs = monotonicMs();
      },
      verdict: () => {
        const { requestsByService, sessions, mostSessionsAtOnce, connections } = device.counts;
        const publishPerSecond = (requestsByService.get("publish") ?? 0) / ((monotonicMs() - sinceMs) / 1000);
        return judge({ publishPerSecond, sessions, sessionsAtOnce: mostSessionsAtOnce, connections });
      },
      close: () => device.close(),
    };
  };
}

/** The engineer opens the project and looks, again and again: each time with the one connection for a programming device. */
class Engineer {
  letIn = 0;
  turnedAway = 0;
  readonly #host: string;
  readonly #timers = new Timers();
  readonly #sockets = new Set<Socket>();

  constructor(host: string) {
    this.#host = host;
  }

  work(): void {
    this.#look();
    this.#timers.after(300, () => this.work());
  }

  leave(): void {
    this.#timers.clear();
    for (const socket of this.#sockets) socket.destroy();
  }

  get dialled(): number {
    return this.#dialled;
  }

  #dialled = 0;

  #look(): void {
    const socket = connect({ host: this.#host, port: s7Port, noDelay: true });
    this.#dialled += 1;
    this.#sockets.add(socket);
    socket.once("connect", () => socket.write(Buffer.from(programmingDeviceHex, "hex")));
    socket.once("data", (reply: Buffer) => {
      if (reply[5] === connectionConfirm) this.letIn += 1;
      else this.turnedAway += 1;
      socket.end();
    });
    // The CPU may be closed at any moment.
    socket.on("error", () => {});
    socket.once("close", () => this.#sockets.delete(socket));
  }
}

/** COTP connection request to the TSAP 0x0102: a programming device, rack 0, slot 2. */
const programmingDeviceHex = "0300001611e00000000100c0010ac1020100c2020102";
const connectionConfirm = 0xd0;

async function onePgSlot(prefix: string): Promise<Scene> {
  const device = await startS7Device({ host: `${prefix}1`, port: s7Port, behaviour: "one-pg-connection" });
  const engineer = new Engineer(device.host);
  return {
    targets: [plainTarget(device.host, { port: s7Port, protocol: "s7", ask: "cpu-status", answerWithinMs: 900, otherClients: 1 })],
    connections: () => device.counts.connections - engineer.dialled,
    begin: () => engineer.work(),
    verdict: () => ({
      harmed: engineer.turnedAway > 0 || engineer.letIn === 0,
      seen: `the engineer was let in ${times(engineer.letIn)}, turned away ${times(engineer.turnedAway)}; lists read ${times(device.counts.requestsByKind.get("list") ?? 0)}`,
    }),
    close: async () => {
      engineer.leave();
      await device.close();
    },
  };
}

export const sessions: readonly Hazard[] = [
  {
    id: "publish-storm",
    rows: ["H23"],
    title: "an OPC UA server that grants 50 ms sets the poller's pace",
    watchMs,
    start: opcua({ kind: "impatient", publishingIntervalMs: 50 }, ({ publishPerSecond, connections }) => ({
      harmed: publishPerSecond > publishPerSecondMax,
      seen: `${publishPerSecond.toFixed(1)} Publish requests in a second over ${connections} connections`,
    })),
  },
  {
    id: "sessions-leak",
    rows: ["H16", "H23"],
    title: "an OPC UA server without subscriptions is left with sessions until nobody gets one",
    watchMs,
    start: opcua(
      { kind: "refused", service: "createSubscription", status: 0x800b_0000 },
      ({ sessions: given, sessionsAtOnce, connections }) => ({
        harmed: sessionsAtOnce >= sessionsMax,
        seen: `${given} sessions over ${connections} connections, at most ${sessionsAtOnce} of ${sessionsMax} at once`,
      }),
    ),
  },
  { id: "one-pg-slot", rows: ["H15"], title: "the engineer's only connection is taken", watchMs, start: onePgSlot },
];
