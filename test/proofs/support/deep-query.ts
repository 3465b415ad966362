/** One deep query of a whole site, as a person makes it: the window opened, the first heartbeats awaited, the command, its record. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { DeepRecord } from "../../../src/domain/deep-record.ts";
import type { Site } from "./site.ts";
import { waitFor } from "./wait.ts";

export interface Recorded {
  readonly file: string;
  readonly record: DeepRecord;
  readonly html: string;
}

/** Of a poller that runs; asserts that everything was asked and answered. */
export async function runDeepQuery(site: Site, ...devices: readonly string[]): Promise<Recorded> {
  // The poller trusts a clock that it has not known before only after a minute, unless a person says that it is right.
  await site.ask("clock", { by: "eto-1", reason: "compared with the bridge" });
  const window = await site.ask("window-open", { kind: "deep-query", scope: "site", forMs: 3_600_000, by: "eto-1", reason: "survey" });
  assert.ok(window.ok, JSON.stringify(window));
  await waitFor(() => isReady(site), { what: "the window and the first heartbeats", deadlineMs: 60_000, everyMs: 200 });
  const order = ["--by", "eto-1", "--reason", "survey", "--differences", "none", "--acknowledge-risk"];
  const ran = await site.cli("deep-query", ...devices, ...order);
  assert.equal(ran.code, 0, ran.out + ran.err);
  const folder = join(site.stateDir, "deep-queries");
  const file = join(folder, readdirSync(folder).find((name) => name.endsWith(".json")) ?? "");
  const html = readFileSync(file.replace(/json$/u, "html"), "utf8");
  return { file, record: JSON.parse(readFileSync(file, "utf8")) as DeepRecord, html };
}

async function isReady(site: Site): Promise<boolean> {
  const [status, windows] = await Promise.all([site.ask("status", {}), site.ask("window-list", {})]);
  return (
    status.ok && windows.ok && status.result.devices.every(({ liveness }) => liveness === "up") && windows.result.windows[0]?.open === true
  );
}
