/** Reads the certificates of servers that a person has pinned, one file a device, so that plan and approval know them. */
import { X509Certificate } from "node:crypto";
import { existsSync } from "node:fs";
import type { DeviceId } from "../domain/plan.ts";
import { ownCertificatePath, type PinnedCertificate } from "../domain/security.ts";
import { wallMs } from "../domain/units.ts";
import type { Problem } from "./problem.ts";
import { readText } from "./read-file.ts";
import type { Watchlist } from "./schema/watchlist.ts";

/** Where a person puts the certificate that the server of a device must have. */
export function serverCertificateFile(stateDir: string, device: DeviceId): string {
  return `${stateDir}/pki/servers/${device}.pem`;
}

/** Undefined where none has been made yet, or what is there is none: the poller makes one before it speaks to a secured server. */
export function readOwnCertificate(stateDir: string): PinnedCertificate | undefined {
  const file = `${stateDir}/pki/${ownCertificatePath}`;
  const read = existsSync(file) ? readText(file, file) : undefined;
  return read?.ok ? pinned(read.text) : undefined;
}

export interface LoadedCertificates {
  readonly certificates: ReadonlyMap<DeviceId, PinnedCertificate>;
  readonly problems: readonly Problem[];
}

/** Of devices with a secured check. A file that is not there is not a problem: the check then is not asked, and says so. */
export function loadServerCertificates(stateDir: string, { devices }: Watchlist): LoadedCertificates {
  const certificates = new Map<DeviceId, PinnedCertificate>();
  const problems: Problem[] = [];
  for (const { id, checks } of devices) {
    const file = serverCertificateFile(stateDir, id);
    if (!checks.some(({ security }) => security !== undefined && security.mode !== "None") || !existsSync(file)) continue;
    const read = readText(file, file);
    if (!read.ok) problems.push(...read.problems);
    else {
      const certificate = pinned(read.text);
      if (certificate) certificates.set(id, certificate);
      else
        problems.push({ file, line: 1, path: "", found: "a file that is not one", expected: "a certificate in PEM (BEGIN CERTIFICATE)" });
    }
  }
  return { certificates, problems };
}

/** @param certificate PEM or DER; undefined where it is neither */
export function pinned(certificate: string | Buffer): PinnedCertificate | undefined {
  try {
    const { raw, fingerprint256, validTo } = new X509Certificate(certificate);
    const sha256 = fingerprint256.replaceAll(":", "").toLowerCase();
    return { der: raw.toString("base64"), sha256, notAfter: wallMs(Date.parse(validTo)) };
  } catch (error) {
    if (error instanceof Error) return undefined;
    throw error;
  }
}
