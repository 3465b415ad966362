/** What no single line of the watchlist shows: the same question asked twice, intervals out of all bounds, more units than a bus has, statements of days to come. */
import { canonicalJson } from "../../domain/canonical.ts";
import { formatDuration } from "../../domain/duration.ts";
import { limits } from "../../domain/limits.ts";
import { problemAt, type Loaded, type Problem } from "../problem.ts";
import type { WallMs } from "../../domain/units.ts";
import type { Watchlist } from "../schema/watchlist.ts";
import type { Candidate } from "./candidate.ts";
import { begins, dayOf } from "./dates.ts";
import { envelopePhase } from "./envelope.ts";

/** Two checks with the same bytes to the same place are one question at twice its interval's pace. */
export function duplicates(watchlist: Loaded<Watchlist>, candidates: readonly Candidate[]): readonly Problem[] {
  const asked = Map.groupBy(candidates, (candidate) => question(candidate));
  return [...asked.values()].flatMap(([first, ...again]) =>
    again.map(({ path }) => {
      const complaint = {
        found: `the same request to the same address as ${first!.id}`,
        expected: "each request once",
        hint: "take one out",
      };
      return problemAt(watchlist, path, complaint);
    }),
  );
}

/** A session that is kept by nature would be closed and opened again for every other question on its line: sessions are what servers have fewest of. */
export function keptBeside(watchlist: Loaded<Watchlist>, candidates: readonly Candidate[]): readonly Problem[] {
  const byLine = Map.groupBy(candidates, ({ place }) => place.line);
  return [...byLine.values()].flatMap((members) =>
    members.flatMap(({ id, path, entry, spoken }) => {
      const other = members.find((one) => one.id !== id);
      if (spoken?.method.connection !== "kept" || other === undefined) return [];
      const found = `${entry.method} beside ${other.id}`;
      const expected = "no other check of this address: its session would be closed and opened again for each";
      return [problemAt(watchlist, [...path, "method"], { found, expected, hint: "take one of them out" })];
    }),
  );
}

export function overlong(watchlist: Loaded<Watchlist>, candidates: readonly Candidate[]): readonly Problem[] {
  return candidates.flatMap(({ interval, path }) => {
    if (interval <= limits.intervalMax) return [];
    const complaint = { found: `an interval of ${formatDuration(interval)}`, expected: `at most ${formatDuration(limits.intervalMax)}` };
    return [problemAt(watchlist, [...path, "interval"], complaint)];
  });
}

export function tooManyUnits(watchlist: Loaded<Watchlist>, candidates: readonly Candidate[]): readonly Problem[] {
  const behind = Map.groupBy(
    candidates.filter(({ place }) => place.entry.via !== undefined),
    ({ place }) => place.entry.via,
  );
  return watchlist.value.gateways.flatMap(({ id, unitCount }, index) => {
    const units = new Set((behind.get(id) ?? []).map(({ entry }) => entry.unitId));
    if (units.size <= unitCount) return [];
    const complaint = { found: String(unitCount), expected: `at least ${units.size}: so many units of it are asked` };
    return [problemAt(watchlist, ["gateways", index, "unitCount"], complaint)];
  });
}

/** What nobody can have seen yet, nobody has seen. */
export function statementsOfTomorrow(watchlist: Loaded<Watchlist>, wallNow: WallMs): readonly Problem[] {
  return watchlist.value.devices.flatMap(({ statements }, index) =>
    (["watchdog", "firmware", "s7ConnectionType"] as const).flatMap((kind) => {
      const on = statements[kind]?.on;
      if (on === undefined || begins(on) <= wallNow) return [];
      const complaint = {
        found: `${on}, a day that has not begun`,
        expected: `${dayOf(wallNow)} or earlier: the day on which somebody looked`,
      };
      return [problemAt(watchlist, ["devices", index, "statements", kind, "on"], complaint)];
    }),
  );
}

function question({ id, entry, spoken }: Candidate): string {
  if (spoken === undefined) return id;
  const { target, phases } = spoken;
  return canonicalJson([entry.method, entry.unitId ?? null, target.address, target.port, target.transport, envelopePhase(phases.asking)]);
}
