/** After an installation: makes node-snap7's addon loadable by the Node that npm scripts run with, or says that S7 checks are off. */
import { spawnSync } from "node:child_process";
import { accessSync, constants, existsSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";

const nodeMajorMin = 24;
const buildTimeoutMs = 300_000;

function warn(text) {
  console.warn(`Watchkeeper: ${text}`);
}

function switchedOff(reason, remedy) {
  warn(`S7 checks are off, everything else works: ${reason}. To switch them on: ${remedy}.`);
}

function snap7Directory() {
  try {
    return path.dirname(createRequire(import.meta.url).resolve("node-snap7/package.json"));
  } catch (error) {
    if (error.code !== "MODULE_NOT_FOUND") throw error;
    return undefined;
  }
}

/** The addon is bound to one Node ABI and a bad one ends its process, so it is tried in another process. */
function loads(directory) {
  return spawnSync(process.execPath, ["-e", `require(${JSON.stringify(directory)})`], { stdio: "ignore" }).status === 0;
}

function isOnPath(command) {
  return (process.env.PATH ?? "").split(path.delimiter).some((folder) => {
    try {
      accessSync(path.join(folder, command), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

function missingTools() {
  const { CXX, MAKE, PYTHON } = process.env;
  if (process.platform === "win32") return []; // node-gyp finds Visual Studio by other means than PATH
  const wanted = [
    ["python3", PYTHON ?? "python3"],
    ["make", MAKE ?? "make"],
    ["g++", CXX ?? (process.platform === "darwin" ? "c++" : "g++")],
  ];
  return wanted.filter(([, command]) => !path.isAbsolute(command) && !isOnPath(command)).map(([name]) => name);
}

/** Builds for the running Node with the headers that came with it; `nodedir` of a user's npmrc may belong to another Node. */
function build(directory) {
  const gyp = process.env.npm_config_node_gyp;
  const prefix = path.resolve(path.dirname(process.execPath), "..");
  const args = [gyp, "rebuild", "--jobs=max", "--directory", directory];
  if (existsSync(path.join(prefix, "include/node/node_api.h"))) args.push(`--nodedir=${prefix}`);
  const env = { ...process.env };
  delete env.npm_config_nodedir;
  const run = spawnSync(process.execPath, args, { env, encoding: "utf8", timeout: buildTimeoutMs, maxBuffer: 64 * 1024 * 1024 });
  return { built: run.status === 0, log: `${run.stdout ?? ""}\n${run.stderr ?? ""}\n${run.error?.message ?? ""}` };
}

function ensureSnap7() {
  const directory = snap7Directory();
  if (directory === undefined) return switchedOff("the package node-snap7 is not installed", "npm install --include=optional");
  if (loads(directory)) return;
  if (process.env.npm_config_node_gyp === undefined) return switchedOff("node-snap7 is not built", "npm run postinstall");
  const missing = missingTools();
  if (missing.length > 0) {
    return switchedOff(`building node-snap7 needs ${missing.join(", ")}`, "install python3, make and g++, then: npm run postinstall");
  }
  const logFile = path.join(directory, "watchkeeper-build.log");
  rmSync(logFile, { force: true });
  const { built, log } = build(directory);
  if (built && loads(directory)) {
    console.log(`Watchkeeper: node-snap7 built for Node ${process.version}.`);
    return;
  }
  writeFileSync(logFile, log);
  switchedOff(
    `node-snap7 could not be built (log: ${path.relative(process.cwd(), logFile)})`,
    "repair what the log names, then: npm run postinstall",
  );
}

if (Number.parseInt(process.versions.node, 10) < nodeMajorMin) {
  warn(`Node ${process.version} is too old and none came with the package: install Node ${nodeMajorMin} or newer (https://nodejs.org).`);
}
ensureSnap7();
