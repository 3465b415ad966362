/** A site in a folder of the test's own, with a state folder that is kept in memory and, where wanted, a poller that answers. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { runCli } from "../../../src/cli/cli.ts";
import type { Command } from "../../../src/cli/command.ts";
import { approve } from "../../../src/cli/commands/approve.ts";
import { plan } from "../../../src/cli/commands/plan.ts";
import { wallMs, type WallMs } from "../../../src/domain/units.ts";
import type { KeptQuiet, Problems, StandingStop, StateBirth, StateJournal, StateStore, StopRecord } from "../../../src/cli/ports.ts";
import { settingsText } from "../../../src/cli/site-template.ts";
import type { KnownIdentity } from "../../../src/domain/baseline.ts";
import type { AuditEntry } from "../../../src/domain/board.ts";
import type { KeptPlan } from "../../../src/domain/kept-plan.ts";
import type { ControlHandlers, TripStatus } from "../../../src/domain/control.ts";
import { startControl, type ControlServer } from "../../../src/exporters/control.ts";
import { listed, surroundings, type Changes } from "./surroundings.ts";

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** What the state folder holds, for a test to put in and look at. */
export class MemoryState implements StateStore {
  born: StateBirth = { site: "mv-aurora", lab: false };
  stopRecord: StopRecord | undefined;
  /** How often somebody stopped it, also while it was. */
  stops = 0;
  trips: TripStatus[] = [];
  readonly audit: AuditEntry[] = [];
  /** What a person took the wall clock for right at. */
  trusted: number | undefined;
  /** The highest trusted time, as the folder holds it. */
  highest: WallMs | Problems = wallMs(0);
  /** What the disk says to every write, while it is full. */
  problem: string | undefined;

  known: readonly KnownIdentity[] = [];
  /** The latest first. */
  ran: readonly KeptPlan[] = [];

  quietTimes: KeptQuiet | Problems = { windows: undefined, runs: [] };

  quiet(): KeptQuiet | Problems {
    return this.quietTimes;
  }
  trustedTime(): WallMs | Problems {
    return this.highest;
  }
  plansThatRan(): readonly KeptPlan[] {
    return this.ran;
  }
  create(): Promise<undefined> {
    return Promise.resolve(undefined);
  }
  birth(): StateBirth {
    return this.born;
  }
  stopped(): StopRecord | undefined {
    return this.stopRecord;
  }
  stop(_folder: string, { by, reason }: Parameters<StateStore["stop"]>[1]): ReturnType<StateStore["stop"]> {
    if (this.problem !== undefined) return { problems: [this.problem] };
    this.stops += 1;
    this.stopRecord ??= { by, reason, since: "2026-11-21T12:00:00.000Z" };
    return undefined;
  }
  standingStop(): ReturnType<StateStore["standingStop"]> {
    const noted = this.stops;
    const lift: StandingStop["lift"] = () => {
      if (this.problem !== undefined) return { problems: [this.problem] };
      if (this.stops !== noted) return { problems: ["found another stop"] };
      this.stopRecord = undefined;
      return undefined;
    };
    return this.stopRecord && { lift };
  }
  adopt(folder: string, _adopted: StateBirth, signed: Parameters<StateStore["stop"]>[1]): ReturnType<StateStore["adopt"]> {
    return this.stop(folder, signed);
  }
  identities(): ReturnType<StateStore["identities"]> {
    return this.known;
  }
  readAudit(..._asked: Parameters<StateStore["readAudit"]>): ReturnType<StateStore["readAudit"]> {
    return { problems: ["this test has no journal"] };
  }
  journal(): Promise<StateJournal> {
    return Promise.resolve({
      trips: () => this.trips,
      highest: "2026-11-22T12:00:00.000Z",
      noteTime: (at) => (this.trusted = at),
      reset: (scope) => (this.trips = this.trips.filter((trip) => trip.scope !== scope)),
      identity: (known) => (this.known = [...this.known.filter(({ device }) => device !== known.device), known]),
      audit: (entry) => this.audit.push(entry),
      close: () => Promise.resolve(this.problem === undefined ? undefined : { problems: [this.problem] }),
    });
  }
}

export const family = "generic-modbus-tcp";

/** Everything that a person signs with but the digest and the devices. */
export const signature: readonly string[] = Object.entries({
  "--prepared-by": "eto-1",
  "--accepted-by": "chief engineer, mail 2026-11-21",
  "--basis": "vendor",
  "--basis-text": "EIO0000003089 p. 41",
  "--until": "2028-02-21",
  "--change": "MOC-2026-014",
}).flat();

function deviceText(number: number): string {
  return [
    `  - {id: plc-${number}, name: PLC ${number}, address: 192.0.2.${number + 10}, segment: hvac, function: control, category: II,`,
    `     profile: ${family}, statements: {otherClients: [], watchdog: {mode: none, closeCausesFault: false, by: eto-1, on: 2026-11-20}},`,
    "     checks: [{method: modbus-fc43, unitId: 1, interval: 60s}]}",
  ].join("\n");
}

export class TestSite {
  readonly folder: string = mkdtempSync(path.join(tmpdir(), "wk-"));
  readonly state: MemoryState = new MemoryState();
  /** Each request that the poller was sent: its command, then its body. */
  readonly sent: (readonly [string, unknown])[] = [];
  #server: ControlServer | undefined;

  constructor() {
    mkdirSync(path.join(this.folder, "state"));
    writeFileSync(path.join(this.folder, "watchkeeper.yaml"), settingsText({ site: "mv-aurora", lab: false }));
  }

  write(file: string, text: string): void {
    mkdirSync(path.dirname(path.join(this.folder, file)), { recursive: true });
    writeFileSync(path.join(this.folder, file), text);
  }

  read(file: string): string {
    return readFileSync(path.join(this.folder, file), "utf8");
  }

  /** A watchlist of complete devices plc-1, plc-2, …, each with one check at 60 s; nothing is approved. */
  watch(count: number): void {
    const devices = Array.from({ length: count }, (_, index) => deviceText(index + 1));
    const segment = "  - {id: hvac, zone: OT-1, subnet: 192.0.2.0/24, localAddress: 192.0.2.5}";
    this.write("watchlist.yaml", ["schema: watchlist/v1", "segments:", segment, "devices:", ...devices, ""].join("\n"));
    mkdirSync(path.join(this.folder, "device-profiles"), { recursive: true });
  }

  /** What `plan` prints for a person to copy. */
  async covers(): Promise<string> {
    const { out } = await this.run(plan, ["--json"]);
    const { profiles } = JSON.parse(out) as { profiles: readonly { id: string; covers: string }[] };
    return profiles.find(({ id }) => id === family)?.covers ?? "";
  }

  /** Every device of the watchlist, until 2028-02-21. */
  async approve(): Promise<void> {
    const ran = await this.run(approve, [family, "--all-new", "--covers", await this.covers(), ...signature]);
    if (ran.code !== 0) throw new Error(ran.err);
  }

  /** Starts a poller that answers with these handlers. */
  async poller(handlers: Partial<ControlHandlers>): Promise<void> {
    const windows = ["window-open", "window-extend", "window-close", "window-list"] as const;
    const deep = ["deep-query", "deep-query-look", "deep-query-end"] as const;
    const names = [
      "status",
      "check",
      "certificates",
      "stop",
      "resume",
      "reset",
      "reload",
      "clock",
      ...windows,
      ...deep,
      "baseline-accept",
      "audit",
    ] as const;
    const answering = names.map((name) => [
      name,
      (request: never) => {
        this.sent.push([name, request]);
        return handlers[name]?.(request) ?? Promise.resolve({ ok: false, problems: [`this poller cannot ${name}`] });
      },
    ]);
    const started = await startControl({
      path: path.join(this.folder, "state/control.sock"),
      handlers: Object.fromEntries(answering) as ControlHandlers,
      answered: () => Promise.resolve(false),
      bug: (error) => {
        throw error;
      },
    });
    if ("problem" in started) throw new Error(started.problem);
    this.#server = started;
  }

  async run(command: Command, argv: readonly string[] = [], changes: Changes = {}): Promise<Ran> {
    const world = surroundings({ cwd: this.folder, state: this.state, ...changes });
    const code = await runCli([command.name, ...argv], [listed(command)], world);
    // The folder's name is another one each time.
    const plainly = (text: string): string => text.replaceAll(this.folder, "FOLDER");
    return { code, out: plainly(world.out()), err: plainly(world.err()) };
  }

  async remove(): Promise<void> {
    await this.#server?.close();
    rmSync(this.folder, { recursive: true });
  }
}
