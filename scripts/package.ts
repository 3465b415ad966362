/** Builds what is given to a ship: Debian packages and offline bundles for x64 and arm64, with sums, a signature and an SBOM. */
import { createPrivateKey, createPublicKey, type KeyObject } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { arm64Runtime, arm64Snap7 } from "./package/arm64.ts";
import { builtFrom, type BuiltFrom } from "./package/built-from.ts";
import { makeBundle, verifyWords, writeSums } from "./package/bundle.ts";
import { makeDeb } from "./package/deb.ts";
import { layOut, type Payload } from "./package/payload.ts";
import { npm, sbom as sbomFrom } from "./package/sbom.ts";
import { projectRoot, type Architecture } from "./package/shipped.ts";
import { expected, tryPackages } from "./package/try.ts";

const usage = `npm run package -- [--arch x64,arm64] [--only deb|bundle] [--out packages] [--key release.pem] [--try] [--quick]

Needs npm ci, dpkg-deb and tar; for arm64 the registry once, and g++-aarch64-linux-gnu for S7 checks there.
--key: an Ed25519 key in PEM, which signs SHA256SUMS; openssl genpkey -algorithm ed25519 -out release.pem makes one.
--try: as root, installs, runs and removes what was built, in a root of its own without a network; signed ones for this machine.
--quick: no compression and no SBOM, for tests.
Exit 0: built. 1: could not. 2: wrong usage.
`;

interface Wishes {
  readonly architectures: readonly Architecture[];
  readonly kinds: readonly ("deb" | "bundle")[];
  readonly out: string;
  readonly key: KeyObject | undefined;
  readonly quick: boolean;
  readonly trial: boolean;
}

function main(): number {
  const wishes = readWishes();
  if (!wishes) return 2;
  const { architectures, kinds, out, key, quick, trial } = wishes;
  mkdirSync(out, { recursive: true });
  const work = mkdtempSync(join(tmpdir(), "watchkeeper-package-"));
  try {
    const from = builtFrom();
    const { version } = from;
    const sbom = quick ? undefined : sbomFrom(from);
    const made: string[] = [];
    for (const architecture of architectures) {
      const payload: Payload = { architecture, builtFrom: from, sbom, ...machineParts(architecture, work) };
      const root = join(work, `root-${architecture}`);
      layOut(root, payload);
      const shared = { root, architecture, version, out };
      if (kinds.includes("deb")) made.push(makeDeb({ ...shared, compression: quick ? "none" : "xz" }));
      if (kinds.includes("bundle")) made.push(makeBundle({ ...shared, key, compression: quick ? "none" : "gzip" }));
    }
    if (sbom !== undefined) {
      made.push(join(out, `watchkeeper-${version}.cdx.json`));
      writeFileSync(made.at(-1) ?? "", sbom);
    }
    writeSums(
      out,
      made.map((file) => basename(file)),
      key,
    );
    process.stdout.write(`${verifyWords(made, key)}\nIn ${out}.\n`);
    return trial ? tried(made, key, from, work) : 0;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** Prints what each step came to; 1 where one came to something else than it should. */
function tried(made: readonly string[], key: KeyObject | undefined, from: BuiltFrom, work: string): number {
  const [deb, file] = [`_${process.arch === "arm64" ? "arm64" : "amd64"}.deb`, `-${process.arch}.tar`].map((part) =>
    made.find((name) => name.includes(part)),
  );
  if (deb === undefined) throw new Error("package: --try needs a Debian package for this machine");
  const publicKey = join(work, "release.pub");
  if (key !== undefined) writeFileSync(publicKey, createPublicKey(key).export({ type: "spki", format: "pem" }));
  const whole = file !== undefined && key !== undefined;
  const lines = tryPackages({ deb, ...(whole && { bundle: { file, key: publicKey } }) });
  const wanted = expected(from, whole);
  for (const [at, line] of lines.entries()) process.stdout.write(`${line === wanted[at] ? "as expected" : "NOT as expected"}: ${line}\n`);
  return lines.join("\n") === wanted.join("\n") ? 0 : 1;
}

function machineParts(architecture: Architecture, work: string): Pick<Payload, "runtime" | "snap7"> {
  const modules = join(projectRoot, "node_modules");
  if (architecture === process.arch) {
    const addon = join(modules, "node-snap7/build/Release/node_snap7.node");
    if (!existsSync(addon)) throw new Error("package: node-snap7 is not built here; see what `npm run postinstall` says");
    return { runtime: join(modules, `node-linux-${architecture}`), snap7: addon };
  }
  if (architecture !== "arm64") throw new Error(`package: ${architecture} is built on ${architecture} only, and arm64 also on x64`);
  const runtime = arm64Runtime(work, npm());
  const addon = arm64Snap7(work, runtime, join(npmFolder(), "node_modules/node-gyp/bin/node-gyp.js"));
  if (addon === undefined) process.stderr.write("arm64: no g++-aarch64-linux-gnu here, so S7 checks are off in this package\n");
  return { runtime, snap7: addon };
}

function npmFolder(): string {
  return resolve(dirname(npm()[1] ?? ""), "..");
}

function readWishes(): Wishes | undefined {
  try {
    const { values } = parseArgs({
      options: {
        arch: { type: "string", default: process.arch === "arm64" ? "arm64" : "x64" },
        only: { type: "string" },
        out: { type: "string", default: "packages" },
        key: { type: "string" },
        quick: { type: "boolean", default: false },
        try: { type: "boolean", default: false },
      },
    });
    const architectures = values.arch.split(",").filter((one): one is Architecture => one === "x64" || one === "arm64");
    const kinds = (["deb", "bundle"] as const).filter((kind) => values.only === undefined || values.only === kind);
    if (architectures.length === values.arch.split(",").length && kinds.length > 0)
      return { architectures, kinds, out: resolve(values.out), key: keyOf(values.key), quick: values.quick, trial: values.try };
    process.stderr.write(usage);
  } catch (cause) {
    // What parseArgs throws for an option that it does not know.
    if (!(cause instanceof TypeError)) throw cause;
    process.stderr.write(`${cause.message}\n\n${usage}`);
  }
  return undefined;
}

function keyOf(file: string | undefined): KeyObject | undefined {
  if (file === undefined) return undefined;
  const key = createPrivateKey(readFileSync(file));
  if (key.asymmetricKeyType !== "ed25519")
    throw new Error(`package: --key ${file}: found a key of ${key.asymmetricKeyType ?? "no kind"}, expected Ed25519`);
  return key;
}

process.exitCode = main();
