/** What a person must see of a certificate before it is believed: whose it is, how long it lasts, how strong it is, and what is wrong with it. */
import { X509Certificate } from "node:crypto";
import { printable } from "../domain/printable.ts";
import { wallMs, type WallMs } from "../domain/units.ts";
import { lastDayBefore } from "./compile/dates.ts";

export interface CertificateFacts {
  /** `O=Acme, CN=PLC`. */
  readonly subject: string;
  readonly issuer: string;
  readonly notBefore: WallMs;
  readonly notAfter: WallMs;
  /** Of the DER, lower-case hex. */
  readonly sha256: string;
  /** `RSA, 2048 bits`; a curve by its name. */
  readonly key: string;
  /** Of an RSA key; undefined for any other. */
  readonly keyBits: number | undefined;
  /** Names and addresses that it is made out to, as they stand in it; empty where it names none. */
  readonly names: string;
  readonly pem: string;
}

const charactersMax = 300;
/** Every policy that is offered here wants this much (Part 7, Basic256Sha256 and its successors: MinAsymmetricKeyLength). */
const keyBitsMin = 2048;

/** @param certificate PEM or DER; undefined where it is neither, or holds no key that can be read */
export function certificateFacts(certificate: string | Buffer): CertificateFacts | undefined {
  try {
    const read = new X509Certificate(certificate);
    const { asymmetricKeyType = "unknown", asymmetricKeyDetails: details } = read.publicKey;
    const keyBits = details?.modulusLength;
    return {
      subject: nameOf(read.subject),
      issuer: nameOf(read.issuer),
      notBefore: wallMs(Date.parse(read.validFrom)),
      notAfter: wallMs(Date.parse(read.validTo)),
      sha256: read.fingerprint256.replaceAll(":", "").toLowerCase(),
      key: `${asymmetricKeyType.toUpperCase()}, ${keyBits === undefined ? (details?.namedCurve ?? "of unknown size") : `${keyBits} bits`}`,
      keyBits,
      names: printable(read.subjectAltName ?? "", charactersMax),
      pem: read.toString(),
    };
  } catch (error) {
    if (error instanceof Error) return undefined;
    throw error;
  }
}

/** One sentence each. A person decides; only what has ended is never asked for all that. @param address of the server, as the watchlist has it */
export function certificateWarnings(facts: CertificateFacts, address: string | undefined, now: WallMs): readonly string[] {
  const warnings: string[] = [];
  if (now >= facts.notAfter)
    warnings.push(`it ended, its last day was ${lastDayBefore(facts.notAfter)}: nothing is asked until the server has a new one`);
  if (now < facts.notBefore)
    warnings.push(
      `it is not valid before ${new Date(facts.notBefore).toISOString()}: is the clock of the server, or of this machine, right?`,
    );
  if (facts.keyBits === undefined) warnings.push(`its key is ${facts.key}: expected RSA, which every security policy here needs`);
  else if (facts.keyBits < keyBitsMin) warnings.push(`its key has ${facts.keyBits} bits: expected at least ${keyBitsMin}`);
  if (address !== undefined && new X509Certificate(facts.pem).checkIP(address) === undefined)
    warnings.push(
      `it is not made out to ${address} (${facts.names === "" ? "it names no host" : facts.names}): is this the server that you mean?`,
    );
  return warnings;
}

/** `12:34:AB:…`, as most servers show it. */
export function fingerprintWords(sha256: string): string {
  return sha256.toUpperCase().replaceAll(/(..)(?=.)/gu, "$1:");
}

/** Node gives a line for each part. */
function nameOf(name: string): string {
  return name === "" ? "nobody" : printable(name.replaceAll("\n", ", "), charactersMax);
}
