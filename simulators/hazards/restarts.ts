/** What goes on around a poller: its page is read by many, or it dies and is started again (H25, R14). */
import { startFragile } from "./fragile-device.ts";
import { plainTarget, times, type Hazard, type Polled, type Scene } from "./hazard.ts";
import { fullest } from "./load.ts";
import { Timers } from "../timers.ts";

const scrapes = 200;
/** A careful poller asks once a second. */
const askedPerSecondMax = 2;
/** Once for what nobody could know, and once more to know it. */
const askedByDyingMax = 2;
const crashesMax = 5;
/** So often its neighbour is asked while a poller that would ask it again has long done so: both have the same interval. */
const askedUntilSettled = 4;

/** As many replicas of a monitoring system read the page as hard as they can. */
async function manyScrapes(prefix: string): Promise<Scene> {
  let read = 0;
  let done = false;
  let closed = false;
  const device = await startFragile({ host: `${prefix}1` });
  const readOn = async (polled: Polled): Promise<void> => {
    for (let tried = 0; tried < scrapes && !closed; tried++) if (await polled.scrape()) read += 1;
    done = true;
  };
  return {
    targets: [plainTarget(device.host, { atEachScrape: true })],
    connections: () => device.connections,
    begin: (polled) => void readOn(polled),
    enough: () => done,
    verdict: () => {
      const most = fullest(device.asked, 1000);
      return {
        harmed: most > askedPerSecondMax,
        seen: `its page was read ${times(read)}; asked ${times(device.asked.length)}, at most ${most} in a second`,
      };
    },
    close: async () => {
      closed = true;
      await device.close();
    },
  };
}

/** Whoever hears its answer dies, and is started again by its supervisor: the device is asked by each of them, for ever. Its neighbour shows that they ask. */
async function poisonReply(prefix: string): Promise<Scene> {
  const timers = new Timers();
  let polled: Polled | undefined;
  let crashes = 0;
  let answered = 0;
  let dying = false;
  let neighbourAskedBefore = 0;
  const neighbour = await startFragile({ host: `${prefix}2` });
  const answer = async (): Promise<void> => {
    if (polled === undefined || dying || answered === device.asked.length || crashes === crashesMax) return;
    dying = true;
    answered = device.asked.length;
    await polled.crash();
    crashes += 1;
    neighbourAskedBefore = neighbour.asked.length;
    dying = false;
    // It may have been asked anew before it was known that the one before is dead.
    await answer();
  };
  const device = await startFragile({
    host: `${prefix}1`,
    onRequest: () => {
      timers.after(20, () => void answer());
      return { silent: true };
    },
  });
  /** The one that was started last asks: it has had its chance with the poison too. */
  const asksAgain = (): boolean => neighbour.asked.length >= neighbourAskedBefore + askedUntilSettled;
  return {
    targets: [plainTarget(device.host, { answerWithinMs: 2000 }), plainTarget(neighbour.host, { id: "neighbour" })],
    connections: () => device.connections,
    begin: (by) => {
      polled = by;
      void answer();
    },
    enough: () => device.asked.length > askedByDyingMax || (crashes >= askedByDyingMax && asksAgain()),
    verdict: () => ({
      harmed: device.asked.length > askedByDyingMax,
      seen: `its answer killed the poller ${times(crashes)}; asked ${times(device.asked.length)}`,
    }),
    close: async () => {
      timers.clear();
      await Promise.all([device.close(), neighbour.close()]);
    },
  };
}

export const restarts: readonly Hazard[] = [
  { id: "scrape-storm", rows: ["H25"], title: "reading the metrics page asks the device", watchMs: 1000, start: manyScrapes },
  {
    id: "poison-reply",
    rows: ["R14"],
    title: "an answer that kills the poller is asked for again at every restart",
    watchMs: 500,
    alone: true,
    start: poisonReply,
  },
];
