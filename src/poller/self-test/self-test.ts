/** Tries every safeguard that can be tried without a device: before the first packet of a run, before a stop is lifted, and for `selftest`. */
import { machine } from "../../cli/machine.ts";
import type { Protocol } from "../../domain/operations.ts";
import type { Plan } from "../../domain/plan.ts";
import { failedItem, notChecked, passed, type SelfTestItem, type SelfTestReport } from "../../domain/self-test.ts";
import type { FramePolicy } from "../../domain/wire.ts";
import { tailBreach } from "../../store/database-audit.ts";
import { findPing } from "../../wire/ping.ts";
import { tryExclusions, tryLimiter, tryStop } from "./safeguards.ts";
import { readProc, talkers, type Interfaces, type ReadProc } from "./talkers.ts";
import { tryPolicy } from "./write-frames.ts";

export interface SelfTestParts {
  readonly stateDir: string;
  readonly plan: Pick<Plan, "segments" | "checks">;
  readonly policies: readonly (readonly [name: Protocol | "modbus-rtu", policy: FramePolicy])[];
  /** Puts a record into the audit and waits for the disk; a sentence where that fails. */
  readonly recorded: (detail: string, held: boolean) => Promise<string | undefined>;
  readonly journal: string;
  readonly interfaces?: Interfaces;
  readonly readProc?: ReadProc;
  readonly ping?: () => string | undefined;
}

export async function selfTest(parts: SelfTestParts): Promise<SelfTestReport> {
  const { stateDir, policies, plan, ping = findPing, interfaces = machine().interfaces, readProc: read = readProc } = parts;
  const items: SelfTestItem[] = [
    await tryLimiter(),
    await tryExclusions(stateDir),
    ...policies.map(([name, policy]) => tryPolicy(name, policy)),
    await tryStop(stateDir),
  ];
  items.push(await tryAudit(parts, items));
  items.push(
    notChecked(
      "fence",
      "whether the kernel's ruleset is in place is not looked at by this version",
      "see SAFETY.md, packets that the kernel sends by itself",
    ),
  );
  items.push(...pinging(plan, ping), ...talkers(plan, interfaces, read));
  return { schema: "self-test/v1", items };
}

/** The record says what the others came to, so that it is worth keeping. */
async function tryAudit({ recorded, journal }: SelfTestParts, items: readonly SelfTestItem[]): Promise<SelfTestItem> {
  const held = items.every(({ result }) => result !== "fail");
  const problem = await recorded(items.map(({ name, result }) => `${name} ${result}`).join(", "), held);
  if (problem !== undefined)
    return failedItem("audit", problem, "make room on the disk of the state folder, and see that this user may write there");
  const broken = tailBreach(journal);
  if (broken !== undefined) return failedItem("audit", broken, "`watchkeeper audit verify`, and see docs/recovery.md");
  return passed("audit", "a record was written and read again, and the end of the chain holds");
}

function pinging({ checks }: Pick<Plan, "checks">, ping: () => string | undefined): readonly SelfTestItem[] {
  if (!Array.from(checks.values()).some(({ protocol }) => protocol === "icmp")) return [];
  const path = ping();
  return path === undefined
    ? [
        {
          name: "ping",
          result: "warn",
          detail: "no ping program was found, and devices are to be asked by ICMP echo",
          toDo: "install iputils-ping",
        },
      ]
    : [passed("ping", `${path} is there`)];
}
