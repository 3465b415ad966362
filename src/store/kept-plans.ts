/** Keeps the files of every plan that was adopted, the latest ten, in the state folder: `rollback` goes back to one of them. */
import { mkdir, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { KeptPlan } from "../domain/kept-plan.ts";
import { isFileError } from "./durable-file.ts";

export const keptPlansMax = 10;
const folderName = "plans";

/** Off the loop, and no more than a convenience: a disk that refuses it is told, and polling goes on. Undefined where it is kept. */
export async function keepPlan(stateDir: string, plan: KeptPlan): Promise<string | undefined> {
  const folder = join(stateDir, folderName);
  const file = join(folder, `${plan.digest.replace(/^sha256:/u, "")}.json`);
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await writeFile(`${file}.tmp`, JSON.stringify(plan), { mode: 0o600 });
    await rename(`${file}.tmp`, file);
    for (const name of (await latestFirst(folder)).slice(keptPlansMax)) await rm(join(folder, name), { force: true });
    return undefined;
  } catch (error) {
    if (!isFileError(error)) throw error;
    return `${file}: the files of the plan could not be kept for a rollback (${error.message})`;
  }
}

/** The latest first; what is no kept plan is passed over. */
export function keptPlans(stateDir: string): readonly KeptPlan[] {
  const folder = join(stateDir, folderName);
  try {
    return readdirSync(folder)
      .filter((name) => name.endsWith(".json"))
      .flatMap((name) => read(join(folder, name)) ?? [])
      .toSorted(byTime);
  } catch (error) {
    if (!isFileError(error)) throw error;
    return [];
  }
}

/** By when they were written: to read ten large plans would hold up polling. */
async function latestFirst(folder: string): Promise<readonly string[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith(".json"));
  const written = await Promise.all(names.map(async (name) => ({ name, at: (await stat(join(folder, name))).mtimeMs })));
  return written.toSorted((a, b) => b.at - a.at).map(({ name }) => name);
}

function byTime(a: Pick<KeptPlan, "adoptedAt">, b: Pick<KeptPlan, "adoptedAt">): number {
  return a.adoptedAt < b.adoptedAt ? 1 : -1;
}

function read(file: string): KeptPlan | undefined {
  try {
    const value: unknown = JSON.parse(readFileSync(file, "utf8"));
    return isKeptPlan(value) ? value : undefined;
  } catch (error) {
    if (error instanceof SyntaxError || isFileError(error)) return undefined;
    throw error;
  }
}

function isKeptPlan(value: unknown): value is KeptPlan {
  if (typeof value !== "object" || value === null) return false;
  const { schema, digest, adoptedAt, watchlist, profiles } = value as Partial<Record<keyof KeptPlan, unknown>>;
  const texts = [digest, adoptedAt, watchlist].every((text) => typeof text === "string");
  return (
    schema === "kept-plan/v1" &&
    texts &&
    typeof profiles === "object" &&
    profiles !== null &&
    Object.values(profiles).every((text) => typeof text === "string")
  );
}
