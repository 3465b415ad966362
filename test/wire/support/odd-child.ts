/** Programs in place of node-snap7's that do not do what they should; the file's name in the argument of `programOf` says what. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface OddProgram extends Disposable {
  readonly path: string;
}

/** JavaScript of one's own, in a folder that everybody may read. */
export function programOf(text: string): OddProgram {
  const folder = mkdtempSync(join(tmpdir(), "odd-child-"));
  const path = join(folder, "child.cjs");
  writeFileSync(path, text);
  return { path, [Symbol.dispose]: () => rmSync(folder, { recursive: true }) };
}
