/** The web configuration file is exporter-toolkit's, said to be wrong by line, and never repeats a hash or a key. */
import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { compare } from "bcryptjs";
import { formatProblem } from "../../src/config/problem.ts";
import { loadWebConfig, type LoadedWebConfig } from "../../src/config/web-config.ts";
import { authority, type Authority, type Certificate } from "../support/certificates.ts";

const hash = "$2y$10$X0h1gDsPszWURQaxFh.zoubFi6DXncSjhoQNJgRrnGs7EsimhC7zG";
const folder = mkdtempSync(path.join(tmpdir(), "watchkeeper-web-"));
after(() => rmSync(folder, { recursive: true, force: true }));

const held: (() => void)[] = [];
let signer: Authority;
let server: Certificate;
before(() => {
  signer = authority({ after: (run) => void held.push(run) });
  server = signer.issue("server", 30, "DNS:Poller.Ship.example,DNS:*.deck.example,IP:10.20.1.5");
});
after(() => held.forEach((run) => run()));

function load(text: string, mode = 0o644): LoadedWebConfig {
  const location = path.join(folder, "web.yaml");
  writeFileSync(location, text);
  chmodSync(location, mode);
  return loadWebConfig("web.yaml", location);
}

function problems(text: string, mode?: number): readonly string[] {
  const loaded = load(text, mode);
  return loaded.ok ? [] : loaded.problems.map((problem) => formatProblem(problem).replaceAll(signer.folder, "<folder>"));
}

const tls = (more = ""): string => `tls_server_config:\n  cert_file: ${server.certFile}\n  key_file: ${server.keyFile}\n${more}`;

test("an empty file asks nobody for anything", () => {
  const loaded = load("");
  assert.deepEqual(loaded.ok && [loaded.value.tls, loaded.value.users.size, loaded.value.headers], [undefined, 0, {}]);
});

test("the example of docs/web.md is taken as it stands, and its hash is of the password that stands beside it", async () => {
  const text = readFileSync(new URL("../../docs/web.md", import.meta.url), "utf8");
  const [, example = ""] = /```yaml\n( *tls_server_config: [^`]+)```/u.exec(text) ?? [];
  const [, password = ""] = /# of the password "(\w+)"/u.exec(example) ?? [];
  for (const [name, content] of [
    ["web.pem", server.cert],
    ["web.key", server.key],
  ] as const)
    writeFileSync(path.join(folder, name), content, { mode: 0o600 });
  const loaded = load(example.replaceAll(/^ {3}/gmu, ""));
  assert.ok(loaded.ok, loaded.ok ? "" : loaded.problems.map(formatProblem).join("\n"));
  assert.equal(await compare(password, loaded.value.users.get("prometheus")?.reveal() ?? ""), true, password);
});

test("users, headers and TLS as exporter-toolkit has them", () => {
  const loaded = load(
    `${tls(`  client_auth_type: RequireAndVerifyClientCert
  client_ca_file: ${signer.certFile}
  client_allowed_sans: [prometheus]
  min_version: TLS12
  cipher_suites: [TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384]
  prefer_server_cipher_suites: false
  curve_preferences: [X25519, CurveP256]
`)}http_server_config:
  http2: true
  headers: {Strict-Transport-Security: max-age=60}
basic_auth_users:
  prometheus: ${hash}
`,
  );
  assert.ok(loaded.ok, loaded.ok ? "" : loaded.problems.map(formatProblem).join("\n"));
  const { value, files } = loaded;
  assert.deepEqual(files, [path.join(folder, "web.yaml"), server.certFile, server.keyFile, signer.certFile]);
  assert.equal(value.users.get("prometheus")?.reveal(), hash);
  assert.deepEqual(value.headers, { "Strict-Transport-Security": "max-age=60" });
  const { certificate, key, clientCa, notAfter, ...rest } = value.tls!;
  assert.deepEqual([certificate, key.reveal(), clientCa], [server.cert, server.key, signer.cert]);
  assert.ok(notAfter > Date.now());
  assert.deepEqual(rest, {
    minVersion: "TLSv1.2",
    maxVersion: "TLSv1.3",
    ciphers: "TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256:ECDHE-ECDSA-AES256-GCM-SHA384",
    curves: "X25519:P-256",
    names: ["poller.ship.example", "*.deck.example", "10.20.1.5"],
    clientAuth: "RequireAndVerifyClientCert",
    clientAllowedSans: ["prometheus"],
    preferServerCiphers: false,
  });
});

test("a certificate and key in the file itself, which then nobody else may read", () => {
  const indented = (pem: string): string => pem.trim().replaceAll(/^/gmu, "    ");
  const text = `tls_server_config:\n  cert: |\n${indented(server.cert)}\n  key: |\n${indented(server.key)}\n`;
  assert.deepEqual(problems(text, 0o600), []);
  assert.match(problems(text, 0o644).join("\n"), /^web\.yaml:1: found the mode 0644, .* expected 0600 or 0400/u);
});

describe("a mistake is said by line:", () => {
  const cases: readonly (readonly [name: string, text: () => string, ...expected: readonly string[]])[] = [
    [
      "a key that is none",
      () => "basic_auth_users:\ntls_config: {}\n",
      "web.yaml:1: basic_auth_users: found an empty value, expected users' names, each with a bcrypt hash",
      'web.yaml:2: tls_config: found the key "tls_config", expected a key that belongs here (hint: a typing error?)',
    ],
    [
      "a password where a hash belongs",
      () => "basic_auth_users:\n  eto: secret-word\n",
      "web.yaml:2: basic_auth_users.eto: found something that is not shown, expected a bcrypt hash of a cost up to 14, as `htpasswd -nBC 10 \"\" | tr -d ':\\n'` prints it, in quotes",
    ],
    [
      "TLS without a key",
      () => `tls_server_config:\n  cert_file: ${server.certFile}\n`,
      "web.yaml:1: tls_server_config.key_file: found nothing, expected the path of its private key",
    ],
    [
      "the key of another",
      () => `tls_server_config:\n  cert_file: ${server.certFile}\n  key_file: ${signer.keyFile}\n`,
      "web.yaml:3: tls_server_config.key_file: found the key of another certificate, expected the key of the certificate in cert_file",
    ],
    [
      "a file that is not there",
      () => `tls_server_config:\n  cert_file: nowhere.pem\n  key_file: ${server.keyFile}\n`,
      `web.yaml:2: tls_server_config.cert_file: found nowhere.pem: nothing there, expected something readable at ${folder}/nowhere.pem`,
    ],
    [
      "a certificate that is none",
      () => `tls_server_config:\n  cert_file: ${server.keyFile}\n  key_file: ${server.keyFile}\n`,
      "web.yaml:2: tls_server_config.cert_file: found a file that is not one, expected a certificate in PEM (BEGIN CERTIFICATE)",
    ],
    [
      "clients to be verified by nobody",
      () => tls("  client_auth_type: RequireAndVerifyClientCert\n"),
      "web.yaml:1: tls_server_config.client_ca_file: found nothing, expected who signs clients' certificates, as RequireAndVerifyClientCert needs it",
    ],
    [
      "a signer whom nobody asks",
      () => tls(`  client_ca_file: ${signer.certFile}\n`),
      "web.yaml:1: tls_server_config.client_auth_type: found NoClientCert beside a client_ca_file, so that nobody's certificate would be looked at, expected RequireAndVerifyClientCert, or no client_ca_file",
    ],
    [
      "old TLS",
      () => tls("  min_version: TLS10\n"),
      'web.yaml:4: tls_server_config.min_version: found "TLS10", expected one of TLS12, TLS13',
    ],
    [
      "the newest older than the oldest",
      () => tls("  min_version: TLS13\n  max_version: TLS12\n"),
      "web.yaml:5: tls_server_config.max_version: found TLS12, expected TLS13, as min_version has it, or newer",
    ],
    [
      "a header that would be two",
      () => 'http_server_config: {headers: {X-Frame-Options: "a\\r\\nSet-Cookie: b"}}\n',
      'web.yaml:1: http_server_config.headers.X-Frame-Options: found "a\\r\\nSet-Cookie: b", expected a text on one line without characters that no header may hold',
    ],
    [
      "no YAML",
      () => "basic_auth_users: {eto: secret-word\n",
      "web.yaml:2: found something that is not shown, expected well-formed YAML without anchors and tags",
    ],
  ];
  for (const [name, text, ...expected] of cases) test(name, () => assert.deepEqual(problems(text()), expected));

  test("and a key that others can read", () => {
    chmodSync(server.keyFile, 0o640);
    try {
      assert.match(problems(tls()).join("\n"), /^web\.yaml:3: tls_server_config\.key_file: found .*server\.key: the mode 0640/u);
    } finally {
      chmodSync(server.keyFile, 0o600);
    }
  });
});

test("costs that would keep a person waiting for minutes are refused", () => {
  assert.deepEqual(problems(`basic_auth_users: {a: "${hash.replace("$10$", "$14$")}"}\n`), []);
  assert.equal(problems(`basic_auth_users: {a: "${hash.replace("$10$", "$31$")}"}\n`).length, 1);
});
