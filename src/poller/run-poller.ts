/** Runs a poller from its files to its end: claims the site, opens the ways in, asks, and drains when it is told to. */
import { someoneListens } from "../cli/control-client.ts";
import type { RunOptions } from "../cli/ports.ts";
import type { Settings } from "../config/loaded-site.ts";
import { controlSocketName } from "../domain/control.ts";
import { after, seconds } from "../domain/units.ts";
import { startControl } from "../exporters/control.ts";
import { startWeb } from "../exporters/http.ts";
import { openJournal } from "../store/journal.ts";
import { openStateFolder } from "../store/state-folder.ts";
import { systemClock as clock, yieldToLoop } from "../system-clock.ts";
import { claimNamespace, labNamespaceName, namespaceName } from "../wire/single-poller.ts";
import { armTripwire } from "../wire/tripwire.ts";
import { assemble, type Assembled } from "./assemble.ts";
import { planned } from "./planner.ts";
import { packageVersion } from "./version.ts";

const sweepEvery = seconds(5);

/** Runs until a signal ends it. 0: ended as asked; 1: could not start, with the reason on standard error. */
export async function runPoller(options: RunOptions): Promise<number> {
  const first = await planned(options);
  if ("problems" in first) return failed(first.problems);
  const { settings } = first;
  const state = openStateFolder(settings.stateDir, { site: settings.site, lab: options.lab });
  if ("problems" in state) return failed(state.problems.map(({ detail }) => detail));
  const claim = await claimNamespace(options.lab ? labNamespaceName(settings.stateDir) : namespaceName);
  if (!("release" in claim)) return failed(["takenBy" in claim ? claim.takenBy : claim.unsupported]);
  const opened = await openJournal(state.journal, { clock });
  if ("problem" in opened) return failed([opened.problem]);
  const parts = assemble(options, settings, first.plan, opened);
  const disarm = armTripwire({ onBlocked: (detail, address) => parts.gate.blocked(address ?? "unknown", detail) });
  const problem = await openWaysIn(parts, settings);
  if (problem !== undefined) {
    await opened.journal.close();
    return failed([problem]);
  }
  await run(parts);
  disarm();
  await claim.release();
  return 0;
}

function failed(problems: readonly string[]): number {
  process.stderr.write(problems.map((line) => `${line}\n`).join(""));
  return 1;
}

/** The control socket and the web server; a sentence when one cannot be had. */
async function openWaysIn({ board, log, operations, page }: Assembled, settings: Settings): Promise<string | undefined> {
  const bug = (error: unknown): void => log.bug(error);
  const path = `${settings.stateDir}/${controlSocketName}`;
  const answered = (at: string): Promise<boolean> => someoneListens(at, clock);
  const control = await startControl({ path, handlers: operations.handlers, answered, bug });
  if ("problem" in control) return control.problem;
  const listen = settings.web.listenAddresses;
  const web = await startWeb({ listen, board, clock, page, actions: operations.web, version: packageVersion(), yieldToLoop, bug });
  if ("problem" in web) {
    await control.close();
    return web.problem;
  }
  operations.onEnd(() => Promise.all([control.close(), web.close()]));
  log.write("info", "listening", `metrics at ${web.addresses.map((address) => `http://${address}/metrics`).join(", ")}`);
  return undefined;
}

/** Asks until a signal says to end, then lets everything end in order. */
async function run({ gate, operations, pulse, recorder, scheduler }: Assembled): Promise<void> {
  const ended = Promise.withResolvers<void>();
  process.on("SIGTERM", () => ended.resolve());
  process.on("SIGINT", () => ended.resolve());
  // Asked now: of a terminal that was closed nothing can be learnt.
  const onTerminal = process.stdin.isTTY;
  process.on("SIGHUP", () => {
    if (onTerminal) ended.resolve();
    else void operations.reload("SIGHUP");
  });
  process.on("SIGUSR2", () => operations.stop("SIGUSR2", "signal"));
  await operations.begin();
  pulse.start();
  scheduler.start();
  let cancelSweep = (): void => {};
  const sweep = (): void => {
    recorder.sweep(clock.monotonic());
    cancelSweep = clock.at(after(clock.monotonic(), sweepEvery), sweep);
  };
  sweep();
  await ended.promise;
  scheduler.stop();
  await gate.drain();
  cancelSweep();
  pulse.stop();
  await operations.ended();
}
