/** What the web server's certificate says of itself, and whether it, its key and the rest make up TLS that can be served. */
import { createPrivateKey, X509Certificate } from "node:crypto";
import { wallMs, type WallMs } from "../domain/units.ts";
import type { Complaint } from "./problem.ts";
import type { TlsServerConfig } from "./schema/web-config.ts";

export interface TlsFlaw extends Complaint {
  readonly part: keyof TlsServerConfig;
}

/** @param certificate PEM, the first counts; undefined where it is none */
export function namesOf(certificate: string): { readonly notAfter: WallMs; readonly names: readonly string[] } | undefined {
  const read = tried(() => new X509Certificate(certificate));
  if (read instanceof Error) return undefined;
  return { notAfter: wallMs(Date.parse(read.validTo)), names: subjectNames(read.subjectAltName) };
}

/** `DNS:poller.ship, IP Address:10.20.1.5` as its names and addresses in lower case; a name with a comma, which Node quotes, is none of a host. */
function subjectNames(alternatives: string | undefined): readonly string[] {
  return (alternatives ?? "").split(", ").flatMap((one) => /^(?:DNS|IP Address):([\w.:*-]+)$/u.exec(one)?.[1]?.toLowerCase() ?? []);
}

export interface TlsParts {
  /** PEM, the server's own first. */
  readonly certificate: string;
  readonly key: string;
  readonly clientCa?: string;
}

/** Why nothing could be served with these; undefined where all is well. An end that has passed is no flaw: its metric and alert say so. */
export function tlsFlaw({ certificate, key, clientCa }: TlsParts): TlsFlaw | undefined {
  const parsed = tried(() => createPrivateKey(key));
  if (parsed instanceof Error)
    return { part: "key_file", found: "a file that is not one", expected: "a private key in PEM, without a password" };
  if (!new X509Certificate(certificate).checkPrivateKey(parsed))
    return { part: "key_file", found: "the key of another certificate", expected: "the key of the certificate in cert_file" };
  const bad = certificatesIn(certificate).findIndex((one) => tried(() => new X509Certificate(one)) instanceof Error);
  if (bad >= 0) return { part: "cert_file", found: `number ${bad + 1} that is none`, expected: "certificates in PEM (BEGIN CERTIFICATE)" };
  const signers = clientCa === undefined ? undefined : certificatesIn(clientCa);
  if (signers === undefined || (signers.length > 0 && signers.every((one) => !(tried(() => new X509Certificate(one)) instanceof Error))))
    return undefined;
  return { part: "client_ca_file", found: "a file that is not one", expected: "certificates in PEM (BEGIN CERTIFICATE)" };
}

function certificatesIn(pem: string): readonly string[] {
  return pem.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/gu) ?? [];
}

/** OpenSSL says no with errors. */
function tried<Value>(make: () => Value): Value | Error {
  try {
    return make();
  } catch (error) {
    if (error instanceof Error) return error;
    throw error;
  }
}
