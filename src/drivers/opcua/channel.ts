/** A secure channel of node-opcua over a lent wire, with a list of what may be asked on it and a renewal that waits for leave. */
import type { ClientSecureChannelLayer } from "node-opcua";
import { MalformedReply } from "../../domain/driver.ts";
import { opcuaServerNodes } from "../../domain/opcua.ts";
import type { Milliseconds } from "../../domain/units.ts";
import type { Wire } from "../../domain/wire.ts";
import { flawOfAcknowledge, isError } from "./hello.ts";
import type { Library } from "./library.ts";
import { errorOf, Refusal, refusedBy, type Status } from "./refusal.ts";
import { statusName } from "./status-names.ts";
import type { Secured } from "./secured.ts";
import { transportOver } from "./transport.ts";

export interface ChannelTerms {
  readonly lifetime: Milliseconds;
  /** What each request tells the server; the library's own timer, which must never be the first to go off. */
  readonly timeoutHint: Milliseconds;
  /** Absent: no security. */
  readonly secured: Secured | undefined;
  readonly url: string;
}

/** The part of the guard that sees what an encrypted channel hides from the wire: nothing else is even encoded. */
export const allowedRequests: ReadonlySet<string> = new Set([
  "OpenSecureChannelRequest",
  "CloseSecureChannelRequest",
  "GetEndpointsRequest",
  "CreateSessionRequest",
  "ActivateSessionRequest",
  "CloseSessionRequest",
  "CreateSubscriptionRequest",
  "PublishRequest",
  "ReadRequest",
]);

/** ServerStatus.CurrentTime and State, and what a deep query reads. */
const readable: ReadonlySet<unknown> = new Set([2258, 2259, ...opcuaServerNodes.map(([id]) => id)]);

export type Request = Parameters<ClientSecureChannelLayer["performMessageTransaction"]>[0];
type Fault = Error & { readonly response?: { readonly responseHeader: { readonly serviceResult: Status } } };
type Done<Value> = (error: Error | null | undefined, value?: Value) => void;

export class Channel {
  readonly #layer: ClientSecureChannelLayer;
  #pending: ((error: Error) => void) | undefined;
  #renew: (() => void) | undefined;
  #gone = false;

  private constructor(wire: Wire, library: Library, { lifetime, timeoutHint, secured }: ChannelTerms) {
    const watch = { arriving: (frame: Uint8Array) => this.#arriving(frame), delivered: (frame: Uint8Array) => this.#delivered(frame) };
    this.#layer = new library.ClientSecureChannelLayer({
      defaultSecureTokenLifetime: lifetime,
      defaultTransactionTimeout: timeoutHint,
      transportTimeout: timeoutHint,
      connectionStrategy: { maxRetry: 0 },
      securityMode: library.MessageSecurityMode[secured?.security.mode ?? "None"],
      securityPolicy: library.SecurityPolicy[secured?.security.policy ?? "None"],
      ...(secured && { serverCertificate: secured.serverCertificate, parent: secured.own }),
      transportFactory: { create: () => transportOver(wire, library, watch) },
    } as ConstructorParameters<typeof ClientSecureChannelLayer>[0]);
    this.#layer.on("beforePerformTransaction", (_type: string, request: Request) => {
      const { name } = request.constructor;
      if (!allowedRequests.has(name)) throw new Error(`${name} is not among the requests of a heartbeat`);
      if (request instanceof library.ReadRequest && !isReadable(library, request)) throw new Error("a Read of nodes that nobody reads");
    });
    // The library renews by its own timer, when it likes: it may as soon as something is asked.
    this.#layer.beforeSecurityRenew = () => new Promise((resolve) => (this.#renew = resolve));
    void wire.closed.then(() => (this.#gone = true));
  }

  /** HEL, ACK, OpenSecureChannel. @throws Refusal, MalformedReply */
  static async open(wire: Wire, library: Library, terms: ChannelTerms): Promise<Channel> {
    const channel = new Channel(wire, library, terms);
    await channel.#transact<undefined>("OpenSecureChannel", (done) => channel.#layer.create(terms.url, done));
    return channel;
  }

  /** For how long the server grants the channel. */
  get lifetime(): number {
    return this.#layer.activeSecurityToken?.revisedLifetime ?? 0;
  }

  /** False once the server has ended it, or the wire has. */
  get usable(): boolean {
    return !this.#gone && this.#layer.isOpened();
  }

  /** @throws Refusal where the server says no, MalformedReply where it makes no sense */
  async request<Response extends object>(request: Request, expected: new (...args: never[]) => Response): Promise<Response> {
    const asked = request.constructor.name.replace(/Request$/u, "");
    const response = await this.#transact<{ readonly responseHeader: { readonly serviceResult: Status & { isGood(): boolean } } }>(
      asked,
      (done) =>
        this.#layer.performMessageTransaction(request, done as Parameters<ClientSecureChannelLayer["performMessageTransaction"]>[1]),
    );
    if (!(response instanceof expected)) throw new MalformedReply(`${asked}: answered by ${response.constructor.name}`);
    const { serviceResult } = response.responseHeader;
    if (!serviceResult.isGood()) throw refusedBy(asked, serviceResult);
    return response;
  }

  /** Lets a renewal go that has become due, and waits for it. */
  async renewIfDue(): Promise<void> {
    const renew = this.#renew;
    if (!renew) return;
    this.#renew = undefined;
    await this.#transact<void>("OpenSecureChannel", (done) => {
      this.#layer.once("security_token_renewed", () => done(null));
      renew();
    });
  }

  /** Says CLO where it can still be said. Nothing of the library is left afterwards. */
  close(): void {
    this.#gone = true;
    this.#layer.close(() => {});
  }

  #transact<Value>(asked: string, start: (done: Done<Value>) => void): Promise<Value> {
    return new Promise<Value>((resolve, reject) => {
      const settle = (error: Error | undefined, value?: Value): void => {
        this.#pending = undefined;
        if (error) reject(error);
        else resolve(value as Value);
      };
      this.#pending = settle;
      start((error, value) => settle(error ? failureOf(asked, error) : undefined, value));
    });
  }

  #arriving(frame: Uint8Array): boolean {
    if (isError(frame)) {
      this.#gone = true;
      this.#pending?.(errorOf(frame, statusName));
      return false;
    }
    const flaw = frame[0] === acknowledge ? flawOfAcknowledge(frame) : undefined;
    if (flaw) this.#pending?.(flaw);
    return flaw === undefined;
  }

  /** The library drops in silence what it cannot read; with one question out, a whole answer that settles nothing is nonsense. */
  #delivered(frame: Uint8Array): void {
    if (frame[0] === acknowledge) return;
    this.#pending?.(new MalformedReply("node-opcua could not read the answer"));
  }
}

const acknowledge = 0x41;

function isReadable({ AttributeIds }: Library, { nodesToRead }: InstanceType<Library["ReadRequest"]>): boolean {
  const wanted = nodesToRead ?? [];
  return wanted.every(
    ({ nodeId, attributeId, indexRange }) =>
      nodeId.namespace === 0 && readable.has(nodeId.value) && attributeId === AttributeIds.Value && indexRange.isEmpty(),
  );
}

function failureOf(asked: string, error: Error): Error {
  if (error instanceof Refusal || error instanceof MalformedReply) return error;
  const fault = (error as Fault).response;
  if (fault) return refusedBy(asked, fault.responseHeader.serviceResult);
  return new MalformedReply(`${asked}: ${error.message}`, { cause: error });
}
