/** Reads credentials.yaml and the files it names. No problem of it ever shows what stands in the file: only where, and what is expected. */
import path from "node:path";
import type { Credential, Credentials } from "../domain/credentials.ts";
import { Secret } from "../domain/secret.ts";
import { problemAt, type Complaint, type Path, type Problem } from "./problem.ts";
import { readText } from "./read-file.ts";
import { readSecretText } from "./read-secret-file.ts";
import { credentialsSchema, type CredentialEntry } from "./schema/credentials.ts";
import { parseWith, type Parsed } from "./schema-problems.ts";
import { parseYaml, type YamlFile } from "./yaml.ts";

/**
 * @param file the name that problems carry
 * @param location absolute
 */
export function loadCredentials(file: string, location: string): Parsed<Credentials> {
  const read = readSecretText(file, location);
  // Problems with the file itself say nothing of its content, all others must not.
  if (!read.ok) return read;
  const yaml = parseYaml(file, read.text);
  const parsed = yaml.ok ? parseWith(credentialsSchema, yaml) : yaml;
  if (!yaml.ok || !parsed.ok) return { ok: false, problems: (parsed.ok ? [] : parsed.problems).map(unshown) };
  return credentialsOf(parsed.value.credentials, yaml, path.dirname(location));
}

function credentialsOf(entries: readonly CredentialEntry[], yaml: YamlFile, folder: string): Parsed<Credentials> {
  const problems: Problem[] = [];
  const credentials = new Map<string, Credential>();
  for (const [index, entry] of entries.entries()) {
    const at: Path = ["credentials", index];
    if (credentials.has(entry.id))
      problems.push(problemAt(yaml, [...at, "id"], { found: "an id for the second time", expected: "an id of its own" }));
    const credential = credentialOf(entry, folder);
    if ("flaw" in credential) problems.push(problemAt(yaml, [...at, credential.key], credential.flaw));
    else credentials.set(entry.id, Object.freeze(credential));
  }
  return problems.length > 0 ? { ok: false, problems } : { ok: true, value: credentials };
}

interface Flawed {
  readonly key: string;
  readonly flaw: Complaint;
}

function credentialOf(entry: CredentialEntry, folder: string): Credential | Flawed {
  switch (entry.kind) {
    case "snmp-v2c":
      return { kind: entry.kind, community: new Secret(entry.community) };
    case "snmp-v3": {
      const { kind, level, authProtocol, privProtocol } = entry;
      const secrets = { user: new Secret(entry.user), authKey: new Secret(entry.authKey), privKey: new Secret(entry.privKey) };
      return { kind, level, authProtocol, privProtocol, ...secrets };
    }
    case "opcua-user":
      return { kind: entry.kind, userName: new Secret(entry.userName), password: new Secret(entry.password) };
    case "opcua-certificate":
      return certificateOf(path.resolve(folder, entry.certificateFile), path.resolve(folder, entry.keyFile));
  }
}

function certificateOf(certificateFile: string, keyFile: string): Credential | Flawed {
  const certificate = readText(certificateFile, certificateFile);
  if (!certificate.ok) return { key: "certificateFile", flaw: certificate.problems[0]! };
  if (!/^-----BEGIN CERTIFICATE-----$/mu.test(certificate.text))
    return { key: "certificateFile", flaw: { found: "a file that is not one", expected: "a certificate in PEM (BEGIN CERTIFICATE)" } };
  const key = readSecretText(keyFile, keyFile);
  if (!key.ok) return { key: "keyFile", flaw: key.problems[0]! };
  if (!/^-----BEGIN (RSA |EC )?PRIVATE KEY-----$/mu.test(key.text) || key.text.includes("Proc-Type: 4,ENCRYPTED"))
    return { key: "keyFile", flaw: { found: "a file that is not one", expected: "a private key in PEM, without a password" } };
  return { kind: "opcua-certificate", certificateFile, keyFile, certificate: certificate.text, privateKey: new Secret(key.text) };
}

/** Keys that the schema knows; a key that it does not may be a password in the wrong place. */
const knownPath =
  /^(schema|credentials(\[\d+\](\.(id|kind|community|user|level|authProtocol|authKey|privProtocol|privKey|reason|userName|password|certificateFile|keyFile))?)?)$/u;

function unshown({ file, line, path: at, found, expected }: Problem): Problem {
  return { file, line, path: knownPath.test(at) ? at : "", found: found === "nothing" ? found : "something that is not shown", expected };
}
