/** Checks that one poller joins no zones unless somebody has approved that crossing. */
import { quote } from "../problem.ts";
import type { Complaints, Entries } from "./entries.ts";

/**
 * Every segment counts, with or without devices: the poller has an address in it, and that is the crossing. Each two zones need an approval
 * that names both: whoever stands in A, B and C joins A with C too, though only A with B and B with C were approved.
 */
export function checkZones({ segments, zoneCrossings }: Entries, complaints: Complaints): void {
  const first = new Map<string, number>();
  for (const { index, value } of segments) if (!first.has(value.zone)) first.set(value.zone, index);
  const joined = (a: string, b: string): boolean => zoneCrossings.some(({ value }) => value.zones.includes(a) && value.zones.includes(b));
  const zones = [...first];
  zones.forEach(([zone, index], at) => {
    const [other, otherIndex] = zones.slice(0, at).find(([before]) => !joined(before, zone)) ?? [];
    if (other === undefined || otherIndex === undefined) return;
    const line = complaints.lineOf(["segments", otherIndex, "zone"]);
    complaints.add(["segments", index, "zone"], {
      found: `${quote(zone)} beside ${quote(other)} (line ${line})`,
      expected: "the segments of one poller in one zone, or an approved crossing of these two",
      hint: `a poller for each zone is best; or zoneCrossings: [{zones: [${other}, ${zone}], approvedBy: …, reason: …, changeReference: …}]`,
    });
  });
  for (const { index, value } of zoneCrossings)
    value.zones.forEach((zone, at) => {
      if (!first.has(zone))
        complaints.add(["zoneCrossings", index, "zones", at], {
          found: quote(zone),
          expected: "a zone of a segment of this file",
          hint: `there ${zones.length === 1 ? "is" : "are"} ${zones.map(([one]) => one).join(", ") || "none"}`,
        });
    });
}
