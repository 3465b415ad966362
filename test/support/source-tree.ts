/** The project's own source files: found, read and parsed by TypeScript itself. */
import { globSync, readFileSync } from "node:fs";
import path from "node:path";
import type { Node, SourceFile } from "typescript/unstable/ast";
import type { FileSystem } from "typescript/unstable/fs";
import { API } from "typescript/unstable/sync";

/** Paths relative to the project's root, with forward slashes. */
export type ProjectPath = string;

export const projectRoot: string = path.resolve(import.meta.dirname, "../..");

/** Every .ts, .mts and .mjs file below these folders of the project, in order. */
export function sourceFiles(folders: readonly string[]): ProjectPath[] {
  return folders.flatMap((folder) => globSync(`${folder}/**/*.{ts,mts,mjs}`, { cwd: projectRoot })).toSorted();
}

export function readProjectFile(file: ProjectPath): string {
  return readFileSync(path.join(projectRoot, file), "utf8");
}

/** Every file below these folders with its text. */
export function readSources(folders: readonly string[]): Map<ProjectPath, string> {
  return new Map(sourceFiles(folders).map((file) => [file, readProjectFile(file)]));
}

/** The parser sees nothing but the texts it is given. It runs once for all calls of a process. */
class Parser {
  readonly #texts = new Map<string, string>();
  #projects = 0;
  #api: API | undefined;

  parse(texts: ReadonlyMap<ProjectPath, string>): Map<ProjectPath, SourceFile> {
    const folder = `/project-${++this.#projects}`;
    const configFile = `${folder}/tsconfig.json`;
    this.#texts.set(configFile, JSON.stringify({ compilerOptions: parserOptions, files: [...texts.keys()] }));
    for (const [file, text] of texts) this.#texts.set(`${folder}/${file}`, text);
    this.#api ??= this.#open();
    const project = this.#api.updateSnapshot({ openProject: configFile }).getProject(configFile);
    return new Map(
      [...texts.keys()].map((file) => {
        const tree = project?.program.getSourceFile(`${folder}/${file}`);
        if (tree === undefined) throw new Error(`TypeScript did not parse ${file}`);
        return [file, tree];
      }),
    );
  }

  #open(): API {
    const texts = this.#texts;
    const fs: FileSystem = {
      fileExists: (file) => texts.has(file),
      readFile: (file) => texts.get(file) ?? null,
      directoryExists: (folder) => texts.keys().some((file) => file.startsWith(`${folder}/`)),
      getAccessibleEntries: () => ({ files: [], directories: [] }),
      realpath: (file) => file,
    };
    return new API({ cwd: "/", fs });
  }
}

const parserOptions = { allowJs: true, noLib: true, noResolve: true, types: [], module: "nodenext" };
const parser = new Parser();

/** Syntax trees of all the texts, in the order given. */
export function parseAll(texts: ReadonlyMap<ProjectPath, string>): Map<ProjectPath, SourceFile> {
  return parser.parse(texts);
}

/** Visits a tree from its root, parents before children. */
export function walk(node: Node, visit: (node: Node) => void): void {
  visit(node);
  node.forEachChild((child) => {
    walk(child, visit);
  });
}

/** The line a node stands on, as editors count. */
export function lineOf(node: Node, tree: SourceFile): number {
  return tree.getLineAndCharacterOfPosition(node.getStart(tree)).line + 1;
}
