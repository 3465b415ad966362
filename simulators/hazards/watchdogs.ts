/** Devices with a communication watchdog: fed by whoever asks, it hides the loss of the real master; or the end of a connection trips the drive (H17, H17b). */
import { monotonicMs, Timers } from "../timers.ts";
import { type Client, startFragile } from "./fragile-device.ts";
import { plainTarget, times, type Hazard, type Scene, type Target } from "./hazard.ts";
import { Scada } from "./scada.ts";

const runsOutAfterMs = 1000;
const masterGoesAfterMs = 2000;
/** What timers of a busy machine may be late by. */
const allowanceMs = 500;

/** @param fedBy the function codes that feed it, and what the owner states of that */
function fed(fedBy: (functionCode: number) => boolean, watchdog: Target["watchdog"], more: Partial<Target> = {}): Hazard["start"] {
  return async (prefix): Promise<Scene> => {
    const timers = new Timers();
    let fedAtMs = monotonicMs();
    let strangers = 0;
    let masterLeftMs: number | undefined;
    let safeAtMs: number | undefined;
    /** Whoever comes first: nobody else knows of the device yet. */
    let mastersOwn: Client | undefined;
    const device = await startFragile({
      host: `${prefix}1`,
      onConnect: (client) => (mastersOwn ??= client),
      onRequest: ({ functionCode }, client) => {
        if (fedBy(functionCode)) fedAtMs = monotonicMs();
        // What the master sent last may come after it has left.
        if (masterLeftMs !== undefined && client !== mastersOwn) strangers += 1;
        return undefined;
      },
    });
    const watch = (): void =>
      timers.after(20, () => {
        if (monotonicMs() - fedAtMs > runsOutAfterMs) safeAtMs ??= monotonicMs();
        watch();
      });
    const master = new Scada({ host: device.host, connections: 1, everyMs: 100 });
    await master.begin();
    return {
      targets: [plainTarget(device.host, { watchdog, otherClients: 1, ...more })],
      connections: () => device.connections - master.dialled,
      begin: () => {
        fedAtMs = monotonicMs();
        watch();
        timers.after(masterGoesAfterMs, () => {
          masterLeftMs = monotonicMs();
          master.leave();
        });
      },
      verdict: () => {
        const tookMs = safeAtMs === undefined || masterLeftMs === undefined ? undefined : safeAtMs - masterLeftMs;
        const harmed = tookMs === undefined || tookMs > runsOutAfterMs + allowanceMs;
        const took =
          tookMs === undefined
            ? "outputs never went to their safe state"
            : `outputs safe ${(tookMs / 1000).toFixed(1)} s after the master was lost`;
        return { harmed, seen: `${took} (${runsOutAfterMs / 1000} s are set); asked ${times(strangers)} meanwhile` };
      },
      close: async () => {
        timers.clear();
        master.leave();
        await device.close();
      },
    };
  };
}

/** Each connection has a timeout of its own: one that ends or falls silent trips the drive. */
async function tripsOnSilence(prefix: string): Promise<Scene> {
  const timers = new Timers();
  let tripped = 0;
  const device = await startFragile({ host: `${prefix}1`, onEnd: () => (tripped += 1) });
  const watch = (): void =>
    timers.after(50, () => {
      for (const client of device.clients)
        if (monotonicMs() - client.heardMs > runsOutAfterMs) {
          tripped += 1;
          client.heardMs = Number.POSITIVE_INFINITY;
        }
      watch();
    });
  return {
    targets: [plainTarget(device.host, { watchdog: { mode: "none", closeCausesFault: true } })],
    connections: () => device.connections,
    begin: watch,
    verdict: () => ({ harmed: tripped > 0, seen: `${device.connections} connections; the drive tripped ${times(tripped)}` }),
    close: async () => {
      timers.clear();
      await device.close();
    },
  };
}

const maskCodes = [1, 2, 3, 4, 5, 6, 15, 16];

export const watchdogs: readonly Hazard[] = [
  {
    id: "watchdog-fed-by-mask",
    rows: ["H17"],
    title: "reads re-arm the watchdog, and the loss of the master stays hidden",
    watchMs: 6000,
    start: fed((code) => maskCodes.includes(code), { mode: "function-code-mask", functionCodes: maskCodes, closeCausesFault: false }),
  },
  {
    id: "watchdog-fed-by-any",
    rows: ["H17"],
    title: "any message re-arms the watchdog",
    watchMs: 6000,
    start: fed(() => true, { mode: "any-telegram", closeCausesFault: false }),
  },
  {
    id: "trips-on-silence",
    rows: ["H17b"],
    title: "a connection that ends or falls silent trips the drive",
    watchMs: 4000,
    start: tripsOnSilence,
  },
];
