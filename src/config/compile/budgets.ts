/** Which checks the shared budgets can carry: in the order of the watchlist, up to 70 % of each segment's and the site's starts, and 10 % of a bus. */
import { formatDuration } from "../../domain/duration.ts";
import { budgetShareMax, busShareMax, limits, segmentStartsPerSecondMost, siteStartsPerSecondMost } from "../../domain/limits.ts";
import type { CheckId, DeviceId } from "../../domain/plan.ts";
import { milliseconds, type Milliseconds } from "../../domain/units.ts";
import { problemAt, type Loaded, type Path, type Problem } from "../problem.ts";
import type { GatewayEntry } from "../schema/gateway.ts";
import type { Budget, SegmentEntry, Watchlist } from "../schema/watchlist.ts";
import { busInterval, busShareOfAllDead, busShareOfOneDead, deadUnitTakes } from "./lines.ts";

export interface Demand {
  readonly check: CheckId;
  readonly device: DeviceId;
  readonly interval: Milliseconds;
  readonly segment: SegmentEntry;
  /** Whose bus the check uses. */
  readonly gateway: GatewayEntry | undefined;
}

export interface SiteBudgets {
  readonly siteStartsPerSecondMax: number;
  readonly segmentStartsPerSecondMax: (segment: SegmentEntry) => number;
}

/** A raise without a name and a reason is a problem, and the default holds. */
export function siteBudgets(watchlist: Loaded<Watchlist>): { readonly budgets: SiteBudgets; readonly problems: readonly Problem[] } {
  const { siteBudget, segments } = watchlist.value;
  const { siteStartsPerSecondDefault, segmentStartsPerSecondDefault } = limits;
  const granted = (budget: Budget, normal: number, most: number): number =>
    isGranted(budget, normal) ? Math.min(budget.startsPerSecondMax, most) : normal;
  const problems = [
    ...ungranted(watchlist, ["siteBudget"], siteBudget, siteStartsPerSecondDefault),
    ...segments.flatMap((segment, index) => ungranted(watchlist, ["segments", index], segment, segmentStartsPerSecondDefault)),
  ];
  const budgets: SiteBudgets = {
    siteStartsPerSecondMax: granted(siteBudget, siteStartsPerSecondDefault, siteStartsPerSecondMost),
    segmentStartsPerSecondMax: (segment) => granted(segment, segmentStartsPerSecondDefault, segmentStartsPerSecondMost),
  };
  return { budgets, problems };
}

/**
 * What does not fit, with the interval that would. `demands` come in the order in which they are served, so that a device added at the
 * end of the watchlist never pushes out one that is watched already.
 * Worked example: 2 starts per second carry 1.4, which is 84 devices at 60 s; 100 devices fit at 72 s.
 */
export function overBudget(demands: readonly Demand[], budgets: SiteBudgets): ReadonlyMap<CheckId, string> {
  const refused = new Map<CheckId, string>();
  const ledger = new Ledger(demands, budgets);
  for (const demand of demands) {
    const objection = ledger.objection(demand);
    if (objection === undefined) ledger.enter(demand);
    else refused.set(demand.check, objection);
  }
  return refused;
}

class Ledger {
  readonly #budgets: SiteBudgets;
  readonly #demandCount: number;
  readonly #segmentDemandCounts: ReadonlyMap<string, number>;
  readonly #segments = new Map<string, number>();
  readonly #buses = new Map<string, readonly Pick<Demand, "device" | "interval">[]>();
  #site = 0;

  constructor(demands: readonly Demand[], budgets: SiteBudgets) {
    this.#budgets = budgets;
    this.#demandCount = demands.length;
    this.#segmentDemandCounts = new Map([...Map.groupBy(demands, ({ segment }) => segment.id)].map(([id, of]) => [id, of.length]));
  }

  enter({ device, interval, segment, gateway }: Demand): void {
    this.#site += startsPerSecond(interval);
    this.#segments.set(segment.id, (this.#segments.get(segment.id) ?? 0) + startsPerSecond(interval));
    if (gateway !== undefined) this.#buses.set(gateway.id, [...(this.#buses.get(gateway.id) ?? []), { device, interval }]);
  }

  objection(demand: Demand): string | undefined {
    return this.#busObjection(demand) ?? this.#segmentObjection(demand) ?? this.#siteObjection(demand);
  }

  #busObjection({ gateway, device, interval }: Demand): string | undefined {
    if (gateway === undefined) return undefined;
    const unit = `a dead unit of gateway ${gateway.id} takes ${formatDuration(deadUnitTakes(gateway))} of its bus (responseTimeout x (retries + 1))`;
    if (interval < busInterval(gateway)) {
      return `${unit}, more than 10 % at an interval of ${formatDuration(interval)}: ${formatDuration(busInterval(gateway))} fits`;
    }
    const all = [...(this.#buses.get(gateway.id) ?? []), { device, interval }];
    const own = all.filter((one) => one.device === device).map((one) => one.interval);
    if (busShareOfOneDead(deadUnitTakes(gateway), own) > busShareMax + rounding) {
      const fitting = formatDuration(milliseconds(Math.ceil((own.length * deadUnitTakes(gateway)) / busShareMax)));
      return `${unit}, and ${device} has ${own.length} checks: more than 10 % together; an interval of ${fitting} for each of them fits`;
    }
    const intervals = all.map((one) => one.interval);
    if (busShareOfAllDead(deadUnitTakes(gateway), intervals) <= busShareMax + rounding) return undefined;
    return `${unit}: with all ${new Set(all.map((one) => one.device)).size} units dead more than 10 % even at their longest back-off; ask fewer units, or lower retries in the gateway`;
  }

  #segmentObjection({ segment, interval }: Demand): string | undefined {
    const most = this.#budgets.segmentStartsPerSecondMax(segment);
    if (fits((this.#segments.get(segment.id) ?? 0) + startsPerSecond(interval), most)) return undefined;
    return tooSmall(`segment ${segment.id}`, most, this.#segmentDemandCounts.get(segment.id) ?? 1, "startsPerSecondMax of the segment");
  }

  #siteObjection({ interval }: Demand): string | undefined {
    const most = this.#budgets.siteStartsPerSecondMax;
    if (fits(this.#site + startsPerSecond(interval), most)) return undefined;
    return tooSmall("the site", most, this.#demandCount, "siteBudget.startsPerSecondMax");
  }
}

/** Sums of thirds and sixtieths are not exact. */
const rounding = 1e-9;

function fits(startsPerSecond: number, most: number): boolean {
  return startsPerSecond <= most * budgetShareMax + rounding;
}

function startsPerSecond(interval: Milliseconds): number {
  return 1000 / interval;
}

function tooSmall(whose: string, most: number, count: number, field: string): string {
  const seconds = Math.ceil(count / (most * budgetShareMax) - rounding);
  const fitting = formatDuration(milliseconds(seconds * 1000));
  return `${whose} carries 70 % of ${most} starts per second: ${count === 1 ? "1 check fits" : `all ${count} checks fit`} at an interval of ${fitting}; lengthen intervals, or raise ${field} with approvedBy and reason`;
}

function isGranted({ startsPerSecondMax, approvedBy, reason }: Budget, normal: number): boolean {
  return startsPerSecondMax <= normal || (approvedBy !== undefined && reason !== undefined);
}

function ungranted(watchlist: Loaded<Watchlist>, path: Path, budget: Budget, normal: number): readonly Problem[] {
  if (isGranted(budget, normal)) return [];
  const expected = `at most ${normal}, or approvedBy and reason beside it`;
  return [problemAt(watchlist, [...path, "startsPerSecondMax"], { found: String(budget.startsPerSecondMax), expected })];
}
