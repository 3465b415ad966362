/** What a deep query may read of a family: what the shipped profile offers and the site has agreed to, one entry a question. */
import { deepReads, type DeepRead } from "../../domain/deep-reads.ts";
import type { Profile } from "../schema/profile.ts";
import type { SiteProfile } from "../schema/site-profile.ts";
import { slotNumbers } from "./rack.ts";

/** In the shipped profile's order; what one of the two files alone names is not asked. Of two counts the smaller one holds. */
export function familyDeepReads(
  { deepQuery: offers, limits }: Pick<Profile, "deepQuery" | "limits">,
  own: Pick<SiteProfile, "deepQuery"> | undefined,
): readonly DeepRead[] {
  return offers.flatMap((offer): readonly DeepRead[] => {
    const { read } = offer;
    const agreed = own?.deepQuery.find((one) => one.read === read);
    if (agreed === undefined) return [];
    const { counts } = deepReads[read];
    if (read === "opcua-server") {
      const figures = [offer.nodes, agreed.nodes, limits?.opcua?.maxNodesPerRead?.value ?? undefined];
      const nodesMax = Math.min(...figures.filter((figure) => figure !== undefined));
      return [{ read, ...(Number.isFinite(nodesMax) && { nodesMax }) }];
    }
    if (counts === undefined) return [{ read }];
    if (counts === "slots") return slotNumbers(agreed.slots, offer.slots).map((number): DeepRead => ({ read, number }));
    const count = Math.min(agreed[counts] ?? 0, offer[counts] ?? Number.POSITIVE_INFINITY);
    return Array.from({ length: count }, (_, index): DeepRead => ({ read, number: index + 1 }));
  });
}
