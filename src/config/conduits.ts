/** The conduit manifest: every flow that the poller makes or takes, as a firewall's owner and a zone plan need it. */
import { isAddress, kindOf, parseAddress } from "../domain/address.ts";
import { formatDuration } from "../domain/duration.ts";
import type { Check, Plan } from "../domain/plan.ts";
import { milliseconds } from "../domain/units.ts";
import type { ListenAddress, TcpAddress } from "../domain/web.ts";
import type { Methods } from "./compile/candidate.ts";
import { printable } from "../domain/printable.ts";
import type { ZoneCrossing } from "./schema/zone-crossing.ts";

/** One flow. `out` is begun by the poller, `in` by somebody else. */
export interface Conduit {
  readonly direction: "out" | "in";
  readonly source: string;
  readonly destination: string;
  /** `tcp`, `udp`, `icmp`, or `serial`: then `destination` is this machine's device file. */
  readonly transport: string;
  /** null for ICMP and serial ports, which have none. */
  readonly port: number | null;
  /** What is spoken: `modbus`, `enip`, `http`. */
  readonly protocol: string;
  readonly zone: string | null;
  readonly segment: string | null;
  readonly devices: readonly string[];
  readonly purpose: string;
  /** The shortest time between two exchanges, in milliseconds; null where others decide. */
  readonly intervalMs: number | null;
}

/**
 * What a deep query asks over a flow that no heartbeat has is a flow of its own, so that a firewall's owner may leave it shut until its window.
 * A web address stands here as a flow of its own only where others can reach it: loopback and socket files are no conduits.
 */
export function conduitsOf(plan: Plan, methods: Methods, listenAddresses: readonly ListenAddress[]): readonly Conduit[] {
  const flows = Map.groupBy(plan.checks.values(), flowOf);
  const deeper = [...Map.groupBy(plan.deep.values(), flowOf)].filter(([flow]) => !flows.has(flow));
  return [
    ...[...flows.values()].map((checks) => outward(plan, methods, checks, "heartbeat, read only")),
    ...deeper.map(([, checks]) => outward(plan, methods, checks, "deep query alone, by hand and in its window, read only")),
    ...listenAddresses.flatMap(inward),
  ];
}

function flowOf({ protocol, target }: Check): string {
  return `${protocol} ${target.transport} ${target.address} ${target.port}`;
}

export const conduitColumns = [
  "direction",
  "source",
  "destination",
  "transport",
  "port",
  "protocol",
  "zone",
  "segment",
  "devices",
  "purpose",
  "interval",
] as const;

/** In the order of `conduitColumns`, for tables and CSV. */
export function conduitCells(conduit: Conduit): readonly string[] {
  const { direction, source, destination, transport, port, protocol, zone, segment, devices, purpose, intervalMs } = conduit;
  const interval = intervalMs === null ? "" : formatDuration(milliseconds(intervalMs));
  return [
    direction,
    source,
    destination,
    transport,
    String(port ?? ""),
    protocol,
    zone ?? "",
    segment ?? "",
    devices.join(" "),
    purpose,
    interval,
  ];
}

function outward({ devices, segments }: Plan, methods: Methods, checks: readonly Check[], why: string): Conduit {
  const [first] = checks as readonly [Check, ...Check[]];
  const segment = segments.get(devices.get(first.device)!.segment);
  const asked = checks.map(({ method, ask }) => methods.get(method)?.describe(ask) ?? method);
  return {
    direction: "out",
    source: first.target.localAddress ?? "this machine",
    destination: first.target.address,
    transport: first.target.transport,
    port: first.target.port === 0 ? null : first.target.port,
    protocol: first.protocol,
    zone: segment?.zone ?? null,
    segment: segment?.id ?? null,
    devices: [...new Set(checks.map(({ device }) => device))],
    purpose: `${why}: ${[...new Set(asked)].join("; ")}`,
    intervalMs: Math.min(...checks.map(({ deep, floor, interval }) => (deep && floor?.gap) ?? interval)),
  };
}

function inward(at: ListenAddress): readonly Conduit[] {
  if ("path" in at || ("host" in at && !isWide(at))) return [];
  return [
    {
      direction: "in",
      source: "Prometheus",
      // Which address systemd listens at stands in its socket unit.
      destination: "host" in at ? at.host : "systemd's socket",
      transport: "tcp",
      port: "host" in at ? at.port : null,
      protocol: "host" in at ? "https" : "http",
      zone: null,
      segment: null,
      devices: [],
      purpose: "metrics, from stored state: a scrape causes no packet to any device",
      intervalMs: null,
    },
  ];
}

/** Others than this machine can reach it. */
export function isWide({ host }: TcpAddress): boolean {
  const address = parseAddress(host);
  return !isAddress(address) || kindOf(address) !== "loopback";
}

/** One line: which zones this poller joins, and on whose word. */
export function crossingWords({ zones, approvedBy, reason, changeReference }: ZoneCrossing): string {
  return printable(`joins zones ${zones.join(", ")}: approved by ${approvedBy}, ${changeReference}: ${reason}`, 2000);
}
