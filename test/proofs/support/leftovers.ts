/** Names the namespaces and files of this process, and removes those whose process died without clearing up. */
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const namespaceFolder = "/run/netns";
const pattern = /^wire-(\d+)-/;
/** Each takes some milliseconds. */
const triesMax = 20;

/** `wire-<pid>-<network>-<host>`: the pid says whose it is, also after a crash. */
export function namespaceName(network: number, host: string): string {
  return `wire-${process.pid}-${network}-${host}`;
}

/** False also for a zombie: it has ended, and whoever is to collect it may take its time. */
export function isRunning(pid: number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch (error) {
    if (error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ESRCH")) return false;
    throw error;
  }
}

/** Where a network keeps its files; named as its namespaces are. */
export function filesFolder(network: number): string {
  return join(tmpdir(), `wire-${process.pid}-${network}-files`);
}

/** Removes the namespaces, the processes still inside them, and the files whose owning test process no longer exists. */
export function sweepLeftovers(): void {
  for (const name of ownerless(namespaceFolder)) removeNamespace(name);
  for (const name of ownerless(tmpdir())) rmSync(join(tmpdir(), name), { recursive: true, force: true });
}

/**
 * Ends every process inside the namespace by its pid, then removes the namespace. Only a test's own descendants can be inside: the
 * name is unique and nothing else enters it. Synchronous, so that it also works while the process exits.
 */
export function removeNamespace(name: string): void {
  // A process may fork between listing and killing; a few rounds see that through.
  for (let round = 0; round < 5; round += 1) {
    const pids = ip(["netns", "pids", name]).split("\n").filter(Boolean).map(Number);
    if (pids.length === 0) break;
    for (const pid of pids) kill(pid);
  }
  ip(["netns", "delete", name]);
}

function ownerless(folder: string): readonly string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder).filter((name) => {
    const owner = pattern.exec(name)?.[1];
    return owner !== undefined && !isRunning(Number(owner));
  });
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error; // ESRCH: it ended by itself
  }
}

/**
 * Another process may be sweeping the same leftovers: a namespace that is already gone is what was wanted, and between its unmounting and its
 * end there is a moment in which it is neither there nor gone.
 */
function ip(arguments_: readonly string[]): string {
  const name = arguments_.at(-1) ?? "";
  for (let tries = 1; ; tries += 1) {
    try {
      return execFileSync("ip", [...arguments_], { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
    } catch (error) {
      if (!existsSync(join(namespaceFolder, name))) return "";
      if (tries === triesMax) throw error;
    }
  }
}
