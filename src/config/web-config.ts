/** Reads the web configuration file and the certificates it names, as exporter-toolkit writes it. No message shows a hash or a key. */
import path from "node:path";
import { Secret } from "../domain/secret.ts";
import type { TlsVersion, WebConfig, WebTls } from "../domain/web.ts";
import { problemAt, type Complaint, type Path, type Problem } from "./problem.ts";
import { readText, type ReadText } from "./read-file.ts";
import { readSecretText } from "./read-secret-file.ts";
import { cipherSuites, curves, webConfigSchema, type TlsServerConfig, type WebConfigFile } from "./schema/web-config.ts";
import { parseWith, type Parsed } from "./schema-problems.ts";
import { namesOf, tlsFlaw, type TlsFlaw } from "./web-certificate.ts";
import { parseYaml, type YamlFile } from "./yaml.ts";

/** `files`: every file that was read, absolute, the configuration first; also where it has problems, so that its mending can be seen. */
export type LoadedWebConfig = Parsed<WebConfig> & { readonly files: readonly string[] };

/**
 * @param file the name that problems carry
 * @param location absolute
 */
export function loadWebConfig(file: string, location: string): LoadedWebConfig {
  const read = readText(file, location);
  if (!read.ok) return { ...read, files: [location] };
  const yaml = parseYaml(file, read.text);
  // The grammar's own words quote what stands there.
  if (!yaml.ok) return { ok: false, problems: yaml.problems.map(unshown), files: [location] };
  // A file that is empty lets everybody in, as in exporter-toolkit, where whoever may listen wider is decided elsewhere.
  const parsed = yaml.value === null ? { ok: true as const, value: {} } : parseWith(webConfigSchema, yaml);
  if (!parsed.ok) return { ok: false, problems: parsed.problems.map(discreet), files: [location] };
  return new WebFiles(yaml, location).config(parsed.value);
}

class WebFiles {
  readonly #yaml: YamlFile;
  readonly #location: string;
  readonly #problems: Problem[] = [];
  readonly #files: string[];

  constructor(yaml: YamlFile, location: string) {
    this.#yaml = yaml;
    this.#location = location;
    this.#files = [location];
  }

  config({ tls_server_config: written, http_server_config: http, basic_auth_users: users = {} }: WebConfigFile): LoadedWebConfig {
    const tls = written && this.#tls(written);
    if (this.#problems.length > 0) return { ok: false, problems: this.#problems, files: this.#files };
    const hashes = new Map(Object.entries(users).map(([user, hash]) => [user, new Secret(hash)]));
    return { ok: true, value: { ...(tls && { tls }), headers: http?.headers ?? {}, users: hashes }, files: this.#files };
  }

  #tls(written: TlsServerConfig): WebTls | undefined {
    const { min_version: least = "TLS12", max_version: most = "TLS13", client_auth_type: clientAuth = "NoClientCert" } = written;
    const certificate = this.#pem(written, "cert", "the server's certificate");
    const key = this.#pem(written, "key", "its private key");
    const clientCa = written.client_ca === undefined && written.client_ca_file === undefined ? "" : this.#pem(written, "client_ca", "");
    this.#checkClients(written, clientAuth);
    if (least > most) this.#complain("max_version", { found: most, expected: `${least}, as min_version has it, or newer` });
    if (certificate === undefined || key === undefined || clientCa === undefined) return undefined;
    const options = {
      minVersion: versions[least],
      maxVersion: versions[most],
      ...(clientCa === "" ? {} : { clientCa }),
      ...(written.cipher_suites && { ciphers: [tls13Ciphers, ...written.cipher_suites.map((one) => cipherSuites[one])].join(":") }),
      ...(written.curve_preferences && { curves: written.curve_preferences.map((one) => curves[one]).join(":") }),
    };
    const found = namesOf(certificate);
    const flaw = found === undefined ? notACertificate : tlsFlaw({ certificate, key, ...(clientCa === "" ? {} : { clientCa }) });
    if (flaw) return this.#complain(flaw.part, flaw);
    if (!found) return undefined;
    return {
      ...options,
      ...found,
      certificate,
      clientAuth,
      key: new Secret(key),
      clientAllowedSans: written.client_allowed_sans ?? [],
      preferServerCiphers: written.prefer_server_cipher_suites ?? true,
    };
  }

  /** In the file itself, or in a file that it names. */
  #pem(written: TlsServerConfig, name: "cert" | "key" | "client_ca", what: string): string | undefined {
    const [inline, file] = [written[name], written[`${name}_file`]];
    if (inline !== undefined && file !== undefined)
      return this.#complain(name, { found: `both ${name} and ${name}_file`, expected: "one of them" });
    if (file !== undefined) return this.#readBeside(`${name}_file`, file, name === "key");
    if (inline === undefined) return this.#complain(`${name}_file`, { found: "nothing", expected: `the path of ${what}` });
    // Then this file holds a secret itself, and is held to what others are.
    const secret: ReadText = name === "key" ? readSecretText(this.#yaml.file, this.#location) : { ok: true, text: inline };
    if (secret.ok) return inline;
    this.#problems.push(...secret.problems);
    return undefined;
  }

  #readBeside(key: keyof TlsServerConfig, file: string, secret: boolean): string | undefined {
    const location = path.resolve(path.dirname(this.#location), file);
    this.#files.push(location);
    const read = secret ? readSecretText(file, location) : readText(file, location);
    if (read.ok) return read.text;
    const [problem] = read.problems;
    return this.#complain(key, { ...problem!, found: `${file}: ${problem!.found}` });
  }

  #checkClients(written: TlsServerConfig, clientAuth: WebTls["clientAuth"]): void {
    const signers = written.client_ca !== undefined || written.client_ca_file !== undefined;
    const verifies = clientAuth === "VerifyClientCertIfGiven" || clientAuth === "RequireAndVerifyClientCert";
    if (verifies && !signers)
      this.#complain("client_ca_file", { found: "nothing", expected: `who signs clients' certificates, as ${clientAuth} needs it` });
    if (signers && clientAuth === "NoClientCert")
      this.#complain("client_auth_type", {
        found: "NoClientCert beside a client_ca_file, so that nobody's certificate would be looked at",
        expected: "RequireAndVerifyClientCert, or no client_ca_file",
      });
    if (written.client_allowed_sans && clientAuth !== "RequireAndVerifyClientCert" && clientAuth !== "RequireAnyClientCert")
      this.#complain("client_auth_type", {
        found: `${clientAuth}, which lets in clients without a certificate, beside client_allowed_sans`,
        expected: "RequireAndVerifyClientCert",
      });
  }

  #complain(key: TlsFlaw["part"], complaint: Complaint): undefined {
    this.#problems.push(problemAt(this.#yaml, ["tls_server_config", key] satisfies Path, complaint));
  }
}

const versions: Readonly<Record<"TLS12" | "TLS13", TlsVersion>> = { TLS12: "TLSv1.2", TLS13: "TLSv1.3" };
/** A list of ours replaces Node's whole list, in which those of TLS 1.3 stand too. */
const tls13Ciphers = "TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256";
const notACertificate: TlsFlaw = {
  part: "cert_file",
  found: "a file that is not one",
  expected: "a certificate in PEM (BEGIN CERTIFICATE)",
};

const notShown = "something that is not shown";

/** A hash in the wrong place, or a password in its stead, is no reading matter. */
function discreet(problem: Problem): Problem {
  const secret = /^(basic_auth_users[.[]|tls_server_config\.key$)/u.test(problem.path);
  return secret && problem.found !== "nothing" ? { ...problem, found: notShown } : problem;
}

function unshown({ file, line, path: at }: Problem): Problem {
  return { file, line, path: at, found: notShown, expected: "well-formed YAML without anchors and tags" };
}
