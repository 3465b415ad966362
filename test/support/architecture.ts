/** Compares what files reach for with the layer table, and says in full what does not fit. */
import { isBuiltin } from "node:module";
import path from "node:path";
import type { Layer } from "../architecture-rules.ts";
import { builtinsPerFile, layers, modulesOfPackages, ordinaryBuiltins, registries, reservedBuiltins } from "../architecture-rules.ts";
import type { Import, Reach } from "./imports.ts";
import { reachOf } from "./imports.ts";
import type { ProjectPath } from "./source-tree.ts";
import { parseAll } from "./source-tree.ts";

export type BuiltinTable = Readonly<Record<string, readonly string[]>>;

/** One line a violation, `file:line what is wrong`; empty when everything fits. */
export function violations(texts: ReadonlyMap<ProjectPath, string>, builtins: BuiltinTable = builtinsPerFile): string[] {
  const found: string[] = [];
  for (const [file, tree] of parseAll(texts)) {
    const reach = reachOf(tree);
    found.push(...refusedImports(file, reach, builtins), ...refusedWaysRound(file, reach));
  }
  return found;
}

/** Entries of the builtin table that no file lives up to any more. */
export function staleBuiltins(texts: ReadonlyMap<ProjectPath, string>, builtins: BuiltinTable = builtinsPerFile): string[] {
  const trees = parseAll(texts);
  return Object.entries(builtins).flatMap(([file, names]) => {
    const tree = trees.get(file);
    if (tree === undefined) return [`${file} is in builtinsPerFile, but there is no such file`];
    const used = new Set(reachOf(tree).imports.map(({ specifier }) => specifier));
    return names
      .filter((name) => !used.has(name))
      .map((name) => `${file} may import ${name}, but does not: take it out of builtinsPerFile`);
  });
}

export function layerOf(file: ProjectPath): Layer | undefined {
  return layers.filter(({ place }) => liesIn(file, place)).toSorted((a, b) => b.place.length - a.place.length)[0];
}

function liesIn(file: ProjectPath, place: string): boolean {
  return place.endsWith("/") ? file.startsWith(place) : file === place;
}

function refusedImports(file: ProjectPath, { imports }: Reach, builtins: BuiltinTable): string[] {
  const layer = layerOf(file);
  if (layer === undefined) return [`${file}:1 belongs to no layer: add its folder to the table in test/architecture-rules.ts`];
  return imports.flatMap((one) => {
    const reason = reasonAgainst(file, layer, one, builtins);
    return reason === undefined ? [] : [`${file}:${one.line} ${reason}`];
  });
}

function reasonAgainst(file: ProjectPath, layer: Layer, { specifier }: Import, builtins: BuiltinTable): string | undefined {
  if (specifier.startsWith(".")) return reasonAgainstFile(file, layer, specifier);
  if (isBuiltin(specifier)) return file.startsWith("src/") ? reasonAgainstBuiltin(file, specifier, builtins) : undefined;
  const name = packageOf(specifier);
  if (!layer.packages.includes(name)) return `imports the package ${name}, which ${layer.place} may not`;
  const modules = modulesOfPackages.get(name);
  return modules === undefined || modules.includes(specifier) ? undefined : `imports ${specifier}: of ${name} only ${modules.join(", ")}`;
}

function reasonAgainstFile(file: ProjectPath, layer: Layer, specifier: string): string | undefined {
  if (!specifier.endsWith(".ts")) return `imports ${specifier}: a file of the project is imported with its ending .ts`;
  const target = path.posix.join(path.posix.dirname(file), specifier);
  const places = [...layer.places, ...(registries.get(file) ?? [])];
  const targetLayer = layerOf(target);
  const fits = targetLayer !== undefined && (targetLayer.place === layer.place || places.some((place) => liesIn(target, place)));
  if (!fits) return `imports ${target}, which ${layer.place} may not`;
  return undefined;
}

function reasonAgainstBuiltin(file: ProjectPath, specifier: string, builtins: BuiltinTable): string | undefined {
  if (!specifier.startsWith("node:")) return `imports ${specifier}: a builtin is imported as node:${specifier}`;
  const reserved = reservedBuiltins.get(specifier);
  if (reserved !== undefined && !reserved.some((place) => place.test(file)))
    return `imports ${specifier}, which belongs elsewhere (reservedBuiltins)`;
  if (reserved === undefined && !ordinaryBuiltins.has(specifier)) return `imports ${specifier}, which no file of src may`;
  if (file.startsWith("src/domain/")) return `imports ${specifier}: the domain imports nothing`;
  if (!(builtins[file] ?? []).includes(specifier)) {
    return `imports ${specifier}, which builtinsPerFile in test/architecture-rules.ts does not list for it`;
  }
  return undefined;
}

function refusedWaysRound(file: ProjectPath, { waysRound }: Reach): string[] {
  if (!file.startsWith("src/")) return [];
  return waysRound.map(({ name, line }) => `${file}:${line} uses ${name}, a way round the layers`);
}

function packageOf(specifier: string): string {
  return specifier.split("/", specifier.startsWith("@") ? 2 : 1).join("/");
}
