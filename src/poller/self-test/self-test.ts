/** Tries every safeguard that can be tried without a device: before the first packet of a run, before a stop is lifted, and for `selftest`. */
import { machine } from "../../cli/machine.ts";
import { kernelFence } from "../../cli/nft.ts";
import type { FencePorts } from "../../cli/ports.ts";
import type { Protocol } from "../../domain/operations.ts";
import type { Plan } from "../../domain/plan.ts";
import type { S7Isolation } from "../../domain/s7.ts";
import { failedItem, passed, warned, type SelfTestItem, type SelfTestReport } from "../../domain/self-test.ts";
import type { FramePolicy } from "../../domain/wire.ts";
import { tailBreach } from "../../store/database-audit.ts";
import { findPing } from "../../wire/ping.ts";
import type { MakePlan } from "../planner.ts";
import { s7Isolation } from "../s7-process.ts";
import { tryFence } from "./fence.ts";
import { tryExclusions, tryLimiter, tryStop } from "./safeguards.ts";
import { readProc, talkers, type Interfaces, type ReadProc } from "./talkers.ts";
import { tryPolicy } from "./write-frames.ts";

export interface SelfTestParts {
  readonly stateDir: string;
  readonly plan: Plan;
  readonly policies: readonly (readonly [name: Protocol | "modbus-rtu", policy: FramePolicy])[];
  /** Puts a record into the audit and waits for the disk; a sentence where that fails. */
  readonly recorded: (detail: string, held: boolean) => Promise<string | undefined>;
  readonly journal: string;
  readonly interfaces?: Interfaces;
  readonly readProc?: ReadProc;
  readonly ping?: () => string | undefined;
  readonly fence?: FencePorts;
  /** By which the exclusions are tried; in a thread of its own where nothing is said. */
  readonly planned?: MakePlan;
  /** How the process of node-snap7 is kept apart; asked where something is asked over S7. A poller says it of its own. */
  readonly s7?: () => Promise<S7Isolation>;
  /** This is a poller, and it runs as root. */
  readonly pollsAsRoot?: boolean;
}

export async function selfTest(parts: SelfTestParts): Promise<SelfTestReport> {
  const { stateDir, policies, plan, ping = findPing, interfaces = machine().interfaces, readProc: read = readProc } = parts;
  const items: SelfTestItem[] = [
    await tryLimiter(),
    await tryExclusions(stateDir, parts.planned),
    ...policies.map(([name, policy]) => tryPolicy(name, policy)),
    await tryStop(stateDir),
  ];
  items.push(await tryAudit(parts, items));
  items.push(await tryFence(plan, parts.fence ?? kernelFence, parts.pollsAsRoot ?? false));
  items.push(...(await apart(plan, parts.s7 ?? s7Isolation)), ...pinging(plan, ping), ...talkers(plan, interfaces, read));
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

async function apart({ checks }: Pick<Plan, "checks">, isolation: () => Promise<S7Isolation>): Promise<readonly SelfTestItem[]> {
  if (!Array.from(checks.values()).some(({ protocol }) => protocol === "s7")) return [];
  const { running, detail, ownNetwork } = await isolation();
  if (!running) return [warned("s7", `its process does not run: ${detail}`, "npm rebuild node-snap7; until then S7 devices are unknown")];
  if (!ownNetwork)
    return [warned("s7", detail, "install util-linux and iproute2, and let this machine make network namespaces; see SAFETY.md")];
  return [passed("s7", detail)];
}

function pinging({ checks }: Pick<Plan, "checks">, ping: () => string | undefined): readonly SelfTestItem[] {
  if (!Array.from(checks.values()).some(({ protocol }) => protocol === "icmp")) return [];
  const path = ping();
  return path === undefined
    ? [warned("ping", "no ping program was found, and devices are to be asked by ICMP echo", "install iputils-ping")]
    : [passed("ping", `${path} is there`)];
}
