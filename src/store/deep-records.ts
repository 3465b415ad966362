/** Records of deep queries in the state folder, a JSON and an HTML file each: kept until somebody takes them away. */
import { mkdirSync, readdirSync } from "node:fs";
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

/** Before anything is asked: whoever cannot write a record asks nothing. */
export function deepFolderReady(stateDir: string): Unusable | undefined {
  const folder = join(stateDir, deepRecordsFolder);
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    syncFolder(stateDir);
    return undefined;
  } catch (error) {
    return unusable(folder, error);
  }
}

/** Where they are, absolute. */
export function writeDeepRecord(stateDir: string, id: string, { json, html }: DeepFiles): DeepFiles | Unusable {
  const base = join(stateDir, deepRecordsFolder, id);
  const files: DeepFiles = { json: `${base}.json`, html: `${base}.html` };
  try {
    writeDurably(files.json, json);
    writeDurably(files.html, html);
    return files;
  } catch (error) {
    return unusable(base, error);
  }
}

function unusable(path: string, error: unknown): Unusable {
  if (!isFileError(error)) throw error;
  return { problem: `${path}: the record of a deep query cannot be written (${error.message}); make room on the disk of the state folder` };
}
