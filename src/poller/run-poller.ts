/** Puts a running poller together: files to plan, gate to wires, facts to board and journal, and the ways in from outside. */
import type { Plan } from "../domain/plan.ts";
import { drivers } from "../drivers/registry.ts";
import { startControl } from "../exporters/control.ts";
import { EventLog } from "../exporters/event-log.ts";
import { startWeb } from "../exporters/http.ts";
import { PrometheusPage } from "../exporters/prometheus.ts";
import { someoneListens } from "../cli/control-client.ts";
import type { RunOptions } from "../cli/ports.ts";
import type { Settings } from "../config/loaded-site.ts";
import { controlSocketName } from "../domain/control.ts";
import { seconds, after } from "../domain/units.ts";
import { planned } from "./planner.ts";
import { Operations } from "./operations.ts";
import { HeartbeatGate } from "../safety/gate.ts";
import { ConnectionKeeper } from "../safety/keeper.ts";
import { Pulse } from "../safety/pulse.ts";
import { Scheduler } from "../scheduler/scheduler.ts";
import { MemoryBoard } from "../store/board.ts";
import { openJournal } from "../store/journal.ts";
import { BoardRecorder } from "../store/recorder.ts";
import { openStateFolder } from "../store/state-folder.ts";
import { StopFile } from "../store/stop-file.ts";
import { systemClock as clock, yieldToLoop } from "../system-clock.ts";
import { packageVersion } from "./version.ts";
import { modbusPolicy } from "../wire/frames/modbus.ts";
import { claimNamespace, labNamespaceName, namespaceName } from "../wire/single-poller.ts";
import { tcpDialler } from "../wire/tcp.ts";
import { armTripwire } from "../wire/tripwire.ts";

const policies = { modbus: modbusPolicy } as const;
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
  const poller = assemble(options, settings, first.plan, opened);
  const problem = await poller.open();
  if (problem !== undefined) {
    await opened.journal.close();
    return failed([problem]);
  }
  const code = await poller.run();
  await claim.release();
  return code;
}

function failed(problems: readonly string[]): number {
  process.stderr.write(problems.map((line) => `${line}\n`).join(""));
  return 1;
}

type Opened = Exclude<Awaited<ReturnType<typeof openJournal>>, { readonly problem: string }>;

interface Poller {
  /** Opens the control socket and the web server; a sentence when one cannot be had. */
  open(): Promise<string | undefined>;
  /** Asks until a signal says to end, then lets everything end in order. */
  run(): Promise<number>;
}

function assemble(options: RunOptions, settings: Settings, plan: Plan, { journal, trips, proven }: Opened): Poller {
  const log = new EventLog({ ...settings.log, site: settings.site, lab: options.lab, clock });
  const stopFile = new StopFile(settings.stateDir, clock);
  const board = new MemoryBoard(clock, plan, { stopped: stopFile.inForce, trips, proven });
  const observer = { transition: log.transition.bind(log), happened: log.happened.bind(log) };
  const recorder = new BoardRecorder({ board, journal, clock, observer });
  const dial = tcpDialler({ clock, onViolation: ({ target, detail }) => gate.blocked(target.address, detail) });
  const gate: HeartbeatGate = new HeartbeatGate(
    {
      clock,
      circumstances: {
        stopped: () => stopFile.inForce,
        auditWritable: () => !operations.auditGone(),
        leading: () => true,
        // Windows, passive sources and link reports come later; the gate asks for them already.
        heardUntil: () => undefined,
        linkDownUntil: () => undefined,
        pausedUntil: () => undefined,
      },
      keeper: (farewell) =>
        new ConnectionKeeper({
          clock,
          dial,
          farewell,
          speakerOf: ({ protocol }) => {
            const driver = drivers.get(protocol);
            return driver && protocol === "modbus" ? { driver, policy: policies[protocol] } : undefined;
          },
        }),
      suspect: (now) => pulse.suspect(now),
      trips,
      record: (fact) => recorder.record(fact),
    },
    plan,
  );
  const pulse: Pulse = new Pulse(clock, { readStop: () => operations.readStop(), disturbed: (detail) => gate.disturbed(detail) });
  const page = new PrometheusPage({
    build: { version: packageVersion(), revision: "", nodeVersion: process.version },
    journal,
    address: settings.labels.address,
    processMetrics: true,
    yieldToLoop,
  });
  const scheduler = new Scheduler({ clock, gate, onStart: (late) => page.observeLateness(late), onSkip: () => undefined }, plan);
  const operations: Operations = new Operations({
    clock,
    board,
    gate,
    journal,
    log,
    recorder,
    scheduler,
    stopFile,
    replan: async () => planned(options),
    settings,
  });

  async function open(): Promise<string | undefined> {
    const path = `${settings.stateDir}/${controlSocketName}`;
    const answered = (at: string): Promise<boolean> => someoneListens(at, clock);
    const bug = (error: unknown): void => log.bug(error);
    const control = await startControl({ path, handlers: operations.handlers, answered, bug });
    if ("problem" in control) return control.problem;
    const { listenAddresses: listen } = settings.web;
    const web = await startWeb({ listen, board, clock, page, actions: operations.web, version: packageVersion(), yieldToLoop, bug });
    if ("problem" in web) {
      await control.close();
      return web.problem;
    }
    operations.onEnd(() => Promise.all([control.close(), web.close()]));
    log.write("info", "listening", `metrics at ${web.addresses.map((address) => `http://${address}/metrics`).join(", ")}`);
    return undefined;
  }

  async function run(): Promise<number> {
    const disarm = armTripwire({ onBlocked: (detail, address) => gate.blocked(address ?? "unknown", detail) });
    const ended = Promise.withResolvers<void>();
    const signals = {
      SIGTERM: ended.resolve,
      SIGINT: ended.resolve,
      SIGHUP: () => void operations.reload("SIGHUP"),
      SIGUSR2: () => operations.stop("SIGUSR2", "signal"),
    };
    for (const [signal, act] of Object.entries(signals)) process.on(signal, () => act());
    operations.begun();
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
    disarm();
    return 0;
  }

  return { open, run };
}
