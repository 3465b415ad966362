/** What a poller does on a disk that is full, then well again, full at its start, and read-only. Runs in a mount and network namespace of its own; says as JSON what it saw. Argument: an empty folder. */
import { execFileSync, spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const disk = process.argv[2] ?? "";
const site = join(disk, "site");
const filler = join(disk, "filler");
const program = fileURLToPath(new URL("../../../bin/watchkeeper.mjs", import.meta.url));
const env = { ...process.env, WATCHKEEPER_LAB: "1" };
const web = "http://127.0.0.1:19824";
const deadlineMs = 60_000;
const seen: Record<string, unknown> = {};

const shell = (command: string, ...args: readonly string[]): string => execFileSync(command, args, { encoding: "utf8" });
function watchkeeper(...args: readonly string[]): { readonly code: number | null; readonly said: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args, "--lab"], {
    cwd: site,
    env,
    encoding: "utf8",
    timeout: deadlineMs,
  });
  return { code: status, said: stdout + stderr };
}

async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + deadlineMs;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`${what}: not within ${deadlineMs} ms; seen ${JSON.stringify(seen)}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** The value of a metric without labels; undefined while nobody answers. */
async function metric(name: string): Promise<number | undefined> {
  const page = await fetch(`${web}/metrics`).then(
    (response) => response.text(),
    () => "",
  );
  const line = page.split("\n").find((one) => one.startsWith(`${name} `));
  return line === undefined ? undefined : Number(line.slice(name.length + 1));
}
const writable = async (): Promise<boolean> => (await metric("watchkeeper_audit_writable")) === 1;
const unwritable = async (): Promise<boolean> => (await metric("watchkeeper_audit_writable")) === 0;

/** For good: what an ended process had open the kernel gives back a moment after its end, and that is room for a journal to begin. */
async function fill(): Promise<void> {
  const size = (): number => (existsSync(filler) ? statSync(filler).size : 0);
  for (let inVain = 0; inVain < 5;) {
    const before = size();
    spawnSync("dd", ["if=/dev/zero", `of=${filler}`, "bs=4096", "oflag=append", "conv=notrunc"]);
    inVain = size() === before ? inVain + 1 : 0;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

async function started(): Promise<ChildProcess> {
  const poller = spawn(process.execPath, [program, "run", "--lab"], { cwd: site, env, stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  for (const stream of [poller.stdout, poller.stderr]) stream.setEncoding("utf8").on("data", (text: string) => (said += text));
  seen["log"] = (): string => said;
  await until("the poller's start", async () => {
    if (poller.exitCode !== null) throw new Error(`the poller ended: ${said}`);
    return (await metric("watchkeeper_stopped")) !== undefined && said.includes('"event":"started"');
  });
  return poller;
}

async function ended(poller: ChildProcess): Promise<number | null> {
  const exit = once(poller, "exit");
  poller.kill("SIGTERM");
  await exit;
  return poller.exitCode;
}

shell("ip", "link", "set", "lo", "up");
shell("mount", "-t", "tmpfs", "-o", "size=6m,mode=0700", "tmpfs", disk);
execFileSync(process.execPath, [program, "init", site, "--site", "lab", "--lab"], { env, stdio: "ignore" });
const settings = join(site, "watchkeeper.yaml");
const kept = readFileSync(settings, "utf8").replace(/^(?:web|log):.*$/gmu, "");
writeFileSync(settings, `${kept}\nweb: {listenAddresses: ["127.0.0.1:19824"]}\nlog: {level: info, format: json}\n`);

const poller = await started();
await fill();
seen["stopOnFull"] = watchkeeper("stop", "--by", "eto-1", "--reason", "smoke").code;
await until("an alarm on a full disk", unwritable);
seen["stopFileOnFull"] = existsSync(join(site, "state", "STOP"));
await until("the stop to be seen", async () => (await metric("watchkeeper_stopped")) === 1);
seen["resumeOnFull"] = watchkeeper("resume", "--by", "eto-1", "--reason", "too early").said;
rmSync(filler);
await until("records again once there is room", writable);
seen["resume"] = watchkeeper("resume", "--by", "eto-1", "--reason", "room made").code;

seen["end"] = await ended(poller);
rmSync(join(site, "state", "STOP"), { force: true });

await fill();
const onFull = watchkeeper("run");
seen["startOnFull"] = onFull.code;
seen["startOnFullSaid"] = onFull.said;
rmSync(filler);
seen["verify"] = watchkeeper("audit", "verify").said.split("\n")[0];
const lines = watchkeeper("audit", "export").said.trim().split("\n");
seen["audit"] = lines
  .map((line) => JSON.parse(line) as { readonly type: string; readonly source: string })
  .map(({ type, source }) => `${type} ${source}`);
shell("mount", "-o", "remount,ro", disk);
const refused = watchkeeper("run");
seen["startOnReadOnly"] = refused.code;
seen["startOnReadOnlySaid"] = refused.said;
seen["stopOnReadOnly"] = watchkeeper("stop", "--by", "eto-2", "--reason", "smoke again").said;
delete seen["log"];
process.stdout.write(JSON.stringify(seen));
