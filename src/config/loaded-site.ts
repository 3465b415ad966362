/** Everything an operator has written, read and checked file by file: what compile works from. */
import type { Credentials } from "../domain/credentials.ts";
import type { DeviceId, ProfileId } from "../domain/plan.ts";
import type { PinnedCertificate } from "../domain/security.ts";
import type { ListenAddress } from "../domain/web.ts";
import type { Loaded } from "./problem.ts";
import type { Profile } from "./schema/profile.ts";
import type { SiteProfile } from "./schema/site-profile.ts";
import type { Watchlist } from "./schema/watchlist.ts";

/** watchkeeper.yaml with every path absolute. */
export interface Settings {
  readonly site: string;
  readonly stateDir: string;
  readonly watchlist: string;
  readonly profileDir: string;
  /** null: none. */
  readonly credentials: string | null;
  readonly web: Web;
  readonly log: { readonly level: LogLevel; readonly format: LogFormat };
  readonly labels: { readonly address: boolean };
}

export interface Web {
  readonly listenAddresses: readonly ListenAddress[];
  /** TLS and authentication, absolute; null: none. */
  readonly configFile: string | null;
  /** Names by which this server may be asked, beside loopback's and its certificate's; in lower case. */
  readonly hosts: readonly string[];
}

export const logLevels = ["trace", "debug", "info", "warn", "error"] as const;
export type LogLevel = (typeof logLevels)[number];
export const logFormats = ["json", "text"] as const;
export type LogFormat = (typeof logFormats)[number];

/** Deep-frozen. Profiles by id; a profile without a site file is a draft. Shipped ones are those that the other files name, or the whole library where it was asked for. */
export interface LoadedSite {
  readonly lab: boolean;
  readonly settings: Loaded<Settings>;
  readonly watchlist: Loaded<Watchlist>;
  readonly shippedProfiles: ReadonlyMap<ProfileId, Loaded<Profile>>;
  readonly siteProfiles: ReadonlyMap<ProfileId, Loaded<SiteProfile>>;
  /** Their secrets show themselves to nobody who does not ask for them by name. */
  readonly credentials: Credentials;
  /** Of servers, as a person has pinned them; absent: none. */
  readonly serverCertificates?: ReadonlyMap<DeviceId, PinnedCertificate>;
  /** The poller's own; absent where it has none yet. */
  readonly ownCertificate?: PinnedCertificate;
}
