/** How the web server is reached and who is let in: what the settings and the web configuration file come to. */
import type { Secret } from "./secret.ts";
import type { WallMs } from "./units.ts";

/** An address and a port, a socket file, or whatever systemd hands over (LISTEN_FDS). */
export type ListenAddress = TcpAddress | { readonly path: string } | { readonly systemd: true };

export interface TcpAddress {
  readonly host: string;
  readonly port: number;
}

/** As exporter-toolkit has it: anybody; may show one; must show one; must be good where there is one; must show a good one. */
export const clientAuthTypes = [
  "NoClientCert",
  "RequestClientCert",
  "RequireAnyClientCert",
  "VerifyClientCertIfGiven",
  "RequireAndVerifyClientCert",
] as const;
export type ClientAuthType = (typeof clientAuthTypes)[number];

export type TlsVersion = "TLSv1.2" | "TLSv1.3";

export interface WebTls {
  /** PEM, the server's own first. */
  readonly certificate: string;
  readonly key: Secret;
  readonly clientAuth: ClientAuthType;
  /** PEM, of those who sign clients' certificates. */
  readonly clientCa?: string;
  /** One of these must stand in a client's certificate; empty: any will do. */
  readonly clientAllowedSans: readonly string[];
  readonly minVersion: TlsVersion;
  readonly maxVersion: TlsVersion;
  /** As OpenSSL names and separates them; absent: Node's own choice. */
  readonly ciphers?: string;
  readonly curves?: string;
  readonly preferServerCiphers: boolean;
  /** When the server's own certificate ends. */
  readonly notAfter: WallMs;
  /** Host names and addresses that it is made out to, in lower case. */
  readonly names: readonly string[];
}

/** Everything of the web configuration file. */
export interface WebConfig {
  readonly tls?: WebTls;
  /** Sent with every answer, by their names. */
  readonly headers: Readonly<Record<string, string>>;
  /** bcrypt hashes by user; empty: nobody is asked for a password. */
  readonly users: ReadonlyMap<string, Secret>;
}

/** Where no file is named. */
export const openWeb: WebConfig = { headers: {}, users: new Map() };

/** Whether nobody gets in without a password, or a certificate that was verified. */
export function asksWho({ users, tls }: WebConfig): boolean {
  return users.size > 0 || tls?.clientAuth === "RequireAndVerifyClientCert";
}

const strictness: readonly ClientAuthType[] = [
  "NoClientCert",
  "RequestClientCert",
  "VerifyClientCertIfGiven",
  "RequireAnyClientCert",
  "RequireAndVerifyClientCert",
];

/**
 * What a configuration no longer asks of those who come, or tells them, in words; empty where it asks as much as before. A file that is
 * cut short while it is saved looks so. Fewer users or names let in fewer; none at all, everybody.
 */
export function askedNoMore(before: WebConfig, now: WebConfig): readonly string[] {
  const [had, has] = [before.tls, now.tls];
  const gone = Object.keys(before.headers).filter((name) => !(name in now.headers));
  return [
    ...(before.users.size > 0 && now.users.size === 0 ? ["passwords"] : []),
    ...(had && !has ? ["TLS"] : []),
    ...(had && strict(has) < strict(had) ? ["clients' certificates as before"] : []),
    ...(had && had.clientAllowedSans.length > 0 && (has?.clientAllowedSans ?? []).length === 0 ? ["names in clients' certificates"] : []),
    ...gone.map((name) => `the header ${name}`),
  ];
}

function strict(tls: WebTls | undefined): number {
  return tls === undefined ? 0 : strictness.indexOf(tls.clientAuth);
}
