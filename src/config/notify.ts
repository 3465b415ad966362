/** Reads notify.yaml and the files it names: whom to tell, with passwords and authorities in hand. */
import path from "node:path";
import { isAddress, kindOf, parseAddress } from "../domain/address.ts";
import type { MailTarget, NotifyConfig, NotifyTarget, SyslogTarget, WebhookTarget } from "../domain/notify.ts";
import { Secret } from "../domain/secret.ts";
import { problemAt, quote, sortProblems, type Complaint, type Path, type Problem } from "./problem.ts";
import { readText } from "./read-file.ts";
import { readSecretText } from "./read-secret-file.ts";
import { isHost, notifySchema, type MailEntry, type SyslogEntry, type TargetEntry, type WebhookEntry } from "./schema/notify.ts";
import { parseWith, type Parsed } from "./schema-problems.ts";
import { parseYaml, type YamlFile } from "./yaml.ts";

export const notifyFileName = "notify.yaml";
const missingHint = "docs/notifications.md has one to begin with; --notify.file names another";

/**
 * @param file the name that problems carry
 * @param location absolute
 */
export function loadNotify(file: string, location: string): Parsed<NotifyConfig> {
  const read = readText(file, location, missingHint);
  const yaml = read.ok ? parseYaml(file, read.text) : read;
  const parsed = yaml.ok ? parseWith(notifySchema, yaml) : yaml;
  if (!yaml.ok || !parsed.ok) return { ok: false, problems: parsed.ok ? [] : sortProblems(parsed.problems) };
  const reader = new TargetReader(yaml, path.dirname(location));
  const { targets: entries, nameServers, groupWait, groupInterval, silentAfter } = parsed.value;
  const servers = nameServers.map((server, index) => reader.nameServer(server, ["nameServers", index]));
  const targets = entries.flatMap((entry, index) => reader.target(entry, ["targets", index]) ?? []);
  if (reader.problems.length > 0) return { ok: false, problems: sortProblems(reader.problems) };
  return { ok: true, value: { groupWait, groupInterval, silentAfter, nameServers: servers, targets } };
}

/** The facilities of RFC 5424, 6.2.1, by number. */
const facilityNumbers = {
  user: 1,
  daemon: 3,
  local0: 16,
  local1: 17,
  local2: 18,
  local3: 19,
  local4: 20,
  local5: 21,
  local6: 22,
  local7: 23,
};

class TargetReader {
  readonly problems: Problem[] = [];
  readonly #yaml: YamlFile;
  readonly #folder: string;
  readonly #ids = new Set<string>();

  constructor(yaml: YamlFile, folder: string) {
    this.#yaml = yaml;
    this.#folder = folder;
  }

  nameServer(server: string, at: Path): string {
    const address = parseAddress(server);
    if (!isAddress(address)) this.#complain(at, { found: quote(server), expected: "a literal address, such as 192.168.10.53" });
    else if (kindOf(address) === "loopback")
      this.#complain(at, {
        found: quote(server),
        expected: "a name server on another machine",
        hint: "one on this machine asks onward by an interface that nobody here sees; name the one behind it, or use /etc/hosts",
      });
    return server;
  }

  target(entry: TargetEntry, at: Path): NotifyTarget | undefined {
    if (this.#ids.has(entry.id))
      this.#complain([...at, "id"], { found: `${quote(entry.id)} for the second time`, expected: "an id of its own" });
    this.#ids.add(entry.id);
    const ca = entry.caFile === null ? {} : { ca: this.#authorities(entry.caFile, [...at, "caFile"]) };
    switch (entry.kind) {
      case "mail":
        return this.#mail(entry, ca, at);
      case "syslog":
        return this.#syslog(entry, ca);
      case "webhook":
        return this.#webhook(entry, ca, at);
    }
  }

  #mail(entry: MailEntry, ca: { readonly ca?: string }, at: Path): MailTarget {
    const { id, kind, host, port, tls, from, to, user, passwordFile, severity } = entry;
    if ((user === null) !== (passwordFile === null))
      this.#complain([...at, user === null ? "user" : "passwordFile"], {
        found: "only one of user and passwordFile",
        expected: "both or none",
      });
    if (user !== null && tls === "none" && !isLoopback(host))
      this.#complain([...at, "tls"], {
        found: '"none" with a password',
        expected: "implicit or starttls",
        hint: "nobody sends a password in the clear",
      });
    const login =
      user === null || passwordFile === null ? {} : { login: { user, password: this.#secret(passwordFile, [...at, "passwordFile"]) } };
    return { id, kind, host, port, tls, from, to, least: severity, ...login, ...ca };
  }

  #syslog({ id, kind, host, port, tls, facility, severity }: SyslogEntry, ca: { readonly ca?: string }): SyslogTarget {
    return { id, kind, host, port, tls, facility: facilityNumbers[facility], least: severity, ...ca };
  }

  #webhook(
    { id, kind, url, format, tokenFile, severity }: WebhookEntry,
    ca: { readonly ca?: string },
    at: Path,
  ): WebhookTarget | undefined {
    const expected = "https:// with a host and a path; http:// only to this machine (127.0.0.1)";
    const parsed = URL.canParse(url) ? new URL(url) : undefined;
    const host = parsed?.hostname.replace(/^\[(.*)\]$/u, "$1") ?? "";
    const secure = parsed?.protocol === "https:";
    const fits = parsed && isHost(host) && parsed.username === "" && parsed.password === "" && parsed.hash === "";
    if (!fits || !(secure || (parsed.protocol === "http:" && isLoopback(host)))) {
      // A URL with a password in it must not be shown.
      const found = url.includes("@") ? "a URL with a user in it" : quote(url);
      this.#complain([...at, "url"], { found, expected, ...(url.includes("@") && { hint: "a token belongs into tokenFile" }) });
      return undefined;
    }
    const port = parsed.port === "" ? (secure ? 443 : 80) : Number(parsed.port);
    const token = tokenFile === null ? {} : { token: this.#secret(tokenFile, [...at, "tokenFile"]) };
    const path = `${parsed.pathname}${parsed.search}`;
    return { id, kind, host, port, tls: secure ? "implicit" : "none", path, format, least: severity, ...token, ...ca };
  }

  #authorities(file: string, at: Path): string {
    const location = path.resolve(this.#folder, file);
    const read = readText(location, location);
    if (!read.ok) this.#complain(at, read.problems[0]!);
    else if (!/^-----BEGIN CERTIFICATE-----$/mu.test(read.text))
      this.#complain(at, { found: "a file that is not one", expected: "certificates in PEM (BEGIN CERTIFICATE)" });
    return read.ok ? read.text : "";
  }

  #secret(file: string, at: Path): Secret {
    const location = path.resolve(this.#folder, file);
    const read = readSecretText(location, location);
    const text = read.ok ? read.text.replace(/\r?\n$/u, "") : "";
    if (!read.ok) this.#complain(at, read.problems[0]!);
    else if (!/^[^\p{Cc}]{1,500}$/u.test(text))
      this.#complain(at, { found: "a file whose content is not shown", expected: "one line of 1 to 500 characters" });
    return new Secret(text);
  }

  #complain(at: Path, complaint: Complaint): void {
    this.problems.push(problemAt(this.#yaml, at, complaint));
  }
}

function isLoopback(host: string): boolean {
  const address = parseAddress(host);
  return isAddress(address) && kindOf(address) === "loopback";
}
