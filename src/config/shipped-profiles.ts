/** The library that the package ships, read profile by profile as somebody asks for one: a site names few of its families, and all of them cost most of a second. */
import path from "node:path";
import type { ProfileId } from "../domain/plan.ts";
import { deepFrozen } from "./compile/freeze.ts";
import { extendedBy } from "./extends.ts";
import type { Loaded, Problem } from "./problem.ts";
import { parseProfile } from "./profiles.ts";
import { readText } from "./read-file.ts";
import type { Profile } from "./schema/profile.ts";
import { parseYaml } from "./yaml.ts";

/** What was read before in this process, by id: used again only for the same text. */
const readBefore = new Map<string, Loaded<Profile>>();

export interface Library {
  readonly folder: string;
  /** Of every profile there is, readable or not, in order. */
  readonly ids: readonly string[];
  /** What people call a file of it. */
  readonly nameOf: (location: string) => string;
}

export class ShippedProfiles {
  /** Of the profiles that were asked for, each once. */
  readonly problems: Problem[] = [];
  readonly #library: Library;
  /** As their own files have them; undefined where one cannot be read. */
  readonly #alone = new Map<string, Loaded<Profile> | undefined>();
  readonly #extended = new Map<string, Loaded<Profile> | undefined>();

  constructor(library: Library) {
    this.#library = library;
  }

  /** With what the profile that it extends demands; undefined where there is none of the id, or it cannot be read. */
  get(id: string): Loaded<Profile> | undefined {
    if (this.#extended.has(id)) return this.#extended.get(id);
    const own = this.#read(id);
    const made = own && extendedBy(own, (floor) => this.#read(floor), this.#library.ids);
    if (made) this.problems.push(...made.problems);
    this.#extended.set(id, made?.profile);
    return made?.profile;
  }

  /** Those that were asked for, in the library's order, and none that they only extend. */
  asked(): readonly (readonly [ProfileId, Loaded<Profile>])[] {
    return this.#library.ids.flatMap((id) => {
      const profile = this.#extended.get(id);
      return profile === undefined ? [] : [[id as ProfileId, profile] as const];
    });
  }

  #read(id: string): Loaded<Profile> | undefined {
    if (this.#alone.has(id)) return this.#alone.get(id);
    const profile = this.#library.ids.includes(id) ? this.#parsed(id) : undefined;
    this.#alone.set(id, profile);
    return profile;
  }

  #parsed(id: string): Loaded<Profile> | undefined {
    const location = path.join(this.#library.folder, `${id}.yaml`);
    const { profile, problems } = profileAt(this.#library.nameOf(location), location, id);
    this.problems.push(...problems);
    return profile;
  }
}

/** One file of a library by itself. */
export function profileAt(
  file: string,
  location: string,
  id: string,
): { readonly profile?: Loaded<Profile>; readonly problems: readonly Problem[] } {
  const text = readText(file, location);
  const before = readBefore.get(id);
  if (text.ok && before?.text === text.text) return { profile: { ...before, file, location }, problems: [] };
  const yaml = text.ok ? parseYaml(file, text.text) : text;
  if (!yaml.ok) return { problems: yaml.problems };
  const parsed = parseProfile(yaml, id);
  if (!parsed.ok) return { problems: parsed.problems };
  const profile = deepFrozen({ file, location, text: yaml.text, value: parsed.value, lines: yaml.lines });
  readBefore.set(id, profile);
  return { profile, problems: [] };
}
