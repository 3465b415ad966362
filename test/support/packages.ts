/** What package.json asks for and the lockfile pins, with the licence of each package. */
import { readProjectFile } from "./source-tree.ts";

export interface Manifest {
  readonly version: string;
  readonly scripts: Readonly<Record<string, string>>;
  readonly bin: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly optionalDependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
}

export interface LockedPackage {
  readonly name: string;
  readonly version: string;
  readonly licence: string;
}

export function manifest(): Manifest {
  return JSON.parse(readProjectFile("package.json")) as Manifest;
}

/** Everything package.json names, with the version it asks for. */
export function directDependencies(): Record<string, string> {
  const { dependencies, optionalDependencies, devDependencies } = manifest();
  return { ...dependencies, ...optionalDependencies, ...devDependencies };
}

interface LockEntry {
  readonly name?: string;
  readonly version?: string;
  readonly license?: string;
}

/** Every package of the lockfile, those for other platforms included. */
export function lockedPackages(): LockedPackage[] {
  const { packages } = JSON.parse(readProjectFile("package-lock.json")) as { packages: Record<string, LockEntry> };
  return Object.entries(packages)
    .filter(([place]) => place !== "")
    .map(([place, { name, version, license }]) => ({
      name: name ?? place.slice(place.lastIndexOf("node_modules/") + "node_modules/".length),
      version: version ?? "",
      licence: license ?? "none stated",
    }));
}
