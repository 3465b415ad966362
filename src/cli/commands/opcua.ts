/** Pins the certificate of an OPC UA server: shown in full, compared by a person, written down with name and reason. */
import type { DeviceId } from "../../domain/plan.ts";
import { printable } from "../../domain/printable.ts";
import { securityWords, type ChannelSecurity } from "../../domain/security.ts";
import { seconds } from "../../domain/units.ts";
import { WrongUsage, type Command, type Context, type ExitCode, type Written } from "../command.ts";
import { nearest } from "../nearest.ts";
import { describeCertificate, fromFile, fromServer, pin, pinnedNow, warningsOf, type Chosen, type PinnedNow } from "../pinning.ts";
import { nobodyRuns, pollerOf } from "../poller.ts";
import type { Problems } from "../ports.ts";
import { failed } from "../report.ts";
import { plannedSite, type PlannedSite } from "../site.ts";
import { objectionsOf } from "../wanted.ts";

export const opcua: Command = {
  name: "opcua",
  plans: true,
  words: [
    { name: "trust", required: true },
    { name: "device", required: true },
  ],
  options: {
    file: { type: "text", value: "<file>", summary: "a certificate that you brought (PEM or DER); nothing is asked" },
    fingerprint: { type: "text", value: "<sha256>", summary: "its whole fingerprint, for scripts: nothing is asked at the terminal" },
    replace: { type: "flag", summary: "in place of the one that is pinned" },
    by: { type: "text", value: "<name>", summary: "who has compared it", required: true },
    reason: { type: "text", value: "<text>", summary: "how it was compared", required: true },
  },
  examples: [
    ['watchkeeper opcua trust hmi-2 --by eto-1 --reason "read off the panel"', "ask the server for it once, show it, and wait for a yes"],
    ['watchkeeper opcua trust hmi-2 --file hmi-2.der --by eto-1 --reason "exported at the panel"', "one that you brought"],
    ['watchkeeper opcua trust hmi-2 --file new.pem --replace --by eto-1 --reason "renewed by the maker"', "in place of an older one"],
  ],
  more:
    "The poller asks the server once, by its opcua-get-endpoints in the watchlist, which is approved like any other check; never early: asked on schedule " +
    "a moment ago, its last answer is shown. That a server shows a certificate proves nothing: compare the fingerprint at the server itself. " +
    "It goes into pki/servers of the state folder. It is part of what an approval binds, so the device is approved anew; then `watchkeeper reload`.",
  objections: (written) => objectionsOf(() => fingerprintOf(written)),
  async run(context) {
    const [what, id = ""] = context.words;
    if (what !== "trust") throw new WrongUsage(`found ${what ?? "nothing"}, expected trust`);
    const fingerprint = fingerprintOf(context);
    const planned = plannedSite(context);
    if ("inFiles" in planned) return failed(context, planned.problems);
    const server = serverOf(planned, id);
    if ("problems" in server) return failed(context, server.problems);
    const { pinned } = server;
    if (pinned !== undefined && !context.flag("replace"))
      return failed(context, [`${id}: a certificate is pinned already, ${pinned.words}; to put another in its place: --replace`]);
    const chosen = await chosenFor(context, planned, server, fingerprint);
    if ("problems" in chosen) return failed(context, chosen.problems);
    return decided(context, planned, server, chosen, fingerprint);
  },
};

interface Server {
  readonly device: DeviceId;
  readonly address: string | undefined;
  /** The channels of its secured checks, in words. */
  readonly wanted: readonly string[];
  readonly pinned: PinnedNow | undefined;
}

function serverOf({ site, settings }: PlannedSite, id: string): Server | Problems {
  const { devices } = site.watchlist.value;
  const entry = devices.find((device) => device.id === id);
  if (!entry) {
    const near = nearest(
      id,
      devices.map((device) => device.id),
    );
    return { problems: [`${id}: no such device in the watchlist${near === undefined ? "" : `; did you mean ${near}?`}`] };
  }
  if (!entry.checks.some(({ method }) => method.startsWith("opcua-")))
    return { problems: [`${id}: found no OPC UA check in the watchlist, expected one: no other protocol looks at a certificate`] };
  const wanted = entry.checks.flatMap(({ security }) =>
    security?.policy === undefined || security.mode === "None" ? [] : [securityWords(security as ChannelSecurity)],
  );
  return { device: entry.id, address: entry.address, wanted, pinned: pinnedNow(settings.stateDir, entry.id) };
}

/** One script, one certificate: digits that somebody has compared. @throws WrongUsage */
function fingerprintOf(context: Written): string | undefined {
  const given = context.text("fingerprint");
  if (given === undefined) {
    if (context.prompt === undefined || context.flag("json"))
      throw new WrongUsage("--fingerprint <sha256> is missing: nobody can be asked here whether this is the server's own certificate");
    return undefined;
  }
  const digits = given.replaceAll(/[:\s]/gu, "").toLowerCase();
  if (!/^[0-9a-f]{64}$/u.test(digits))
    throw new WrongUsage(`--fingerprint: found "${given}", expected the 64 hexadecimal digits of SHA-256`);
  return digits;
}

async function chosenFor(
  context: Context,
  { settings }: PlannedSite,
  server: Server,
  fingerprint: string | undefined,
): Promise<Chosen | Problems> {
  const file = context.text("file");
  if (file !== undefined) return fromFile(context.cwd, file);
  const asked = await pollerOf(context, settings.stateDir).ask("certificates", { device: server.device }, seconds(120));
  if (asked.kind === "nobody")
    return {
      problems: [`${nobodyRuns(settings.stateDir)}; only a running poller may ask a server. Without one, bring the certificate: --file`],
    };
  if (asked.kind === "trouble") return { problems: [asked.detail] };
  if (!asked.reply.ok) return asked.reply;
  const { result } = asked.reply;
  if (!result.askedNow && !context.flag("json")) context.warn(`Asked on schedule a moment ago: this is what it showed at ${result.at}.`);
  return fromServer(result, server.wanted, fingerprint);
}

async function decided(
  context: Context,
  planned: PlannedSite,
  server: Server,
  chosen: Chosen,
  fingerprint: string | undefined,
): Promise<ExitCode> {
  const { device, pinned } = server;
  const { facts } = chosen;
  const warnings = warningsOf(chosen, server.wanted, server.address, planned.wallNow);
  if (!context.flag("json")) show(context, server, chosen, warnings);
  if (pinned?.facts?.sha256 === facts.sha256) return unchanged(context, device, facts.sha256);
  if (fingerprint !== undefined && fingerprint !== facts.sha256)
    return failed(context, [`${device}: found the fingerprint ${facts.sha256}, expected ${fingerprint}; nothing is pinned`]);
  if (fingerprint === undefined && !(await agreed(context, facts.sha256))) return failed(context, [`${device}: nothing is pinned`]);
  const [by, reason] = [context.required("by"), context.required("reason")];
  const file = await pin(context, planned.settings, { device, by, reason, chosen, replaced: pinned?.words });
  return typeof file === "string" ? told(context, server, file, facts.sha256, warnings) : failed(context, file.problems);
}

function show(context: Context, { device, pinned }: Server, { facts, offered }: Chosen, warnings: readonly string[]): void {
  const say = (lines: readonly string[]): void => {
    for (const line of lines) context.warn(printable(line, 1000));
  };
  if (pinned?.facts) say([`Pinned for ${device} now:`, ...describeCertificate(pinned.facts).map(indented), "In its place:"]);
  else say([`To be pinned for ${device}:`]);
  say(describeCertificate(facts).map(indented));
  if (offered) say([`  offered   ${offered.join(", ")}`]);
  say(warnings.map((warning) => `WARNING: ${warning}`));
}

/** A yes is typed without looking; digits are not. */
async function agreed({ prompt }: Context, sha256: string): Promise<boolean> {
  const answer = await prompt?.("Compare the fingerprint at the server itself. Then type its last 8 characters, without colons: ");
  return answer?.trim().toLowerCase() === sha256.slice(-8);
}

/** The files are read once more: what is printed is what a poller will find. */
function told(context: Context, { device, wanted }: Server, file: string, sha256: string, warnings: readonly string[]): ExitCode {
  const now = plannedSite(context);
  if ("inFiles" in now) return failed(context, now.problems);
  const refused = [...now.compiled.plan.refused.values()].filter((one) => one.device === device);
  if (context.flag("json")) {
    const notAsked = refused.map(({ check, reason, detail }) => ({ check, reason, detail }));
    context.print(JSON.stringify({ device, file, sha256, warnings, notAsked }));
    return 0;
  }
  context.print(`Written: ${file}`);
  for (const { check, detail } of refused) context.print(printable(`${check} is not asked: ${detail}`, 2000));
  if (wanted.length === 0)
    context.print(
      `No check of ${device} has security yet: put one in place of opcua-get-endpoints, such as {method: opcua-keepalive, interval: 60s, security: {mode: SignAndEncrypt, policy: Basic256Sha256}}.`,
    );
  context.print(
    "The certificate is part of what is approved: see `watchkeeper plan`, then `watchkeeper approve`, then `watchkeeper reload`.",
  );
  return 0;
}

function unchanged(context: Context, device: DeviceId, sha256: string): ExitCode {
  if (context.flag("json")) context.print(JSON.stringify({ device, sha256, unchanged: true }));
  else context.print(`${device}: this certificate is the one that is pinned; nothing is changed`);
  return 0;
}

function indented(line: string): string {
  return `  ${line}`;
}
