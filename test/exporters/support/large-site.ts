/** A site of any size on which every device has just answered, and its metrics page. */
import { MemoryBoard } from "../../../src/store/board.ts";
import { answered } from "../../store/support/site.ts";
import { FakeClock } from "../../support/fake-clock.ts";
import { literalPlan } from "../../support/literal-plan.ts";
import { quietPage } from "./quiet-page.ts";
import type { SmallSite } from "./small-site.ts";

export const devicesPerSegment = 100;

export function largeSite(devices: number): SmallSite {
  const clock = new FakeClock();
  const site = literalPlan(
    Array.from({ length: devices }, (_, n) => ({
      name: `d${n}`,
      address: `198.18.${n >> 8}.${n & 0xff}`,
      segment: `s${Math.floor(n / devicesPerSegment)}`,
    })),
  );
  const board = new MemoryBoard(clock, site, { stopped: false, trips: [], proven: new Map() });
  for (const check of site.checks.values()) board.outcome(answered(check, clock.monotonic()));
  return { board, clock, page: quietPage(clock) };
}
