/** Others than this machine get to the web server only with TLS and a question who they are; said before anything is served. */
import assert from "node:assert/strict";
import { describe, test, type TestContext } from "node:test";
import { loadSite } from "../../../src/config/load.ts";
import { formatProblem } from "../../../src/config/problem.ts";
import type { SettingOverrides } from "../../../src/config/settings.ts";
import { authority } from "../../support/certificates.ts";
import { siteFolder } from "../site-folder.ts";

const hash = "$2y$10$X0h1gDsPszWURQaxFh.zoubFi6DXncSjhoQNJgRrnGs7EsimhC7zG";
const users = `basic_auth_users: {prometheus: "${hash}"}\n`;

function problems(t: TestContext, listen: string, web: string, overrides: SettingOverrides = {}): readonly string[] {
  const settings = `site: mv-aurora\nweb:\n  listenAddresses: [${listen}]\n  configFile: web.yaml\n`;
  const site = siteFolder(
    t,
    new Map([
      ["watchkeeper.yaml", Buffer.from(settings)],
      ["web.yaml", Buffer.from(web)],
    ]),
  );
  const loaded = loadSite(site.settings, { lab: false, shippedProfileDir: site.library, overrides });
  return loaded.ok ? [] : loaded.problems.map(formatProblem);
}

function tls(t: TestContext, more = ""): string {
  const signer = authority(t);
  const { certFile, keyFile } = signer.issue("server");
  return `tls_server_config:\n  cert_file: ${certFile}\n  key_file: ${keyFile}\n${more.replace("CA", signer.certFile)}`;
}

const wide = '"10.20.1.5:9824"';

describe("an address that others can reach", () => {
  test("needs TLS and a password, or TLS and a verified certificate", (t) => {
    assert.deepEqual(problems(t, wide, tls(t) + users), []);
    const verified = "  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: CA\n";
    assert.deepEqual(problems(t, wide, tls(t, verified)), []);
  });

  test("is refused with what is missing where one of them is", (t) => {
    const onlyUsers = problems(t, wide, users).join("\n");
    assert.match(
      onlyUsers,
      /^watchkeeper\.yaml:3: web\.listenAddresses\[0\]: found "10\.20\.1\.5:9824", expected a loopback address, or TLS and/u,
    );
    assert.match(onlyUsers, /hint: add TLS \(tls_server_config\) to the file that web\.configFile names/u);
    const onlyTls = problems(t, wide, tls(t)).join("\n");
    assert.match(onlyTls, /hint: add authentication \(basic_auth_users, or client_auth_type: RequireAndVerifyClientCert\) to/u);
    const asked = "  client_auth_type: RequireAnyClientCert\n";
    assert.equal(problems(t, wide, tls(t, asked)).length, 1, "a certificate that nobody verifies says nothing");
  });

  test("is found on the command line too", (t) => {
    const found = problems(t, '"127.0.0.1:9824"', "", { listenAddresses: ["[::]:9824"] });
    assert.match(found.join("\n"), /--web\.listen-address: found "\[::\]:9824", expected a loopback address/u);
  });
});

test("loopback, a socket file and systemd need neither", (t) => {
  assert.deepEqual(problems(t, '"127.0.0.1:9824", "[::1]:9824", "unix:/run/x.sock", systemd', ""), []);
});

test("a web configuration that is wrong is a problem of the site, by its own lines", (t) => {
  assert.deepEqual(problems(t, wide, "basic_auth_user: {}\n"), [
    'web.yaml:1: basic_auth_user: found the key "basic_auth_user", expected a key that belongs here (hint: a typing error?)',
  ]);
});
