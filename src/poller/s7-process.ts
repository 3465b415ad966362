/** Where the program of node-snap7's process lies, and how far that process is kept apart on this machine. */
import { fileURLToPath } from "node:url";
import type { S7Isolation } from "../domain/s7.ts";
import { systemClock as clock } from "../system-clock.ts";
import { S7Child, type S7ChildParts } from "../wire/s7-child.ts";

/** From a checkout the source itself, from a package what was built of it. */
const program = fileURLToPath(new URL(`../drivers/s7/child.${import.meta.url.endsWith(".ts") ? "ts" : "js"}`, import.meta.url));

export function s7ChildOf(parts: Pick<S7ChildParts, "clock" | "onTrouble">): S7Child {
  return new S7Child({ ...parts, program });
}

/** For a self-test: starts the process, lets it say how it is kept apart, and ends it. Sends nothing. `detail` says why where node-snap7 cannot run. */
export async function s7Isolation(): Promise<S7Isolation> {
  let trouble: string | undefined;
  const child = s7ChildOf({ clock, onTrouble: (detail) => (trouble = detail) });
  await child.prepare();
  const { isolation } = child;
  await child.close();
  return trouble === undefined ? isolation : { ...isolation, detail: trouble };
}
