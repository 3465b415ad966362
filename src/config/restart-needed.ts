/** Settings that a running poller took at its start and keeps: a reload reads the others anew. */
import type { Settings } from "./loaded-site.ts";

const keptFromTheStart: readonly (readonly [name: string, of: (settings: Settings) => unknown])[] = [
  ["site", ({ site }) => site],
  ["stateDir", ({ stateDir }) => stateDir],
  ["web.listenAddresses", ({ web }) => web.listenAddresses],
  ["web.configFile", ({ web }) => web.configFile],
  ["web.hosts", ({ web }) => web.hosts],
  ["log.level", ({ log }) => log.level],
  ["log.format", ({ log }) => log.format],
  ["labels.address", ({ labels }) => labels.address],
];

/** Names of the settings that are other in the file than in the poller, as they stand there; empty where none is. */
export function restartNeeded(inForce: Settings, inFile: Settings): readonly string[] {
  const other = (of: (settings: Settings) => unknown): boolean => JSON.stringify(of(inForce)) !== JSON.stringify(of(inFile));
  return keptFromTheStart.filter(([, of]) => other(of)).map(([name]) => name);
}
