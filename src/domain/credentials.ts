/** What a protocol needs to be let in: kinds of credentials, and how plans and checks speak of them without holding one. */
import type { Secret } from "./secret.ts";

export const credentialKinds = ["snmp-v2c", "snmp-v3", "opcua-user", "opcua-certificate"] as const;
export type CredentialKind = (typeof credentialKinds)[number];

/** What stands in plans, digests and files: which credential, never what is in it. */
export interface CredentialRef {
  readonly id: string;
  readonly kind: CredentialKind;
}

/** What a method may know of one while frames are worked out. */
export interface CredentialShape extends CredentialRef {
  /** The length of what goes over the wire readably: the community, or the user's name. */
  readonly nameBytes: number;
}

/** In the place of a credential where what is approved is worked out: no length of a name is part of an approval. */
export function nominal({ id, kind }: CredentialRef): CredentialShape {
  return { id, kind, nameBytes: nominalNameBytes };
}
const nominalNameBytes = 8;

export const authProtocols = ["sha", "sha256", "sha384", "sha512"] as const;
export type AuthProtocol = (typeof authProtocols)[number];
/** aes is AES-128 (RFC 3826). aes256 stretches its key as Blumenthal drew it up and Net-SNMP has it, aes256-cisco as Reeder did. */
export const privProtocols = ["aes", "aes256", "aes256-cisco"] as const;
export type PrivProtocol = (typeof privProtocols)[number];

export interface SnmpV2cCredential {
  readonly kind: "snmp-v2c";
  readonly community: Secret;
}
/** Authenticated and encrypted; nothing less is offered. */
export interface SnmpV3Credential {
  readonly kind: "snmp-v3";
  readonly user: Secret;
  readonly level: "authPriv";
  readonly authProtocol: AuthProtocol;
  readonly authKey: Secret;
  readonly privProtocol: PrivProtocol;
  readonly privKey: Secret;
}
export interface OpcuaUserCredential {
  readonly kind: "opcua-user";
  readonly userName: Secret;
  readonly password: Secret;
}
/** Files are absolute; `certificate` and `privateKey` are their content, PEM. */
export interface OpcuaCertificateCredential {
  readonly kind: "opcua-certificate";
  readonly certificateFile: string;
  readonly keyFile: string;
  readonly certificate: string;
  readonly privateKey: Secret;
}
export type Credential = SnmpV2cCredential | SnmpV3Credential | OpcuaUserCredential | OpcuaCertificateCredential;

/** By id. */
export type Credentials = ReadonlyMap<string, Credential>;

export function shapeOf(id: string, credential: Credential): CredentialShape {
  return { id, kind: credential.kind, nameBytes: nameBytesOf(credential) };
}

function nameBytesOf(credential: Credential): number {
  switch (credential.kind) {
    case "snmp-v2c":
      return credential.community.bytes;
    case "snmp-v3":
      return credential.user.bytes;
    case "opcua-user":
      return credential.userName.bytes;
    case "opcua-certificate":
      return 0;
  }
}
