/** The pollers that a hazard is tried on: Watchkeeper with a lab site of its own, any other by its command, and the careless control. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { keepTail, type RunningPoller, startPoller, watchkeeper } from "../demo/watchkeeper.ts";
import { Timers } from "../timers.ts";
import type { Polled } from "./hazard.ts";
import { deviceId, familyOf, type Plant, siteFiles } from "./site.ts";

export interface Polling extends Polled {
  /** What it says of a plant's targets that it does not ask, one line each. */
  notAsked(plant: Plant): readonly string[];
  /** What it has said of late, where it says anything. */
  lastWords(): string;
  /** It has ended by itself. */
  over?(): boolean;
  end(): Promise<void>;
}

/** Resolves once it runs, on one or several plants. */
export type StartPolling = (plants: readonly Plant[]) => Promise<Polling>;

const never = new AbortController().signal;
const endWithinMs = 5000;
const metricsPort = 9824;

/** A lab site made with the commands that a person would use, and every device approved that lets itself be approved. */
export const watchkeeperPoller: StartPolling = async (plants) => {
  const folder = await mkdtemp(path.join(tmpdir(), "wk-hazard-"));
  const options = ["--config.file", path.join(folder, "watchkeeper.yaml"), "--lab"];
  const done = async (...args: readonly string[]): Promise<string> => {
    const { code, out, err } = await watchkeeper(args, never);
    if (code !== 0) throw new Error(`watchkeeper ${args[0] ?? ""} ended with ${String(code)}: ${err}${out}`);
    return out;
  };
  await done("init", folder, "--site", "hazard", "--lab");
  const settings = path.join(folder, "watchkeeper.yaml");
  await writeFile(settings, (await readFile(settings, "utf8")).replace(`127.0.0.1:${metricsPort}`, metricsAddress(plants)));
  for (const [name, text] of siteFiles(plants, day(0))) await writeFile(path.join(folder, name), text);
  const { profiles, refused } = JSON.parse(await done("plan", "--json", ...options)) as PlanPart;
  const inNames = ["--prepared-by", "the suite", "--accepted-by", "whoever started it", "--basis", "risk", "--basis-text", "simulators"];
  const waiting = new Set(refused.filter(({ waitsForApproval }) => waitsForApproval).map(({ check }) => check.split("/")[0]));
  for (const family of new Set(plants.flatMap((plant) => plant.targets.filter((one) => waiting.has(deviceId(plant, one))).map(familyOf)))) {
    const covers = profiles.find(({ id }) => id === family)?.covers ?? "";
    await done("approve", family, "--all-new", "--covers", covers, ...inNames, "--until", day(30), "--change", "HAZARDS", ...options);
  }
  const refusals = refused.filter(({ waitsForApproval }) => !waitsForApproval);
  let poller: RunningPoller = startPoller(options);
  return {
    notAsked: (plant) =>
      plant.targets.flatMap((one) => refusals.filter(({ check }) => check.startsWith(`${deviceId(plant, one)}/`)).map(whyNot)),
    scrape: () => scrape(plants),
    crash: async () => {
      await poller.crash();
      poller = startPoller(options);
    },
    lastWords: () => poller.lastWords(),
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

const waitsForSomebody: ReadonlySet<string> = new Set(["not_approved", "not_admitted", "approval_stale", "stage"]);

/** What no approval could change, where there is such a thing. */
function whyNot({ further, ...first }: PlanPart["refused"][number]): string {
  const { reason, detail } = [first, ...further].find((one) => !waitsForSomebody.has(one.reason)) ?? first;
  return `${reason}: ${detail}`;
}

/** Any program. `{targets}` in its command is the file that lists what it may ask, and where its metrics page would be looked for. */
export function foreignPoller(command: string): StartPolling {
  return async (plants) => {
    const folder = await mkdtemp(path.join(tmpdir(), "wk-hazard-"));
    const file = path.join(folder, "targets.json");
    const targets = plants.flatMap((plant) => plant.targets.map((target) => ({ ...target, id: deviceId(plant, target) })));
    await writeFile(file, JSON.stringify({ metricsAddress: metricsAddress(plants), targets }, undefined, 2));
    const start = (): ChildProcess =>
      spawn("/bin/sh", ["-c", `exec ${command.replaceAll("{targets}", `'${file}'`)}`], { stdio: ["ignore", "pipe", "pipe"] });
    let child = start();
    let lastWords = keepTail(child);
    const over = (): boolean => child.exitCode !== null || child.signalCode !== null;
    return {
      notAsked: () => [],
      scrape: () => scrape(plants),
      crash: async () => {
        await ended(child, "SIGKILL");
        child = start();
        lastWords = keepTail(child);
      },
      lastWords: () => `${over() ? `; it ended with ${String(child.exitCode ?? child.signalCode)}` : ""}${lastWords()}`,
      over,
      end: async () => {
        await ended(child, "SIGTERM");
        await rm(folder, { recursive: true, force: true });
      },
    };
  };
}

/** Plain loops on the protocols' packages with their defaults. */
export const carelessPoller: StartPolling = foreignPoller(
  `'${process.execPath}' '${fileURLToPath(new URL("careless.ts", import.meta.url))}' {targets}`,
);

async function ended(child: ChildProcess, signal: "SIGTERM" | "SIGKILL"): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const timers = new Timers();
  timers.after(endWithinMs, () => void child.kill("SIGKILL"));
  const over = once(child, "exit");
  child.kill(signal);
  await over;
  timers.clear();
}

/** On a loopback address of the first plant that none of its devices has. */
function metricsAddress([first]: readonly Plant[]): string {
  return `${first?.prefix ?? "127.0.0."}254:${metricsPort}`;
}

async function scrape(plants: readonly Plant[]): Promise<boolean> {
  try {
    const page = await fetch(`http://${metricsAddress(plants)}/metrics`);
    await page.text();
    return page.ok;
  } catch (cause) {
    // Nobody listens there.
    if (!(cause instanceof TypeError)) throw cause;
    return false;
  }
}

function day(ahead: number): string {
  return new Date(Date.now() + ahead * 86_400_000).toISOString().slice(0, 10);
}
