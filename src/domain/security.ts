/** How an OPC UA channel is secured, and by which certificate its server is known. */
import type { WallMs } from "./units.ts";

export const securityModes = ["None", "Sign", "SignAndEncrypt"] as const;
export type SecurityMode = (typeof securityModes)[number];
/** Those that are still held to be safe; the older ones (Basic128Rsa15, Basic256) are not offered. */
export const securityPolicies = ["Basic256Sha256", "Aes128_Sha256_RsaOaep", "Aes256_Sha256_RsaPss"] as const;
export type SecurityPolicy = (typeof securityPolicies)[number];

/** Absent wherever it may be: a channel without security. */
export interface ChannelSecurity {
  readonly mode: Exclude<SecurityMode, "None">;
  readonly policy: SecurityPolicy;
}

/** Of a certificate, what tells it from others and when it ends. */
export interface CertificateEnd {
  /** Of the DER, lower-case hex. */
  readonly sha256: string;
  readonly notAfter: WallMs;
}

/** In the folder of the poller's keys: its own certificate, PEM. */
export const ownCertificatePath = "own/certs/watchkeeper.pem";

/** A server's certificate that a person has looked at: no other is believed. */
export interface PinnedCertificate extends CertificateEnd {
  /** DER, base64. */
  readonly der: string;
}

/** A certificate as a server shows it to everybody. Nothing proves that it is the server's own: a person compares the fingerprint. */
export interface ShownCertificate {
  /** DER, base64; of a chain the first, which is the server's. */
  readonly der: string;
  /** The endpoints that show it, without repeats: `None`, `SignAndEncrypt Basic256Sha256`. What is not known here stands as the server has it. */
  readonly offered: readonly string[];
}

/** `SignAndEncrypt Basic256Sha256`. */
export function securityWords(security: ChannelSecurity | undefined): string {
  return security === undefined ? "security None" : `${security.mode} ${security.policy}`;
}
