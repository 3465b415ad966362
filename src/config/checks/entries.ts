/** The parts of a watchlist that fit their shape, each with its place: what the checks between the parts work on, so that one bad item hides no other problem. */
import { problemAt, type Complaint, type Path, type Problem } from "../problem.ts";
import { gatewaySchema, type GatewayEntry } from "../schema/gateway.ts";
import { itemsThatFit, valueAt } from "../schema-problems.ts";
import { segmentStage, type SegmentStage } from "../schema/segment-stage.ts";
import { zoneCrossing, type ZoneCrossing } from "../schema/zone-crossing.ts";
import {
  deviceSchema,
  exclusionSchema,
  hardwareSchema,
  segmentSchema,
  type Exclusion,
  type HardwareEntry,
  type SegmentEntry,
  type Watchlist,
  type WatchlistDevice,
} from "../schema/watchlist.ts";
import type { YamlFile } from "../yaml.ts";

export interface Entry<Value> {
  readonly index: number;
  readonly value: Value;
}

type ListName = "segments" | "gateways" | "devices" | "excluded" | "segmentStages" | "zoneCrossings" | "hardware";

export interface Entries {
  readonly segments: readonly Entry<SegmentEntry>[];
  readonly gateways: readonly Entry<GatewayEntry>[];
  readonly devices: readonly Entry<WatchlistDevice>[];
  readonly excluded: readonly Entry<Exclusion>[];
  readonly segmentStages: readonly Entry<SegmentStage>[];
  readonly zoneCrossings: readonly Entry<ZoneCrossing>[];
  readonly hardware: readonly Entry<HardwareEntry>[];
  /** Every id that a list gives, those of misshapen items too: a reference to one of them is not unknown. */
  ids(list: ListName): ReadonlySet<string>;
}

/** @param watchlist the whole, where it fits its schema */
export function entriesOf(file: YamlFile, watchlist: Watchlist | undefined): Entries {
  const list = (name: ListName): unknown => valueAt(file.value, [name]);
  const idSets = new Map<ListName, ReadonlySet<string>>();
  const ids = (name: ListName): ReadonlySet<string> => {
    const known = idSets.get(name) ?? new Set(idsIn(list(name)));
    idSets.set(name, known);
    return known;
  };
  return {
    segments: numbered(watchlist?.segments) ?? itemsThatFit(segmentSchema, list("segments")),
    gateways: numbered(watchlist?.gateways) ?? itemsThatFit(gatewaySchema, list("gateways")),
    devices: numbered(watchlist?.devices) ?? itemsThatFit(deviceSchema, list("devices")),
    excluded: numbered(watchlist?.excluded) ?? itemsThatFit(exclusionSchema, list("excluded")),
    segmentStages: numbered(watchlist?.segmentStages) ?? itemsThatFit(segmentStage, list("segmentStages")),
    zoneCrossings: numbered(watchlist?.zoneCrossings) ?? itemsThatFit(zoneCrossing, list("zoneCrossings")),
    hardware: numbered(watchlist?.hardware) ?? itemsThatFit(hardwareSchema, list("hardware")),
    ids,
  };
}

function numbered<Value>(values: readonly Value[] | undefined): readonly Entry<Value>[] | undefined {
  return values?.map((value, index) => ({ index, value }));
}

function idsIn(list: unknown): readonly string[] {
  if (!Array.isArray(list)) return [];
  return list.map((item: unknown) => valueAt(item, ["id"])).filter((id) => typeof id === "string");
}

/** Collects problems of one file. */
export class Complaints {
  readonly #file: YamlFile;
  readonly problems: Problem[] = [];

  constructor(file: YamlFile) {
    this.#file = file;
  }

  add(path: Path, complaint: Complaint): void {
    this.problems.push(problemAt(this.#file, path, complaint));
  }

  lineOf(path: Path): number {
    return this.#file.lines.lineOf(path);
  }
}
