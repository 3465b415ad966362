/** Every setting of watchkeeper.yaml in one table: its name, default, format and the words for both. */
import { idPattern } from "./ids.ts";
import { logFormats, logLevels } from "./loaded-site.ts";

export interface Setting {
  readonly path: readonly [string] | readonly [string, string];
  /** null: must be there, unless the format allows null. */
  readonly fallback: string | boolean | readonly string[] | null;
  readonly format: SettingFormat;
  readonly doc: string;
}

interface Format {
  readonly expected: string;
  readonly fits: (value: unknown) => boolean;
  /** The same as `fits` for editors; it may promise less. */
  readonly jsonSchema: Readonly<Record<string, unknown>>;
}

/** A ~ is the shell's; nothing here would expand it. */
const pathPattern = /^(?!~)[^\p{Cc}\p{Cs}]{1,1024}$/u;
/** As a Host header has it, without a port. */
const hostName = /^[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}[A-Za-z0-9])?$/u;
const isPath = (value: unknown): boolean => typeof value === "string" && pathPattern.test(value);
const pathExpected = "a path, absolute or relative to this file's folder, without ~";
const among = (words: readonly string[]): Format => ({
  expected: `one of ${words.join(", ")}`,
  fits: (value: unknown) => words.some((word) => word === value),
  jsonSchema: { enum: words },
});

/** Whole-text rules on typed values: nothing is coerced, so "1e3", "no" and 5abc stay what they are and are refused. */
export const settingFormats: Readonly<Record<SettingFormat, Format>> = {
  "site-id": {
    expected: "an id: a to z, 0 to 9 and -, at most 63 characters, beginning with a letter or digit",
    fits: (value) => typeof value === "string" && idPattern.test(value),
    jsonSchema: { type: "string", pattern: idPattern.source },
  },
  "file-path": { expected: pathExpected, fits: isPath, jsonSchema: { type: "string" } },
  "file-path-or-none": {
    expected: `${pathExpected}, or null`,
    fits: (value) => value === null || isPath(value),
    jsonSchema: { type: ["string", "null"] },
  },
  "listen-addresses": {
    expected: 'a list of at least one address and port, such as ["127.0.0.1:9824"]',
    fits: (value) => Array.isArray(value) && value.length > 0 && value.length <= 16,
    jsonSchema: { type: "array", items: { type: "string" }, minItems: 1, maxItems: 16 },
  },
  "host-names": {
    expected: 'a list of host names, such as ["poller.ship.example"]',
    fits: (value) => Array.isArray(value) && value.length <= 16 && value.every((one) => typeof one === "string" && hostName.test(one)),
    jsonSchema: { type: "array", items: { type: "string", pattern: hostName.source }, maxItems: 16 },
  },
  "log-level": among(logLevels),
  "log-format": among(logFormats),
  "true-or-false": {
    expected: "true or false",
    fits: (value) => typeof value === "boolean",
    jsonSchema: { type: "boolean" },
  },
};

export type SettingFormat =
  | "site-id"
  | "file-path"
  | "file-path-or-none"
  | "listen-addresses"
  | "host-names"
  | "log-level"
  | "log-format"
  | "true-or-false";

export const settings: readonly Setting[] = [
  { path: ["site"], fallback: null, format: "site-id", doc: "The site's id, the same as in the state folder." },
  { path: ["stateDir"], fallback: "./state", format: "file-path", doc: "The state folder, made by `watchkeeper init`." },
  { path: ["watchlist"], fallback: "./watchlist.yaml", format: "file-path", doc: "The watchlist." },
  { path: ["profileDir"], fallback: "./device-profiles", format: "file-path", doc: "This site's profile files, with their approvals." },
  {
    path: ["credentials"],
    fallback: null,
    format: "file-path-or-none",
    doc: "The file of credentials, mode 0600 or 0400; null where nothing that is asked needs any.",
  },
  {
    path: ["web", "listenAddresses"],
    fallback: ["127.0.0.1:9824"],
    format: "listen-addresses",
    doc: "Where metrics and status are served: addresses with ports, unix:/a/path, or systemd. Others than loopback need web.configFile.",
  },
  {
    path: ["web", "configFile"],
    fallback: null,
    format: "file-path-or-none",
    doc: "TLS and authentication in a file with the keys of Prometheus' exporter-toolkit; null for neither.",
  },
  {
    path: ["web", "hosts"],
    fallback: [],
    format: "host-names",
    doc: "Further names by which this server may be asked, behind a proxy for example; its certificate's names need not stand here.",
  },
  { path: ["log", "level"], fallback: "info", format: "log-level", doc: "The least severe log entry that is written." },
  { path: ["log", "format"], fallback: "json", format: "log-format", doc: "How log entries are written." },
  { path: ["labels", "address"], fallback: false, format: "true-or-false", doc: "Whether metrics carry the devices' addresses." },
];
