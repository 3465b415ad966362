#!/usr/bin/env node
/** Starts Watchkeeper with a Node that is new enough: the running one, or else the one that was installed with it. */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

/** Below this major version Watchkeeper cannot run. */
const nodeMajorMin = 24;
/** The version Watchkeeper is tested with and comes with. Below it Node calls type stripping and node:sqlite experimental, with a warning. */
const nodeTested = { major: 24, minor: 21 };

const self = fileURLToPath(import.meta.url);
const root = path.resolve(path.dirname(self), "..");

/** Node strips no types below a node_modules folder, so an installed package runs what was built; one without sources has nothing else. */
function mainFile() {
  const installed = root.split(path.sep).includes("node_modules") || !existsSync(path.join(root, "src"));
  return path.join(root, installed ? "dist/main.js" : "src/main.ts");
}

function isOlderThanTested() {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  return major < nodeTested.major || (major === nodeTested.major && minor < nodeTested.minor);
}

function nodeThatCameAlong() {
  try {
    const manifest = createRequire(import.meta.url).resolve(`node-${process.platform}-${process.arch}/package.json`);
    const node = path.join(path.dirname(manifest), "bin/node");
    return existsSync(node) ? node : undefined;
  } catch (error) {
    if (error.code !== "MODULE_NOT_FOUND") throw error;
    return undefined;
  }
}

function fail(text) {
  console.error(`watchkeeper: ${text}`);
  process.exit(1);
}

/** Runs the same command with another Node and ends as it ends. */
function runWith(node) {
  // The channel carries no messages: its end tells the child that this process was killed, so that no poller is left running unseen.
  const child = spawn(node, [...process.execArgv, self, ...process.argv.slice(2)], {
    stdio: ["inherit", "inherit", "inherit", ...socketsOfSystemd(), "ipc"],
    env: socketsOfSystemd().length === 0 ? process.env : { ...process.env, LISTEN_PID: `launcher ${process.pid}` },
  });
  const onTerminal = process.stdin.isTTY || process.stdout.isTTY || process.stderr.isTTY;
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP", "SIGUSR2"]) {
    process.on(signal, () => {
      // A terminal sends Ctrl-C to the child itself; forwarded as well, it would count twice.
      if (signal !== "SIGINT" || !onTerminal) child.kill(signal);
    });
  }
  child.on("error", (error) =>
    fail(`${node} cannot be started (${error.message}). Install Node ${nodeMajorMin} or newer: https://nodejs.org`),
  );
  child.on("exit", (code, signal) => {
    if (signal === null) process.exit(code);
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}

/** The descriptors that systemd opened for this process (sd_listen_fds(3)), which are the other Node's too. */
function socketsOfSystemd() {
  const { LISTEN_PID, LISTEN_FDS } = process.env;
  const count = LISTEN_PID === String(process.pid) ? Number(LISTEN_FDS) : 0;
  return Array.from({ length: count > 0 && count < 100 ? count : 0 }, (_, index) => 3 + index);
}

function endWithLauncher() {
  if (process.channel === undefined || process.channel === null) return;
  process.on("disconnect", () => process.kill(process.pid, "SIGTERM"));
  process.channel.unref();
}

async function runHere() {
  const main = mainFile();
  if (!existsSync(main))
    fail(`${main} is missing: this copy of Watchkeeper is incomplete (an installed package needs \`npm run build\` before it is packed).`);
  endWithLauncher();
  // A stop that comes while the program is still being loaded is kept for it; without a handler the signal would end the process, and nothing would be written.
  const early = [];
  if (process.argv[2] === "run") process.on("SIGUSR2", (signal) => early.push(signal));
  const entry = await import(pathToFileURL(main).href);
  await entry.main(process.argv.slice(2), early);
}

const other = isOlderThanTested() ? nodeThatCameAlong() : undefined;
if (other !== undefined) {
  runWith(other);
} else if (Number.parseInt(process.versions.node, 10) >= nodeMajorMin) {
  await runHere();
} else {
  fail(
    `Node ${process.version} is too old: Watchkeeper needs Node ${nodeMajorMin} or newer, and none came along for ${process.platform}-${process.arch}. ` +
      `Run \`npm ci\` (on Linux it brings one), or install Node ${nodeMajorMin}: https://nodejs.org`,
  );
}
