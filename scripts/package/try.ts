/** Tries what was built in a root of its own, without a network: installs, runs as the service's account, ends well, removes, leaves the site alone. */
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { BuiltFrom } from "./built-from.ts";

const scene = fileURLToPath(new URL("scene.sh", import.meta.url));

export interface Tried {
  readonly deb: string;
  /** With the public key's file: then an upgrade, the bundle, and what damage and forgery come to are tried too. */
  readonly bundle?: { readonly file: string; readonly key: string };
}

const used = ({ version, revision }: BuiltFrom): readonly string[] => [
  `version: watchkeeper ${version}`,
  `revision: ${revision}`,
  "account: watchkeeper:/var/lib/watchkeeper:/usr/sbin/nologin watchkeeper:750 watchkeeper:700 ",
  "init: 0",
  "check-config: 0",
  "addons: 0",
  "unheard: 0",
  "ended: 0",
];
const site = "device-profiles watchkeeper.yaml watchlist.yaml ";

/** What the scene is to say: `install: 0 1` is exit code 0, and the hint once. */
export function expected(from: BuiltFrom, whole: boolean): readonly string[] {
  const conffile = "/etc/sysctl.d/60-watchkeeper.conf";
  const folders = "/etc/watchkeeper /var/lib/watchkeeper ";
  const deb = [
    "install: 0 1",
    "enabled: 0",
    "verify: 0",
    ...used(from),
    ...(whole ? [`upgrade: 0 # ours ${site}`] : []),
    "remove: 0",
    `left: ${conffile} ${folders}`,
    "purge: 0 2",
    `left: ${folders}`,
    `site: ${site}.`,
  ];
  if (!whole) return deb;
  return [
    ...deb,
    "bundle: 0 Installed; nothing was started. Next: /usr/share/doc/watchkeeper/docs/operations.md",
    ...used(from),
    `bundle-remove: 0 ${folders}`,
    "damaged: 1 install.sh: a file is damaged or was changed; copy the bundle again",
    "forged: 1 install.sh: SHA256SUMS is not what the holder of that key has signed; install nothing of this, and ask where it came from",
    "added: 1 install.sh: found files that are not in SHA256SUMS: root/usr/lib/watchkeeper/dist/added.js",
    `left: ${folders}`,
  ];
}

/** A line a step. Needs root, overlayfs and Debian. @throws Error where a step could not be made at all. */
export function tryPackages({ deb, bundle }: Tried): readonly string[] {
  const isolated = ["--mount", "--net", "--pid", "--fork", "--propagation", "private", "/bin/sh", scene];
  const files = [deb, ...(bundle === undefined ? [] : [bundle.file, bundle.key])];
  return execFileSync("unshare", [...isolated, ...files], { encoding: "utf8" })
    .replace(/\n$/u, "")
    .split("\n");
}
