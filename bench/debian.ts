/** Other pollers, as Debian has them: fetched and unpacked into a folder of their own, never installed; and what their processes cost. */
import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

const folder = path.join(tmpdir(), "watchkeeper-bench-debian");

/** Where the package's files lie, and its version. @throws Error with apt-get's words where it cannot be had */
export function unpacked(name: string): { readonly root: string; readonly version: string } {
  const root = path.join(folder, name);
  mkdirSync(root, { recursive: true });
  const archive = (): string | undefined => readdirSync(folder).find((file) => file.startsWith(`${name}_`));
  if (archive() === undefined) {
    try {
      execFileSync("apt-get", ["download", "-qq", name], { cwd: folder, stdio: ["ignore", "ignore", "pipe"], encoding: "utf8" });
    } catch (error) {
      throw new Error(`bench: ${name} could not be fetched; this needs Debian and its mirrors`, { cause: error });
    }
  }
  const file = archive() ?? "";
  if (!existsSync(path.join(root, "usr"))) execFileSync("dpkg-deb", ["--extract", path.join(folder, file), root]);
  return { root, version: execFileSync("dpkg-deb", ["--field", path.join(folder, file), "Version"], { encoding: "utf8" }).trim() };
}

export interface Program {
  /** Microseconds of the processor so far, all threads; in steps of 10 ms. */
  cpu(): number;
  end(): Promise<void>;
}

/** Resolves once `ready` does; rejects where the program ends before. */
export async function started(program: string, words: readonly string[], ready: () => Promise<boolean>): Promise<Program> {
  const child = spawn(program, words, { stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (said = (said + text).slice(-2000)));
  for (let tries = 0; !(await ready()); tries++) {
    if (child.exitCode !== null || tries > 100) throw new Error(`bench: ${program} does not answer: ${said}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return { cpu: () => cpuOf(child), end: () => ended(child) };
}

async function ended(child: ChildProcess): Promise<void> {
  const gone = once(child, "exit");
  child.kill("SIGTERM");
  await gone;
}

/** proc(5): utime and stime are fields 14 and 15, in hundredths of a second on every Linux that Node runs on. */
function cpuOf({ pid }: ChildProcess): number {
  const fields = readFileSync(`/proc/${pid ?? 0}/stat`, "utf8")
    .replace(/^.*\) /su, "")
    .split(" ");
  return (Number(fields[11]) + Number(fields[12])) * 10_000;
}
