/** The real process of node-snap7, for tests that need what it really sends. It must have been built: nothing is left out where it is not. */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { systemClock } from "../../src/system-clock.ts";
import { S7Child, type S7ChildParts } from "../../src/wire/s7-child.ts";

export const childProgram: string = fileURLToPath(new URL("../../src/drivers/s7/child.ts", import.meta.url));

/** Ready. Whoever starts it closes it. */
export async function startedS7Child(parts: Partial<S7ChildParts> = {}): Promise<S7Child> {
  const child = new S7Child({ clock: systemClock, program: childProgram, onTrouble: () => {}, ...parts });
  await child.prepare();
  assert.equal(child.unavailable(), undefined, "node-snap7 has to be built for these tests: npm run postinstall");
  return child;
}
