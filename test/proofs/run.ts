/** Runs every wire proof (`npm run test:wire`): checks the machine, installs what is missing, then hands over to Node's test runner. */
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { globSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { sweepLeftovers } from "./support/leftovers.ts";
import { installPackages, missingPackages, packagesNeeded } from "./support/packages.ts";

/** A proof that has not ended by then hangs: the longest one watches the wire for a fraction of this. */
const testTimeoutMs = 360_000;
/** They wait for most of their time: each takes well under half a processor. More at once would make a busy machine the thing measured. */
const concurrency = 4;

process.exitCode = await main();

async function main(): Promise<number> {
  const problem = machineProblem();
  if (problem !== null) return fail(problem);
  try {
    const missing = missingPackages();
    if (missing.length > 0) {
      for (const name of missing) console.log(`missing Debian package ${name}: ${packagesNeeded.get(name) ?? ""}`);
      console.log("installing them; no daemon is started");
      await installPackages(missing);
    }
  } catch (error) {
    return fail(error instanceof Error ? error.message : String(error));
  }
  const files = process.argv.length > 2 ? process.argv.slice(2) : globSync(fileURLToPath(new URL("**/*.proof.ts", import.meta.url)));
  if (files.length === 0) return fail("there is no *.proof.ts below test/proofs");
  sweepLeftovers();
  const code = await runTests(files);
  sweepLeftovers();
  return code;
}

/** What keeps this machine from running the proofs at all, or null. */
function machineProblem(): string | null {
  if (process.platform !== "linux") return `the wire proofs need Linux network namespaces; this is ${process.platform}`;
  if (process.getuid?.() !== 0)
    return "the wire proofs need root, to make network namespaces and capture in them; run: sudo npm run test:wire";
  try {
    execFileSync("unshare", ["--net", "--mount", "true"], { stdio: "ignore" });
  } catch {
    return "root may not make network namespaces here; a container needs --privileged";
  }
  return null;
}

async function runTests(files: readonly string[]): Promise<number> {
  // A proof that times out leaves its children running, and their pipes would keep its process, and this run, from ever ending.
  const settings = [
    "--test",
    "--test-force-exit",
    "--test-reporter=spec",
    `--test-concurrency=${concurrency}`,
    `--test-timeout=${testTimeoutMs}`,
  ];
  // The proofs start the product some hundred times; compiled once, it starts in a third of the time. The tests use the same folder.
  const env = { NODE_COMPILE_CACHE: join(tmpdir(), "watchkeeper-tests-compile-cache"), ...process.env };
  const runner = spawn(process.execPath, [...settings, ...files], { stdio: "inherit", env });
  // Ctrl-C ends the runner; this process stays to sweep up what interrupted proofs leave.
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => runner.kill(signal));
  const [code] = (await once(runner, "exit")) as [number | null];
  return code ?? 1;
}

function fail(reason: string): number {
  console.error(`wire proofs not run: ${reason}`);
  return 1;
}
