/** Runs a poller from its files to its end: claims the site, opens the ways in, asks, and drains when it is told to. */
import { someoneListens } from "../cli/control-client.ts";
import type { RunOptions } from "../cli/ports.ts";
import { settingsAlone } from "../cli/settings-file.ts";
import type { Settings } from "../config/loaded-site.ts";
import { controlSocketName } from "../domain/control.ts";
import { after, seconds } from "../domain/units.ts";
import { startControl } from "../exporters/control.ts";
import { startWeb } from "../exporters/http.ts";
import { TrustedTime } from "../safety/trusted-time.ts";
import { claimBesideOthers } from "../store/database-lock.ts";
import type { Unusable } from "../store/database.ts";
import { openJournal } from "../store/journal.ts";
import { openStateFolder } from "../store/state-folder.ts";
import { StopFile } from "../store/stop-file.ts";
import { readWindows } from "../store/windows-file.ts";
import { systemClock as clock, yieldToLoop } from "../system-clock.ts";
import { claimNamespace, labNamespaceName, namespaceName } from "../wire/single-poller.ts";
import { armTripwire } from "../wire/tripwire.ts";
import { assemble, type Assembled } from "./assemble.ts";
import { inherit, poisonTrips } from "./inherited.ts";
import { planned, Planner } from "./planner.ts";
import type { Signals } from "./signals.ts";
import { packageVersion } from "./version.ts";
import type { WebFile } from "./web-keeper.ts";

const sweepEvery = seconds(5);

/** Runs until a signal ends it. 0: ended as asked, also in the middle of its start; 1: could not start, with the reason on standard error. */
export async function runPoller(options: RunOptions, signals: Signals): Promise<number> {
  const early = settingsAlone({ cwd: "/", text: () => options.settingsFile });
  if ("problems" in early) return failed(await everyProblem(options, early.problems));
  // Before anything that takes time: a stop is written while the files are still being read.
  const stopFile = new StopFile(early.stateDir, clock);
  signals.onStop(() => said(stopFile.write("SIGUSR2", "signal")));
  // For the plan and for the self-test, which compiles another one.
  using planner = new Planner();
  const first = await planner.planned(options);
  if ("problems" in first) return failed(first.problems);
  const { settings } = first;
  if (settings.stateDir !== early.stateDir) return failed([`${options.settingsFile}: it was changed during the start; start again`]);
  if (signals.ending) return 0;
  // Everything that is had is given back, in the opposite order, however this ends.
  await using held = new AsyncDisposableStack();
  const state = openStateFolder(settings.stateDir, { site: settings.site, lab: options.lab });
  if ("problems" in state) return failed(state.problems.map(({ detail }) => detail));
  const claim = await claimNamespace(options.lab ? labNamespaceName(settings.stateDir) : namespaceName);
  if (!("release" in claim)) return failed(["takenBy" in claim ? claim.takenBy : claim.unsupported]);
  held.defer(() => claim.release());
  // The state folder may be shared by containers, each with a network namespace of its own.
  const lock = await claimBesideOthers(state.path, clock);
  if ("problem" in lock) return failed([lock.problem]);
  held.defer(() => lock.release());
  const opened = await openJournal(state.journal, { clock });
  if ("problem" in opened) return failed([opened.problem]);
  held.defer(() => opened.journal.close());
  const windows = readWindows(settings.stateDir);
  if ("problem" in windows) return failed([windows.problem]);
  if (signals.ending) return 0;
  stopFile.read();
  const time = new TrustedTime(clock, opened.highest);
  // By a clock that is behind, approvals would not have begun.
  const planNow = time.behind > 0 ? await planner.planned({ ...options, wallNow: time.judged() }) : first;
  if ("problems" in planNow) return failed(planNow.problems);
  const parts = assemble(options, planNow, { ...opened, windows, webFile: await webFileOf(planNow.settings) }, stopFile, time);
  signals.onStop(() => parts.operations.stop("SIGUSR2", "signal"));
  held.defer(() => parts.s7.close());
  held.defer(() => parts.serial.close());
  held.defer(armTripwire({ onBlocked: (detail, address) => parts.gate.blocked(address ?? "unknown", detail) }));
  const problem = await openWaysIn(parts, settings);
  if (problem !== undefined) return failed([problem]);
  const poisoned = parts.inFlight.start();
  if ("problem" in poisoned) return failed([poisoned.problem]);
  // Before anything is awaited: the file has just been blanked, and a kill would forget what it said.
  inherit(parts, planNow.plan);
  for (const one of poisoned) poisonTrips(one, planNow.plan).forEach((trip) => parts.gate.tripAt(trip, one.place));
  parts.inFlight.takenOver();
  const unfit = await parts.unfit(planner.planned);
  planner.end();
  if (unfit !== undefined) parts.operations.stop("self-test", `the self-test failed: ${unfit}`);
  parts.keep(planNow);
  await run(parts, signals);
  parts.inFlight.close();
  return 0;
}

/** No site without such a file waits for what reads it. */
async function webFileOf({ web: { configFile } }: Settings): Promise<WebFile | null> {
  return configFile === null ? null : { location: configFile, load: (await import("../config/web-config.ts")).loadWebConfig };
}

/** A mistake in the settings is told with those in all other files. */
async function everyProblem(options: RunOptions, problems: readonly string[]): Promise<readonly string[]> {
  const all = await planned(options);
  return "problems" in all ? all.problems : problems;
}

function said(unusable: Unusable | undefined): void {
  if (unusable) failed([unusable.problem]);
}

function failed(problems: readonly string[]): number {
  process.stderr.write(problems.map((line) => `${line}\n`).join(""));
  return 1;
}

/** The control socket and the web server; a sentence when one cannot be had. */
async function openWaysIn(
  { baselines, board, deepQueries, log, operations, page, web: access, windows }: Assembled,
  settings: Settings,
): Promise<string | undefined> {
  const bug = (error: unknown): void => log.bug(error);
  const path = `${settings.stateDir}/${controlSocketName}`;
  const answered = (at: string): Promise<boolean> => someoneListens(at, clock);
  const control = await startControl({
    path,
    handlers: { ...operations.handlers, ...windows.handlers, ...baselines.handlers, ...deepQueries.handlers },
    answered,
    bug,
  });
  if ("problem" in control) return control.problem;
  const { LISTEN_PID, LISTEN_FDS } = process.env;
  const activation = { LISTEN_PID, LISTEN_FDS, pid: process.pid, ppid: process.ppid };
  const served = { board, clock, page, actions: operations.web, version: packageVersion(), yieldToLoop };
  const broken = access.open();
  const listen = settings.web.listenAddresses;
  const web = broken.length > 0 ? { problem: broken.join("\n") } : await startWeb({ ...served, listen, access, activation, answered, bug });
  if ("problem" in web) {
    await control.close();
    return web.problem;
  }
  operations.onEnd(() => Promise.all([control.close(), web.close()]));
  log.write(
    "info",
    "listening",
    `metrics at ${web.addresses.map((address) => urlOf(address, access.config.tls !== undefined)).join(", ")}`,
  );
  return undefined;
}

function urlOf(address: string, withTls: boolean): string {
  return address.startsWith("unix:") ? address : `${withTls ? "https" : "http"}://${address}/metrics`;
}

/** Asks until a signal says to end, then lets everything end in order. */
async function run({ deepQueries, gate, operations, pulse, recorder, scheduler }: Assembled, signals: Signals): Promise<void> {
  await operations.begin();
  signals.onReload(() => void operations.reload("SIGHUP"));
  pulse.start();
  scheduler.start();
  let cancelSweep = (): void => {};
  const sweep = (): void => {
    recorder.sweep(clock.monotonic());
    cancelSweep = clock.at(after(clock.monotonic(), sweepEvery), sweep);
  };
  sweep();
  await signals.ended;
  scheduler.stop();
  const recorded = deepQueries.close();
  await gate.drain();
  await recorded;
  cancelSweep();
  pulse.stop();
  await operations.ended();
}
