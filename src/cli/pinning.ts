/** Which certificate is pinned for a server, shown to a person in full, and its way to disk. */
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { certificateFacts, certificateWarnings, fingerprintWords, type CertificateFacts } from "../config/certificate-facts.ts";
import type { Settings } from "../config/loaded-site.ts";
import { serverCertificateFile } from "../config/server-certificates.ts";
import type { ShownBy } from "../domain/control.ts";
import type { DeviceId } from "../domain/plan.ts";
import type { WallMs } from "../domain/units.ts";
import { writeAtomically } from "./atomic-file.ts";
import { recorded, type Record } from "./audit.ts";
import type { Context } from "./command.ts";
import type { Problems } from "./ports.ts";

export interface Chosen {
  readonly facts: CertificateFacts;
  /** How it came here, for the audit. */
  readonly from: string;
  /** Of an endpoint that shows it: `SignAndEncrypt Basic256Sha256`; undefined of a file. */
  readonly offered: readonly string[] | undefined;
}

/** A file that the owner brought. */
export function fromFile(cwd: string, name: string): Chosen | Problems {
  const location = path.resolve(cwd, name);
  try {
    const facts = certificateFacts(readFileSync(location));
    return facts
      ? { facts, from: location, offered: undefined }
      : { problems: [`${location}: found no certificate, expected one in PEM or DER`] };
  } catch (error) {
    if (!(error instanceof Error && "syscall" in error)) throw error;
    return { problems: [`${location}: cannot be read (${error.message}), expected a certificate in PEM or DER`] };
  }
}

/**
 * Of what a server shows the one that the checks would meet.
 * @param wanted the channels of the device's secured checks, in words; empty where it has none yet
 * @param fingerprint lower-case hex, where it was given
 */
export function fromServer(
  { check, at, certificates }: ShownBy,
  wanted: readonly string[],
  fingerprint: string | undefined,
): Chosen | Problems {
  const all = certificates.flatMap(({ der, offered }): Chosen[] => {
    const facts = certificateFacts(Buffer.from(der, "base64"));
    return facts ? [{ facts, from: `${check} at ${at}`, offered }] : [];
  });
  const named = fingerprint === undefined ? [] : all.filter(({ facts }) => facts.sha256 === fingerprint);
  const fitting = all.filter(({ offered }) => offered?.some((one) => wanted.includes(one)));
  const choice = [named, fitting, all].find(({ length }) => length > 0) ?? [];
  const [one, ...others] = choice;
  if (!one) return { problems: [`${check}: the server shows nothing that is a certificate with a key that can be read`] };
  if (others.length === 0) return one;
  const list = choice.map(({ facts, offered = [] }) => `${facts.sha256} (${facts.key}, ${offered.join(", ")})`).join("; ");
  return { problems: [`${check}: the server shows ${choice.length} certificates, expected one; choose by --fingerprint: ${list}`] };
}

/** What lies in the pinned certificate's place. */
export interface PinnedNow {
  /** Undefined where it is no certificate. */
  readonly facts: CertificateFacts | undefined;
  /** `SHA-256 …`, or what else lies there. */
  readonly words: string;
}

/** Read anew: a plan knows only those of devices that have a secured check. */
export function pinnedNow(stateDir: string, device: DeviceId): PinnedNow | undefined {
  const file = serverCertificateFile(stateDir, device);
  if (!existsSync(file)) return undefined;
  const there = fromFile("/", file);
  if ("problems" in there) return { facts: undefined, words: `though ${file} holds none that can be read` };
  return { facts: there.facts, words: `SHA-256 ${there.facts.sha256}` };
}

/** For a person; the fingerprint last, where the eye rests. */
export function describeCertificate({ subject, issuer, notBefore, notAfter, sha256, key, names }: CertificateFacts): readonly string[] {
  const day = (at: number): string => new Date(at).toISOString().slice(0, 16).replace("T", " ");
  return [
    `subject   ${subject}`,
    `issuer    ${issuer}${issuer === subject ? " (signed by itself)" : ""}`,
    `names     ${names === "" ? "none" : names}`,
    `valid     ${day(notBefore)} to ${day(notAfter)} UTC`,
    `key       ${key}`,
    `SHA-256   ${fingerprintWords(sha256)}`,
  ];
}

/** What a person should know before saying yes. */
export function warningsOf(
  { facts, offered }: Chosen,
  wanted: readonly string[],
  address: string | undefined,
  now: WallMs,
): readonly string[] {
  const lacking = offered === undefined ? [] : wanted.filter((one) => !offered.includes(one));
  return [
    ...certificateWarnings(facts, address, now),
    ...lacking.map((one) => `the server does not offer ${one}, which the watchlist wants; it offers ${offered?.join(", ") ?? ""}`),
  ];
}

export interface PinRequest {
  readonly device: DeviceId;
  readonly by: string;
  readonly reason: string;
  readonly chosen: Chosen;
  /** The one that is replaced, in words. */
  readonly replaced: string | undefined;
}

/** Records, then writes: a change without its record does not happen. The file's path, absolute. */
export async function pin(
  context: Context,
  settings: Settings,
  { device, by, reason, chosen, replaced }: PinRequest,
): Promise<string | Problems> {
  const file = serverCertificateFile(settings.stateDir, device);
  const instead = replaced === undefined ? "" : ` in place of ${replaced}`;
  const detail = `${device}: certificate SHA-256 ${chosen.facts.sha256}${instead}, from ${chosen.from}: ${reason}`;
  const entry: Record = { source: by, category: "approval", type: "certificate_pinned", result: "success", detail };
  const unwritten = await recorded(context, settings, entry);
  if (unwritten) return { problems: [...unwritten.problems, `${file} is not changed: a change without its audit record does not happen`] };
  try {
    mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
    writeAtomically(file, chosen.facts.pem, 0o600);
    return file;
  } catch (error) {
    if (!(error instanceof Error && "syscall" in error)) throw error;
    const failure = `${file}: cannot be written (${error.message}); it is as it was`;
    await recorded(context, settings, { ...entry, result: "failure", detail: failure });
    return { problems: [failure] };
  }
}
