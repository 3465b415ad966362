/** Which version and commit a package names: those of the checkout, with a mark where it is not as it was committed. */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { modifiedMark, packageRevision } from "../../src/poller/version.ts";
import { projectRoot } from "./shipped.ts";

export interface BuiltFrom {
  /** `0.1.0`, or `0.1.0+modified`: greater than 0.1.0 to dpkg, the same to npm. */
  readonly version: string;
  /** Empty for a source without git. */
  readonly revision: string;
}

/** @throws Error where there is a checkout and git cannot say whether it was changed */
export function builtFrom(folder: string = projectRoot): BuiltFrom {
  const { version } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as { readonly version: string };
  const revision = packageRevision(folder);
  const mark = isModified(folder) ? modifiedMark : "";
  return { version: `${version}${mark}`, revision: revision === "" ? "" : `${revision}${mark}` };
}

/** A file that git does not know counts too: it may be a part of the program. What it is told to ignore does not. */
function isModified(folder: string): boolean {
  if (!existsSync(join(folder, ".git"))) return false;
  const { status, stdout, stderr, error } = spawnSync("git", ["-C", folder, "status", "--porcelain"], { encoding: "utf8" });
  if (status === 0) return stdout !== "";
  throw new Error(`package: git cannot say whether ${folder} is as it was committed (${error?.message ?? stderr.trim()})`);
}

interface Sbom {
  readonly metadata: {
    readonly component: {
      readonly "bom-ref": string;
      readonly version: string;
      readonly purl: string;
      readonly properties: readonly { readonly name: string; readonly value: string }[];
    };
  };
}

/** npm's SBOM (CycloneDX, JSON) made one of what is built: npm calls it after the checkout's folder, and knows no commit. */
export function sbomOf(text: string, { version, revision }: BuiltFrom): string {
  const sbom = JSON.parse(text) as Sbom;
  const { component } = sbom.metadata;
  const reference = `watchkeeper@${version}`;
  const properties = [...component.properties, ...(revision === "" ? [] : [{ name: "watchkeeper:commit", value: revision }])];
  const named = {
    ...component,
    "bom-ref": reference,
    name: "watchkeeper",
    version,
    purl: `pkg:npm/watchkeeper@${encodeURIComponent(version)}`,
  };
  const whole = { ...sbom, metadata: { ...sbom.metadata, component: { ...named, properties } } };
  // Its old reference stands in the list of dependencies too.
  return `${JSON.stringify(whole, undefined, 2).replaceAll(JSON.stringify(component["bom-ref"]), JSON.stringify(reference))}\n`;
}
