/** The pollers that a hazard is tried on: Watchkeeper with a lab site of its own, any other by its command, and the careless control. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { startPoller, watchkeeper } from "../demo/watchkeeper.ts";
import { Timers } from "../timers.ts";
import type { Scene, Target } from "./hazard.ts";

export interface Polling {
  /** What it says of targets that it does not ask, one line each. */
  readonly notAsked: readonly string[];
  end(): Promise<void>;
}

/** Resolves once it runs; what it runs on is `scene`. */
export type StartPolling = (scene: Scene, prefix: string) => Promise<Polling>;

const never = new AbortController().signal;
const endWithinMs = 5000;

/** A lab site made with the commands that a person would use, and every device approved that lets itself be approved. */
export const watchkeeperPoller: StartPolling = async (scene, prefix) => {
  const folder = await mkdtemp(path.join(tmpdir(), "wk-hazard-"));
  const options = ["--config.file", path.join(folder, "watchkeeper.yaml"), "--lab"];
  const done = async (...args: readonly string[]): Promise<string> => {
    const { code, out, err } = await watchkeeper(args, never);
    if (code !== 0) throw new Error(`watchkeeper ${args[0] ?? ""} ended with ${String(code)}: ${err}${out}`);
    return out;
  };
  await done("init", folder, "--site", "hazard", "--lab");
  const settings = path.join(folder, "watchkeeper.yaml");
  await writeFile(settings, (await readFile(settings, "utf8")).replace("127.0.0.1:9824", `${prefix}254:9824`));
  for (const [name, text] of siteFiles(scene, prefix)) await writeFile(path.join(folder, name), text);
  const plan = JSON.parse(await done("plan", "--json", ...options)) as PlanPart;
  const inNames = ["--prepared-by", "the suite", "--accepted-by", "whoever started it", "--basis", "risk", "--basis-text", "simulators"];
  const until = new Date(Date.now() + 30 * 86_400_000).toISOString().slice(0, 10);
  for (const { id, covers } of plan.profiles)
    if (plan.refused.some(({ waitsForApproval, check }) => waitsForApproval && profileOf(scene, check) === id))
      await done("approve", id, "--all-new", "--covers", covers, ...inNames, "--until", until, "--change", "HAZARDS", ...options);
  const poller = startPoller(options);
  return {
    notAsked: plan.refused.filter(({ waitsForApproval }) => !waitsForApproval).map(whyNot),
    end: async () => {
      await poller.end();
      await rm(folder, { recursive: true, force: true, maxRetries: 3 });
    },
  };
};

interface Refusal {
  readonly reason: string;
  readonly detail: string;
}

interface PlanPart {
  readonly profiles: readonly { readonly id: string; readonly covers: string }[];
  readonly refused: readonly (Refusal & {
    readonly check: string;
    readonly waitsForApproval: boolean;
    readonly further: readonly Refusal[];
  })[];
}

/** What no approval could change, where there is such a thing. */
function whyNot({ further, ...first }: PlanPart["refused"][number]): string {
  const { reason, detail } = [first, ...further].find((one) => one.reason !== "not_approved" && one.reason !== "not_admitted") ?? first;
  return `${reason}: ${detail}`;
}

/** Any program. `{targets}` in its command is the file that lists what it may ask. */
export function foreignPoller(command: string): StartPolling {
  return async (scene) => {
    const folder = await mkdtemp(path.join(tmpdir(), "wk-hazard-"));
    const file = path.join(folder, "targets.json");
    await writeFile(file, JSON.stringify({ targets: scene.targets }, undefined, 2));
    const child = spawn("/bin/sh", ["-c", `exec ${command.replaceAll("{targets}", `'${file}'`)}`], { stdio: "ignore" });
    return {
      notAsked: [],
      end: async () => {
        await ended(child);
        await rm(folder, { recursive: true, force: true });
      },
    };
  };
}

/** A plain loop on modbus-serial with its defaults. */
export const carelessPoller: StartPolling = foreignPoller(
  `'${process.execPath}' '${fileURLToPath(new URL("careless.ts", import.meta.url))}' {targets}`,
);

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const timers = new Timers();
  timers.after(endWithinMs, () => void child.kill("SIGKILL"));
  const over = once(child, "exit");
  child.kill("SIGTERM");
  await over;
  timers.clear();
}

const register = { id: "alive", space: "holding-registers", protocolAddress: 0 };

function profileOf({ targets }: Scene, check: string): string {
  return familyOf(targets.find(({ id }) => check.startsWith(`${id}/`)) ?? targets[0]!);
}

function familyOf({ family, behindGateway }: Target): string {
  return family ?? (behindGateway ? "generic-modbus-rtu" : "generic-modbus-tcp");
}

/** JSON is YAML 1.2. */
function siteFiles({ targets, gateway }: Scene, prefix: string): readonly (readonly [name: string, text: string])[] {
  const on = new Date().toISOString().slice(0, 10);
  const raised = { startsPerSecondMax: 20, approvedBy: "the suite", reason: "simulators on this computer" };
  const [first] = targets;
  const watchlist = {
    schema: "watchlist/v1",
    siteBudget: raised,
    segments: [{ id: "plant", zone: "LAB", subnet: `${prefix}0/24`, localAddress: `${prefix}254`, ...raised }],
    ...(gateway && {
      gateways: [
        {
          id: "gateway",
          address: first!.address,
          port: first!.port,
          segment: "plant",
          responseTimeout: `${gateway.responseTimeoutMs}ms`,
          retries: gateway.retries,
          unitCount: gateway.units,
          otherClients: clients(first!.otherClients),
        },
      ],
    }),
    devices: targets.map((target) => deviceEntry(target, on)),
  };
  const registers = targets.some(({ ask }) => ask === "registers");
  const siteFile = (id: string): object => ({ schema: "site-profile/v1", id, approval: { stage: "draft" }, liveness: [register] });
  return [
    ["watchlist.yaml", JSON.stringify(watchlist, undefined, 2)],
    ...(registers
      ? [["device-profiles/generic-modbus-rtu.yaml", JSON.stringify(siteFile("generic-modbus-rtu"), undefined, 2)] as const]
      : []),
  ];
}

function deviceEntry(target: Target, on: string): object {
  const { id, address, port, unitId, behindGateway, ask, intervalMs, answerWithinMs, connectionPool, watchdog, otherClients } = target;
  const reached = behindGateway ? { via: "gateway" } : { address, port, segment: "plant" };
  const method = ask === "registers" ? { method: "modbus-fc3", register: "alive" } : { method: "modbus-fc43" };
  const pool = connectionPool && { connectionPool: { ...connectionPool, source: "the simulator's own settings" } };
  return {
    id,
    ...reached,
    function: "control",
    category: "I",
    profile: familyOf(target),
    statements: { ...(!behindGateway && { otherClients: clients(otherClients) }), ...pool, watchdog: { ...watchdog, by: "the suite", on } },
    checks: [{ ...method, unitId, interval: `${intervalMs}ms`, connectWithin: "300ms", answerWithin: `${answerWithinMs}ms` }],
  };
}

function clients(count: number): readonly object[] {
  return count === 0 ? [] : [{ name: "SCADA", connections: count }];
}
