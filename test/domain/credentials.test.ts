/** What a plan knows of a credential: its kind, and the length of what frames show of it anyway. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { shapeOf, type Credential } from "../../src/domain/credentials.ts";
import { Secret } from "../../src/domain/secret.ts";

const certificate = { certificateFile: "/c.pem", keyFile: "/k.pem", certificate: "C", privateKey: new Secret("K") };
const credentials: readonly (readonly [credential: Credential, nameBytes: number])[] = [
  [{ kind: "snmp-v2c", community: new Secret("brücke") }, 7],
  [
    {
      kind: "snmp-v3",
      level: "authPriv",
      user: new Secret("watch"),
      authProtocol: "sha256",
      authKey: new Secret("a".repeat(16)),
      privProtocol: "aes",
      privKey: new Secret("p".repeat(16)),
    },
    5,
  ],
  [{ kind: "opcua-user", userName: new Secret("eto"), password: new Secret("longer than the name") }, 3],
  [{ kind: "opcua-certificate", ...certificate }, 0],
];

for (const [credential, nameBytes] of credentials) {
  test(`${credential.kind}: its kind, and ${nameBytes} bytes of name`, () => {
    assert.deepEqual(shapeOf("one", credential), { id: "one", kind: credential.kind, nameBytes });
  });
}
