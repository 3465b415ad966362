/** What a secured channel and session prove to each other: the server that it holds the pinned key, we that we hold ours and who asks. */
import { createPrivateKey, createPublicKey, X509Certificate } from "node:crypto";
import type { CreateSessionResponse, SignatureData, UserTokenPolicy } from "node-opcua";
import type { Credential } from "../../domain/credentials.ts";
import { MalformedReply } from "../../domain/driver.ts";
import type { ChannelSecurity } from "../../domain/security.ts";
import type { Library } from "./library.ts";
import type { SessionAsk } from "./methods.ts";
import type { OwnKeys } from "./own-keys.ts";
import { Refusal } from "./refusal.ts";

/** Everything that a secured session needs besides its wire. */
export interface Secured {
  readonly security: ChannelSecurity;
  /** DER. */
  readonly serverCertificate: Buffer;
  readonly own: OwnKeys;
}

/** Undefined for a channel without security. @throws Error where a secured check was admitted without what it needs */
export function securedBy({ security }: SessionAsk, own: OwnKeys | undefined): Secured | undefined {
  if (security === undefined) return undefined;
  if (security.serverCertificate === undefined || own === undefined)
    throw new Error("OPC UA: a secured check without the server's certificate or the poller's own");
  return { security, serverCertificate: Buffer.from(security.serverCertificate, "base64"), own };
}

/** The library does not look at it. @throws Refusal */
export function checkServer(library: Library, response: CreateSessionResponse, clientNonce: Buffer, secured: Secured): void {
  const { serverCertificate, own, security } = secured;
  const shown = response.serverCertificate;
  if (shown && shown.length > 0 && !shown.subarray(0, serverCertificate.length).equals(serverCertificate))
    throw new Refusal("CreateSession: the server shows another certificate than the one that is pinned");
  const policy = library.SecurityPolicy[security.policy];
  const proven = library.verifySignature(own.getCertificate(), clientNonce, response.serverSignature, serverCertificate, policy);
  if (!proven) throw new Refusal("CreateSession: the server did not prove that it holds the key of the pinned certificate");
}

/** Our own proof, over the server's certificate and its nonce. */
export async function ownSignature(
  library: Library,
  response: CreateSessionResponse,
  { serverCertificate, own, security }: Secured,
): Promise<SignatureData | undefined> {
  const policy = library.SecurityPolicy[security.policy];
  return await library.computeSignatureAsync(serverCertificate, nonceOf(response), library.getKeyOperationsFromProvider(own), policy);
}

/** What ActivateSession says of who asks. */
export interface Identity {
  readonly userIdentityToken: object;
  readonly userTokenSignature?: object;
}

/** @throws Refusal where the server offers no way that keeps a password from being read */
export async function identityOf(
  library: Library,
  response: CreateSessionResponse,
  credential: Credential | undefined,
  secured: Secured | undefined,
): Promise<Identity> {
  const offered = offeredPolicies(library, response, secured?.security);
  const { UserTokenType } = library;
  switch (credential?.kind) {
    case undefined:
      return { userIdentityToken: new library.AnonymousIdentityToken({ policyId: anonymous(library, offered) }) };
    case "opcua-user": {
      const { policy, name } = chosen(library, offered, UserTokenType.UserName, "a user's name", secured!);
      const password = Buffer.from(credential.password.reveal(), "utf8");
      const token = { policyId: policy.policyId, userName: credential.userName.reveal() };
      const { UserNameIdentityToken } = library;
      // The channel encrypts it: the server has said that this is enough.
      if (name === "None") return { userIdentityToken: new UserNameIdentityToken({ ...token, password, encryptionAlgorithm: null }) };
      const factory = library.getCryptoFactory(library.SecurityPolicy[name])!;
      const serverNonce = nonceOf(response);
      const length = Buffer.alloc(4);
      length.writeUInt32LE(password.length + serverNonce.length);
      const publicKey = createPublicKey(new X509Certificate(secured!.serverCertificate).publicKey.export({ type: "spki", format: "pem" }));
      const hidden = factory.asymmetricEncrypt(Buffer.concat([length, password, serverNonce]), publicKey as never);
      const encryptionAlgorithm = factory.asymmetricEncryptionAlgorithm;
      return { userIdentityToken: new UserNameIdentityToken({ ...token, password: hidden, encryptionAlgorithm }) };
    }
    case "opcua-certificate": {
      const { policy, name } = chosen(library, offered, UserTokenType.Certificate, "a user's certificate", secured!);
      const certificateData = new X509Certificate(credential.certificate).raw;
      const hidden = createPrivateKey(credential.privateKey.reveal());
      const keys = new library.StaticCertificateChainProvider([certificateData], { hidden } as never);
      const by = library.SecurityPolicy[name === "None" ? secured!.security.policy : name];
      const signature = await library.computeSignatureAsync(secured!.serverCertificate, nonceOf(response), keys.getKeyOperations(), by);
      return {
        userIdentityToken: new library.X509IdentityToken({ policyId: policy.policyId, certificateData }),
        ...(signature && { userTokenSignature: signature }),
      };
    }
    case "snmp-v2c":
    case "snmp-v3":
      throw new Error(`OPC UA: a credential of kind ${credential.kind}`);
  }
}

function nonceOf({ serverNonce }: CreateSessionResponse): Buffer {
  if (!serverNonce || serverNonce.length < 32) throw new MalformedReply("CreateSession: a server nonce of fewer than 32 bytes");
  return serverNonce;
}

/** What the endpoint that we speak to takes, by mode and policy: its URL is the server's own idea of where it is. */
function offeredPolicies(
  library: Library,
  { serverEndpoints }: CreateSessionResponse,
  security: ChannelSecurity | undefined,
): readonly UserTokenPolicy[] {
  const mode = library.MessageSecurityMode[security?.mode ?? "None"];
  const policy = library.SecurityPolicy[security?.policy ?? "None"] as string;
  const own = (serverEndpoints ?? []).filter((one) => one.securityMode === mode && one.securityPolicyUri === policy);
  return own.flatMap(({ userIdentityTokens }) => userIdentityTokens ?? []);
}

/** Servers that list nothing take an empty name. */
function anonymous({ UserTokenType }: Library, offered: readonly UserTokenPolicy[]): string | null {
  if (offered.length === 0) return null;
  const policy = offered.find(({ tokenType }) => tokenType === UserTokenType.Anonymous);
  if (policy) return policy.policyId;
  throw new Refusal("CreateSession: the server takes no session without a user on this endpoint; name a credential");
}

type PolicyName = ChannelSecurity["policy"] | "None";

/** Of what the server offers, the first that is safe here: what hides a password by itself, or leaves it to a channel that encrypts. */
function chosen(
  { SecurityPolicy }: Library,
  offered: readonly UserTokenPolicy[],
  type: number,
  words: string,
  { security }: Secured,
): { readonly policy: UserTokenPolicy; readonly name: PolicyName } {
  const names: readonly PolicyName[] = ["Aes256_Sha256_RsaPss", "Basic256Sha256", "Aes128_Sha256_RsaOaep", "None"];
  const ways = offered
    .filter(({ tokenType }) => tokenType === type)
    .flatMap((policy) => {
      const uri = policy.securityPolicyUri;
      const name = uri ? names.find((one) => (SecurityPolicy[one] as string) === uri) : security.policy;
      return name === undefined || (name === "None" && security.mode !== "SignAndEncrypt") ? [] : [{ policy, name }];
    });
  const [best] = ways.toSorted((a, b) => names.indexOf(a.name) - names.indexOf(b.name));
  if (best) return best;
  throw new Refusal(`CreateSession: the server offers no safe way for ${words} on this endpoint`);
}
