/** What must hold of everything that left, read from the witness alone and never from the poller's own counters. */
import type { Fact } from "../../src/domain/outcome.ts";
import type { Plan } from "../../src/domain/plan.ts";
import type { Packet, Witness } from "./scripted-wire.ts";

const asks = (packet: Packet): boolean => packet.kind === "connect" || packet.kind === "frame";

/** One problem a broken promise, in words; empty when all hold. `plans` are all that were ever in force. */
export function brokenPromises(
  witness: Witness,
  plans: readonly Plan[],
  stops: readonly { readonly from: number; readonly to: number }[],
): readonly string[] {
  return [
    ...twoInFlight(witness),
    ...tooEarly(witness),
    ...belowFloor(witness),
    ...aboveBudget(witness, plans),
    ...whileStopped(witness, stops),
    ...offTemplate(witness),
    ...twoRequests(witness),
    ...tooLong(witness),
  ];
}

/** Never two connections at once on a line. */
function twoInFlight({ connections }: Witness): readonly string[] {
  return [...Map.groupBy(connections, (connection) => connection.check.line)].flatMap(([line, members]) => {
    const ordered = members.toSorted((a, b) => a.from - b.from);
    return ordered.flatMap((next, index) => {
      const previous = ordered[index - 1];
      return previous && previous.to > next.from ? [`${line}: connection at ${next.from} while one was open until ${previous.to}`] : [];
    });
  });
}

/** From the last packet of one asking to the first of the next at least the interval that was then in force. */
function tooEarly({ packets }: Witness): readonly string[] {
  const byCheck = Map.groupBy(packets.filter(asks), (packet) => `${packet.check.id} ${packet.check.interval}`);
  return [...byCheck.values()].flatMap((ours) =>
    ours.flatMap((packet, index) => {
      const previous = ours[index - 1];
      // A connect and its own first frame belong to one asking.
      if (!previous || (previous.kind === "connect" && packet.kind === "frame")) return [];
      const gap = packet.at - previous.at;
      // A nanosecond is the rounding of the sums, not an asking too early.
      return gap < packet.check.interval - 1e-6
        ? [`${packet.check.id}: asked again after ${gap} ms, interval ${packet.check.interval} ms`]
        : [];
    }),
  );
}

/** Between any two askings of one device, whichever of its checks they belong to, at least its floor. */
function belowFloor({ packets }: Witness): readonly string[] {
  const byDevice = Map.groupBy(
    packets.filter((packet) => asks(packet) && packet.check.floor),
    ({ check }) => check.floor!.device,
  );
  return [...byDevice].flatMap(([device, ours]) =>
    ours.flatMap((packet, index) => {
      const previous = ours[index - 1];
      if (!previous || (previous.check.id === packet.check.id && previous.kind === "connect" && packet.kind === "frame")) return [];
      const gap = packet.at - previous.at;
      const floor = packet.check.floor!.gap;
      return gap < floor - 1e-6 ? [`${device}: ${packet.check.id} asked ${gap} ms after ${previous.check.id}, floor ${floor} ms`] : [];
    }),
  );
}

/** Starts in any window of w ms: at most capacity + w x rate, for segment and site. */
function aboveBudget(witness: Witness, plans: readonly Plan[]): readonly string[] {
  const starts = startTimes(witness);
  const site = Math.max(...plans.map((plan) => plan.siteStartsPerSecondMax));
  const bySegment = Map.groupBy(starts, (start) => start.segment);
  const segments = [...bySegment].flatMap(([id, members]) => {
    const rate = Math.max(
      ...plans.flatMap((plan) => [...plan.segments.values()].filter((segment) => segment.id === id).map((s) => s.startsPerSecondMax)),
    );
    return windows(
      `segment ${id}`,
      members.map((start) => start.at),
      rate,
    );
  });
  return [
    ...segments,
    ...windows(
      "site",
      starts.map((start) => start.at),
      site,
    ),
  ];
}

function windows(name: string, times: readonly number[], perSecond: number): readonly string[] {
  const capacity = Math.max(1, Math.ceil(perSecond / 10));
  // For a token bucket it is enough to look at windows that begin and end with a start: level by level, in one pass.
  let level = capacity;
  let last = Number.NEGATIVE_INFINITY;
  return times.flatMap((at) => {
    level = Math.min(capacity, level + ((at - last) * perSecond) / 1000) - 1;
    last = at;
    return level < -1e-6 ? [`${name}: start at ${at} above ${perSecond}/s`] : [];
  });
}

/** The first packet of every asking. */
function startTimes({ packets }: Witness): readonly { readonly at: number; readonly segment: string }[] {
  const lastOf = new Map<string, Packet>();
  return packets.filter(asks).flatMap((packet) => {
    const previous = lastOf.get(packet.check.id);
    lastOf.set(packet.check.id, packet);
    const sameAsking = previous?.kind === "connect" && packet.kind === "frame";
    return sameAsking ? [] : [{ at: packet.at, segment: segmentOf(packet) }];
  });
}

function segmentOf(packet: Packet): string {
  return packet.check.device.split(".")[0]!;
}

/** Nothing but goodbyes from one pulse after a stop until it is lifted. */
function whileStopped({ packets }: Witness, stops: readonly { readonly from: number; readonly to: number }[]): readonly string[] {
  return packets
    .filter(asks)
    .filter((packet) => stops.some((stop) => packet.at > stop.from + 1000 && packet.at < stop.to))
    .map((packet) => `${packet.check.id}: ${packet.kind} at ${packet.at} while stopped`);
}

/** A fresh connection is given back: connect, answer, goodbye and the kernel's own time, whatever driver and device do. */
function tooLong({ connections }: Witness): readonly string[] {
  return connections.flatMap(({ check, from, to }) => {
    const most = check.connectWithin + check.answerWithin + 2000 + 2000;
    return check.connection === "fresh" && to - from > most + 20_000 ? [`${check.id}: a connection stood for ${to - from} ms`] : [];
  });
}

/** Nothing leaves for a tripped device until a person has reset it. */
export function whileTripped({ packets }: Witness, facts: readonly Fact[]): readonly string[] {
  const trips = facts.flatMap((fact) =>
    fact.kind === "tripped" && fact.trip.scope.startsWith("device:") ? [{ device: fact.trip.scope.slice(7), from: fact.at }] : [],
  );
  const resets = facts.flatMap((fact) => (fact.kind === "reset" ? [{ device: fact.scope.slice(7), at: fact.at }] : []));
  return trips.flatMap(({ device, from }) => {
    const until = resets.find((reset) => reset.device === device && reset.at >= from)?.at ?? Number.POSITIVE_INFINITY;
    const during = packets.filter(asks).filter((packet) => packet.check.device === device && packet.at > from && packet.at < until);
    return during.map((packet) => `${device}: ${packet.kind} at ${packet.at} while tripped since ${from}`);
  });
}

function offTemplate({ packets }: Witness): readonly string[] {
  return packets
    .filter((packet) => packet.frame && (packet.frame[7] !== 0x2b || packet.frame.length !== 11))
    .map((packet) => `${packet.check.id}: foreign frame`);
}

/** On a fresh connection one request at most. */
function twoRequests({ packets, connections }: Witness): readonly string[] {
  const fresh = connections.filter((connection) => connection.check.connection === "fresh");
  const frames = Map.groupBy(
    packets.filter((packet) => packet.kind === "frame"),
    (packet) => packet.check.id,
  );
  return fresh.flatMap((connection) => {
    const during = (frames.get(connection.check.id) ?? []).filter((packet) => packet.at >= connection.from && packet.at <= connection.to);
    return during.length > 1 ? [`${connection.check.id}: ${during.length} requests on one fresh connection`] : [];
  });
}

/** Ours that are open, those that the device may still count for ours, and a new one are never more than there is room for. */
export function aboveConnections({ connections }: Witness, { lines }: Plan): readonly string[] {
  return [...Map.groupBy(connections, ({ check }) => check.line)].flatMap(([line, members]) => {
    const { free, countedAfterReset, countedAfterLoss } = lines.get(line)!.connections;
    const countedFor = { seen: countedAfterReset, unseen: countedAfterLoss };
    return members.flatMap(({ from }, index) => {
      const before = members.slice(0, index).filter(({ to, unclean }) => to + (unclean ? countedFor[unclean] : 0) > from);
      return before.length + 1 > free ? [`${line}: a connection at ${from}, where ${before.length} may be counted of ${free}`] : [];
    });
  });
}
