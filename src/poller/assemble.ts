/** Puts the parts of a running poller together: gate to wires, facts to board, journal and log. */
import type { RunOptions } from "../cli/ports.ts";
import type { Circumstances } from "../domain/gate.ts";
import type { Check, Target, Transport } from "../domain/plan.ts";
import type { Dial, FramePolicy } from "../domain/wire.ts";
import type { Protocol } from "../domain/operations.ts";
import { drivers } from "../drivers/registry.ts";
import { EventLog } from "../exporters/event-log.ts";
import { PrometheusPage } from "../exporters/prometheus.ts";
import { HeartbeatGate } from "../safety/gate.ts";
import { ConnectionKeeper, type Speaker } from "../safety/keeper.ts";
import { Pulse } from "../safety/pulse.ts";
import type { TrustedTime } from "../safety/trusted-time.ts";
import { Scheduler } from "../scheduler/scheduler.ts";
import { MemoryBoard } from "../store/board.ts";
import { InFlightFile } from "../store/in-flight-file.ts";
import type { OpenedJournal } from "../store/journal.ts";
import { BoardRecorder } from "../store/recorder.ts";
import type { StopFile } from "../store/stop-file.ts";
import { systemClock as clock, yieldToLoop } from "../system-clock.ts";
import { echoDialler } from "../wire/echo.ts";
import { enipPolicy } from "../wire/frames/enip.ts";
import { icmpPolicy } from "../wire/frames/icmp.ts";
import { modbusRtuPolicy } from "../wire/frames/modbus-rtu.ts";
import { modbusPolicy } from "../wire/frames/modbus.ts";
import { opcuaPolicy } from "../wire/frames/opcua.ts";
import { Reach } from "../wire/reach.ts";
import { tcpDialler, type Violation } from "../wire/tcp.ts";
import { udpDialler } from "../wire/udp.ts";
import { Health } from "./health.ts";
import { Operations } from "./operations.ts";
import { planned, type Site } from "./planner.ts";
import { Vault } from "./vault.ts";
import { packageVersion } from "./version.ts";
import { WaysOut } from "./ways-out.ts";

/** Who reads the frames of which protocol. Drivers may not import wires, so the two meet here. */
const policies: ReadonlyMap<Protocol, FramePolicy> = new Map([
  ["modbus", modbusPolicy],
  ["enip", enipPolicy],
  ["icmp", icmpPolicy],
  ["opcua", opcuaPolicy],
]);

export interface Assembled {
  readonly board: MemoryBoard;
  readonly gate: HeartbeatGate;
  readonly inFlight: InFlightFile;
  readonly log: EventLog;
  readonly operations: Operations;
  readonly page: PrometheusPage;
  readonly pulse: Pulse;
  readonly recorder: BoardRecorder;
  readonly scheduler: Scheduler;
}

export function assemble(
  options: RunOptions,
  { settings, plan, credentials }: Site,
  { journal, trips, proven }: OpenedJournal,
  stopFile: StopFile,
  time: TrustedTime,
): Assembled {
  const log = new EventLog({ ...settings.log, site: settings.site, lab: options.lab, clock });
  const board = new MemoryBoard(clock, plan, { stopped: stopFile.inForce, trips, proven });
  const observer = { transition: log.transition.bind(log), happened: log.happened.bind(log) };
  const recorder = new BoardRecorder({ board, journal, clock, observer });
  const onViolation = ({ target, detail }: Violation): void => gate.blocked(target.address, detail);
  const reach = new Reach(clock);
  const cutOff = (target: Target): string | undefined => reach.cutOff(target);
  const udp = udpDialler({ cutOff, onViolation });
  const dial = diallerByTransport({
    tcp: tcpDialler({ clock, cutOff, onViolation }),
    udp: udp.dial,
    icmp: echoDialler({ cutOff, onViolation }),
  });
  const vault = new Vault(credentials);
  const inFlight = new InFlightFile(settings.stateDir);
  const gate: HeartbeatGate = new HeartbeatGate(
    {
      // What expires does so by the highest trusted time.
      clock: { ...clock, wall: time.judged },
      circumstances: circumstances(stopFile, cutOff, () => operations),
      keeper: (farewell) => new ConnectionKeeper({ clock, dial, farewell, speakerOf: (check) => speakerOf(check, vault) }),
      suspect: (now) => pulse.suspect(now),
      trips,
      record: (fact) => recorder.record(fact),
      inFlight,
    },
    plan,
  );
  const waysOut = new WaysOut({ clock, reach, gate, plan: () => board.plan, record: (fact) => recorder.record(fact) });
  const health = new Health({ clock, journal, log, recorder, time });
  const look = (): void => {
    operations.readStop();
    health.look();
    waysOut.look();
  };
  const pulse: Pulse = new Pulse(clock, { readStop: look, disturbed: (detail) => gate.disturbed(detail) });
  const page = new PrometheusPage({
    build: { version: packageVersion(), revision: "", nodeVersion: process.version },
    journal,
    datagramsDropped: udp.dropped,
    time,
    address: settings.labels.address,
    processMetrics: true,
    yieldToLoop,
  });
  const scheduler = new Scheduler({ clock, gate, onStart: (late) => page.observeLateness(late), onSkip: () => undefined }, plan);
  const replan = async () => planned({ ...options, wallNow: time.judged() });
  const parts = { clock, board, gate, journal, log, recorder, scheduler, stopFile, time, vault, replan, settings };
  const operations: Operations = new Operations(parts);
  return { board, gate, inFlight, log, operations, page, pulse, recorder, scheduler };
}

function diallerByTransport(over: Readonly<Record<Transport, Dial>>): Dial {
  return (permit, policy) => over[permit.check.target.transport](permit, policy);
}

function speakerOf(check: Check, vault: Vault): Speaker | undefined {
  const { protocol, framing } = check;
  const driver = drivers.get(protocol);
  const policy = framing === "rtu-over-tcp" ? modbusRtuPolicy : policies.get(protocol);
  const credential = vault.credentialOf(check);
  if (!driver || !policy || (check.credentials && !credential)) return undefined;
  return { driver, policy, ...(credential && { credential }) };
}

function circumstances(stopFile: StopFile, cutOff: Circumstances["cutOff"], operations: () => Operations): Circumstances {
  return {
    stopped: () => stopFile.inForce,
    cutOff,
    auditWritable: () => !operations().auditGone(),
    leading: () => true,
    // Windows, passive sources and link reports come later; the gate asks for them already.
    heardUntil: () => undefined,
    linkDownUntil: () => undefined,
    pausedUntil: () => undefined,
  };
}
