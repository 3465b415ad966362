/** What the web server is given to know whom it may let in, and what it tells of those it did not. */
import type { WebConfig } from "../domain/web.ts";

export interface WebAccess {
  /** As it is in force now. */
  readonly config: WebConfig;
  /** Names by which the server may be asked, beside loopback's and its certificate's; in lower case. */
  readonly hosts: readonly string[];
  /** Cheap: sees whether the files have changed, at most once a second, and reads them then. */
  look(): void;
  /** `act` runs whenever another configuration comes into force; where `unfit` gives a sentence about it, the old one stays. */
  onChange(unfit: (config: WebConfig) => string | undefined, act: (config: WebConfig) => void): void;
  /** Off the thread that polls. */
  compare(password: string, hash: string): Promise<boolean>;
  /** Somebody was not let in. `detail` is a sentence without what they sent. */
  refused(why: WebRefusal, detail: string): void;
}

/** Why somebody was not let in; the labels of a metric. */
export const webRefusals = {
  host: "a foreign Host header or the Origin of another page",
  password: "no password, or a wrong one",
  guesses: "too many passwords tried",
  certificate: "no good client certificate",
  tls: "no TLS, or none that could be agreed on",
  connections: "too many connections, or too many new ones",
} as const;
export type WebRefusal = keyof typeof webRefusals;
