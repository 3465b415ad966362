/** What a server says instead of an answer: an answer all the same, for something there is alive. */
import type { Answer } from "../../domain/outcome.ts";
import { printable } from "../../domain/printable.ts";

/** The server answered in good form, and said no. */
export class Refusal extends Error {
  override readonly name = "Refusal";
}

/** Of a status, what is read here. */
export interface Status {
  readonly name: string;
  readonly value: number;
}

const hints: Readonly<Record<string, string>> = {
  BadTooManySessions: "every session of the server is taken: by others, or by one of ours that was cut off and whose time is not over",
  BadTooManySubscriptions: "every subscription of the server is taken",
  BadTooManyOperations:
    "the server takes fewer nodes in one Read: agree to fewer by `nodes` beside opcua-server, under deepQuery in the site's profile file",
  BadTcpServerTooBusy: "the server takes no further connection at the moment",
  BadTcpEndpointUrlInvalid: "the server knows itself by another address or path only; its path goes under `endpointPath` in the watchlist",
  BadCertificateUntrusted:
    "the server does not trust the poller's certificate yet (state folder, pki/own/certs/watchkeeper.pem): accept it there",
  BadSecurityChecksFailed: "the server refused the poller's certificate, or another certificate is pinned than the server has",
  BadSecurityPolicyRejected: "the server does not offer this security policy",
  BadSecurityModeRejected: "the server does not offer this security mode",
  BadIdentityTokenRejected: "the server does not take this user",
  BadUserAccessDenied: "the server does not take this user",
};

/** `CreateSession: BadTooManySessions (0x80560000): every session of the server is taken …`. */
export function refusedBy(asked: string, { name, value }: Status): Refusal {
  const hint = hints[name];
  return new Refusal(`${asked}: ${name} (0x${value.toString(16).padStart(8, "0")})${hint === undefined ? "" : `: ${hint}`}`);
}

export function refusalAnswer({ message }: Refusal): Answer {
  return { said: "degraded", failure: "protocol_error", detail: message };
}

/** The status and the reason of an ERR message (Part 6, 7.1.2.5); the wire has checked its size, not that of the reason. */
export function errorOf(frame: Uint8Array, nameOf: (status: number) => string): Refusal {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.length);
  const status = view.getUint32(8, true);
  const length = view.getInt32(12, true);
  const reason =
    length > 0 && 16 + length <= frame.length ? printable(new TextDecoder("latin1").decode(frame.subarray(16, 16 + length)), 200) : "";
  const refusal = refusedBy("ERR", { name: nameOf(status), value: status });
  return reason === "" ? refusal : new Refusal(`${refusal.message}; the server's words: ${reason}`);
}
