/** The shape of watchlist.yaml: what the owner says of segments, gateways and devices. */
import { z } from "zod";
import { limits, segmentStartsPerSecondMost, siteStartsPerSecondMost, startsPerSecondLeast } from "../../domain/limits.ts";
import type { DeviceFunction, DeviceId, ProfileId, SegmentId } from "../../domain/plan.ts";
import { s7RackMax, s7SlotMax } from "../../domain/s7.ts";
import { asset, noAsset, type Asset } from "./asset.ts";
import { address, id, matching, oneOf, text, whole } from "./common.ts";
import { hardwareSchema, type HardwareEntry } from "./hardware.ts";
import { segmentStage, type SegmentStage } from "./segment-stage.ts";
import { zoneCrossing, type ZoneCrossing } from "./zone-crossing.ts";
import { gatewaySchema, type GatewayEntry } from "./gateway.ts";
import { statementsSchema, type Statements } from "./statements.ts";
import { checkSchema, type WatchlistCheck } from "./check.ts";

export type { WatchlistCheck } from "./check.ts";
export { hardwareSchema, type HardwareEntry };

export interface Watchlist {
  readonly schema: "watchlist/v1";
  readonly siteBudget: Budget;
  readonly segments: readonly SegmentEntry[];
  readonly gateways: readonly GatewayEntry[];
  readonly devices: readonly WatchlistDevice[];
  readonly excluded: readonly Exclusion[];
  /** Segments in dry run or suspended as a whole. */
  readonly segmentStages: readonly SegmentStage[];
  /** Zones that this poller may join. */
  readonly zoneCrossings: readonly ZoneCrossing[];
  readonly hardware: readonly HardwareEntry[];
}

/** A raise above the default stands here only with both names (checked). */
export interface Budget {
  readonly startsPerSecondMax: number;
  readonly approvedBy?: string;
  readonly reason?: string;
}

export interface SegmentEntry extends Budget {
  readonly id: SegmentId;
  readonly zone: string;
  /** CIDR with no host bits, checked. */
  readonly subnet: string;
  readonly localAddress: string;
  readonly defaultGateway?: string;
}

/** Exactly one of `address` and `via` is there; `segment` is there with `address`, and may be left out with `via` (checked). */
export interface WatchlistDevice {
  readonly id: DeviceId;
  /** Its id where the file gives no name. */
  readonly name: string;
  readonly address?: string;
  readonly via?: string;
  readonly segment?: SegmentId;
  readonly function: DeviceFunction;
  readonly category: "I" | "II" | "III";
  readonly profile: ProfileId;
  readonly macs: readonly string[];
  readonly switchPorts: readonly SwitchPort[];
  /** Devices or gateways through which this one is reached. */
  readonly dependsOn: readonly string[];
  readonly asset: Asset;
  readonly port?: number;
  /** Of an OPC UA server that knows itself by a path too: `/UA/Server`. */
  readonly endpointPath?: string;
  /** Where an S7 CPU stands; absent: as its profile says. */
  readonly s7?: { readonly rack: number; readonly slot: number };
  readonly statements: Statements;
  readonly checks: readonly WatchlistCheck[];
}

export interface SwitchPort {
  readonly switch: DeviceId;
  readonly ifIndex: number;
}

/** Exactly one of `address`, `range` (CIDR) and `gateway` with `unitId` (checked). */
export interface Exclusion {
  readonly address?: string;
  readonly range?: string;
  readonly gateway?: string;
  readonly unitId?: number;
  readonly reason: string;
}

const subnet = (description: string): z.ZodType<string, string> => matching(/^[^]{1,100}$/u, "a subnet such as 10.20.1.0/24", description);

const startsExpected = (most: number): string => `a number from ${startsPerSecondLeast} to ${most}`;
const starts = (most: number, normal: number, description: string): z.ZodType<number, number | undefined> =>
  z
    .number({ error: startsExpected(most) })
    .min(startsPerSecondLeast, { error: startsExpected(most) })
    .max(most, { error: startsExpected(most) })
    .default(normal)
    .meta({ description });
const raise = {
  approvedBy: text("Who approved a figure above the default.").exactOptional(),
  reason: text("Why a figure above the default is right here.").exactOptional(),
};

const siteBudget: z.ZodType<Budget, unknown> = z
  .strictObject({
    startsPerSecondMax: starts(
      siteStartsPerSecondMost,
      limits.siteStartsPerSecondDefault,
      "Exchanges that may begin per second in the whole site.",
    ),
    ...raise,
  })
  .meta({ description: "How much the poller may begin in the whole site. Above 10 per second approvedBy and reason are needed." });

export const segmentSchema: z.ZodType<SegmentEntry> = z
  .strictObject({
    id: id<SegmentId>("The segment's id."),
    zone: text("The zone it lies in, as your zone plan calls it."),
    subnet: subnet("Its one subnet, such as 10.20.1.0/24."),
    localAddress: address("The poller's own address on this segment; packets leave by its interface."),
    defaultGateway: address("The segment's router, which is never asked.").exactOptional(),
    startsPerSecondMax: starts(
      segmentStartsPerSecondMost,
      limits.segmentStartsPerSecondDefault,
      "Exchanges that may begin per second in this segment. Above 2 approvedBy and reason are needed.",
    ),
    ...raise,
  })
  .meta({ description: "One subnet." });

const list = <Item>(item: z.ZodType<Item>, what: string, description: string): z.ZodType<readonly Item[], unknown> =>
  z
    .array(item, { error: `a list of ${what}` })
    .default([])
    .meta({ description });

const deviceFunctions = ["control", "monitoring", "network", "safety", "protection", "navigation"] as const;

export const deviceSchema: z.ZodType<WatchlistDevice> = z
  .strictObject({
    id: id<DeviceId>("The device's id, for ever."),
    name: text("Its name for people; its id where left out.").exactOptional(),
    address: address("Its one literal address. Not with `via`.").exactOptional(),
    via: id("The gateway behind which it stands. Not with `address`.").exactOptional(),
    segment: id<SegmentId>("The segment of its address; with `via` it is the gateway's.").exactOptional(),
    function: oneOf(deviceFunctions, "What it does. safety, protection and navigation are never asked."),
    category: oneOf(["I", "II", "III"], "Its category of IACS UR E22."),
    profile: id<ProfileId>("The profile of its family."),
    macs: list(
      matching(
        /^[0-9a-f][02468ace](:[0-9a-f]{2}){5}$/u,
        "the MAC address of one device, such as 00:80:f4:01:02:03, in lower case",
        "A MAC address of the device.",
      ),
      "MAC addresses",
      "Its MAC addresses, for passive evidence.",
    ),
    switchPorts: list(
      z.strictObject({
        switch: id<DeviceId>("The switch, a device of this list."),
        ifIndex: whole(1, 2 ** 31 - 1, "The port's ifIndex."),
      }),
      "{switch, ifIndex}",
      "The switch ports it hangs on.",
    ),
    dependsOn: list(id("A device or gateway."), "ids", "Devices or gateways through which it is reached."),
    asset: asset.default(noAsset),
    port: whole(
      1,
      65_535,
      "Its port, only where it is not the protocol's own; then all checks are of that protocol, icmp-echo excepted.",
    ).exactOptional(),
    endpointPath: matching(
      /^\/[A-Za-z0-9._~!$&'()*+,;=:@%/-]{1,60}$/u,
      "the path of an endpoint's URL, such as /UA/Server",
      "Of an OPC UA server whose endpoint URL has a path: what stands behind the port, such as /UA/Server. Address and port are those of this entry.",
    ).exactOptional(),
    s7: z
      .strictObject({ rack: whole(0, s7RackMax, "The rack of the CPU."), slot: whole(0, s7SlotMax, "The slot of the CPU.") })
      .exactOptional()
      .meta({ description: "Where the CPU stands, for S7; where it is left out, as the profile says." }),
    statements: statementsSchema.default({}),
    checks: z
      .array(checkSchema, { error: "a list of checks, [] where the device is not to be asked" })
      .max(16, { error: "at most 16 checks" })
      .meta({ description: "How it is asked; [] where it is not." }),
  })
  .transform((device): WatchlistDevice => ({ ...device, name: device.name ?? device.id }))
  .meta({ description: "One device." });

export const exclusionSchema: z.ZodType<Exclusion> = z
  .strictObject({
    address: address("One address.").exactOptional(),
    range: subnet("A range such as 10.20.1.80/28.").exactOptional(),
    gateway: id("A gateway; with unitId.").exactOptional(),
    unitId: whole(1, 255, "A unit behind that gateway.").exactOptional(),
    reason: text("Why."),
  })
  .meta({ description: "What is never asked: an address, a range, or a unit behind a gateway." });

export const watchlistSchema: z.ZodType<Watchlist> = z
  .strictObject({
    schema: z.literal("watchlist/v1", { error: "watchlist/v1" }).meta({ description: "The kind of file." }),
    siteBudget: siteBudget.default({ startsPerSecondMax: limits.siteStartsPerSecondDefault }),
    segments: list(segmentSchema, "segments", "The subnets that are watched."),
    gateways: list(gatewaySchema, "gateways", "The serial gateways."),
    devices: list(deviceSchema, "devices", "The devices."),
    excluded: list(exclusionSchema, "exclusions", "What is never asked, whatever else stands here."),
    segmentStages: list(segmentStage, "{segment, stage, by, since, reason}", "Segments that are held back: in dry run, or suspended."),
    zoneCrossings: list(zoneCrossing, "{zones, approvedBy, reason, changeReference}", "Zones that one poller may join."),
    hardware: list(hardwareSchema, "hardware groups", "Devices that share one piece of hardware."),
  })
  .meta({ title: "watchlist/v1", description: "The devices that Watchkeeper watches." });
