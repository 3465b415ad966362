/** Waits until a site's devices have answered again: for proofs that go on only once heartbeats have been seen. */
import type { Site } from "./site.ts";
import { waitFor } from "./wait.ts";

export interface Awaited {
  /** Completes "gave up after 2000 ms waiting for ...". */
  readonly what: string;
  readonly deadlineMs: number;
  /** How many more answers each check is to have had; 1 unless said otherwise. */
  readonly count?: number;
  /** Their ids; every device of the watchlist that has been answered by now unless said otherwise. */
  readonly devices?: readonly string[];
}

/**
 * Resolves once each check of the devices has had so many more answers than at the call. Only when a proof may look is decided by it; what
 * was sent and received is for the capture to say.
 */
export async function nextAnswers(site: Site, { what, deadlineMs, count = 1, devices }: Awaited): Promise<void> {
  const answers = async (): Promise<ReadonlyMap<string, number>> => {
    const status = await site.ask("status", {});
    if (!status.ok) throw new Error(`status: ${JSON.stringify(status)}`);
    const wanted = status.result.devices.filter(({ device }) => devices === undefined || devices.includes(device));
    return new Map(wanted.flatMap(({ device, checks }) => checks.map(({ check, answered }) => [`${device} ${check}`, answered] as const)));
  };
  const before = await answers();
  const awaited = [...before].filter(([, answered]) => devices !== undefined || answered > 0);
  if (awaited.length === 0) throw new Error(`nothing to wait for: ${what}`);
  await waitFor(
    async () => {
      const now = await answers();
      return awaited.every(([check, answered]) => (now.get(check) ?? 0) >= answered + count);
    },
    { what, deadlineMs, everyMs: 50 },
  );
}
