/** Reads watchlist.yaml: its shape first, then everything that can be checked inside the file, and all problems at once. */
import { limits } from "../domain/limits.ts";
import { checkAddresses, type Surroundings } from "./checks/addresses.ts";
import { checkGateways } from "./checks/gateways.ts";
import { checkEntries, checkRaise } from "./checks/devices.ts";
import { checkNamedCredentials, type KnownCredentials } from "./checks/credentials.ts";
import { Complaints, entriesOf } from "./checks/entries.ts";
import { checkNamedRegisters, type RegistersOf } from "./checks/profiles.ts";
import { checkReferences } from "./checks/references.ts";
import { checkZones } from "./checks/zones.ts";
import { parseWith, type Parsed } from "./schema-problems.ts";
import { watchlistSchema, type Watchlist } from "./schema/watchlist.ts";
import type { YamlFile } from "./yaml.ts";

/** What a watchlist may refer to: every profile there is, readable or not, the registers of those that are, and credentials. */
export interface KnownElsewhere extends KnownCredentials {
  readonly ids: ReadonlySet<string>;
  readonly registersOf: RegistersOf;
}

export function parseWatchlist(file: YamlFile, known: KnownElsewhere, surroundings: Surroundings): Parsed<Watchlist> {
  const shape = parseWith(watchlistSchema, file);
  const complaints = new Complaints(file);
  const entries = entriesOf(file, shape.ok ? shape.value : undefined);
  checkReferences(entries, known.ids, complaints);
  checkNamedCredentials(entries, known, complaints);
  checkAddresses(entries, surroundings, complaints);
  checkZones(entries, complaints);
  checkGateways(entries, surroundings.lab, complaints);
  checkEntries(entries, complaints);
  checkNamedRegisters(entries, known.registersOf, complaints);
  if (shape.ok) checkRaise(["siteBudget"], shape.value.siteBudget, limits.siteStartsPerSecondDefault, complaints);
  const problems = [...(shape.ok ? [] : shape.problems), ...complaints.problems];
  return shape.ok && problems.length === 0 ? shape : { ok: false, problems };
}
