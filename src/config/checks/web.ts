/** Whether the web server may listen where the settings say: wider than this machine only with TLS and authentication. */
import { asksWho, openWeb, type WebConfig } from "../../domain/web.ts";
import { isWide } from "../conduits.ts";
import { listenText } from "../listen-address.ts";
import type { Settings } from "../loaded-site.ts";
import { problemAt, quote, type Complaint, type Loaded, type Problem } from "../problem.ts";
import type { SettingOverrides } from "../settings.ts";
import { loadWebConfig } from "../web-config.ts";

/** The problems of the web configuration file, or else those of listening with what it says. */
export function webProblems(
  settings: Loaded<Settings>,
  nameOf: (location: string) => string,
  { listenAddresses }: SettingOverrides,
): readonly Problem[] {
  const { configFile, listenAddresses: listen } = settings.value.web;
  const loaded = configFile === null ? { ok: true as const, value: openWeb } : loadWebConfig(nameOf(configFile), configFile);
  if (!loaded.ok) return loaded.problems;
  const flaw = exposure(loaded.value);
  if (flaw === undefined) return [];
  return listen.flatMap((at, index): readonly Problem[] => {
    if (!("host" in at) || !isWide(at)) return [];
    const found = quote(listenText(at));
    if (listenAddresses === undefined) return [problemAt(settings, ["web", "listenAddresses", index], { found, ...flaw })];
    return [{ ...problemAt(settings, ["web"], { found, ...flaw }), path: "--web.listen-address" }];
  });
}

/** What keeps these from being offered to others than this machine; undefined where nothing does. */
export function exposure(config: WebConfig): Omit<Complaint, "found"> | undefined {
  const missing = [...(config.tls ? [] : ["TLS (tls_server_config)"]), ...(asksWho(config) ? [] : [whoIsAsked])];
  if (missing.length === 0) return undefined;
  const expected = "a loopback address, or TLS and authentication for whoever else can reach it";
  return {
    expected,
    hint: `add ${missing.join(" and ")} to the file that web.configFile names, see docs/web.md; or keep loopback, and let a reverse proxy on this machine serve others, or scrape through an SSH tunnel`,
  };
}

const whoIsAsked = "authentication (basic_auth_users, or client_auth_type: RequireAndVerifyClientCert)";
