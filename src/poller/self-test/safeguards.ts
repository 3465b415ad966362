/** Tries limiter, stop and exclusions for real: the very gate, stop file and compiler, on a scratch folder and without a wire. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { CheckId } from "../../domain/plan.ts";
import { failedItem, passed, type SelfTestItem } from "../../domain/self-test.ts";
import { milliseconds } from "../../domain/units.ts";
import { isFileError } from "../../store/durable-file.ts";
import { StopFile } from "../../store/stop-file.ts";
import { systemClock } from "../../system-clock.ts";
import { planned, type MakePlan } from "../planner.ts";
import { toyGate, toyInterval, type ToyGate } from "./toy-gate.ts";

const damaged = "the program is damaged or changed: install it anew";

/** What came of asking, in one word: `asked`, or the reason for which nothing was. */
async function asked({ gate, check }: ToyGate): Promise<string> {
  const outcome = await gate.exchange(check, "ask-now").catch((error: unknown) => {
    // An empty bucket that is taken from throws: the second line of defence.
    if (!(error instanceof RangeError)) throw error;
    return error;
  });
  if (outcome instanceof RangeError) return outcome.message;
  if (outcome === undefined) return "not in the plan";
  return outcome.kind === "refused" ? outcome.reason : "asked";
}

/** Empty at the start, one start an interval, and not a millisecond earlier. */
export async function tryLimiter(): Promise<SelfTestItem> {
  const toy = toyGate(() => false);
  const seen: string[] = [];
  for (const wait of [0, toyInterval - 1, 1, 0]) {
    toy.clock.move(milliseconds(wait));
    seen.push(await asked(toy));
  }
  const expected = ["line_budget", "line_budget", "asked", "line_budget"];
  const holds = seen.join() === expected.join() && toy.dialled() === 1;
  if (!holds) return failedItem("limiter", `found ${seen.join(", ")}, expected ${expected.join(", ")}`, damaged);
  return passed("limiter", "a device was not asked before its interval was over, asked once then, and not again");
}

/** A stop file that anybody puts there keeps the gate from asking what it would have asked. */
export async function tryStop(stateDir: string): Promise<SelfTestItem> {
  return inScratch("stop", stateDir, async (folder) => {
    const stopFile = new StopFile(folder, systemClock);
    const toy = toyGate(() => stopFile.inForce);
    toy.clock.move(toyInterval);
    const before = await asked(toy);
    writeFileSync(join(folder, "STOP"), "");
    stopFile.read();
    toy.clock.move(toyInterval);
    const after = await asked(toy);
    if (before !== "asked" || after !== "stopped" || toy.dialled() !== 1)
      return failedItem("stop", `found ${before} and with a file STOP ${after}, expected asked and stopped`, damaged);
    return passed("stop", "with a file STOP in a scratch state folder the gate asked nothing");
  });
}

/** Compiles a site of two devices, one of them excluded, and asks the gate for it. */
export async function tryExclusions(stateDir: string, makePlan: MakePlan = planned): Promise<SelfTestItem> {
  return inScratch("exclusions", stateDir, async (folder) => {
    writeFileSync(join(folder, "watchkeeper.yaml"), "site: self-test\n");
    writeFileSync(join(folder, "watchlist.yaml"), watchlist);
    mkdirSync(join(folder, "device-profiles"));
    // In the planner's thread, as every plan: compiling here would keep the poller's own loop standing still.
    const planning = await makePlan({ settingsFile: join(folder, "watchkeeper.yaml"), lab: false });
    if ("problems" in planning) return failedItem("exclusions", planning.problems.join("; "), damaged);
    const { plan } = planning;
    const reasons = ["listed", "excluded"].map((device) => plan.refused.get(`${device}/modbus-fc43` as CheckId)?.reason ?? "planned");
    const toy = toyGate(() => false, plan);
    const came = await asked({ ...toy, check: "excluded/modbus-fc43" as CheckId });
    if (reasons.join() !== "not_approved,excluded" || came !== "not in the plan" || toy.dialled() !== 0)
      return failedItem(
        "exclusions",
        `found ${reasons.join(", ")} and ${came}, expected not_approved, excluded and not in the plan`,
        damaged,
      );
    return passed("exclusions", "an excluded address was in no plan, and the gate asked nothing there");
  });
}

async function inScratch(name: string, stateDir: string, tried: (folder: string) => Promise<SelfTestItem>): Promise<SelfTestItem> {
  let folder: string | undefined;
  try {
    folder = mkdtempSync(join(stateDir, "self-test-"));
    return await tried(folder);
  } catch (error) {
    if (!isFileError(error)) throw error;
    return failedItem(
      name,
      `it could not be tried in the state folder (${error.message})`,
      "make room there, and see that this user may write",
    );
  } finally {
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  }
}

const watchlist = `schema: watchlist/v1
segments: [{id: self-test, zone: self-test, subnet: 198.51.100.240/28, localAddress: 198.51.100.241}]
devices:
${["listed", "excluded"]
  .map(
    (id, index) =>
      `  - {id: ${id}, name: ${id}, address: 198.51.100.25${index}, segment: self-test, function: control, category: I, profile: generic-modbus-tcp, ` +
      "statements: {otherClients: [], watchdog: {mode: none, by: self-test, on: 2026-01-01}}, checks: [{method: modbus-fc43, unitId: 1, interval: 60s}]}",
  )
  .join("\n")}
excluded: [{address: 198.51.100.251, reason: self-test}]
`;
