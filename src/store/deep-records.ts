/** Records of deep queries in the state folder, a JSON and an HTML file each: kept until somebody takes them away. */
import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { Unusable } from "./database.ts";
import { isFileError, syncFolder, writeDurably } from "./durable-file.ts";

export const deepRecordsFolder = "deep-queries";

export interface DeepFiles {
  readonly json: string;
  readonly html: string;
}

/** Whether this site has a record of one already; where that cannot be read, it has none. */
export function hasDeepRecord(stateDir: string): boolean {
  try {
    return readdirSync(join(stateDir, deepRecordsFolder)).some((name) => name.endsWith(".json"));
  } catch (error) {
    if (!isFileError(error)) throw error;
    return false;
  }
}

/** Before anything is asked: whoever cannot write a record asks nothing, and none takes the place of another. */
export function deepFolderReady(stateDir: string, id: string): Unusable | undefined {
  const folder = join(stateDir, deepRecordsFolder);
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    syncFolder(stateDir);
    return taken(filesOf(stateDir, id));
  } catch (error) {
    return unusable(folder, error);
  }
}

/** Where they are, absolute; never over one that is there already. */
export function writeDeepRecord(stateDir: string, id: string, { json, html }: DeepFiles): DeepFiles | Unusable {
  const files = filesOf(stateDir, id);
  const other = taken(files);
  if (other) return other;
  try {
    writeDurably(files.json, json);
    writeDurably(files.html, html);
    return files;
  } catch (error) {
    return unusable(join(stateDir, deepRecordsFolder, id), error);
  }
}

function filesOf(stateDir: string, id: string): DeepFiles {
  const base = join(stateDir, deepRecordsFolder, id);
  return { json: `${base}.json`, html: `${base}.html` };
}

function taken({ json, html }: DeepFiles): Unusable | undefined {
  const found = [json, html].find((file) => existsSync(file));
  if (found === undefined) return undefined;
  return {
    problem: `${found}: found the record of another deep query by this name, which is never replaced; look at the clock, begin again in a second`,
  };
}

function unusable(path: string, error: unknown): Unusable {
  if (!isFileError(error)) throw error;
  return { problem: `${path}: the record of a deep query cannot be written (${error.message}); make room on the disk of the state folder` };
}
