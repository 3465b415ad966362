/** What stands against asking a module of a rack: a module of safety beside it, or slots of which nobody has said that they hold none. */
import { deepReads } from "../../domain/deep-reads.ts";
import type { LoadedSite } from "../loaded-site.ts";
import { formatPath, type Loaded, type Path } from "../problem.ts";
import type { Candidate } from "./candidate.ts";
import type { Member } from "./connection-slots.ts";
import { heardOnlyKinds } from "./direction.ts";

/** A module of the rack, and not the device itself: whoever the family expects, that may be anybody's. */
export function asksModule({ deep }: Pick<Candidate, "deep">): boolean {
  return deep !== undefined && deepReads[deep.read].counts === "slots";
}

/** One of safety, protection or navigation in the same piece of hardware: in which of its slots it stands no file can say, so none is asked. @param line its devices */
export function safetyInRack(candidate: Candidate, line: readonly Member[], { watchlist }: LoadedSite): string | undefined {
  const { deep, place } = candidate;
  if (!asksModule(candidate) || place.hardware === undefined) return undefined;
  for (const { place: other, family } of line) {
    if (other.hardware !== place.hardware) continue;
    const words = [
      ["function", other.entry.function],
      ["profile", family.shipped.value.kind],
    ] as const;
    const found = words.find(([, word]) => heardOnly.has(word));
    if (found === undefined) continue;
    const [key, what] = found;
    const where = `${at(watchlist, [...other.path, key])}: ${other.entry.id} is ${what}, and of the same hardware ${place.hardware.id}`;
    return `${where}: no module of this rack is asked, as no file says in which slot it stands; take ${deep!.read} out`;
  }
  return undefined;
}

/** A question to a module goes through to whoever stands in the slot: only a person knows that it is none of safety. */
export function slotsUnstated(candidate: Candidate): readonly string[] {
  const { deep, place, family } = candidate;
  const { site } = family;
  if (deep === undefined || site === undefined || !asksModule(candidate)) return [];
  const index = site.value.deepQuery.findIndex(({ read }) => read === deep.read);
  const { slots, noSafetyIn } = site.value.deepQuery[index] ?? {};
  const path: Path = ["deepQuery", index];
  if (typeof slots === "number")
    return [
      `${at(site, [...path, "slots"])}: found ${slots}, a number of slots: name each that may be asked, such as slots: [0, 1], and under noSafetyIn the racks where ${none}`,
    ];
  if (noSafetyIn?.includes(place.entry.id)) return [];
  return [
    `${at(site, [...path, "noSafetyIn"])} does not name ${place.entry.id}: name it once somebody has looked, if in slot ${(slots ?? []).join(", ")} of this rack ${none}; otherwise take the slot out`,
  ];
}

const none = "none of them holds a module of safety, protection or navigation (a safety controller, its partner, safety I/O)";

const heardOnly: ReadonlySet<string> = heardOnlyKinds;

/** The slots that a site file names, of those that the profile offers from 0 on; of a number, as older files have it, those that it counts. */
export function slotNumbers(agreed: number | readonly number[] | undefined, offered: number | undefined): readonly number[] {
  const named = typeof agreed === "object" ? agreed : Array.from({ length: agreed ?? 0 }, (_, index) => index);
  return offered === undefined ? named : named.filter((slot) => slot < offered);
}

function at(file: Loaded<unknown>, path: Path): string {
  return `${file.file}:${file.lines.lineOf(path)}: ${formatPath(path)}`;
}
