/** A site that is edited after its approval, and what is then refused. */
import assert from "node:assert/strict";
import { compiledFrom, refusals, type Raw, type RawSite } from "./site.ts";

type Part = (site: RawSite) => Raw;

/** The refusals of the site once it is changed, which must still be without problems. */
export function changed(site: RawSite, change: (site: RawSite) => void): string[] {
  const copy = structuredClone(site);
  change(copy);
  const compiled = compiledFrom(copy);
  assert.deepEqual(compiled.problems, []);
  return refusals(compiled);
}

export const firstDevice: Part = ({ watchlist }: RawSite): Raw => (watchlist["devices"] as Raw[])[0]!;
export const statements: Part = (site: RawSite): Raw => firstDevice(site)["statements"] as Raw;
export const firstSegment: Part = ({ watchlist }: RawSite): Raw => (watchlist["segments"] as Raw[])[0]!;
export const bus: Part = ({ watchlist }: RawSite): Raw => (watchlist["gateways"] as Raw[])[0]!;
