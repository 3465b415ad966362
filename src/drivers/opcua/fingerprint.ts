/** A server's certificate as it comes in a reply: the first of a chain, and the fingerprint by which it is known. */
import { createHash } from "node:crypto";

/** A chain is one DER after the other (Part 6, 6.2.6). The first tells its own length (X.690, 8.1.3); 32 kB are more than any has. Undefined for what is no DER. */
export function firstOfChain(chain: Uint8Array | null | undefined): Buffer | undefined {
  if (!chain || chain.length < 4 || chain[0] !== 0x30 || chain[1] !== 0x82) return undefined;
  const length = 4 + chain[2]! * 256 + chain[3]!;
  return length <= Math.min(chain.length, 32_768) ? Buffer.from(chain.subarray(0, length)) : undefined;
}

/** SHA-256 of the DER, lower-case hex. */
export function fingerprint(der: Uint8Array): string {
  return createHash("sha256").update(der).digest("hex");
}

/** SHA-1 of the DER, which the tools of OPC UA show (Part 6, 6.2.2): a name, and nothing to trust by. */
export function thumbprint(der: Uint8Array): string {
  return createHash("sha1").update(der).digest("hex");
}
