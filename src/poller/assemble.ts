/** Puts the parts of a running poller together: gate to wires, facts to board, journal and log. */
import { join } from "node:path";
import type { RunOptions } from "../cli/ports.ts";
import { readOwnCertificate } from "../config/server-certificates.ts";
import type { Driver } from "../domain/driver.ts";
import type { Circumstances } from "../domain/gate.ts";
import type { Fact } from "../domain/outcome.ts";
import { operationsOf, type Check, type Plan, type Target, type Transport } from "../domain/plan.ts";
import type { Dial, FramePolicy } from "../domain/wire.ts";
import type { Protocol } from "../domain/operations.ts";
import { driversWith } from "../drivers/registry.ts";
import { AskedNow } from "../exporters/asked-now.ts";
import { instant } from "../exporters/control-status.ts";
import { EventLog } from "../exporters/event-log.ts";
import { PrometheusPage } from "../exporters/prometheus.ts";
import { HeartbeatGate } from "../safety/gate.ts";
import { ConnectionKeeper, type KeeperParts } from "../safety/keeper.ts";
import { Pulse } from "../safety/pulse.ts";
import type { TrustedTime } from "../safety/trusted-time.ts";
import { Scheduler } from "../scheduler/scheduler.ts";
import { MemoryBoard } from "../store/board.ts";
import { bootOfMachine } from "../store/boot.ts";
import { keepPlan } from "../store/kept-plans.ts";
import { InFlightFile } from "../store/in-flight-file.ts";
import type { OpenedJournal } from "../store/journal.ts";
import { JournalNotebook } from "../store/notebook.ts";
import { BoardRecorder } from "../store/recorder.ts";
import { journalName } from "../store/state-folder.ts";
import type { StopFile } from "../store/stop-file.ts";
import type { KeptWindows } from "../store/windows-file.ts";
import { systemClock as clock, yieldToLoop } from "../system-clock.ts";
import { echoDialler } from "../wire/echo.ts";
import { enipPolicy } from "../wire/frames/enip.ts";
import { icmpPolicy } from "../wire/frames/icmp.ts";
import { modbusRtuPolicy } from "../wire/frames/modbus-rtu.ts";
import { modbusPolicy } from "../wire/frames/modbus.ts";
import { opcuaEncryptedPolicy, opcuaPolicy } from "../wire/frames/opcua.ts";
import { s7Policy } from "../wire/frames/s7.ts";
import { snmpPolicy } from "../wire/frames/snmp.ts";
import { Reach } from "../wire/reach.ts";
import type { S7Child } from "../wire/s7-child.ts";
import { openSerial } from "../wire/serial-port.ts";
import { serialDialler, type SerialDialler } from "../wire/serial.ts";
import { tcpDialler, type Violation } from "../wire/tcp.ts";
import { udpDialler } from "../wire/udp.ts";
import { BaselineKeeper } from "./baselines.ts";
import { FenceWatch } from "./fence-watch.ts";
import { unfitness, type FitnessParts } from "./fitness.ts";
import { BcryptThread } from "./bcrypt-thread.ts";
import { DeepQueries } from "./deep-queries.ts";
import { Health } from "./health.ts";
import { Operations } from "./operations.ts";
import { planned, type MakePlan, type Site } from "./planner.ts";
import { prepared } from "./prepared.ts";
import { s7ChildOf } from "./s7-process.ts";
import { unavailable, type OwnMeans } from "./unavailable.ts";
import { Vault } from "./vault.ts";
import { packageRevision, packageVersion } from "./version.ts";
import { WaysOut } from "./ways-out.ts";
import { WebKeeper, type WebFile } from "./web-keeper.ts";
import { WindowKeeper } from "./windows.ts";

/** Who reads the frames of which protocol. Drivers may not import wires, so the two meet here. */
export const policies: ReadonlyMap<Protocol, FramePolicy> = new Map([
  ["modbus", modbusPolicy],
  ["enip", enipPolicy],
  ["icmp", icmpPolicy],
  ["opcua", opcuaPolicy],
  ["s7", s7Policy],
  ["snmp", snmpPolicy],
]);

export const everyPolicy: readonly (readonly [name: Protocol | "modbus-rtu", policy: FramePolicy])[] = [
  ...policies,
  ["modbus-rtu", modbusRtuPolicy],
];

const build = { version: packageVersion(), revision: packageRevision(), nodeVersion: process.version };

export interface Assembled {
  readonly baselines: BaselineKeeper;
  readonly board: MemoryBoard;
  readonly gate: HeartbeatGate;
  readonly inFlight: InFlightFile;
  readonly keep: (adopted: Site) => void;
  readonly log: EventLog;
  readonly operations: Operations;
  readonly page: PrometheusPage;
  readonly pulse: Pulse;
  readonly recorder: BoardRecorder;
  /** Runs only where something is asked over S7. */
  readonly s7: S7Child;
  readonly scheduler: Scheduler;
  /** With a thread that makes plans, where one is there already. */
  readonly unfit: (planned?: MakePlan) => Promise<string | undefined>;
  readonly serial: SerialDialler;
  readonly web: WebKeeper;
  readonly windows: WindowKeeper;
  readonly deepQueries: DeepQueries;
}

/** What lay there at the start. */
type Found = OpenedJournal & { readonly windows: KeptWindows; readonly webFile: WebFile | null };

export function assemble(
  options: RunOptions,
  { settings, plan, credentials }: Site,
  { journal, trips, proven, learnt, identities, windows: keptWindows, webFile }: Found,
  stopFile: StopFile,
  time: TrustedTime,
): Assembled {
  const log = new EventLog({ ...settings.log, site: settings.site, lab: options.lab, clock });
  const board = new MemoryBoard(clock, plan, { stopped: stopFile.inForce, trips, proven });
  const observer = { transition: log.transition.bind(log), happened: log.happened.bind(log) };
  const recorder = new BoardRecorder({ board, journal, clock, observer });
  const onViolation = ({ target, detail }: Violation): void => gate.blocked(target.address, detail);
  const { cutOff, dial, reach, serial, udp } = wires(onViolation);
  const vault = new Vault(credentials);
  const placeOf = ({ device }: Check): string => board.plan.devices.get(device)?.places?.[0] ?? "";
  const inFlight = new InFlightFile(settings.stateDir, { placeOf, written: () => journal.allWritten() });
  const notes = new JournalNotebook({ journal, learnt, boot: bootOfMachine(), now: time.judged });
  const outstanding = new AskedNow(clock, inFlight);
  const s7 = s7ChildOf({ clock, onTrouble: (detail) => log.write("warn", "s7", detail) });
  const drivers = driversWith(s7);
  const means: OwnMeans = { s7, ownCertificate: () => board.ownCertificate, now: time.judged };
  const record = (fact: Fact): void => recorder.record(fact);
  const shared = { clock, board, journal, log, recorder, time, stateDir: settings.stateDir, plan: () => board.plan, record };
  const windows = new WindowKeeper({ ...shared, kept: keptWindows, gate: () => gate });
  const baselines = new BaselineKeeper({ ...shared, identities });
  board.identitiesOf = (device) => baselines.baselines.of(device);
  const gate: HeartbeatGate = new HeartbeatGate(
    {
      // What expires does so by the highest trusted time.
      clock: { ...clock, wall: time.judged },
      circumstances: circumstances({ stopFile, cutOff, windows, operations: () => operations, deepQueries: () => deepQueries }),
      keeper: (farewell, onClosed) => new ConnectionKeeper({ clock, dial, farewell, onClosed, speakerOf: speakers(drivers, vault, means) }),
      suspect: (now) => pulse.suspect(now),
      trips,
      proven,
      record,
      inFlight: outstanding,
      notes,
      stranger: baselines.heard,
    },
    plan,
  );
  const web = new WebKeeper({ ...shared, hosts: settings.web.hosts, file: webFile, bcrypt: new BcryptThread() });
  const deepQueries = new DeepQueries({ ...shared, windows, version: build.version, gate: () => gate });
  board.windows = () => windows.status();
  board.deepQuery = () => deepQueries.status;
  const waysOut = new WaysOut({ ...shared, reach, gate });
  const watching = [new Health(shared), waysOut, windows, deepQueries, web];
  const look = (): void => {
    page.countPulse();
    operations.readStop();
    for (const one of watching) one.look();
  };
  const pulse: Pulse = new Pulse(clock, { readStop: look, disturbed: (detail) => gate.disturbed(detail) });
  const scheduler: Scheduler = new Scheduler(
    { clock, gate, onStart: (late) => page.observeLateness(late), onSkip: () => page.countSkip() },
    plan,
  );
  const shown = { build, clock, gate, outstanding, journal, time, schedule: scheduler, fence: new FenceWatch(shared), deepQueries };
  const sources = { ...shown, datagramsDropped: udp.dropped, windows: windows.windows, web };
  const page = new PrometheusPage({ ...sources, address: settings.labels.address, processMetrics: true, yieldToLoop });
  const replan = async () => planned({ ...options, wallNow: time.judged() });
  const { stateDir } = settings;
  const prepare = async (wanted: Plan): Promise<void> => {
    await prepared(wanted, drivers, stateDir, clock);
    board.ownCertificate = readOwnCertificate(stateDir);
  };
  const isolation = async (): Promise<S7Child["isolation"]> => s7.prepare().then(() => s7.isolation);
  const unfit = unfitWith({ ...shared, journalFile: join(stateDir, journalName), policies: everyPolicy, s7: isolation });
  const keep = planKeeper(stateDir, log);
  const parts = { ...shared, gate, scheduler, stopFile, unfit, vault, windows, replan, prepare, settings, keep };
  const operations: Operations = new Operations(parts);
  const kept = { baselines, board, deepQueries, gate, inFlight, keep, log, operations, page, pulse, recorder };
  return { ...kept, s7, scheduler, serial, unfit, web, windows };
}

interface Wires {
  readonly cutOff: Circumstances["cutOff"];
  readonly dial: Dial;
  readonly reach: Reach;
  readonly serial: SerialDialler;
  readonly udp: ReturnType<typeof udpDialler>;
}

/** Every way to a device. */
function wires(onViolation: (violation: Violation) => void): Wires {
  const reach = new Reach(clock);
  const cutOff = (target: Target): string | undefined => reach.cutOff(target);
  const udp = udpDialler({ cutOff, onViolation });
  const serial = serialDialler({ clock, onViolation, open: openSerial });
  const tcp = tcpDialler({ clock, cutOff, onViolation });
  const dial = diallerByTransport({ tcp, udp: udp.dial, icmp: echoDialler({ clock, cutOff, onViolation }), serial: serial.dial });
  return { cutOff, dial, reach, serial, udp };
}

/** Keeps the files of what was adopted, for a rollback. */
function planKeeper(stateDir: string, log: EventLog): Assembled["keep"] {
  return ({ plan, files }) => {
    const kept = { schema: "kept-plan/v1", digest: plan.digest, adoptedAt: instant(clock.wall()), ...files } as const;
    void keepPlan(stateDir, kept).then(
      (problem) => problem !== undefined && log.write("warn", "plan_not_kept", problem),
      (error: unknown) => log.bug(error),
    );
  };
}

function unfitWith(parts: FitnessParts): Assembled["unfit"] {
  return async (makePlan) => unfitness({ ...parts, ...(makePlan && { planned: makePlan }) });
}

function diallerByTransport(over: Readonly<Record<Transport, Dial>>): Dial {
  return (permit, policy) => over[permit.check.target.transport](permit, policy);
}

/** The plan says whether the wire can see what an OPC UA message asks for. */
function policyOf(check: Check): FramePolicy | undefined {
  if (check.framing !== undefined) return modbusRtuPolicy;
  return operationsOf(check).includes("opcua-secured-message") ? opcuaEncryptedPolicy : policies.get(check.protocol);
}

function speakers(drivers: ReadonlyMap<Protocol, Driver>, vault: Vault, means: OwnMeans): KeeperParts["speakerOf"] {
  return (check) => {
    const { protocol } = check;
    const without = unavailable(check, means);
    if (without !== undefined) return { unavailable: without };
    const driver = drivers.get(protocol);
    const policy = policyOf(check);
    const credential = vault.credentialOf(check);
    if (!driver || !policy || (check.credentials && !credential)) return undefined;
    return { driver, policy, ...(credential && { credential }) };
  };
}

interface Surroundings {
  readonly stopFile: StopFile;
  readonly cutOff: Circumstances["cutOff"];
  readonly windows: WindowKeeper;
  readonly operations: () => Operations;
  readonly deepQueries: () => DeepQueries;
}

function circumstances({ stopFile, cutOff, windows: { windows }, operations, deepQueries }: Surroundings): Circumstances {
  return {
    stopped: () => stopFile.inForce,
    cutOff,
    auditWritable: () => !operations().auditGone(),
    leading: () => true,
    pause: (device) => windows.pause(device),
    deepQuery: (device) => windows.deepQuery(device),
    deepQueryRuns: (check) => deepQueries().asks(check),
    // Passive sources and link reports come later; the gate asks for them already.
    heardUntil: () => undefined,
    linkDownUntil: () => undefined,
  };
}
