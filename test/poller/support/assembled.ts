/** A poller of one folder, assembled and not begun: for tests of what people make it do. */
import { join } from "node:path";
import type { Settings } from "../../../src/config/loaded-site.ts";
import { wallMs } from "../../../src/domain/units.ts";
import { assemble, type Assembled } from "../../../src/poller/assemble.ts";
import type { Site } from "../../../src/poller/planner.ts";
import { TrustedTime } from "../../../src/safety/trusted-time.ts";
import { StopFile } from "../../../src/store/stop-file.ts";
import { systemClock as clock } from "../../../src/system-clock.ts";
import { plan, type RememberingJournal } from "../../store/support/site.ts";

export function settingsIn(folder: string): Settings {
  return {
    site: "mv-test",
    stateDir: folder,
    watchlist: join(folder, "watchlist.yaml"),
    profileDir: folder,
    credentials: null,
    web: { listenAddresses: [], configFile: null, hosts: [] },
    log: { level: "error", format: "json" },
    labels: { address: false },
  };
}

export function siteIn(folder: string): Site {
  return { settings: settingsIn(folder), plan: plan({}), credentials: new Map(), files: { watchlist: "", profiles: {} } };
}

export interface AssembledParts {
  readonly stopFile?: StopFile;
  readonly time?: TrustedTime;
}

export function assembledIn(folder: string, journal: RememberingJournal, parts: AssembledParts = {}): Assembled {
  const { stopFile = new StopFile(folder, clock), time = new TrustedTime(clock, wallMs(0)) } = parts;
  const store = { learnt: [], identities: [], windows: { next: 1, windows: [] }, webFile: null };
  const opened = { journal, trips: [], proven: new Map(), highest: wallMs(0), ...store };
  return assemble({ settingsFile: join(folder, "watchkeeper.yaml"), lab: true }, siteIn(folder), opened, stopFile, time);
}
