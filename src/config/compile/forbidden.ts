/** What is never asked of a family: everything that its profile or the site's own file names, in every table in which the device may keep it. */
import type { Forbidden } from "../schema/forbidden.ts";
import type { Profile } from "../schema/profile.ts";
import type { RegisterSpace } from "../schema/register.ts";
import type { SiteProfile } from "../schema/site-profile.ts";
import { mayLoosen } from "./connection.ts";

/** Modbus Application Protocol V1.1b3, 4.3: a device may serve two tables from one memory. */
const twins: Readonly<Record<RegisterSpace, RegisterSpace>> = {
  "holding-registers": "input-registers",
  "input-registers": "holding-registers",
  coils: "discrete-inputs",
  "discrete-inputs": "coils",
};

type Forbidding = Pick<SiteProfile, "forbidden">;

/** @param shipped undefined where there is none or it cannot be read: then nothing is known of its tables */
export function forbiddenOf(shipped: Profile | undefined, site: Forbidding | undefined): readonly Forbidden[] {
  const named = [...(shipped?.forbidden ?? []), ...(site?.forbidden ?? [])];
  return shipped !== undefined && tablesDistinct(shipped) ? named : named.flatMap(inBothTables);
}

/** Only what the documents of the family say, and two persons have read there. */
function tablesDistinct({ registerTables, sources }: Profile): boolean {
  return registerTables?.value === "distinct" && mayLoosen(registerTables, sources);
}

function inBothTables(entry: Forbidden): readonly Forbidden[] {
  if (entry.kind !== "registers") return [entry];
  const reason = `${entry.reason}; it is forbidden among the ${entry.space}, and no document says that the tables are distinct`;
  return [entry, { ...entry, space: twins[entry.space], reason }];
}
