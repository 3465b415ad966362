/** Counts address resolution: each asking may cost one, and how many there were at most, the interval says. */
import type { ApprovedCheck } from "./approved.ts";
import type { Violation } from "./judgement.ts";
import type { Packet } from "./packet.ts";

type Arp = Extract<Packet, { readonly kind: "arp" }>;

export class Resolving {
  readonly #counts = new Map<string, { broadcasts: number; probes: number }>();
  /** All that were asked. */
  requests = 0;

  /** `checks`: what the plan has at the address. The violation, where the plan does not list it; once each. */
  take({ destination, broadcast, number, atNs }: Arp, checks: readonly ApprovedCheck[]): Violation | undefined {
    this.requests += 1;
    const count = this.#counts.get(destination) ?? { broadcasts: 0, probes: 0 };
    this.#counts.set(destination, count);
    if (broadcast) count.broadcasts += 1;
    else count.probes += 1;
    if (checks.length > 0 || count.broadcasts + count.probes > 1) return undefined;
    const detail = `asked who has ${destination}, which the plan does not list`;
    return { kind: "arp-beyond-bound", packet: number, atNs, destination, detail };
  }

  /** What was beyond the worst case in a capture so long, by destination. `at`: the checks that may have asked there in its time. */
  beyond(
    spanMs: number,
    at: (address: string) => readonly ApprovedCheck[],
  ): readonly { readonly destination: string; readonly detail: string }[] {
    return [...this.#counts].flatMap(([destination, { broadcasts, probes }]) => {
      const checks = at(destination);
      if (checks.length === 0) return [];
      const allowed = (per: "arpBroadcastsMax" | "arpProbesMax"): number =>
        checks.reduce((sum, check) => sum + (Math.floor(spanMs / check.intervalMs) + 1) * check[per], 0);
      const found = [
        ["broadcasts", broadcasts, allowed("arpBroadcastsMax")],
        ["probes", probes, allowed("arpProbesMax")],
      ] as const;
      return found
        .filter(([, count, most]) => count > most)
        .map(([what, count, most]) => ({ destination, detail: `${count} ARP ${what} for ${destination}; ${most} at worst in this time` }));
    });
  }
}
