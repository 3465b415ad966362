/** What of node-opcua is used, and loading it: its channel, its messages and its cryptography, never its client. */
import type * as NodeOpcua from "node-opcua";

export type Library = Pick<
  typeof NodeOpcua,
  | "ActivateSessionRequest"
  | "ActivateSessionResponse"
  | "AnonymousIdentityToken"
  | "ApplicationType"
  | "AttributeIds"
  | "ClientSecureChannelLayer"
  | "ClientTransportBase"
  | "CloseSessionRequest"
  | "CloseSessionResponse"
  | "CreateSessionRequest"
  | "CreateSessionResponse"
  | "CreateSubscriptionRequest"
  | "CreateSubscriptionResponse"
  | "DiskCertificateKeyPairProvider"
  | "GetEndpointsRequest"
  | "GetEndpointsResponse"
  | "MessageSecurityMode"
  | "OPCUACertificateManager"
  | "PublishRequest"
  | "PublishResponse"
  | "ReadRequest"
  | "ReadResponse"
  | "SecurityPolicy"
  | "StaticCertificateChainProvider"
  | "TimestampsToReturn"
  | "UserNameIdentityToken"
  | "UserTokenType"
  | "X509IdentityToken"
  | "computeSignatureAsync"
  | "getCryptoFactory"
  | "getKeyOperationsFromProvider"
  | "verifySignature"
>;

let library: Library | undefined;

/** Loads it once: 1 s and 145 MB (measured), during which the process stands still. */
export async function loaded(): Promise<Library> {
  if (library) return library;
  const whole = await import("node-opcua");
  // It would write to the console, with colours, what the outcome says anyway.
  whole.setWarningLogger(silent);
  whole.setErrorLogger(silent);
  whole.setDebugLogger(silent);
  library = whole;
  return library;
}

function silent(): void {}
