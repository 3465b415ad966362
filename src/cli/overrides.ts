/** The settings that `run` takes on its command line, by the names that Prometheus' exporters have for them. */
import path from "node:path";
import { parseListenAddress } from "../config/listen-address.ts";
import { logFormats, logLevels } from "../config/loaded-site.ts";
import type { SettingOverrides } from "../config/settings.ts";
import { WrongUsage, type Context, type Options } from "./command.ts";

export const overridingOptions: Options = {
  "web.listen-address": {
    type: "text",
    value: "<address:port>",
    summary: "where the web server listens, instead of web.listenAddresses; may be given several times",
    repeatable: true,
  },
  "web.config.file": { type: "text", value: "<file>", summary: "TLS and authentication of the web server, instead of web.configFile" },
  "log.level": { type: "text", value: `<${logLevels.join("|")}>`, summary: "instead of log.level" },
  "log.format": { type: "text", value: `<${logFormats.join("|")}>`, summary: "instead of log.format" },
};

/** Undefined where nothing is said instead. They hold for the run, its reloads included. @throws WrongUsage */
export function overridesIn({ cwd, text }: Pick<Context, "cwd" | "text">): SettingOverrides | undefined {
  const given = Object.keys(overridingOptions).filter((name) => text(name) !== undefined);
  if (given.length === 0) return undefined;
  const listenAddresses = text("web.listen-address")?.split(",");
  for (const written of listenAddresses ?? []) {
    const address = parseListenAddress(written);
    if (!("found" in address)) continue;
    const hint = address.hint === undefined ? "" : ` (hint: ${address.hint})`;
    throw new WrongUsage(`--web.listen-address: found ${address.found}, expected ${address.expected}${hint}`);
  }
  const file = text("web.config.file");
  const level = among(logLevels, "log.level", text("log.level"));
  const format = among(logFormats, "log.format", text("log.format"));
  return {
    ...(listenAddresses && { listenAddresses }),
    ...(file !== undefined && { webConfigFile: path.resolve(cwd, file) }),
    ...(level && { logLevel: level }),
    ...(format && { logFormat: format }),
  };
}

function among<Word extends string>(words: readonly Word[], option: string, given: string | undefined): Word | undefined {
  const word = words.find((one) => one === given);
  if (given === undefined || word !== undefined) return word;
  throw new WrongUsage(`--${option}: found "${given}", expected one of ${words.join(", ")}`);
}
