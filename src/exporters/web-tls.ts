/** TLS as Node's server takes it, and the judgement of clients' certificates; both follow the configuration while the server runs. */
import type { X509Certificate } from "node:crypto";
import type { Clock } from "../domain/clock.ts";
import type { WallMs } from "../domain/units.ts";
import type { WebTls } from "../domain/web.ts";
import type { WebAccess } from "./web-access.ts";

/** What is asked of Node's server of TLS, in its own words; it makes no connection of its own. */
export interface TlsServer {
  setSecureContext(options: ContextOptions): void;
  closeIdleConnections(): void;
  on(event: "secureConnection", listener: (socket: TlsSocket) => void): unknown;
  on(event: "tlsClientError", listener: (error: TlsError, socket: { readonly remoteAddress?: string | undefined }) => void): unknown;
}

interface ContextOptions extends Pick<WebTls, "minVersion" | "maxVersion"> {
  readonly cert: string;
  readonly key: string;
  readonly honorCipherOrder: boolean;
  readonly ca: string | string[];
  readonly ciphers?: string;
  readonly ecdhCurve: string;
}

type TlsError = Error & { readonly code?: string };

interface TlsSocket {
  readonly remoteAddress?: string | undefined;
  readonly authorized: boolean;
  readonly authorizationError: Error | string | null;
  getPeerX509Certificate(): X509Certificate | undefined;
  destroy(): void;
}

/** From the first byte of the handshake to its last; Node would wait two minutes. */
const handshakeWithinMs = 5000;

interface TlsBehaviour {
  readonly handshakeTimeout: number;
  readonly requestCert: boolean;
  readonly rejectUnauthorized: false;
  readonly ALPNProtocols: string[];
}

export function tlsOptions(tls: WebTls): ContextOptions & TlsBehaviour {
  return {
    ...contextOptions(tls),
    handshakeTimeout: handshakeWithinMs,
    requestCert: asks(tls),
    rejectUnauthorized: false,
    ALPNProtocols: ["http/1.1"],
  };
}

/** The server goes by these from its next connection on; those that stand go on under what they began with, idle ones end. */
export function renewTls(server: TlsServer, tls: WebTls): void {
  server.setSecureContext(contextOptions(tls));
  // Node reads it at each connection and has no other way to change it; a test would say if that were to end.
  Object.assign(server, { requestCert: asks(tls) });
  server.closeIdleConnections();
}

/** Nobody gets as far as a request whose certificate is not as the configuration wants it. */
export function judgeClients(server: TlsServer, access: WebAccess, clock: Pick<Clock, "wall">): void {
  server.on("secureConnection", (socket: TlsSocket) => {
    const { tls } = access.config;
    const flaw = tls && clientFlaw(tls, socket, clock.wall());
    if (flaw === undefined) return;
    access.refused("certificate", `${socket.remoteAddress ?? "a client that is gone"} ${flaw}`);
    socket.destroy();
  });
  server.on("tlsClientError", (error: TlsError, { remoteAddress }) => {
    if (error.code !== "ECONNRESET") access.refused("tls", `${remoteAddress ?? "a client that is gone"} ${tlsFlaw(error)}`);
  });
}

/** The common name of the certificate by which a client was let in, for records; undefined where none was verified. */
export function clientName(socket: object): string | undefined {
  if (!("authorized" in socket) || socket.authorized !== true) return undefined;
  return /^CN=(.+)$/mu.exec((socket as TlsSocket).getPeerX509Certificate()?.subject ?? "")?.[1];
}

function contextOptions(tls: WebTls): ContextOptions {
  const { certificate, key, clientCa, ciphers, curves, minVersion, maxVersion, preferServerCiphers } = tls;
  return {
    cert: certificate,
    key: key.reveal(),
    minVersion,
    maxVersion,
    honorCipherOrder: preferServerCiphers,
    // Without signers of its own a server would believe every public one.
    ca: clientCa ?? [],
    ...(ciphers && { ciphers }),
    ecdhCurve: curves ?? "auto",
  };
}

function tlsFlaw({ code, message }: TlsError): string {
  return code === "ERR_SSL_HTTP_REQUEST"
    ? "spoke plain HTTP where TLS is spoken: https is meant"
    : `did not agree on TLS (${code ?? message})`;
}

function asks({ clientAuth }: WebTls): boolean {
  return clientAuth !== "NoClientCert";
}

function clientFlaw({ clientAuth, clientAllowedSans }: WebTls, socket: TlsSocket, now: WallMs): string | undefined {
  const certificate = socket.getPeerX509Certificate();
  const must = clientAuth === "RequireAnyClientCert" || clientAuth === "RequireAndVerifyClientCert";
  if (!certificate) return must ? "came without a certificate" : undefined;
  const verifies = clientAuth === "VerifyClientCertIfGiven" || clientAuth === "RequireAndVerifyClientCert";
  if (verifies && !socket.authorized) return `came with a certificate that is not good (${String(socket.authorizationError)})`;
  // A session that is resumed was verified when it began.
  if (verifies && certificate.validToDate.getTime() <= now) return "came with a certificate that has ended since its session began";
  if (clientAllowedSans.length === 0 || clientAllowedSans.some((san) => alternatives(certificate).includes(san))) return undefined;
  return "came with a certificate that names nobody of client_allowed_sans";
}

/** `DNS:a, URI:spiffe://b, IP Address:10.0.0.1` without the kinds. Node quotes a value with a comma in it, which must not pass for two. */
export function alternatives({ subjectAltName = "" }: Pick<X509Certificate, "subjectAltName">): readonly string[] {
  return Array.from(subjectAltName.matchAll(/(?:^|, )[A-Za-z ]+:("(?:[^"\\]|\\.)*"|[^,"]*)(?=, |$)/gu), ([, value = ""]) => value);
}
