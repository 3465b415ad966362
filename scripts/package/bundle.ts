/** Makes the offline bundle of a payload that was laid out, and sums and signatures of what was built. */
import { execFileSync } from "node:child_process";
import { createHash, createPublicKey, sign, type KeyObject } from "node:crypto";
import { chmodSync, copyFileSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { filesBelow, projectRoot, type Architecture } from "./shipped.ts";

/** As `uname -m` has them. */
const machines: Readonly<Record<Architecture, string>> = { x64: "x86_64", arm64: "aarch64" };

export interface BundleInput {
  /** As `layOut` has filled it; it is moved away. */
  readonly root: string;
  readonly architecture: Architecture;
  readonly version: string;
  readonly out: string;
  /** Ed25519; undefined leaves it unsigned. */
  readonly key: KeyObject | undefined;
  readonly compression: "gzip" | "none";
}

/** The file that was made. */
export function makeBundle({ root, architecture, version, out, key, compression }: BundleInput): string {
  const name = `watchkeeper-${version}-linux-${architecture}`;
  const folder = join(dirname(root), name);
  mkdirSync(folder);
  renameSync(root, join(folder, "root"));
  copyFileSync(join(projectRoot, "deploy/bundle/install.sh"), join(folder, "install.sh"));
  chmodSync(join(folder, "install.sh"), 0o755);
  writeFileSync(join(folder, "architecture"), `${machines[architecture]}\n`);
  writeSums(folder, filesBelow(folder), key);
  const file = join(out, `${name}.tar${compression === "gzip" ? ".gz" : ""}`);
  const packed = ["--owner=0", "--group=0", "--numeric-owner", "--sort=name", ...(compression === "gzip" ? ["--gzip"] : [])];
  execFileSync("tar", [...packed, "--create", "--file", file, "--directory", dirname(folder), name]);
  return file;
}

/** SHA256SUMS of files in a folder, and SHA256SUMS.sig where there is a key: what `sha256sum -c` and `openssl pkeyutl -verify` read. */
export function writeSums(folder: string, files: readonly string[], key: KeyObject | undefined): void {
  const lines = files.toSorted().map(
    (file) =>
      `${createHash("sha256")
        .update(readFileSync(join(folder, file)))
        .digest("hex")}  ${file}\n`,
  );
  const text = Buffer.from(lines.join(""));
  writeFileSync(join(folder, "SHA256SUMS"), text);
  if (key !== undefined) writeFileSync(join(folder, "SHA256SUMS.sig"), sign(null, text, key));
}

/** How somebody who has only these files and the public key verifies them. */
export function verifyWords(files: readonly string[], key: KeyObject | undefined): string {
  const names = files.map((file) => basename(file)).join(", ");
  if (key === undefined) return `${names}: not signed (--key FILE signs; openssl genpkey -algorithm ed25519 -out release.pem makes a key)`;
  const fingerprint = createHash("sha256")
    .update(createPublicKey(key).export({ type: "spki", format: "der" }))
    .digest("hex");
  return [
    `${names}: signed; the public key has the SHA-256 ${fingerprint}. To verify:`,
    "  openssl pkeyutl -verify -pubin -inkey release.pub -rawin -in SHA256SUMS -sigfile SHA256SUMS.sig && sha256sum --check --ignore-missing SHA256SUMS",
  ].join("\n");
}
