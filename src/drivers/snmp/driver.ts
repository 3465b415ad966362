/** Speaks SNMP with net-snmp, which gets a wire for a socket and repeats nothing: one request an asking, after one discovery a conversation. */
import type * as Library from "net-snmp";
import type { Credential, SnmpV3Credential } from "../../domain/credentials.ts";
import { MalformedReply, type Driver, type Session } from "../../domain/driver.ts";
import type { Answer } from "../../domain/outcome.ts";
import type { Wire } from "../../domain/wire.ts";
import { answerFrom } from "./answers.ts";
import { snmpMethods, type SnmpAsk } from "./methods.ts";
import { readingOf, type Reading } from "./objects.ts";
import { AskedAgain, NarrowNumber, SnmpPort } from "./port.ts";
import type { Variable } from "./values.ts";

type NetSnmp = typeof Library;
let library: NetSnmp | undefined;

export const snmpDriver: Driver<SnmpAsk> = {
  protocol: "snmp",
  async prepare() {
    library ??= await loaded();
  },
  async open(wire, _ask, credential) {
    library ??= await loaded();
    return new SnmpSession(library, wire, credential);
  },
};

async function loaded(): Promise<NetSnmp> {
  const { default: module } = (await import("net-snmp")) as unknown as { readonly default: NetSnmp };
  return module;
}

/** Beyond every deadline of ours: the wire ends an exchange, and `leave` takes the library's timer away. */
const libraryTimeoutMs = 600_000;

class SnmpSession implements Session<SnmpAsk> {
  readonly #library: NetSnmp;
  readonly #port: SnmpPort;
  readonly #session: Library.Session;
  /** What the library could not read, which it says apart from the request. */
  #unreadable: (() => void) | undefined;

  constructor(snmp: NetSnmp, wire: Wire, credential: Credential | undefined) {
    this.#library = snmp;
    this.#port = new SnmpPort(wire);
    const options = {
      dgramModule: { createSocket: () => this.#port },
      transport: "udp4",
      retries: 0,
      timeout: libraryTimeoutMs,
      backwardsGetNexts: false,
      reportOidMismatchErrors: true,
    } as const;
    this.#session = opened(snmp, credential, options);
    this.#session.on("error", () => this.#unreadable?.());
  }

  async ask(ask: SnmpAsk, from?: number): Promise<Answer> {
    const [method] = snmpMethods;
    const templates = [...method!.opening(ask).templates, ...method!.asking(ask).templates];
    const isKnown = ask.version === "v2c" || "msgSecurityParameters" in this.#session;
    this.#port.allow(isKnown ? 1 : 2, templates);
    for (;;) {
      try {
        return answerFrom(ask, await this.#read(readingOf(ask, from)), from);
      } catch (error) {
        if (error instanceof NarrowNumber) continue;
        return this.#understood(error);
      }
    }
  }

  /** Never settles where the device stays silent: the wire ends it. */
  #read({ request, oids }: Reading): Promise<readonly Variable[]> {
    return new Promise((resolve, reject) => {
      this.#unreadable = () => reject(new MalformedReply("SNMP: the answer cannot be read"));
      const heard = (error: Error | null, variables?: readonly Library.Varbind[]): void => {
        if (error) reject(error);
        else resolve((variables ?? []) as readonly Variable[]);
      };
      if (request === "get") this.#session.get([...oids], heard);
      else this.#session.getNext([...oids], heard);
    });
  }

  /** The library's own words are not repeated: they quote what came, and what we said. */
  #understood(error: unknown): Answer {
    const { RequestFailedError, ResponseInvalidError, ErrorStatus } = this.#library as NetSnmp & Errors;
    // It would ask once more whatever the report says.
    if (error instanceof AskedAgain)
      return protocolError(
        refusalsByNumber.get(this.#port.reported) ?? "its clock was not agreed upon: it did not tell it, or has started anew",
      );
    if (error instanceof RequestFailedError) {
      const { status } = error as Error & { readonly status: number };
      return protocolError(`it answers with the error ${String(ErrorStatus[status] ?? status)}`);
    }
    if (error instanceof ResponseInvalidError) {
      const refusal = refusals.get(error.message);
      if (refusal !== undefined) return protocolError(refusal);
      throw new MalformedReply("SNMP: the answer is not what was asked for, or is not authentic");
    }
    if (error instanceof MalformedReply) throw error;
    // Thrown while it read the answer, or wrote what the answer made it write.
    throw new MalformedReply("SNMP: the answer cannot be read", { cause: error });
  }

  leave(): Promise<void> {
    this.#unreadable = undefined;
    this.#session.close();
    return Promise.resolve();
  }
}

interface Errors {
  readonly RequestFailedError: new () => Error;
  readonly ResponseInvalidError: new () => Error;
  readonly ErrorStatus: Readonly<Record<string, string | number>>;
}

/** Reports of the user-based security model (RFC 3414, 5), by the library's names for them. */
const refusals: ReadonlyMap<string, string> = new Map([
  ["Unsupported Security Level", "it refuses the credentials: it does not know this security level for the user"],
  ["Not In Time Window", "its clock was not agreed upon: it has started anew, or its clock was set"],
  ["Unknown User Name", "it refuses the credentials: it does not know the user"],
  ["Unknown Engine ID", "it has another engine id than it told"],
  ["Wrong Digest (incorrect password, community or key)", "it refuses the credentials: wrong authentication protocol or key"],
  ["Decryption Error", "it refuses the credentials: wrong encryption protocol or key"],
]);

/** The same by their numbers, where another clock could change nothing. */
const refusalsByNumber: ReadonlyMap<number | undefined, string | undefined> = new Map(
  (
    [
      [1, "Unsupported Security Level"],
      [3, "Unknown User Name"],
      [5, "Wrong Digest (incorrect password, community or key)"],
      [6, "Decryption Error"],
    ] as const
  ).map(([number, name]) => [number, refusals.get(name)]),
);

function protocolError(detail: string): Answer {
  return { said: "degraded", failure: "protocol_error", detail };
}

/** The address is of no account: the wire knows where it leads. */
const nowhere = "0.0.0.0";

function opened(snmp: NetSnmp, credential: Credential | undefined, options: object): Library.Session {
  // Version 1 stands for v2c (RFC 1901).
  if (credential?.kind === "snmp-v2c") return snmp.createSession(nowhere, credential.community.reveal(), { ...options, version: 1 });
  if (credential?.kind === "snmp-v3") return snmp.createV3Session(nowhere, userOf(snmp, credential), options);
  throw new TypeError(`SNMP: opened with ${credential?.kind ?? "no credential"}`);
}

function userOf(
  snmp: NetSnmp,
  { user, authProtocol, authKey, privProtocol, privKey }: SnmpV3Credential,
): Parameters<NetSnmp["createV3Session"]>[1] {
  const privacy = { aes: snmp.PrivProtocols.aes, aes256: snmp.PrivProtocols.aes256b, "aes256-cisco": snmp.PrivProtocols.aes256r } as const;
  return {
    name: user.reveal(),
    level: snmp.SecurityLevel.authPriv,
    authProtocol: snmp.AuthProtocols[authProtocol],
    authKey: authKey.reveal(),
    privProtocol: privacy[privProtocol],
    privKey: privKey.reveal(),
  };
}
