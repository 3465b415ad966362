/** The pure half of OPC UA: what may be asked, in which messages. */
import type { CredentialKind } from "../../domain/credentials.ts";
import type { DeepRead } from "../../domain/deep-reads.ts";
import type { Method, MethodInput } from "../../domain/driver.ts";
import { formatDuration } from "../../domain/duration.ts";
import { limits } from "../../domain/limits.ts";
import { opcuaServerNodes } from "../../domain/opcua.ts";
import type { MethodId } from "../../domain/operations.ts";
import type { Allowance } from "../../domain/plan.ts";
import { securityWords, type ChannelSecurity } from "../../domain/security.ts";
import { milliseconds, type Milliseconds } from "../../domain/units.ts";
import {
  allowance,
  endpointUrl,
  helloTemplate,
  messageTemplate,
  readServerTemplate,
  urlBytesMax,
  type Endpoint,
  type Service,
} from "./templates.ts";
import { keepaliveWithin, termsFor, type Terms } from "./terms.ts";

/** HEL and ACK, and nothing more: no channel, no session, no cryptography. */
export interface HelloAsk {
  readonly what: "hello";
  readonly endpoint: Endpoint | undefined;
}

/** A channel without security and without a session, for what the server says of itself to everybody. */
export interface EndpointsAsk {
  readonly what: "endpoints";
  readonly endpoint: Endpoint | undefined;
  /** A deep query wants the whole list in words; absent: a heartbeat. */
  readonly facts?: true;
}

/** One Publish an asking on a subscription without monitored items, or one Read of ServerStatus. */
export interface SessionAsk {
  readonly what: "keepalive" | "read";
  readonly endpoint: Endpoint | undefined;
  readonly interval: Milliseconds;
  readonly terms: Terms;
  /** Absent: none. `serverCertificate` is DER in base64; absent where a family is described. */
  readonly security?: ChannelSecurity & { readonly serverCertificate?: string; readonly fingerprint?: string };
  readonly user: "nobody" | Extract<CredentialKind, `opcua-${string}`>;
  /** What a deep query asks in its place; absent: a heartbeat. Of the nodes that say who the server is, so many, from the first on. */
  readonly more?: { readonly read: "endpoints" } | { readonly read: "server"; readonly nodes: number };
}

export type OpcuaAsk = HelloAsk | EndpointsAsk | SessionAsk;

const port = 4840;
const nothing: Allowance = allowance(0, []);
const shared = { protocol: "opcua", transport: "tcp", defaultPort: port, proves: "comms-module" } as const;

const helloMethod: Method<HelloAsk> = {
  ...shared,
  id: "opcua-hello",
  connection: "fresh",
  parse(input) {
    const problems = strayProblems(input, "opcua-hello");
    return problems.length > 0 ? { problems } : { ask: Object.freeze({ what: "hello", endpoint: input.endpoint }) };
  },
  opening: () => allowance(1, []),
  asking: ({ endpoint }) => allowance(0, [helloTemplate(endpoint)]),
  closing: () => nothing,
  describe: ({ endpoint }) => `HEL and its ACK, no channel and no session${pathWords(endpoint)}`,
};

/** Beside a secured heartbeat a deep query asks as that one does, so that it can be within its session. */
const endpointsMethod: Method<EndpointsAsk | SessionAsk> = {
  ...shared,
  id: "opcua-get-endpoints",
  connection: "fresh",
  deepWith: { takesSecurity: true, credentialKinds: ["none", "opcua-user", "opcua-certificate"] },
  parse(input) {
    if (input.deep && input.security) return readMethod.parse(input);
    const problems = [...strayProblems(input, "opcua-get-endpoints"), ...userProblems(input)];
    return problems.length > 0
      ? { problems }
      : { ask: Object.freeze({ what: "endpoints", endpoint: input.endpoint, ...(input.deep && { facts: true }) }) };
  },
  opening: (ask) =>
    ask.what === "endpoints" ? allowance(1, [helloTemplate(ask.endpoint), messageTemplate("opcua-open-channel")]) : readMethod.opening(ask),
  asking: (ask) => (ask.what === "endpoints" ? allowance(0, [messageTemplate("opcua-get-endpoints")]) : readMethod.asking(ask)),
  closing: (ask) => (ask.what === "endpoints" ? allowance(0, [messageTemplate("opcua-close-channel")]) : readMethod.closing(ask)),
  describe: (ask) =>
    ask.what === "endpoints"
      ? `HEL, OpenSecureChannel, GetEndpoints, CloseSecureChannel; security None, no session${pathWords(ask.endpoint)}`
      : readMethod.describe(ask),
};

function sessionMethod(id: MethodId, what: SessionAsk["what"], opened: readonly Service[], asked: Service): Method<SessionAsk> {
  const templates = (ask: SessionAsk, services: readonly Service[]): ReturnType<typeof messageTemplate>[] =>
    services.map((service) => messageTemplate(service, ask.security));
  return {
    ...shared,
    id,
    connection: "kept",
    takesSecurity: true,
    credentialKinds: ["none", "opcua-user", "opcua-certificate"],
    parse(input) {
      const problems = [...strayProblems(input, id), ...userProblems(input)];
      if (problems.length > 0) return { problems };
      const { interval = limits.intervalDefault, endpoint, security, serverCertificate } = input;
      const ask: SessionAsk = {
        what,
        endpoint,
        interval,
        terms: termsFor(interval),
        user: userOf(input),
        ...(input.deep && { more: moreOf(input.deep) }),
        ...(security && {
          security: {
            ...security,
            ...(serverCertificate && { serverCertificate: serverCertificate.der, fingerprint: serverCertificate.sha256 }),
          },
        }),
      };
      return { ask: Object.freeze(ask) };
    },
    opening: (ask) =>
      allowance(1, [
        helloTemplate(ask.endpoint),
        ...templates(ask, ["opcua-open-channel", "opcua-create-session", "opcua-activate-session", ...opened]),
      ]),
    // A channel is renewed together with a heartbeat; a question of a deep query comes between two of them, and is one message.
    asking: (ask) => {
      if (ask.more === undefined) return allowance(0, templates(ask, ["opcua-open-channel", asked]));
      if (ask.more.read === "server") return allowance(0, [readServerTemplate(ask.more.nodes, ask.security)]);
      return allowance(0, templates(ask, ["opcua-get-endpoints"]));
    },
    closing: (ask) => allowance(0, templates(ask, ["opcua-close-session", "opcua-close-channel"])),
    ...(what === "keepalive" && { answerWithin: ({ interval }: SessionAsk): Milliseconds => keepaliveWithin(interval) }),
    describe: (ask) =>
      `once: HEL, OpenSecureChannel, CreateSession, ActivateSession (${userWords[ask.user]})${subscriptionWords(ask)}; then ${askedWords(ask)}; at the end CloseSession, CloseSecureChannel; ${securityWords(ask.security)}${ask.security?.fingerprint === undefined ? "" : `, server certificate SHA-256 ${ask.security.fingerprint}`}${pathWords(ask.endpoint)}`,
  };
}

const keepaliveMethod: Method<SessionAsk> = sessionMethod("opcua-keepalive", "keepalive", ["opcua-create-subscription"], "opcua-publish");
const readMethod: Method<SessionAsk> = sessionMethod("opcua-read", "read", [], "opcua-read");

export const opcuaMethods: readonly Method<OpcuaAsk>[] = [helloMethod, endpointsMethod, keepaliveMethod, readMethod];

const userWords: Readonly<Record<SessionAsk["user"], string>> = {
  nobody: "anonymous",
  "opcua-user": "with a user's name and password",
  "opcua-certificate": "with a user's certificate",
};

function subscriptionWords({ what, terms }: SessionAsk): string {
  if (what === "read") return "";
  const { publishingInterval, keepAliveCount } = terms;
  const period = formatDuration(milliseconds(publishingInterval * keepAliveCount));
  return `, CreateSubscription without monitored items (publishing every ${formatDuration(publishingInterval)}, a keep-alive after ${period})`;
}

function moreOf({ read, nodesMax = opcuaServerNodes.length }: DeepRead): NonNullable<SessionAsk["more"]> {
  return read === "opcua-endpoints" ? { read: "endpoints" } : { read: "server", nodes: Math.min(nodesMax, opcuaServerNodes.length) };
}

function askedWords({ what, more }: SessionAsk): string {
  if (more?.read === "endpoints") return "one GetEndpoints";
  if (more) return `one Read of the first ${more.nodes} nodes that say who the server is and what it bears`;
  const asked = what === "read" ? "Read of ServerStatus.State and CurrentTime" : "Publish";
  return `one ${asked} each time, with OpenSecureChannel again where the channel must be renewed`;
}

function userOf({ credentials }: MethodInput): SessionAsk["user"] {
  return credentials?.kind === "opcua-user" || credentials?.kind === "opcua-certificate" ? credentials.kind : "nobody";
}

/** Without security a name and a password would be there for everybody to read, and a certificate would prove nothing. */
function userProblems({ credentials, security }: MethodInput): string[] {
  if (credentials === undefined || security !== undefined) return [];
  return [
    `credentials: found ${credentials.kind} without security, expected security: {mode: SignAndEncrypt, policy: Basic256Sha256} or another`,
  ];
}

/** Only where there is one: without it the URL says no more than address and port. */
function pathWords(endpoint: Endpoint | undefined): string {
  return endpoint?.path === undefined ? "" : `; endpoint URL ${endpointUrl(endpoint)}`;
}

function strayProblems({ unitId, register, security, endpoint }: MethodInput, id: MethodId): string[] {
  const secures = id === "opcua-keepalive" || id === "opcua-read";
  const url = endpoint === undefined ? "" : endpointUrl(endpoint);
  return [
    ...(url.length <= urlBytesMax ? [] : [`endpointPath: found ${url}, ${url.length} bytes, expected a URL of at most ${urlBytesMax}`]),
    ...(unitId === undefined ? [] : [`unitId: found ${unitId}, expected none: OPC UA has no units`]),
    ...(register === undefined ? [] : ["register: found one, expected none: OPC UA has no registers"]),
    ...(security === undefined || secures ? [] : [`security: found ${securityWords(security)}, expected none: ${id} speaks without`]),
  ];
}
