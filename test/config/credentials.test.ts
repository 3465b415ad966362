/** Credentials are read from a file that nobody else can read, and no problem of it ever shows what stands in it. */
import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, describe, test } from "node:test";
import { inspect } from "node:util";
import { loadCredentials } from "../../src/config/credentials.ts";
import { packed, unpacked } from "../../src/config/packed-credentials.ts";
import { loadSite } from "../../src/config/load.ts";
import { formatProblem } from "../../src/config/problem.ts";
import { readSecretText } from "../../src/config/read-secret-file.ts";
import type { Credentials } from "../../src/domain/credentials.ts";
import { Secret } from "../../src/domain/secret.ts";
import { siteFolder } from "./site-folder.ts";

const folder = mkdtempSync(path.join(tmpdir(), "watchkeeper-credentials-"));
after(() => {
  rmSync(folder, { recursive: true });
});

function written(name: string, text: string, mode = 0o600): string {
  const location = path.join(folder, name);
  rmSync(location, { force: true });
  writeFileSync(location, text);
  chmodSync(location, mode);
  return location;
}

const certificate = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";
const key = "-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----\n";
const sound = `schema: credentials/v1
credentials:
  - {id: switches, kind: snmp-v2c, community: "s3cret community"}
  - {id: core, kind: snmp-v3, user: lector, level: authPriv, authProtocol: sha256, authKey: s3cret-auth, privProtocol: aes, privKey: s3cret-priv}
  - {id: old, kind: snmp-v3, user: lector, level: authPriv, authProtocol: sha, authKey: s3cret-auth, privProtocol: aes, privKey: s3cret-priv, reason: "firmware 4 knows no other"}
  - {id: reader, kind: opcua-user, userName: wächter, password: "s3cret: #1"}
  - {id: machine, kind: opcua-certificate, certificateFile: cert.pem, keyFile: key.pem}
`;

function loaded(text: string): Credentials {
  written("cert.pem", certificate, 0o644);
  written("key.pem", key, 0o400);
  const result = loadCredentials("credentials.yaml", written("credentials.yaml", text));
  assert.ok(result.ok, result.ok ? "" : result.problems.map(formatProblem).join("\n"));
  return result.value;
}

function problems(text: string, mode?: number): string {
  const result = loadCredentials("credentials.yaml", written("credentials.yaml", text, mode));
  return result.ok ? "" : result.problems.map(formatProblem).join("\n");
}

/** What a reader of the values would see, and nobody else. */
function revealed(credentials: Credentials): object {
  const open = (value: unknown): unknown => (value instanceof Secret ? value.reveal() : value);
  return Object.fromEntries(
    [...credentials].map(([id, one]) => [id, Object.fromEntries(Object.entries(one).map(([name, value]) => [name, open(value)]))]),
  );
}

test("every kind is read", () => {
  assert.deepEqual(revealed(loaded(sound)), {
    switches: { kind: "snmp-v2c", community: "s3cret community" },
    core: v3("sha256"),
    old: v3("sha"),
    reader: { kind: "opcua-user", userName: "wächter", password: "s3cret: #1" },
    machine: {
      kind: "opcua-certificate",
      certificateFile: path.join(folder, "cert.pem"),
      keyFile: path.join(folder, "key.pem"),
      certificate,
      privateKey: key,
    },
  });
});

function v3(authProtocol: string): object {
  const keys = { authKey: "s3cret-auth", privProtocol: "aes", privKey: "s3cret-priv" };
  return { kind: "snmp-v3", user: "lector", level: "authPriv", authProtocol, ...keys };
}

test("what was read shows no secret, and crosses threads whole", () => {
  const credentials = loaded(sound);
  const dump = inspect(credentials, { depth: 10 }) + JSON.stringify([...credentials]);
  for (const secret of ["s3cret", "lector", "wächter", "MIIE"]) assert.ok(!dump.includes(secret), secret);
  assert.deepEqual(revealed(unpacked(structuredClone(packed(credentials)))), revealed(credentials));
});

describe("a file of credentials is refused", () => {
  const others: readonly [what: string, mode: number][] = [
    ["that the group can read", 0o640],
    ["that everybody can read", 0o644],
    ["that everybody can write", 0o602],
    ["that can be run", 0o700],
    ["with the set-user-id bit", 0o4600],
  ];
  for (const [what, mode] of others) {
    test(what, () => {
      const found = problems(sound, mode);
      assert.match(found, /^credentials\.yaml:1: found the mode 0\d+, with which it holds secrets, expected 0600 or 0400: .*chmod 600/u);
      assert.equal(found.split("\n").length, 1);
    });
  }

  test("that is another account's", () => {
    const location = written("theirs.yaml", sound);
    const read = readSecretText("theirs.yaml", location, 4711);
    assert.ok(!read.ok);
    assert.match(formatProblem(read.problems[0]!), /found the account \d+ as its owner, expected the account that runs this \(4711\)/u);
  });

  test("that is a link to one that others can read", () => {
    const target = written("open.yaml", sound, 0o644);
    const link = path.join(folder, "link.yaml");
    symlinkSync(target, link);
    assert.ok(!readSecretText("link.yaml", link).ok);
  });

  test("that is not there, is a folder, or is longer than any such file", () => {
    assert.ok(!readSecretText("none", path.join(folder, "none")).ok);
    assert.ok(!readSecretText("folder", folder).ok);
    assert.ok(!readSecretText("long", written("long", "#".repeat(1024 * 1024 + 1))).ok);
  });

  test("whose private key others can read, and the key is not shown", () => {
    written("cert.pem", certificate, 0o644);
    written("key.pem", key, 0o644);
    const found = problems(sound);
    assert.match(found, /credentials\[4\]\.keyFile: found the mode 0644/u);
    assert.ok(!found.includes("MIIE"));
  });

  test("whose certificate or key is something else", () => {
    written("cert.pem", "s3cret", 0o644);
    written("key.pem", key, 0o600);
    assert.match(problems(sound), /credentials\[4\]\.certificateFile: .* expected a certificate in PEM/u);
    written("cert.pem", certificate, 0o644);
    written("key.pem", "-----BEGIN ENCRYPTED PRIVATE KEY-----\ns3cret\n", 0o600);
    const found = problems(sound);
    assert.match(found, /credentials\[4\]\.keyFile: .* expected a private key in PEM, without a password/u);
    assert.ok(!found.includes("s3cret"));
  });
});

describe("a mistake beside a secret shows where it is and never the secret:", () => {
  const one = (text: string): string => `schema: credentials/v1\ncredentials:\n  - ${text}\n`;
  const mistakes: readonly [what: string, text: string, says: RegExp][] = [
    ["a key as value", one("{id: a, kind: snmp-v2c, s3cret: x}"), /credentials\.yaml:3: /u],
    ["a community that is a number", one("{id: a, kind: snmp-v2c, community: 31337133}"), /:3: credentials\[0\]\.community: .* ASCII/u],
    ["a community with an umlaut", one("{id: a, kind: snmp-v2c, community: s3crét}"), /:3: credentials\[0\]\.community: .* ASCII/u],
    ["an empty community", one('{id: a, kind: snmp-v2c, community: ""}'), /credentials\[0\]\.community/u],
    ["a key of seven letters", sound.replace("s3cret-auth", "s3cret7"), /:4: credentials\[1\]\.authKey: .* 8 to 128/u],
    ["SHA-1 without a reason", sound.replace("authProtocol: sha256", "authProtocol: sha"), /authProtocol: .* or a reason/u],
    ["a level that encrypts nothing", sound.replace("level: authPriv", "level: s3cret"), /level: .* authPriv: nothing less/u],
    ["a kind that is none", one("{id: a, kind: s3cret}"), /:3: credentials\[0\]\.kind: .* one of snmp-v2c, snmp-v3/u],
    ["an id twice", sound.replace("id: core", "id: switches"), /:4: credentials\[1\]\.id: .* an id of its own/u],
    ["an id that is a secret", one("{id: S3cret, kind: snmp-v2c, community: s3cret}"), /:3: credentials\[0\]\.id/u],
    ["a broken line", one('{id: a, kind: snmp-v2c, community: "s3cret}'), /credentials\.yaml:\d/u],
    ["an alias", one("{id: a, kind: snmp-v2c, community: *s3cret}"), /:3: .* the value itself/u],
    ["a tag", one("{id: a, kind: snmp-v2c, community: !s3cret x}"), /:3: .* a plain value/u],
    ["a key twice", one("{id: a, kind: snmp-v2c, s3cret: x, s3cret: y}"), /:3: /u],
    ["a secret as the whole file", "s3cret\n", /credentials\.yaml:1/u],
    ["a secret as a key of the file", "schema: credentials/v1\ncredentials: []\ns3cret: x\n", /:3: .* belongs here/u],
    ["nothing at all", "", /credentials\.yaml:1/u],
    ["a missing key", one("{id: a, kind: opcua-user, userName: s3cret}"), /credentials\[0\]\.password: found nothing/u],
  ];
  for (const [what, text, says] of mistakes) {
    test(what, () => {
      const found = problems(text);
      assert.match(found, says);
      assert.doesNotMatch(found, /s3cr|S3cr|31337/u);
    });
  }
});

describe("a site", () => {
  const watchlist = `schema: watchlist/v1
segments: [{id: hvac, zone: OT-1, subnet: 10.20.1.0/24, localAddress: 10.20.1.5}]
devices:
  - {id: sw-1, address: 10.20.1.2, segment: hvac, function: network, category: I, profile: generic-modbus-tcp, checks: [{method: snmp-get, credentials: CREDENTIAL}]}
`;
  const files = (credential: string, settings: string): ReadonlyMap<string, string> =>
    new Map([
      ["watchkeeper.yaml", settings],
      ["watchlist.yaml", watchlist.replace("CREDENTIAL", credential)],
      ["credentials.yaml", 'schema: credentials/v1\ncredentials: [{id: switches, kind: snmp-v2c, community: "s3cret"}]\n'],
    ]);
  const withFile = "site: mv-aurora\ncredentials: ./credentials.yaml\n";
  const withoutFile = "site: mv-aurora\n";

  for (const [what, credential, settings, expected] of [
    ["finds what a check names", "switches", withFile, /^$/u],
    [
      "misses what no file holds",
      "swiches",
      withFile,
      /checks\[0\]\.credentials: found "swiches", expected the id of a credential \(switches\)/u,
    ],
    ["says where the file is to be named", "switches", withoutFile, /\(there is none\) \(hint: watchkeeper\.yaml names no file/u],
  ] as const) {
    test(what, (t) => {
      const { location, settings: file, library } = siteFolder(t, files(credential, settings));
      chmodSync(path.join(location, "credentials.yaml"), 0o600);
      const site = loadSite(file, { lab: false, shippedProfileDir: library });
      assert.match(site.ok ? "" : site.problems.map(formatProblem).join("\n"), expected);
    });
  }

  test("whose credentials cannot be read does not call what it names unknown", (t) => {
    const { location, settings, library } = siteFolder(t, files("switches", withFile));
    chmodSync(path.join(location, "credentials.yaml"), 0o644);
    const site = loadSite(settings, { lab: false, shippedProfileDir: library });
    assert.deepEqual(site.ok ? [] : site.problems.map(({ file, found }) => `${file}: ${found}`), [
      "credentials.yaml: the mode 0644, with which it holds secrets",
    ]);
  });
});
