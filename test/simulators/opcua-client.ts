/** node-opcua's own client, without retries and subscriptions of its own: what judges the simulated OPC UA servers. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import {
  type ClientSession,
  CreateSubscriptionRequest,
  type CreateSubscriptionResponse,
  MessageSecurityMode,
  OPCUACertificateManager,
  OPCUAClient,
  PublishRequest,
  type PublishResponse,
  SecurityPolicy,
  setErrorLogger,
  setWarningLogger,
} from "node-opcua";

export interface ClientWishes {
  readonly encrypted?: boolean;
  readonly sessionTimeoutMs?: number;
}

/** The raw services, which the library's types leave out. */
interface RawServices {
  createSubscription(request: CreateSubscriptionRequest, done: (error: Error | null, response?: CreateSubscriptionResponse) => void): void;
  publish(request: PublishRequest, done: (error: Error | null, response?: PublishResponse) => void): void;
}

setWarningLogger(() => {});
setErrorLogger(() => {});

/** Not connected yet; it ends with the test, and so do its keys. */
export async function opcuaClient(t: TestContext, { encrypted = false, sessionTimeoutMs = 5000 }: ClientWishes = {}): Promise<OPCUAClient> {
  const folder = mkdtempSync(join(tmpdir(), "opcua-client-"));
  const clientCertificateManager = new OPCUACertificateManager({
    rootFolder: join(folder, "pki"),
    automaticallyAcceptUnknownCertificate: true,
  });
  await clientCertificateManager.initialize();
  const client = OPCUAClient.create({
    connectionStrategy: { maxRetry: 0 },
    keepSessionAlive: false,
    endpointMustExist: false,
    transportTimeout: 10_000,
    requestedSessionTimeout: sessionTimeoutMs,
    clientCertificateManager,
    certificateFile: join(folder, "own.pem"),
    applicationName: "simulator-test",
    securityMode: encrypted ? MessageSecurityMode.SignAndEncrypt : MessageSecurityMode.None,
    securityPolicy: encrypted ? SecurityPolicy.Basic256Sha256 : SecurityPolicy.None,
  });
  t.after(async () => {
    await client.disconnect();
    await clientCertificateManager.dispose();
    rmSync(folder, { recursive: true, force: true });
  });
  return client;
}

export async function opcuaSession(
  t: TestContext,
  device: { readonly host: string; readonly port: number },
  wishes: ClientWishes = {},
): Promise<ClientSession> {
  const client = await opcuaClient(t, wishes);
  await client.connect(urlOf(device));
  return client.createSession();
}

export function urlOf({ host, port }: { readonly host: string; readonly port: number }): string {
  return `opc.tcp://${host}:${port}`;
}

/** Without monitored items: its notifications are keep-alives. */
export function subscribe(session: ClientSession, publishingIntervalMs: number, keepAliveCount = 1): Promise<CreateSubscriptionResponse> {
  const request = new CreateSubscriptionRequest({
    requestedPublishingInterval: publishingIntervalMs,
    requestedLifetimeCount: 3 * keepAliveCount,
    requestedMaxKeepAliveCount: keepAliveCount,
    publishingEnabled: true,
  });
  return called((done) => (session as unknown as RawServices).createSubscription(request, done));
}

export function publish(session: ClientSession): Promise<PublishResponse> {
  return called((done) => (session as unknown as RawServices).publish(new PublishRequest({}), done));
}

function called<T>(call: (done: (error: Error | null, response?: T) => void) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    call((error, response) => {
      if (response === undefined || error !== null) reject(error ?? new Error("neither an error nor a response"));
      else resolve(response);
    });
  });
}
