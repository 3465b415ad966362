/** What of this machine keeps a check from being asked at this moment, and is no fault of its device. */
import { ownEnded } from "../domain/certificate-words.ts";
import type { Check } from "../domain/plan.ts";
import type { S7Helper } from "../domain/s7.ts";
import type { CertificateEnd } from "../domain/security.ts";
import type { WallMs } from "../domain/units.ts";

export interface OwnMeans {
  readonly s7: Pick<S7Helper, "unavailable">;
  /** As it was last read; undefined where there is none. */
  readonly ownCertificate: () => CertificateEnd | undefined;
  /** By which everything that expires is judged. */
  readonly now: () => WallMs;
}

/** One line, or undefined. Servers refuse a certificate that has ended, and some count the one who shows it among intruders. */
export function unavailable({ protocol, security }: Pick<Check, "protocol" | "security">, means: OwnMeans): string | undefined {
  if (protocol === "s7") return means.s7.unavailable();
  const own = security && means.ownCertificate();
  return own && means.now() >= own.notAfter ? ownEnded(own.notAfter) : undefined;
}
