/** Loads everything an operator has written for a site, or says everything that is wrong with it. */
import path from "node:path";
import type { Credentials } from "../domain/credentials.ts";
import type { ProfileId } from "../domain/plan.ts";
import { printable } from "../domain/printable.ts";
import type { RegistersOf } from "./checks/profiles.ts";
import { loadCredentials } from "./credentials.ts";
import { deepFrozen, frozenMap } from "./compile/freeze.ts";
import { shippedLibrary } from "./library.ts";
import type { LoadedSite, Settings } from "./loaded-site.ts";
import { quote, sortProblems, type Loaded, type Problem } from "./problem.ts";
import { parseSiteProfile } from "./profiles.ts";
import { readFolder, readText, settingsMissingHint } from "./read-file.ts";
import { idPattern } from "./ids.ts";
import type { Watchlist } from "./schema/watchlist.ts";
import type { Parsed } from "./schema-problems.ts";
import { loadServerCertificates, readOwnCertificate } from "./server-certificates.ts";
import { parseSettings, type ParsedSettings, type SettingOverrides } from "./settings.ts";
import { ShippedProfiles } from "./shipped-profiles.ts";
import { parseWatchlist, type KnownElsewhere } from "./watchlist.ts";
import { webProblems } from "./checks/web.ts";
import { parseYaml, type YamlFile } from "./yaml.ts";

export interface LoadOptions {
  readonly lab: boolean;
  /** Addresses of this machine, as its interfaces have them: never a device's. */
  readonly ownAddresses?: readonly string[];
  /** Of this machine's routing table: never a device's. */
  readonly defaultGateways?: readonly string[];
  /** Instead of the library that the package ships: another version's, or a test's. */
  readonly shippedProfileDir?: string;
  /** Every profile of it, for whoever chooses among them, and not only those that the site's files name. */
  readonly wholeLibrary?: boolean;
  /** Of the command line. */
  readonly overrides?: SettingOverrides;
}

export type LoadedOrProblems =
  | { readonly ok: true; readonly site: LoadedSite }
  /** By file, line and path. The configuration in force, where there is one, stays in force. */
  | { readonly ok: false; readonly problems: readonly Problem[] };

const ending = ".yaml";
/** Of a file as a problem names it; the kernel takes no longer path. */
const pathCharactersMax = 4096;

/**
 * Reads settings, watchlist, the site's own profiles and those shipped ones that either names. Any problem in any of these fails the whole.
 * Synchronous; 10,000 devices take about 5 s, so that a running poller calls it off the thread that polls.
 */
export function loadSite(settingsPath: string, options: LoadOptions): LoadedOrProblems {
  const location = path.resolve(settingsPath);
  const load = new SiteFiles(path.dirname(location), options);
  const site = load.site(location);
  return site !== undefined && load.problems.length === 0
    ? { ok: true, site: deepFrozen(site) }
    : { ok: false, problems: sortProblems(load.problems) };
}

class SiteFiles {
  readonly problems: Problem[] = [];
  readonly #folder: string;
  readonly #options: LoadOptions;

  constructor(folder: string, options: LoadOptions) {
    this.#folder = folder;
    this.#options = options;
  }

  site(location: string): LoadedSite | undefined {
    const shippedDir = this.#options.shippedProfileDir ?? shippedLibrary;
    const shippedIds = this.#profileIds(shippedDir);
    const shipped = new ShippedProfiles({ folder: shippedDir, ids: shippedIds, nameOf: (file) => this.#nameOf(file) });
    let places: ParsedSettings["places"] = {};
    const settings = this.#read<Settings>(
      location,
      (file) => {
        const parsed = parseSettings(file, location, this.#options.overrides);
        ({ places } = parsed);
        return parsed;
      },
      settingsMissingHint,
    );
    if (settings) this.problems.push(...webProblems(settings, (file) => this.#nameOf(file), this.#options.overrides ?? {}));
    const siteIds = places.profileDir === undefined ? undefined : this.#siteIds(places.profileDir, shippedIds);
    const siteProfiles = this.#profiles(places.profileDir ?? "", siteIds ?? [], (file, id) =>
      parseSiteProfile(file, id, shipped.get(id)?.value),
    );
    // What stands in a file that cannot be read is not unknown.
    const registersOf: RegistersOf = (id) => {
      const profile = shipped.get(id);
      const site = siteProfiles.get(id as ProfileId);
      if (profile === undefined || siteIds === undefined || (site === undefined && siteIds.includes(id))) return undefined;
      return [...profile.value.liveness, ...(site?.value.liveness ?? [])];
    };
    const { lab, ownAddresses = [], defaultGateways = [] } = this.#options;
    const credentials = this.#credentials(places.credentials);
    const known: KnownElsewhere = {
      ids: new Set(shippedIds),
      registersOf,
      credentialIds: credentials && new Set(credentials.keys()),
      hasCredentialsFile: places.credentials !== null,
    };
    const parse = (file: YamlFile): Parsed<Watchlist> => parseWatchlist(file, known, { lab, ownAddresses, defaultGateways });
    const watchlist = places.watchlist === undefined ? undefined : this.#read(places.watchlist, parse);
    const wanted =
      this.#options.wholeLibrary === true
        ? shippedIds
        : [...(siteIds ?? []), ...(watchlist?.value.devices ?? []).map(({ profile }) => profile)];
    for (const id of wanted) shipped.get(id);
    this.problems.push(...shipped.problems);
    const shippedProfiles = frozenMap(shipped.asked());
    if (!settings || !watchlist || !credentials) return undefined;
    const { certificates, problems } = loadServerCertificates(settings.value.stateDir, watchlist.value);
    this.problems.push(...problems);
    const ownCertificate = readOwnCertificate(settings.value.stateDir);
    const serverCertificates = frozenMap(certificates);
    const own = ownCertificate && { ownCertificate };
    return { lab, settings, watchlist, shippedProfiles, siteProfiles, credentials, serverCertificates, ...own };
  }

  /** Undefined where they cannot be read, or nobody knows which file it is. */
  #credentials(location: string | null | undefined): Credentials | undefined {
    if (location === null) return new Map();
    if (location === undefined) return undefined;
    const loaded = loadCredentials(this.#nameOf(location), location);
    if (loaded.ok) return loaded.value;
    this.problems.push(...loaded.problems);
    return undefined;
  }

  #siteIds(folder: string, shippedIds: readonly string[]): readonly string[] {
    return this.#profileIds(folder).filter((id) => {
      if (shippedIds.includes(id)) return true;
      const expected = `the name of a shipped profile: ${shippedIds.join(", ")}`;
      this.#complain(path.join(folder, `${id}${ending}`), `a file for the profile ${id}`, expected);
      return false;
    });
  }

  #profiles<Value>(
    folder: string,
    ids: readonly string[],
    parse: (file: YamlFile, id: string) => Parsed<Value>,
  ): ReadonlyMap<ProfileId, Loaded<Value>> {
    const loaded = ids.map((id) => [id as ProfileId, this.#read(path.join(folder, `${id}${ending}`), (file) => parse(file, id))] as const);
    return frozenMap(loaded.flatMap(([id, profile]) => (profile === undefined ? [] : [[id, profile] as const])));
  }

  /** Files with other endings are nobody's profile; .yml is most likely meant to be one. */
  #profileIds(folder: string): readonly string[] {
    const read = readFolder(this.#nameOf(folder), folder);
    if (!read.ok) {
      this.problems.push(...read.problems);
      return [];
    }
    for (const name of read.names.filter((one) => /\.ya?ml$/iu.test(one))) {
      const fits = name.endsWith(ending) && idPattern.test(name.slice(0, -ending.length));
      if (!fits) this.#complain(path.join(folder, name), `the file name ${quote(name)}`, "a profile's id and .yaml");
    }
    return read.names
      .filter((name) => name.endsWith(ending))
      .map((name) => name.slice(0, -ending.length))
      .filter((id) => idPattern.test(id));
  }

  #read<Value>(location: string, parse: (file: YamlFile) => Parsed<Value>, missingHint?: string): Loaded<Value> | undefined {
    const file = this.#nameOf(location);
    const read = readText(file, location, missingHint);
    const yaml = read.ok ? parseYaml(file, read.text) : read;
    const parsed = yaml.ok ? parse(yaml) : yaml;
    if (!parsed.ok) {
      this.problems.push(...parsed.problems);
      return undefined;
    }
    if (!yaml.ok) return undefined;
    return { file, location, text: yaml.text, value: parsed.value, lines: yaml.lines };
  }

  #complain(location: string, found: string, expected: string): void {
    this.problems.push({ file: this.#nameOf(location), line: 1, path: "", found, expected });
  }

  /** As the operator knows it: from the settings file's folder, in full where it lies elsewhere. */
  #nameOf(location: string): string {
    const relative = path.relative(this.#folder, location);
    return printable(relative.startsWith("..") || path.isAbsolute(relative) ? location : relative, pathCharactersMax);
  }
}
