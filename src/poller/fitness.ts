/** Whether this poller may ask at all: its own safeguards, tried before the first packet and before a stop is lifted. */
import type { Clock } from "../domain/clock.ts";
import type { Protocol } from "../domain/operations.ts";
import type { Plan } from "../domain/plan.ts";
import type { S7Isolation } from "../domain/s7.ts";
import { failedItems, type SelfTestReport } from "../domain/self-test.ts";
import { seconds, type Milliseconds } from "../domain/units.ts";
import type { FramePolicy } from "../domain/wire.ts";
import type { EventLog } from "../exporters/event-log.ts";
import { within } from "../store/journal-thread.ts";
import type { StoreJournal } from "../store/journal.ts";
import type { MakePlan } from "./planner.ts";
import { selfTest } from "./self-test/self-test.ts";

export interface FitnessParts {
  readonly clock: Clock;
  readonly journal: StoreJournal;
  readonly journalFile: string;
  readonly log: Pick<EventLog, "write">;
  readonly plan: () => Plan;
  readonly policies: readonly (readonly [name: Protocol | "modbus-rtu", policy: FramePolicy])[];
  readonly stateDir: string;
  /** Where a thread that makes plans is there already. */
  readonly planned?: MakePlan;
  /** Of the very process that will be spoken through. */
  readonly s7: () => Promise<S7Isolation>;
}

/** A disk that takes longer for one record is none to go on with. */
const writtenWithin: Milliseconds = seconds(5);

/** What keeps the poller from asking, in one line; undefined where every safeguard held. Says in the log what a person should look at. */
export async function unfitness(parts: FitnessParts): Promise<string | undefined> {
  const { journalFile: journal, log, plan, planned, policies, stateDir, s7 } = parts;
  const pollsAsRoot = process.getuid?.() === 0;
  const write = (detail: string, held: boolean): Promise<string | undefined> => recorded(parts, detail, held);
  const report = await selfTest({
    stateDir,
    journal,
    policies,
    plan: plan(),
    recorded: write,
    s7,
    pollsAsRoot,
    ...(planned && { planned }),
  });
  say(log, report);
  return failedItems(report);
}

function say(log: Pick<EventLog, "write">, { items }: SelfTestReport): void {
  for (const { name, result, detail, toDo } of items) {
    if (result === "ok" || result === "not-checked") continue;
    log.write(result === "fail" ? "error" : "warn", "self_test", `self-test, ${name}: ${detail}; ${toDo}`, { item: name, result });
  }
  const bad = items.filter(({ result }) => result === "fail").length;
  log.write(
    "info",
    "self_test",
    bad === 0 ? "self-test: every safeguard that was tried held" : `self-test: ${bad} failed, nothing is asked`,
  );
}

async function recorded({ clock, journal }: FitnessParts, detail: string, held: boolean): Promise<string | undefined> {
  const result = held ? "success" : "failure";
  journal.audit({ at: clock.wall(), source: "poller", category: "lifecycle", type: "self_test", result, detail });
  let written = false;
  // It rejects where the journal is closed first: then nothing is written either.
  const settled = journal.settled().then(
    () => (written = true),
    () => false,
  );
  await within(clock, writtenWithin, settled);
  return written
    ? undefined
    : `no record could be written within ${writtenWithin / 1000} s (${journal.problem ?? "the disk has not answered"})`;
}
