/** What happens when a device is away or turns its clients away: storms of connections, and bursts when it is back (H16, H23, H24). */
import { Timers } from "../timers.ts";
import { startFragile } from "./fragile-device.ts";
import { plainTarget, type Hazard, type Scene } from "./hazard.ts";
import { fullest } from "./load.ts";

/** More connections in a second than that are a storm. */
const stormAbove = 3;

async function turnsAway(prefix: string): Promise<Scene> {
  const timesMs: { readonly atMs: number }[] = [];
  const device = await startFragile({
    host: `${prefix}1`,
    onConnect: (client) => {
      timesMs.push({ atMs: client.heardMs });
      client.reset();
    },
  });
  return {
    targets: [plainTarget(device.host)],
    connections: () => device.connections,
    begin: () => {},
    verdict: () => {
      const most = fullest(timesMs, 1000);
      return { harmed: most > stormAbove, seen: `${timesMs.length} connections, at most ${most} in a second` };
    },
    close: () => device.close(),
  };
}

async function comesBack(prefix: string): Promise<Scene> {
  const timers = new Timers();
  let backAt: number | undefined;
  const device = await startFragile({ host: `${prefix}1` });
  return {
    targets: [plainTarget(device.host)],
    connections: () => device.connections,
    begin: () => {
      timers.after(1000, () => void device.dark());
      timers.after(4000, () => {
        backAt = device.asked.length;
        void device.light();
      });
    },
    verdict: () => {
      const after = device.asked.slice(backAt ?? 0);
      const most = fullest(after, 1000);
      return { harmed: most > 2, seen: `after 3 s without power asked ${after.length} times, at most ${most} in a second` };
    },
    close: async () => {
      timers.clear();
      await device.close();
    },
  };
}

export const storms: readonly Hazard[] = [
  {
    id: "turns-away",
    rows: ["H11", "H16", "H23"],
    title: "a device that turns clients away is dialled again at once",
    watchMs: 5000,
    start: turnsAway,
  },
  { id: "comes-back", rows: ["H24"], title: "what was missed comes as a burst when the device is back", watchMs: 8000, start: comesBack },
];
