/** What a protocol brings: a pure half that the plan, approvals and explain need, and a half that speaks. */
import type { Credential, CredentialKind, CredentialShape } from "./credentials.ts";
import type { DeepRead } from "./deep-reads.ts";
import type { ValueType } from "./expectation.ts";
import type { MethodId, Protocol } from "./operations.ts";
import type { Answer } from "./outcome.ts";
import type { Allowance, Framing, PortUp, Proof, Transport } from "./plan.ts";
import type { S7Bytes, S7Route } from "./s7.ts";
import type { ChannelSecurity, PinnedCertificate } from "./security.ts";
import type { Milliseconds, WallMs } from "./units.ts";
import type { Wire } from "./wire.ts";

/** What the watchlist and the profile say of one check, merged and typed, before the method has judged it. */
export interface MethodInput {
  readonly unitId?: number;
  /** How the gateway takes frames; absent: as the method does. */
  readonly framing?: Framing;
  /** 0-based, inclusive; `value` where the registers are read as one value. */
  readonly register?: { readonly protocolAddress: number; readonly count: number; readonly value?: ValueType };
  /** Bytes of an S7 CPU, where such are read. */
  readonly bytes?: S7Bytes;
  /** Where in its racks an S7 CPU stands, and as whom it is asked; absent where neither watchlist nor profile says. */
  readonly s7?: S7Route;
  /** What the check goes over: the method's own, or one of its other transports that the watchlist names. */
  readonly transport?: Transport;
  /** Ports of a switch that are expected to be up; absent: none. */
  readonly portsUp?: readonly PortUp[];
  /** Which credential, and how long its readable part is; never what is in it. */
  readonly credentials?: CredentialShape;
  /** Where the request goes, for protocols that say so in it; absent where a family is described and no device. */
  readonly endpoint?: { readonly address: string; readonly port: number; readonly path?: string };
  /** Absent: none. */
  readonly security?: ChannelSecurity;
  /** Of the server that is asked; absent where a family is described, or where nobody has pinned one: then nothing is asked. */
  readonly serverCertificate?: PinnedCertificate;
  /** What a deep query reads by the method; absent: the heartbeat's own request. */
  readonly deep?: DeepRead;
  /** How often it is asked; absent where a family is described. */
  readonly interval?: Milliseconds;
}

/** The pure half: exact frames and figures, with no package loaded. */
export interface Method<Ask = unknown> {
  readonly id: MethodId;
  readonly protocol: Protocol;
  readonly transport: Transport;
  /** Others that a check may name in its place; absent where there are none. */
  readonly otherTransports?: readonly Transport[];
  readonly defaultPort: number;
  /** The kinds of credentials it takes, of which a check must name one; with "none" among them it may do without. Absent: it takes none. */
  readonly credentialKinds?: readonly (CredentialKind | "none")[];
  /** What an answer proves at least; a profile may say more for its family. */
  readonly proves: Proof;
  /** A check may secure its channel; absent: it may not. */
  readonly takesSecurity?: true;
  /** What a question of a deep query takes of its heartbeat's security and credentials, where that is more than a heartbeat by this method may have. */
  readonly deepWith?: Pick<Method, "takesSecurity" | "credentialKinds">;
  /** By nature of the protocol: kept where it agrees itself how long a connection may rest, fresh where one serves one question only. Absent: as the profile says. */
  readonly connection?: "fresh" | "kept";
  /** Problems are whole sentences: what was found, what is expected. */
  parse(input: MethodInput): { readonly ask: Ask } | { readonly problems: readonly string[] };
  /** Phases of one exchange, with their exact frame templates. */
  opening(ask: Ask): Allowance;
  asking(ask: Ask): Allowance;
  closing(ask: Ask): Allowance;
  /** How long an answer may take, where the protocol itself makes it wait; absent: as the files say. */
  answerWithin?(ask: Ask): Milliseconds;
  /** What is sent, in one line that an engineer signs: `FC 43/14 read device identification, basic, unit 1`. */
  describe(ask: Ask): string;
}

/** What a plan will want of a driver. */
export interface Needs<Ask = unknown> {
  readonly asks: readonly Ask[];
  /** An absolute path in the state folder, for keys of the poller's own; nobody else reads it. */
  readonly keysFolder: string;
  readonly wallNow: WallMs;
}

/** The speaking half. Knows its protocol only: no clock, retry, metric or logger, no state that outlives its connection. */
export interface Driver<Ask = unknown> {
  readonly protocol: Protocol;
  /** Loads the protocol's package, once; before the first packet, because the process stands still meanwhile. */
  prepare(needs?: Needs<Ask>): Promise<void>;
  /** @param credential what the check's `credentials` name, at this moment; undefined where it names none */
  open(wire: Wire, ask: Ask, credential?: Credential): Promise<Session<Ask>>;
}

export interface Session<Ask = unknown> {
  /** One question, one answer; with `from` the part of a divided answer that begins there. May never settle when the peer falls silent: the keeper goes by the wire and the deadline. Rejects with `MalformedReply` when the reply breaks the protocol. */
  ask(ask: Ask, from?: number): Promise<Answer>;
  /** Says goodbye if the protocol has a word for it, and forgets the library's timers. Never closes the socket. */
  leave(): Promise<void>;
  /** True once it is of no further use, though the device answered: it is not kept for the next asking. Absent: never. */
  readonly over?: boolean;
}

/** A reply that is well framed and yet not what the protocol says; the exchange is `malformed`. */
export class MalformedReply extends Error {
  override readonly name = "MalformedReply";
}

/**
 * The exchange is over without an answer, for a reason that the wire cannot see. `refused`: the device turned the connection away in the
 * protocol's own words. `driver_unavailable`: what the driver needs on this machine has failed, which says nothing about the device.
 */
export class ExchangeEnded extends Error {
  override readonly name = "ExchangeEnded";
  readonly failure: "refused" | "driver_unavailable";

  constructor(failure: "refused" | "driver_unavailable", message: string, options?: ErrorOptions) {
    super(message, options);
    this.failure = failure;
  }
}
