/** The shape of the web configuration file: exporter-toolkit's keys, and of their values those that are safe. */
import { z } from "zod";
import { clientAuthTypes, type ClientAuthType } from "../../domain/web.ts";
import { oneOf } from "./common.ts";

export interface WebConfigFile {
  readonly tls_server_config?: TlsServerConfig;
  readonly http_server_config?: { readonly http2?: boolean; readonly headers?: Readonly<Record<string, string>> };
  readonly basic_auth_users?: Readonly<Record<string, string>>;
}

export interface TlsServerConfig {
  readonly cert?: string;
  readonly cert_file?: string;
  readonly key?: string;
  readonly key_file?: string;
  readonly client_ca?: string;
  readonly client_ca_file?: string;
  readonly client_auth_type?: ClientAuthType;
  readonly client_allowed_sans?: readonly string[];
  readonly min_version?: "TLS12" | "TLS13";
  readonly max_version?: "TLS12" | "TLS13";
  readonly cipher_suites?: readonly CipherSuite[];
  readonly prefer_server_cipher_suites?: boolean;
  readonly curve_preferences?: readonly Curve[];
}

/** Go's name, and OpenSSL's. Those of TLS 1.2 with forward secrecy and authenticated encryption; TLS 1.3 has no others. */
export const cipherSuites = {
  TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256: "ECDHE-ECDSA-AES128-GCM-SHA256",
  TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256: "ECDHE-RSA-AES128-GCM-SHA256",
  TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384: "ECDHE-ECDSA-AES256-GCM-SHA384",
  TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384: "ECDHE-RSA-AES256-GCM-SHA384",
  TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256: "ECDHE-ECDSA-CHACHA20-POLY1305",
  TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256: "ECDHE-RSA-CHACHA20-POLY1305",
} as const;
export type CipherSuite = keyof typeof cipherSuites;

export const curves = { CurveP256: "P-256", CurveP384: "P-384", CurveP521: "P-521", X25519: "X25519" } as const;
export type Curve = keyof typeof curves;

/** bcryptjs needs about 0.1 s for a cost of 10 and twice as long for each step; a person waits for it, and only once. */
const costMax = 14;
const hashExpected = `a bcrypt hash of a cost up to ${costMax}, as \`htpasswd -nBC 10 "" | tr -d ':\\n'\` prints it, in quotes`;

function isHash(value: string): boolean {
  const cost = Number(/^\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}$/u.exec(value)?.[1]);
  return cost >= 4 && cost <= costMax;
}

const pathExpected = "a path, absolute or relative to this file's folder";
function path(description: string): z.ZodType<string, string> {
  return z
    .string({ error: pathExpected })
    .refine((value) => /^[^\p{Cc}\p{Cs}]{1,1024}$/u.test(value), { error: pathExpected })
    .meta({ description });
}

function pem(description: string): z.ZodType<string, string> {
  const error = "a text in PEM (-----BEGIN …), indented below its key after a |";
  return z
    .string({ error })
    .max(200_000, { error })
    .regex(/^-----BEGIN /u, { error })
    .meta({ description });
}

function yesOrNo(description: string): z.ZodType<boolean, boolean> {
  return z.boolean({ error: "true or false" }).meta({ description });
}

function listOf<Item>(item: z.ZodType<Item, Item>, expected: string, description: string): z.ZodType<readonly Item[], readonly Item[]> {
  return z.array(item, { error: expected }).min(1, { error: expected }).max(100, { error: expected }).meta({ description });
}

const version = (description: string): z.ZodType<"TLS12" | "TLS13", "TLS12" | "TLS13"> => oneOf(["TLS12", "TLS13"], description);
const names = <Name extends string>(of: Readonly<Record<Name, string>>): readonly [Name, ...Name[]] =>
  Object.keys(of) as unknown as readonly [Name, ...Name[]];
const sanExpected = "a name, address or URI as it stands in a certificate";

const tls = z.strictObject({
  cert: pem("The server's certificate, with those between it and its root; instead of cert_file.").exactOptional(),
  cert_file: path("The server's certificate in PEM, with those between it and its root.").exactOptional(),
  key: pem("Its private key; instead of key_file. This file must then be readable by its owner alone.").exactOptional(),
  key_file: path("Its private key in PEM, without a password; readable by its owner alone.").exactOptional(),
  client_ca: pem("Who signs clients' certificates; instead of client_ca_file.").exactOptional(),
  client_ca_file: path("Who signs clients' certificates, in PEM.").exactOptional(),
  client_auth_type: oneOf(clientAuthTypes, "RequireAndVerifyClientCert lets in nobody without a good certificate.").exactOptional(),
  client_allowed_sans: listOf(
    z.string({ error: sanExpected }).min(1, { error: sanExpected }).max(300, { error: sanExpected }),
    "a list of names, addresses or URIs",
    "One of these must stand in a client's certificate.",
  ).exactOptional(),
  min_version: version("The oldest TLS that is spoken; TLS12 where nothing is said.").exactOptional(),
  max_version: version("The newest TLS that is spoken; TLS13 where nothing is said.").exactOptional(),
  cipher_suites: listOf(
    oneOf(names(cipherSuites), "Of TLS 1.2, by Go's names."),
    "a list of cipher suites of TLS 1.2",
    "The cipher suites of TLS 1.2.",
  ).exactOptional(),
  prefer_server_cipher_suites: yesOrNo("Whose order of cipher suites counts; true where nothing is said.").exactOptional(),
  curve_preferences: listOf(oneOf(names(curves), "By Go's names."), "a list of curves", "Curves, the dearest first.").exactOptional(),
});

const headerExpected = "a text on one line without characters that no header may hold";
const header = z
  .string({ error: headerExpected })
  .regex(/^[\x20-\x7e]{0,2000}$/u, { error: headerExpected })
  .meta({ description: "The header's value; empty: it is not sent." })
  .exactOptional();

const headers = z.strictObject({
  "Content-Security-Policy": header,
  "Strict-Transport-Security": header,
  "X-Content-Type-Options": header,
  "X-Frame-Options": header,
  "X-XSS-Protection": header,
});

const userExpected = "a user's name of 1 to 64 characters without a colon";
const users = z
  .record(
    z.string().regex(/^[^:\p{Cc}\p{Cf}\p{Cs}]{1,64}$/u, { error: userExpected }),
    z.string({ error: hashExpected }).refine(isHash, { error: hashExpected }),
    { error: "users' names, each with a bcrypt hash" },
  )
  .refine((value) => Object.keys(value).length <= 100, { error: "at most 100 users" })
  .meta({ description: "Who may read metrics, reload and stop: names, each with the bcrypt hash of its password." });

export const webConfigSchema: z.ZodType<WebConfigFile> = z
  .strictObject({
    tls_server_config: tls.meta({ description: "TLS, and clients' certificates." }).exactOptional(),
    http_server_config: z
      .strictObject({
        http2: yesOrNo("Taken for the sake of shared files: HTTP/1.1 is spoken in either case.").exactOptional(),
        headers: headers.meta({ description: "Headers of every answer." }).exactOptional(),
      })
      .meta({ description: "The protocol's own settings." })
      .exactOptional(),
    basic_auth_users: users.exactOptional(),
  })
  .meta({
    title: "Web configuration",
    description: "TLS and authentication of the web server, with the keys of Prometheus' exporter-toolkit.",
  });
