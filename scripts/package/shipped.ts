/** The npm packages that an installation for one platform holds, as the lockfile pins them; without what only development needs. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";

export const projectRoot: string = fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/u, "");

export type Architecture = "x64" | "arm64";

export interface Shipped {
  readonly name: string;
  readonly version: string;
  readonly licence: string;
  /** Below the project's root: `node_modules/fastify`. */
  readonly place: string;
}

interface LockEntry {
  readonly version?: string;
  readonly license?: string;
  readonly dev?: boolean;
  readonly devOptional?: boolean;
  readonly os?: readonly string[];
  readonly cpu?: readonly string[];
}

/** What a manifest does not say and was read by hand, as test/licences.test.ts has it. */
const readByHand: ReadonlyMap<string, string> = new Map([
  ["dequeue", "BSD-2-Clause"],
  ["humanize", "MIT"],
  ["precond", "MIT"],
]);

/** In the order of their names. @throws Error for a package without a licence. */
export function shippedPackages(architecture: Architecture, lockfile: string = join(projectRoot, "package-lock.json")): Shipped[] {
  const { packages } = JSON.parse(readFileSync(lockfile, "utf8")) as { readonly packages: Readonly<Record<string, LockEntry>> };
  return Object.entries(packages)
    .filter(([place, entry]) => place !== "" && entry.dev !== true && entry.devOptional !== true && fits(entry, architecture))
    .map(([place, { version = "", license }]) => {
      const name = place.slice(place.lastIndexOf("node_modules/") + "node_modules/".length);
      const licence = license ?? readByHand.get(name);
      if (licence === undefined) throw new Error(`package: ${name} ${version} names no licence`);
      return { name, version, licence, place };
    })
    .toSorted((a, b) => (a.place < b.place ? -1 : 1));
}

function fits({ os = ["linux"], cpu = [] }: LockEntry, architecture: Architecture): boolean {
  return os.includes("linux") && (cpu.length === 0 || cpu.includes(architecture));
}

/** Its files of licences and notices; some packages have none and only name their licence. */
export function licenceFiles({ place }: Pick<Shipped, "place">): readonly string[] {
  const folder = join(projectRoot, place);
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isFile() && /^(?:licen[cs]e|copying|notice|unlicense)/iu.test(entry.name))
    .map(({ name }) => join(folder, name));
}

/** Every file below a folder, hidden ones too, relative to it and in order. */
export function filesBelow(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .toSorted();
}
