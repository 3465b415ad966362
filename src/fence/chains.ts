/** What may go to one place: a chain for every kind of place, shared by those that are alike. */
import { digestOf } from "../config/compile/digest.ts";
import { hex, longest, templateJson, type FrameTemplate } from "../domain/template.ts";
import type { Destination, Pace } from "./destinations.ts";
import { beginsAs, hasByte, longerThan, type Base } from "./frames.ts";
import type { Chain, Rule } from "./ruleset.ts";

export interface Chains {
  readonly chains: readonly Chain[];
  readonly chainOf: ReadonlyMap<Destination, string>;
}

/** Numbered in the order of the plan. */
export function chainsOf(destinations: readonly Destination[]): Chains {
  const chainOf = new Map<Destination, string>();
  const groups = [...Map.groupBy(destinations, alike).values()];
  const chains = groups.flatMap((group, index) => {
    const name = `ask_${index + 1}`;
    for (const one of group) chainOf.set(one, name);
    return kindChains(name, group[0]!);
  });
  return { chains, chainOf };
}

function alike({ family, transport, paces, frames }: Destination): string {
  return digestOf({ family, transport, paces, frames: frames?.map(templateJson) ?? null } as object);
}

function kindChains(name: string, { family, transport, paces, frames }: Destination): readonly Chain[] {
  const within = (kind: string, pace: Pace): string => {
    const ip = family === 4 ? "ip daddr" : "ip6 daddr";
    return `add @${kind}${family} { ${ip} . meta l4proto . th dport limit rate ${pace.perHour}/hour burst ${pace.burst} packets } accept`;
  };
  const surplus = (comment: string): Rule => ({ text: "counter drop", comment });
  if (transport === "icmp") {
    const { perHour, burst } = paces.data;
    const ip = family === 4 ? "ip daddr" : "ip6 daddr";
    // An echo has no port, and its check sum would stand where one is looked for. ICMPv6 has other types than the template.
    const text = `add @echoes${family} { ${ip} limit rate ${perHour}/hour burst ${burst} packets } accept`;
    const echoes = dataRules(family === 4 ? frames : undefined, text, "th");
    return [{ name, rules: [...echoes, surplus("more than the plan needs, or no frame of it")] }];
  }
  const data = dataRules(frames, within("data", paces.data));
  if (transport === "udp") return [{ name, rules: [...data, surplus("more than the plan needs, or no frame of it")] }];
  return [
    { name: `${name}_data`, rules: [...data, surplus("more than the plan needs, or no frame of it")] },
    {
      name,
      rules: [
        { text: `${hasByte(0)} goto ${name}_data`, comment: "what carries bytes" },
        { text: `tcp flags & (fin | syn | rst | ack) == syn ${within("open", paces.open!)}`, comment: "connections" },
        { text: `tcp flags & (fin | rst) != 0x0 ${within("end", paces.end!)}`, comment: "ends" },
        { text: `tcp flags & (fin | syn | rst | ack) == ack ${within("acknowledge", paces.acknowledge!)}`, comment: "acknowledgements" },
        surplus("more than the plan needs"),
      ],
    },
  ];
}

/** Falls through where the packet is no frame of the plan, or one too many. */
function dataRules(frames: readonly FrameTemplate[] | undefined, accept: string, base?: Base): readonly Rule[] {
  if (frames === undefined) return [{ text: accept, comment: "bytes that nothing tells from others" }];
  // The longer first: one frame may be the beginning of another.
  const byLength = frames.toSorted((a, b) => longest(b) - longest(a));
  return byLength.flatMap((frame, index): Rule[] => {
    const begins = beginsAs(frame, base);
    return [
      { text: `${begins} ${longerThan(frame, base)} counter drop`, comment: `frame ${index + 1} and more bytes` },
      { text: `${begins} ${accept}`, comment: `frame ${index + 1}: ${frame.operation}, ${hex(frame.bytes).slice(0, 40)}` },
    ];
  });
}
