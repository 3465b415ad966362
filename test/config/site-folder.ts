/** A small sound site in a folder of its own, with some of its files exchanged. */
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { TestContext } from "node:test";

const shipped = path.resolve(import.meta.dirname, "../../device-profiles");

const soundFiles: ReadonlyMap<string, string> = new Map([
  ["watchkeeper.yaml", "site: mv-aurora\n"],
  ["watchlist.yaml", "schema: watchlist/v1\n"],
  [
    "device-profiles/generic-modbus-rtu.yaml",
    "schema: site-profile/v1\nid: generic-modbus-rtu\napproval: {stage: draft}\nliveness: [{id: level, modicon: 40001}]\n",
  ],
]);

export interface SiteFolder {
  readonly location: string;
  readonly settings: string;
  /** A copy of the shipped profiles. */
  readonly library: string;
}

/** Removed after the test. */
export function siteFolder(t: TestContext, files: ReadonlyMap<string, string | Uint8Array>): SiteFolder {
  const location = mkdtempSync(path.join(tmpdir(), "watchkeeper-site-"));
  t.after(() => {
    rmSync(location, { recursive: true });
  });
  const library = path.join(location, "library");
  cpSync(shipped, library, { recursive: true });
  for (const [name, text] of new Map<string, string | Uint8Array>([...soundFiles, ...files])) {
    const file = path.join(location, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
  return { location, settings: path.join(location, "watchkeeper.yaml"), library };
}
