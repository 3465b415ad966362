/** The list of a server's endpoints in words, for the record of a deep query: where, how secured, shown by which certificate, for which users. */
import type { EndpointDescription, UserTokenPolicy } from "node-opcua";
import type { SaidFact } from "../../domain/outcome.ts";
import { printable } from "../../domain/printable.ts";
import { securityModes } from "../../domain/security.ts";
import { fingerprint, firstOfChain, thumbprint } from "./fingerprint.ts";
import type { Library } from "./library.ts";

const charactersMax = 200;
const endpointsMax = 64;
const urlsMax = 8;
const tokensMax = 8;
const uaTcp = "http://opcfoundation.org/UA-Profile/Transport/uatcp-uasc-uabinary";

/** What the server is called, then each endpoint in its order; what there is beyond 64 is counted. */
export function endpointFacts(library: Library, endpoints: readonly EndpointDescription[]): readonly SaidFact[] {
  const [first] = endpoints;
  if (first === undefined) return [["endpoints", "none"]];
  const { applicationName, applicationUri, productUri, applicationType, discoveryUrls } = first.server;
  const about: readonly (readonly [string, string | null | undefined])[] = [
    ["application name", applicationName.text],
    ["application URI", applicationUri],
    ["product URI", productUri],
    ["application type", library.ApplicationType[applicationType]],
    ...(discoveryUrls ?? []).slice(0, urlsMax).map((url, at) => [`discovery URL ${at + 1}`, url] as const),
  ];
  return [
    ...about.flatMap(([name, value]): readonly SaidFact[] => (value ? [[name, printable(value, charactersMax)]] : [])),
    ...endpoints.slice(0, endpointsMax).map((one, at): SaidFact => [`endpoint ${at + 1}`, endpointWords(library, one)]),
    ...(endpoints.length > endpointsMax ? [["endpoints", `and ${endpoints.length - endpointsMax} more`] as const] : []),
  ];
}

/** `opc.tcp://192.0.2.7:4840; SignAndEncrypt Basic256Sha256; certificate SHA-256 …, thumbprint (SHA-1) …; users: Anonymous; level 110`. */
function endpointWords(library: Library, endpoint: EndpointDescription): string {
  const { endpointUrl, securityMode, securityPolicyUri, serverCertificate, userIdentityTokens, securityLevel, transportProfileUri } =
    endpoint;
  const mode = securityModes.find((one) => library.MessageSecurityMode[one] === securityMode) ?? `mode ${securityMode}`;
  const tokens = userIdentityTokens ?? [];
  const named = [...new Set(tokens.map((one) => tokenWords(library, one)))];
  return [
    endpointUrl ? printable(endpointUrl, charactersMax) : "no URL",
    mode === "None" ? "no security" : `${mode} ${policyWords(securityPolicyUri) || "without a policy"}`,
    certificateWords(serverCertificate),
    `users: ${named.slice(0, tokensMax).join(", ") || "none named"}${named.length > tokensMax ? ` and ${named.length - tokensMax} more` : ""}`,
    `level ${securityLevel}`,
    ...(transportProfileUri === uaTcp || !transportProfileUri ? [] : [`over ${printable(transportProfileUri, charactersMax)}`]),
  ].join("; ");
}

/** `UserName (Basic256Sha256)`: by which policy a password is hidden, where that is not the endpoint's own. */
function tokenWords({ UserTokenType }: Library, { tokenType, securityPolicyUri }: UserTokenPolicy): string {
  const policy = policyWords(securityPolicyUri);
  return `${UserTokenType[tokenType] ?? `type ${tokenType}`}${policy === "" ? "" : ` (${policy})`}`;
}

function policyWords(uri: string | null | undefined): string {
  return printable(uri?.split("#").at(-1) ?? "", charactersMax);
}

function certificateWords(chain: Uint8Array | null | undefined): string {
  if (!chain || chain.length === 0) return "no certificate";
  const der = firstOfChain(chain);
  if (der === undefined) return "a certificate that cannot be read";
  return `certificate SHA-256 ${fingerprint(der)}, thumbprint ${thumbprint(der)}`;
}
