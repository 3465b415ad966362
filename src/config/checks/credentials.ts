/** Checks that each credential which a check of the watchlist names is there. */
import { quote } from "../problem.ts";
import type { Complaints, Entries } from "./entries.ts";

export interface KnownCredentials {
  /** Undefined where the file cannot be read: then nothing is unknown. */
  readonly credentialIds: ReadonlySet<string> | undefined;
  /** Whether the settings name a file at all. */
  readonly hasCredentialsFile: boolean;
}

export function checkNamedCredentials(
  { devices }: Entries,
  { credentialIds, hasCredentialsFile }: KnownCredentials,
  complaints: Complaints,
): void {
  for (const { index, value } of devices) {
    value.checks.forEach(({ credentials }, n) => {
      if (credentials === undefined || credentialIds === undefined || credentialIds.has(credentials)) return;
      const hint = hasCredentialsFile ? "it stands in the file that the setting credentials names" : noFile;
      complaints.add(["devices", index, "checks", n, "credentials"], {
        found: quote(credentials),
        expected: `the id of a credential (${[...credentialIds].join(", ") || "there is none"})`,
        hint,
      });
    });
  }
}

const noFile = "watchkeeper.yaml names no file: write credentials: ./credentials.yaml into it";
