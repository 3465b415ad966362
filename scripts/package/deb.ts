/** Makes a Debian package of a payload that was laid out. */
import { execFileSync } from "node:child_process";
import { chmodSync, copyFileSync, lstatSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { filesBelow, projectRoot, type Architecture } from "./shipped.ts";

const debian = join(projectRoot, "deploy/debian");
const debianNames: Readonly<Record<Architecture, string>> = { x64: "amd64", arm64: "arm64" };

export interface DebInput {
  /** As `layOut` has filled it; it is left as it was. */
  readonly root: string;
  readonly architecture: Architecture;
  readonly version: string;
  readonly out: string;
  /** dpkg-deb's -Z; "none" for a quick one. */
  readonly compression: "xz" | "none";
}

/** The file that was made. */
export function makeDeb({ root, architecture, version, out, compression }: DebInput): string {
  const control = join(root, "DEBIAN");
  const files = filesBelow(root);
  mkdirSync(control, { mode: 0o755 });
  const kilobytes = Math.ceil(files.reduce((sum, file) => sum + lstatSync(join(root, file)).size, 0) / 1024);
  const filled = readFileSync(join(debian, "control"), "utf8")
    .replace("@VERSION@", version)
    .replace("@ARCHITECTURE@", debianNames[architecture])
    .replace("@SIZE@", String(kilobytes));
  writeFileSync(join(control, "control"), filled);
  const sums = files.map(
    (file) =>
      `${createHash("md5")
        .update(readFileSync(join(root, file)))
        .digest("hex")}  ${file}\n`,
  );
  writeFileSync(join(control, "md5sums"), sums.join(""));
  copyFileSync(join(debian, "conffiles"), join(control, "conffiles"));
  for (const name of ["postinst", "prerm", "postrm"]) {
    copyFileSync(join(debian, name), join(control, name));
    chmodSync(join(control, name), 0o755);
  }
  for (const name of ["control", "md5sums", "conffiles"]) chmodSync(join(control, name), 0o644);
  const file = join(out, `watchkeeper_${version}_${debianNames[architecture]}.deb`);
  // Everything belongs to root, whoever builds it.
  execFileSync("dpkg-deb", ["--root-owner-group", `-Z${compression}`, "--build", root, file], { stdio: ["ignore", "ignore", "inherit"] });
  rmSync(control, { recursive: true });
  return file;
}
