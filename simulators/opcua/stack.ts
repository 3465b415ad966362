/** A well-behaved OPC UA server on node-opcua, for what the small simulator does not speak: encryption, certificates and users. Heavy: some 130 MB. */
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import {
  MessageSecurityMode,
  OPCUACertificateManager,
  OPCUAServer,
  RegisterServerMethod,
  SecurityPolicy,
  setErrorLogger,
  setWarningLogger,
} from "node-opcua";

export type StackSecurity =
  | { readonly mode: "None" }
  | { readonly mode: "Sign" | "SignAndEncrypt"; readonly policy: "Basic256Sha256" | "Aes128_Sha256_RsaOaep" | "Aes256_Sha256_RsaPss" };

export interface OpcuaStackOptions {
  readonly host: string;
  readonly port: number;
  /** For its keys; made where it is not there. A second server may use the same. */
  readonly folder: string;
  readonly security: readonly StackSecurity[];
  /** Who may come beside anonymous users; without it only those. */
  readonly user?: { readonly name: string; readonly password: string };
  readonly anonymous?: boolean;
  /** "expired": its certificate ended a month ago. */
  readonly certificate?: "valid" | "expired";
  readonly sessionsMax?: number;
}

export interface OpcuaStackCounts {
  /** Secure channels opened, and how often each request class came; OPN of a new channel is no request here. */
  channels: number;
  readonly requestsByClass: Map<string, number>;
  mostSessionsAtOnce: number;
}

export interface OpcuaStack {
  readonly host: string;
  readonly port: number;
  readonly counts: OpcuaStackCounts;
  /** PEM; what a client is to pin. */
  readonly certificateFile: string;
  sessionsNow(): number;
  close(): Promise<void>;
}

const dayMs = 86_400_000;

/** Whatever it has to say goes nowhere: it counts, and its caller asks. */
export async function startOpcuaStack(options: OpcuaStackOptions): Promise<OpcuaStack> {
  setWarningLogger(() => {});
  setErrorLogger(() => {});
  const { host, port, folder, security, certificate = "valid" } = options;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const applicationUri = "urn:watchkeeper:simulator:stack";
  const manager = new OPCUACertificateManager({ rootFolder: folder, automaticallyAcceptUnknownCertificate: true });
  await manager.initialize();
  const certificateFile = join(folder, `${certificate}.pem`);
  if (!existsSync(certificateFile))
    await manager.createSelfSignedCertificate({
      applicationUri,
      subject: "/CN=watchkeeper-simulator",
      dns: [],
      ip: [host],
      outputFile: certificateFile,
      startDate: new Date(Date.now() - (certificate === "expired" ? 60 : 1) * dayMs),
      validity: 30,
    });
  const secure = security.flatMap((one) => (one.mode === "None" ? [] : [one]));
  const user = options.user;
  const server = new OPCUAServer({
    host,
    port,
    hostname: host,
    serverInfo: { applicationUri },
    serverCertificateManager: manager,
    userCertificateManager: manager,
    certificateFile,
    privateKeyFile: manager.privateKey,
    securityModes: [...new Set(security.map(({ mode }) => MessageSecurityMode[mode]))],
    securityPolicies: [
      ...new Set([
        ...(secure.length < security.length ? [SecurityPolicy.None] : []),
        ...secure.map(({ policy }) => SecurityPolicy[policy]),
      ]),
    ],
    allowAnonymous: options.anonymous ?? user === undefined,
    ...(user === undefined
      ? {}
      : { userManager: { isValidUser: (name: string, password: string) => name === user.name && password === user.password } }),
    disableDiscovery: false,
    registerServerMethod: RegisterServerMethod.HIDDEN,
    serverCapabilities: { maxSessions: options.sessionsMax ?? 10 },
  });
  const counts: OpcuaStackCounts = { channels: 0, requestsByClass: new Map(), mostSessionsAtOnce: 0 };
  server.on("newChannel", () => (counts.channels += 1));
  server.on("request", (request: object) => {
    const name = request.constructor.name;
    counts.requestsByClass.set(name, (counts.requestsByClass.get(name) ?? 0) + 1);
  });
  server.on("create_session", () => (counts.mostSessionsAtOnce = Math.max(counts.mostSessionsAtOnce, server.currentSessionCount)));
  await server.start();
  return {
    host,
    port: server.endpoints[0]?.port ?? port,
    counts,
    certificateFile,
    sessionsNow: () => server.currentSessionCount,
    close: () => server.shutdown(0),
  };
}
