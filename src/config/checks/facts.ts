/** Checks the facts of a shipped profile: each says where it is written, and nothing is loosened by what nobody has checked. */
import { poolUnknown } from "../../domain/limits.ts";
import { mayLoosen } from "../compile/connection.ts";
import { quote, type Path } from "../problem.ts";
import { isPrintable, type Fact } from "../schema/facts.ts";
import { limitClasses } from "../schema/profile-limits.ts";
import type { Profile } from "../schema/profile.ts";
import type { Complaints } from "./entries.ts";

export function checkFacts(profile: Profile, complaints: Complaints): void {
  checkSources(profile, complaints);
  for (const [path, fact] of factsOf(profile)) {
    checkFact(path, fact, profile, complaints);
  }
  for (const list of ["forbidden", "advisories"] as const)
    profile[list].forEach(({ sources }, index) => {
      checkSourceIds([list, index], sources, profile, complaints);
    });
  checkLoosening(profile, complaints);
}

/** Every fact of a profile with its place in the file. */
export function factsOf(profile: Profile): readonly (readonly [Path, Fact<unknown>])[] {
  const { facts, methods, connection, limits = {}, watchdog, cycle = {}, gateway = {}, exclusive, registerTables, s7 } = profile;
  return [
    ...Array.from(facts, ([name, fact]): [Path, Fact<unknown>] => [["facts", name], fact]),
    ...Object.entries(methods).map(([method, { support }]): [Path, Fact<unknown>] => [["methods", method, "support"], support]),
    [["connection", "poolSize"], connection.poolSize],
    [["connection", "overflow"], connection.overflow],
    [["connection", "idleTimeout"], connection.idleTimeout],
    ...limitClasses.flatMap((name) => group(["limits", name], limits[name] ?? {})),
    ...group(["watchdog"], watchdog),
    ...group(["cycle"], cycle),
    ...group(["gateway"], gateway),
    ...(exclusive === undefined ? [] : [[["exclusive"], exclusive] as const]),
    ...(registerTables === undefined ? [] : [[["registerTables"], registerTables] as const]),
    ...(s7 === undefined ? [] : [[["s7", "rack"], s7.rack] as const, [["s7", "slot"], s7.slot] as const]),
  ];
}

function group(path: Path, members: object): readonly (readonly [Path, Fact<unknown>])[] {
  return Object.entries(members).map(([key, fact]) => [[...path, key], fact as Fact<unknown>]);
}

function checkSources({ sources }: Profile, complaints: Complaints): void {
  const seen = new Set<string>();
  sources.forEach(({ id, kind, place }, index) => {
    if (seen.has(id)) complaints.add(["sources", index, "id"], { found: `${quote(id)} again`, expected: "an id of its own" });
    seen.add(id);
    const document = kind !== "memory" && kind !== "secondary";
    if (document && place === null)
      complaints.add(["sources", index], { found: "no place", expected: "the page or section where it stands" });
  });
}

function checkSourceIds(path: Path, ids: readonly string[], { sources }: Profile, complaints: Complaints): void {
  ids.forEach((id, n) => {
    if (!sources.some((source) => source.id === id)) {
      complaints.add([...path, "sources", n], { found: quote(id), expected: "the id of a source of this file" });
    }
  });
}

function checkFact(path: Path, fact: Fact<unknown>, profile: Profile, complaints: Complaints): void {
  checkSourceIds(path, fact.sources, profile, complaints);
  const { status, grade, value, sources } = fact;
  if (status === "documented") {
    if (value === null) complaints.add([...path, "value"], { found: "no value", expected: "a value, or the status not-documented" });
    if (sources.length === 0) complaints.add(path, { found: "no sources", expected: "the documents that say so" });
    if (!isPrintable({ ...fact, value: true })) {
      complaints.add([...path, "grade"], { found: grade, expected: "V, A or P beside the status documented" });
    }
  } else if (value !== null && grade === "N") {
    complaints.add([...path, "value"], { found: quote(value), expected: "null: nothing was found" });
  }
}

const unstated: Fact<never> = { value: null, status: "not-documented", grade: "N", sources: [], note: null };

/** The values that allow more than where nothing is known. */
function checkLoosening({ sources, connection, watchdog, registerTables = unstated }: Profile, complaints: Complaints): void {
  const { poolSize, overflow, idleTimeout } = connection;
  const { fedBy } = watchdog;
  const loose: readonly (readonly [path: Path, fact: Fact<unknown>, looser: boolean, instead: string])[] = [
    [["connection", "poolSize", "value"], poolSize, (poolSize.value ?? 0) > poolUnknown, `at most ${poolUnknown}`],
    [
      ["connection", "overflow", "value"],
      overflow,
      overflow.value === "rejects" || overflow.value === "evicts-idle",
      "evicts-oldest or null",
    ],
    [["connection", "idleTimeout", "value"], idleTimeout, idleTimeout.value !== null && connection.mode === "kept", "null"],
    [["registerTables", "value"], registerTables, registerTables.value === "distinct", "shared or null"],
    [["watchdog", "fedBy", "value"], fedBy, ["none", "write-only", "owner-only"].includes(fedBy.value ?? "unknown"), "null"],
  ];
  const hint = "only a document that two persons have opened (checkedBy) may loosen anything; what is only remembered goes under `facts:`";
  for (const [path, fact, looser, instead] of loose) {
    if (!looser || mayLoosen(fact, sources)) continue;
    complaints.add(path, { found: `${quote(fact.value)} (${fact.status}, grade ${fact.grade})`, expected: instead, hint });
  }
  if (watchdog.effect?.value === "trips-on-silence" && watchdog.closeCausesFault.value !== true)
    complaints.add(["watchdog", "closeCausesFault", "value"], {
      found: quote(watchdog.closeCausesFault.value),
      expected: "true beside the effect trips-on-silence",
    });
  if (connection.mode === "kept" && idleTimeout.value === null) {
    complaints.add(["connection", "mode"], { found: "kept", expected: "fresh while no idleTimeout is documented" });
  }
}
