/** Makes the demo's site in a temporary folder, with the commands that a person would use. */
import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { asked, excludedId, safetyId, watchlistText } from "./cast.ts";
import { NotSeen } from "./patience.ts";
import { type Finished, launcher, watchkeeper } from "./watchkeeper.ts";

const profile = "generic-modbus-tcp";
const defaultListen = "127.0.0.1:9824";
const approvedForDays = 30;

export interface Site {
  readonly folder: string;
  /** Last day of the approval. */
  readonly until: string;
  /** A script that calls Watchkeeper for this site, for a person at another terminal. */
  readonly script: string;
  /** What every command takes. */
  readonly options: readonly string[];
  /** Runs one command for this site. */
  command(...args: readonly string[]): Promise<Finished>;
  remove(): Promise<void>;
}

export interface SiteWishes {
  /** Of the devices' addresses: `127.1.0.` */
  readonly prefix: string;
  readonly metricsPort: number;
  /** Told what was done, step by step. */
  readonly say: (text: string) => void;
}

/** The folder alone; `makeSite` fills it. Removed by `remove`, whatever was made of it. */
export async function siteFolder(signal: AbortSignal): Promise<Site> {
  const folder = await mkdtemp(path.join(tmpdir(), "wk-demo-"));
  const options = ["--config.file", path.join(folder, "watchkeeper.yaml"), "--lab"];
  return {
    folder,
    until: day(approvedForDays),
    script: path.join(folder, "wk"),
    options,
    command: (...args) => watchkeeper([...args, ...options], signal),
    remove: () => rm(folder, { recursive: true, force: true, maxRetries: 3 }),
  };
}

/** Rejects with NotSeen and the command's own words when a command fails. */
export async function makeSite(site: Site, wishes: SiteWishes, signal: AbortSignal): Promise<void> {
  const { folder, command } = site;
  succeeded("init", await watchkeeper(["init", folder, "--site", "demo", "--lab"], signal));
  wishes.say("watchkeeper init --lab made the site; it can ask loopback and documentation addresses only.");
  const settings = path.join(folder, "watchkeeper.yaml");
  const written = await readFile(settings, "utf8");
  await writeFile(settings, written.replace(defaultListen, `127.0.0.1:${wishes.metricsPort}`));
  await writeFile(site.script, `#!/bin/sh\nWATCHKEEPER_LAB=1 exec '${process.execPath}' '${launcher}' "$@" ${site.options.join(" ")}\n`);
  await chmod(site.script, 0o755);
  const watchlist = path.join(folder, "watchlist.yaml");
  await writeFile(watchlist, watchlistText(wishes.prefix, day(0), "before"));
  const plan = planIn(succeeded("plan", await command("plan", "--json")));
  const signature = ["--prepared-by", "the demo", "--accepted-by", "whoever started it", "--basis", "risk", "--basis-text", "simulators"];
  const approval = [profile, "--all-new", "--covers", coversIn(plan), ...signature, "--until", site.until, "--change", "DEMO-1"];
  succeeded("approve", await command("approve", ...approval));
  wishes.say(`watchkeeper approve allowed ${asked.length + 1} devices: these exact bytes, at this pace, until ${site.until}.`);
  await writeFile(watchlist, watchlistText(wishes.prefix, day(0), "after"));
  await admitByHand(path.join(folder, "device-profiles", `${profile}.yaml`), safetyId, plan);
  wishes.say(`Then three things happened. The maker of ${excludedId}, which was approved, forbade it: it is excluded.`);
  wishes.say(`${safetyId} is a safety device: approve left it out, and somebody wrote it into the approval with an editor.`);
  wishes.say("new-panel was added to the watchlist, and nobody approved it. Watch these three: they must get nothing.");
}

/** Dates of approvals are days in UTC. */
function day(ahead: number): string {
  return new Date(Date.now() + ahead * 86_400_000).toISOString().slice(0, 10);
}

function succeeded(name: string, { code, out, err }: Finished): string {
  if (code !== 0) throw new NotSeen(`watchkeeper ${name} ended with ${String(code)}:\n${err}${out}`);
  return out;
}

interface Plan {
  readonly profiles: readonly { readonly id: string; readonly covers: string }[];
  readonly devices: readonly { readonly id: string; readonly digest: string }[];
}

function planIn(text: string): Plan {
  return JSON.parse(text) as Plan;
}

function coversIn({ profiles }: Plan): string {
  const found = profiles.find(({ id }) => id === profile);
  if (!found) throw new NotSeen(`watchkeeper plan --json names the profile ${profile}`);
  return found.covers;
}

/** What `approve` refuses, somebody with an editor does: the device must not be asked all the same. */
async function admitByHand(file: string, device: string, { devices }: Plan): Promise<void> {
  const digest = devices.find(({ id }) => id === device)?.digest ?? "";
  const written = await readFile(file, "utf8");
  const forged = written.replace(/^( *)devices:\n/mu, `$&$1  ${device}: ${digest}\n`);
  if (forged === written) throw new NotSeen(`${file} lists the devices that are admitted`);
  await writeFile(file, forged);
}
