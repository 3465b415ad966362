/** Reads an inventory into a watchlist: what is placed, what was there already, and one list of what could not be placed. Pure. */
import type { Surroundings } from "../checks/addresses.ts";
import type { Methods } from "../compile/candidate.ts";
import type { LoadedSite } from "../loaded-site.ts";
import { quote } from "../problem.ts";
import { addDevices } from "./add-devices.ts";
import { draftOf, type Draft, type Unplaced } from "./draft.ts";
import { readInventory, type InventoryRow } from "./rows.ts";

export interface Imported {
  readonly rows: number;
  readonly placed: readonly Draft[];
  /** Names of devices that the watchlist has already, at the same address. */
  readonly already: readonly string[];
  readonly unplaced: readonly Unplaced[];
  readonly unusedColumns: readonly string[];
  /** The watchlist's new text; undefined where nothing is added. */
  readonly text: string | undefined;
}

export interface ImportOptions {
  /** The name that messages and comments carry. */
  readonly file: string;
  readonly text: string;
  readonly methods: Methods;
  readonly surroundings: Surroundings;
}

export function importInventory(site: LoadedSite, options: ImportOptions): Imported | { readonly problems: readonly string[] } {
  const inventory = readInventory(options.file, options.text);
  if ("problem" in inventory) return { problems: [inventory.problem] };
  const library = [...site.shippedProfiles.values()].map(({ value }) => value);
  const known = { file: options.file, watchlist: site.watchlist.value, library, methods: options.methods };
  const sorted = new Sorted(site);
  for (const row of inventory.rows) if (!isBlank(row)) sorted.take(draftOf(row, known));
  const { already } = sorted;
  const unplaced = [...sorted.unplaced];
  let placed: readonly Draft[] = sorted.placed;
  // What the watchlist's own rules refuse is taken out and reported; the second time nothing is left to refuse.
  for (let round = 0; placed.length > 0; round++) {
    const added = addDevices(site, placed, options.surroundings);
    const counts = { rows: inventory.rows.length, placed, already, unplaced: byLine(unplaced), unusedColumns: inventory.unused };
    if (added.ok) return { ...counts, text: added.text };
    if (added.problem !== undefined) return { problems: [added.problem] };
    if (added.ofDraft.size === 0 || round > placed.length)
      throw new Error("a watchlist that was added to is refused, and nobody's line is");
    unplaced.push(...refusedOf(placed, added.ofDraft));
    placed = placed.filter((_, index) => !added.ofDraft.has(index));
  }
  return { rows: inventory.rows.length, placed, already, unplaced: byLine(unplaced), unusedColumns: inventory.unused, text: undefined };
}

function refusedOf(placed: readonly Draft[], ofDraft: ReadonlyMap<number, string>): readonly Unplaced[] {
  return placed.flatMap(({ line, name }, index) => {
    const detail = ofDraft.get(index);
    return detail === undefined ? [] : [{ line, name, kind: "refused by the watchlist" as const, detail }];
  });
}

function byLine(unplaced: readonly Unplaced[]): readonly Unplaced[] {
  return unplaced.toSorted((a, b) => a.line - b.line);
}

function isBlank(row: InventoryRow): boolean {
  return row.of("name") === "" && row.of("id") === "" && row.of("address") === "" && row.of("manufacturer") === "";
}

/** Each device once: by its address, its id, and what stands in the watchlist already. */
class Sorted {
  readonly placed: Draft[] = [];
  readonly already: string[] = [];
  readonly unplaced: Unplaced[] = [];
  readonly #byAddress: ReadonlyMap<string, string>;
  readonly #byId: ReadonlyMap<string, string>;
  readonly #lineOf = new Map<string, number>();

  constructor({ watchlist }: LoadedSite) {
    const { devices, gateways } = watchlist.value;
    this.#byAddress = new Map(devices.flatMap(({ id, address }) => (address === undefined ? [] : [[address, id] as const])));
    this.#byId = new Map([
      ...devices.map(({ id, address, via }) => [id, address ?? `via ${via ?? ""}`] as const),
      ...gateways.map(({ id, address }) => [id, address ?? "a serial port"] as const),
    ]);
  }

  take(made: Draft | Unplaced): void {
    if ("kind" in made) return void this.unplaced.push(made);
    const otherwise = (kind: Unplaced["kind"], detail: string): void =>
      void this.unplaced.push({ line: made.line, name: made.name, kind, detail });
    const { id, address } = made;
    if (id === "") return otherwise("refused by the watchlist", `found ${quote(made.name)}, expected a name with a letter or digit in it`);
    const there = address === undefined ? undefined : this.#byAddress.get(address);
    const place = this.#byId.get(id);
    if (there !== undefined || (place !== undefined && address === undefined)) return void this.already.push(there ?? id);
    if (place !== undefined)
      return otherwise("otherwise in the watchlist", `the watchlist has ${id} at ${place}: change it there by hand, or rename it here`);
    for (const key of [`id ${id}`, ...(address === undefined ? [] : [`address ${address}`])]) {
      const first = this.#lineOf.get(key);
      if (first !== undefined) return otherwise("twice in the inventory", `the same ${key} as on line ${first}`);
    }
    this.#lineOf.set(`id ${id}`, made.line);
    if (address !== undefined) this.#lineOf.set(`address ${address}`, made.line);
    this.placed.push(made);
  }
}
