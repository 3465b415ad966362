/** Reads watchkeeper.yaml: convict checks each setting, and nothing of the host's environment or command line gets in. */
import path from "node:path";
import convict from "convict";
import type { ListenAddress } from "../domain/web.ts";
import { idHint } from "./ids.ts";
import { listenText, parseListenAddress } from "./listen-address.ts";
import type { LogFormat, LogLevel, Settings } from "./loaded-site.ts";
import { formatPath, problemAt, quote, type Path, type Problem } from "./problem.ts";
import { valueAt, type Parsed } from "./schema-problems.ts";
import { settingFormats, settings, type Setting } from "./settings-schema.ts";
import type { YamlFile } from "./yaml.ts";

/** The kernel takes 107 bytes as a socket's path; the rest is left for a temporary name beside it. */
const socketPathBytesMax = 100;
const socketName = "control.sock";

/** As convict delivers it: every format has been checked, nothing is resolved. */
interface Written extends Omit<Settings, "web"> {
  readonly web: { readonly listenAddresses: readonly unknown[]; readonly configFile: string | null; readonly hosts: readonly string[] };
}

/** What the command line said instead, checked where it was read; paths are absolute. */
export interface SettingOverrides {
  readonly listenAddresses?: readonly string[];
  readonly webConfigFile?: string;
  readonly logLevel?: LogLevel;
  readonly logFormat?: LogFormat;
}
type Group = Readonly<Record<string, unknown>>;

// By name and without a coerce function: for its own formats convict turns the text "no" into true and "7.9" into 7.
const formatName = (format: string): string => `watchkeeper-${format}`;
for (const [name, { fits, expected }] of Object.entries(settingFormats)) {
  convict.addFormat({
    name: formatName(name),
    validate(value: unknown): void {
      if (!fits(value)) throw new TypeError(expected);
    },
  });
}

/** Settings with problems still say where the other files lie, so that all problems can be shown at once. */
export type ParsedSettings = Parsed<Settings> & { readonly places: Partial<Pick<Settings, "watchlist" | "profileDir" | "credentials">> };

/**
 * @param location absolute; paths in the file are relative to its folder
 * @param overrides take the place of what the file says, which is checked all the same
 */
export function parseSettings(file: YamlFile, location: string, overrides: SettingOverrides = {}): ParsedSettings {
  const { known, problems: misshapen } = knownSettings(file);
  const config = convict<Written>(convictSchema() as convict.Schema<Written>, { env: {}, args: [] });
  config.load(known);
  const problems = [...misshapen, ...validationProblems(config, file).filter(({ path: at }) => sound(misshapen, at))];
  const written = config.getProperties();
  const resolved = (name: "stateDir" | "watchlist" | "profileDir"): string | undefined =>
    sound(problems, name) ? path.resolve(path.dirname(location), written[name]) : undefined;

  const stateDir = resolved("stateDir");
  if (stateDir !== undefined) problems.push(...socketProblems(file, stateDir));
  const listenAddresses: ListenAddress[] = [];
  if (sound(problems, "web.listenAddresses")) problems.push(...listenProblems(file, written.web.listenAddresses, listenAddresses));

  const [watchlist, profileDir] = [resolved("watchlist"), resolved("profileDir")];
  const credentials = sound(problems, "credentials") ? absolute(written.credentials, location) : undefined;
  const places = {
    ...(watchlist === undefined ? {} : { watchlist }),
    ...(profileDir === undefined ? {} : { profileDir }),
    ...(credentials === undefined ? {} : { credentials }),
  };
  if (problems.length > 0 || stateDir === undefined || watchlist === undefined || profileDir === undefined || credentials === undefined)
    return { ok: false, problems, places };
  const web = {
    listenAddresses,
    configFile: absolute(written.web.configFile, location),
    hosts: written.web.hosts.map((one) => one.toLowerCase()),
  };
  return { ok: true, value: overridden({ ...written, stateDir, watchlist, profileDir, credentials, web }, overrides), places };
}

function overridden(settings: Settings, { listenAddresses, webConfigFile, logLevel, logFormat }: SettingOverrides): Settings {
  const { log, web } = settings;
  const listen = listenAddresses?.map(parseListenAddress).filter((one): one is ListenAddress => !("found" in one));
  return {
    ...settings,
    log: { level: logLevel ?? log.level, format: logFormat ?? log.format },
    web: { ...web, listenAddresses: listen ?? web.listenAddresses, configFile: webConfigFile ?? web.configFile },
  };
}

function absolute(written: string | null, location: string): string | null {
  return written === null ? null : path.resolve(path.dirname(location), written);
}

/** Nothing is wrong with the setting itself or the group it stands in. */
function sound(problems: readonly Problem[], setting: string): boolean {
  return !problems.some(({ path: at }) => at === "" || at === setting || setting.startsWith(`${at}.`));
}

/** The file without what convict would overlook or stumble over: unknown and dotted keys, groups that are none, settings that are groups. */
function knownSettings(file: YamlFile): { readonly known: Group; readonly problems: Problem[] } {
  const problems: Problem[] = [];
  const complain = (at: Path, expected: string, found: string = quote(valueAt(file.value, at)), hint?: string): undefined => {
    problems.push(problemAt(file, at, { found, expected, hint }));
  };
  const keep = (at: Path, below: readonly Setting[]): Group | undefined => {
    const value = valueAt(file.value, at);
    if (!isGroup(value)) return complain(at, "a group of keys", at.length === 0 && value === null ? "an empty file" : quote(value));
    const kept = Object.keys(value).map((key): [string, unknown] => {
      const here = [...at, key];
      const matching = below.filter((setting) => setting.path[at.length] === key);
      const [first] = matching;
      if (first === undefined) return [key, complain(here, "a key that belongs here", `the key ${quote(key)}`, "a typing error?")];
      if (first.path.length > here.length) return [key, keep(here, matching)];
      const found = value[key];
      return [key, isGroup(found) ? complain(here, settingFormats[first.format].expected) : found];
    });
    return Object.fromEntries(kept.filter(([, setting]) => setting !== undefined));
  };
  return { known: keep([], settings) ?? {}, problems };
}

function isGroup(value: unknown): value is Group {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function convictSchema(): Group {
  const schema: Record<string, Record<string, unknown>> = {};
  for (const {
    path: [first, second],
    fallback,
    format,
    doc,
  } of settings) {
    // Sensitive: convict then leaves the value out of its message, which is ours alone.
    const leaf = { default: fallback, format: formatName(format), doc, sensitive: true };
    schema[first] = second === undefined ? leaf : { ...schema[first], [second]: leaf };
  }
  return schema;
}

/** convict says all it has to say in one message, a line each: `log.level: <what is expected>`. */
function validationProblems(config: convict.Config<Written>, file: YamlFile): readonly Problem[] {
  try {
    config.validate({ allowed: "strict" });
    return [];
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return error.message.split("\n").map((line) => {
      const setting = settings.find((one) => line.startsWith(`${formatPath(one.path)}: `));
      if (setting === undefined) throw new Error(`convict said something that is not about a setting: ${line}`, { cause: error });
      const value = valueAt(file.value, setting.path);
      const hint = setting.format === "site-id" && typeof value === "string" ? idHint(value) : undefined;
      return problemAt(file, setting.path, { found: quote(value), expected: settingFormats[setting.format].expected, hint });
    });
  }
}

function socketProblems(file: YamlFile, stateDir: string): readonly Problem[] {
  const bytes = Buffer.byteLength(path.join(stateDir, socketName));
  if (bytes <= socketPathBytesMax) return [];
  const found = `${quote(stateDir)}, in which the path of ${socketName} takes ${bytes} bytes`;
  return [problemAt(file, ["stateDir"], { found, expected: `at most ${socketPathBytesMax} bytes`, hint: "a folder nearer to the root" })];
}

function listenProblems(file: YamlFile, values: readonly unknown[], parsed: ListenAddress[]): readonly Problem[] {
  return values.flatMap((value, index) => {
    const result = parseListenAddress(value);
    if ("found" in result) return [problemAt(file, ["web", "listenAddresses", index], result)];
    const twice = parsed.some((one) => listenText(one) === listenText(result));
    parsed.push(result);
    return twice ? [problemAt(file, ["web", "listenAddresses", index], { found: `a second ${quote(value)}`, expected: "each once" })] : [];
  });
}
