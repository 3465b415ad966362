/** The poller's own application certificate and key: made once in the state folder, without a program of the system and nothing elsewhere. */
import type { DiskCertificateKeyPairProvider } from "node-opcua";
import type { Needs } from "../../domain/driver.ts";
import { ownCertificatePath } from "../../domain/security.ts";
import type { Library } from "./library.ts";

/** Stands in the certificate too; servers compare the two. */
export const applicationUri = "urn:watchkeeper:poller";
export const applicationName = "Watchkeeper";
/** Five years: long enough that nobody forgets it yearly, and its end is a metric. */
const validityDays = 5 * 365;
const dayMs = 86_400_000;

export type OwnKeys = DiskCertificateKeyPairProvider;

/** Makes what is missing: some 0.5 s (measured), before anything is asked. */
export async function ownKeys(library: Library, { keysFolder: folder, wallNow }: Pick<Needs, "keysFolder" | "wallNow">): Promise<OwnKeys> {
  const manager = new library.OPCUACertificateManager({ rootFolder: folder, disableFileWatchers: true });
  const certificate = `${folder}/${ownCertificatePath}`;
  await manager.initialize();
  const made = new library.DiskCertificateKeyPairProvider(certificate, manager.privateKey);
  if (!isThere(made))
    await manager.createSelfSignedCertificate({
      applicationUri,
      subject: `/CN=${applicationName}`,
      dns: [],
      ip: [],
      outputFile: certificate,
      // Servers whose clock is behind would refuse it for a while.
      startDate: new Date(wallNow - dayMs),
      validity: validityDays,
    });
  await manager.dispose();
  return new library.DiskCertificateKeyPairProvider(certificate, manager.privateKey);
}

function isThere(keys: OwnKeys): boolean {
  try {
    return keys.getCertificate().length > 0;
  } catch (error) {
    if (error instanceof Error) return false;
    throw error;
  }
}
