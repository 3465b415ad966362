/** Waits until a site's devices have answered again, or were missed again: for proofs that go on only once heartbeats have been seen. */
import type { CheckStatus } from "../../../src/domain/control.ts";
import type { FailureKind } from "../../../src/domain/reasons.ts";
import type { Site } from "./site.ts";
import { waitFor } from "./wait.ts";

export interface Awaited {
  /** Completes "gave up after 2000 ms waiting for ...". */
  readonly what: string;
  readonly deadlineMs: number;
  /** How many more each check is to have had; 1 unless said otherwise. */
  readonly count?: number;
  /** Their ids; every device of the watchlist that has had any by now unless said otherwise. */
  readonly devices?: readonly string[];
}

/**
 * Resolves once each check of the devices has had so many more answers than at the call. Only when a proof may look is decided by it; what
 * was sent and received is for the capture to say.
 */
export function nextAnswers(site: Site, awaited: Awaited): Promise<void> {
  return next(site, awaited, ({ answered }) => answered);
}

/** The same for checks that were asked in vain, in this way. */
export function nextMisses(site: Site, kind: FailureKind, awaited: Awaited): Promise<void> {
  return next(site, awaited, ({ failed }) => failed[kind] ?? 0);
}

async function next(site: Site, { what, deadlineMs, count = 1, devices }: Awaited, had: (check: CheckStatus) => number): Promise<void> {
  const counts = async (): Promise<ReadonlyMap<string, number>> => {
    const status = await site.ask("status", {});
    if (!status.ok) throw new Error(`status: ${JSON.stringify(status)}`);
    const wanted = status.result.devices.filter(({ device }) => devices === undefined || devices.includes(device));
    return new Map(wanted.flatMap(({ device, checks }) => checks.map((one) => [`${device} ${one.check}`, had(one)] as const)));
  };
  const before = await counts();
  const awaited = [...before].filter(([, times]) => devices !== undefined || times > 0);
  if (awaited.length === 0) throw new Error(`nothing to wait for: ${what}`);
  let latest = before;
  await waitFor(
    async () => {
      latest = await counts();
      return awaited.every(([check, times]) => (latest.get(check) ?? 0) >= times + count);
    },
    { what, deadlineMs, everyMs: 50, context: () => JSON.stringify([...latest]) },
  );
}
