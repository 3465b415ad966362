/** Devices that load harms: slower and slower until they hang, one drawing its family after it, or dropping what comes at once (H2, H3, H6, H12, H19). */
import { monotonicMs, Timers } from "../timers.ts";
import { startFragile, type Asked, type FragileDevice } from "./fragile-device.ts";
import { plainTarget, times, type Hazard, type Scene } from "./hazard.ts";

/** More within the last second makes it hang; the suite's own clients stay well below. */
const hangsAbovePerSecond = 6;
/** Once one of the family hangs, a further request within so long after it makes the next one hang. */
const contagiousMs = 2000;
const fifoLength = 4;
const scanMs = 100;
/** Later than any client of the suite waits, and sooner than a careful one asks again. */
const lateMs = 650;

async function hangsUnderLoad(prefix: string): Promise<Scene> {
  let hung = false;
  const device = await startFragile({
    host: `${prefix}1`,
    onRequest: () => {
      hung ||= lately(device.asked, 1000) > hangsAbovePerSecond;
      return hung ? { silent: true } : { afterMs: 5 * lately(device.asked, 1000) };
    },
  });
  return {
    targets: [plainTarget(device.host)],
    connections: () => device.connections,
    begin: () => {},
    verdict: () => ({
      harmed: hung,
      seen: `asked ${times(device.asked.length)}, at most ${fullest(device.asked, 1000)} in a second${hung ? "; hung until the power is cycled" : ""}`,
    }),
    close: () => device.close(),
  };
}

async function contagion(prefix: string): Promise<Scene> {
  const hungAt = new Map<string, number>();
  const devices: FragileDevice[] = [];
  for (let number = 1; number <= 6; number++) {
    const host = `${prefix}${number}`;
    const device: FragileDevice = await startFragile({
      host,
      onRequest: () => {
        const first = Math.max(...hungAt.values());
        const overloaded = lately(device.asked, 1000) > hangsAbovePerSecond;
        if (!hungAt.has(host) && (overloaded || monotonicMs() - first < contagiousMs)) hungAt.set(host, monotonicMs());
        return hungAt.has(host) ? { silent: true } : undefined;
      },
    });
    devices.push(device);
  }
  return {
    targets: devices.map(({ host }, at) => plainTarget(host, { id: `device-${at + 1}`, intervalMs: 2000 })),
    connections: () => devices.reduce((sum, { connections }) => sum + connections, 0),
    begin: () => {},
    verdict: () => ({
      harmed: hungAt.size > 0,
      seen: `${hungAt.size} of ${devices.length} hang; asked ${times(devices.reduce((sum, { asked }) => sum + asked.length, 0))}`,
    }),
    close: async () => void (await Promise.all(devices.map((device) => device.close()))),
  };
}

/** A module in front of six units: it answers one request a scan; what finds its queue full is dropped, the control system's own messages with it. */
async function fifo(prefix: string): Promise<Scene> {
  let busyUntilMs = 0;
  let dropped = 0;
  let longest = 0;
  const device = await startFragile({
    host: `${prefix}1`,
    onRequest: () => {
      const nowMs = monotonicMs();
      const waiting = Math.max(0, Math.ceil((busyUntilMs - nowMs) / scanMs));
      longest = Math.max(longest, Math.min(waiting + 1, fifoLength));
      if (waiting >= fifoLength) {
        dropped += 1;
        return { silent: true };
      }
      busyUntilMs = Math.max(busyUntilMs, nowMs) + scanMs;
      return { afterMs: busyUntilMs - nowMs };
    },
  });
  const units = [1, 2, 3, 4, 5, 6];
  return {
    gateway: { responseTimeoutMs: 300, retries: 0, units: units.length },
    targets: units.map((unitId) =>
      plainTarget(device.host, { id: `unit-${unitId}`, unitId, behindGateway: true, ask: "registers", intervalMs: 3000 }),
    ),
    connections: () => device.connections,
    begin: () => {},
    verdict: () => ({
      harmed: dropped > 0,
      seen: `asked ${times(device.asked.length)}; at most ${longest} of ${fifoLength} places taken, ${dropped} messages dropped`,
    }),
    close: () => device.close(),
  };
}

/** Answers after its clients have given up; each further request that comes meanwhile takes it from its control. */
async function lateAnswers(prefix: string): Promise<Scene> {
  let working = 0;
  let most = 0;
  const timers = new Timers();
  const device = await startFragile({
    host: `${prefix}1`,
    onRequest: () => {
      working += 1;
      most = Math.max(most, working);
      timers.after(lateMs, () => (working -= 1));
      return { afterMs: lateMs };
    },
  });
  return {
    targets: [plainTarget(device.host, { answerWithinMs: 400 })],
    connections: () => device.connections,
    begin: () => {},
    verdict: () => ({ harmed: most > 1, seen: `asked ${times(device.asked.length)}; at most ${most} requests in work at once` }),
    close: async () => {
      timers.clear();
      await device.close();
    },
  };
}

/** How many came within the last `spanMs`. */
function lately(asked: readonly Asked[], spanMs: number): number {
  const sinceMs = monotonicMs() - spanMs;
  let count = 0;
  for (let at = asked.length - 1; at >= 0 && asked[at]!.atMs >= sinceMs; at--) count += 1;
  return count;
}

/** The most that came within any `spanMs`. */
export function fullest(asked: readonly Pick<Asked, "atMs">[], spanMs: number): number {
  let first = 0;
  return asked.reduce((most, { atMs }, at) => {
    while (asked[first]!.atMs < atMs - spanMs) first += 1;
    return Math.max(most, at - first + 1);
  }, 0);
}

export const load: readonly Hazard[] = [
  {
    id: "hangs-under-load",
    rows: ["H1", "H2", "H3", "H12"],
    title: "slower with load, then hangs until the power is cycled",
    watchMs: 4000,
    start: hangsUnderLoad,
  },
  { id: "contagious-hang", rows: ["H6"], title: "one that hangs draws its family after it", watchMs: 6000, start: contagion },
  { id: "fifo-drops", rows: ["H19"], title: "a short queue drops messages, the control system's among them", watchMs: 4000, start: fifo },
  {
    id: "late-answers",
    rows: ["H2", "R11"],
    title: "a slow device is asked again before it has answered",
    watchMs: 4000,
    start: lateAnswers,
  },
];
