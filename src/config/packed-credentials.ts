/** Credentials on their way from one thread to another. Apart from how they are read, so that the poller's own thread loads no schema for them. */
import type { Credential, Credentials } from "../domain/credentials.ts";
import { Secret } from "../domain/secret.ts";

/** A credential as it crosses from one thread to another, which a Secret does not survive. */
export interface PackedCredential {
  readonly id: string;
  readonly open: Readonly<Record<string, string>>;
  readonly secret: Readonly<Record<string, string>>;
}

export function packed(credentials: Credentials): readonly PackedCredential[] {
  return [...credentials].map(([id, credential]) => {
    const members = Object.entries(credential) as [string, string | Secret][];
    const open = members.filter((member): member is [string, string] => typeof member[1] === "string");
    const secret = members.flatMap(([key, value]) => (value instanceof Secret ? [[key, value.reveal()]] : []));
    return { id, open: Object.fromEntries(open), secret: Object.fromEntries(secret) as Record<string, string> };
  });
}

/** What `packed` made, and nothing else. */
export function unpacked(credentials: readonly PackedCredential[]): Credentials {
  return new Map(
    credentials.map(({ id, open, secret }) => {
      const secrets = Object.entries(secret).map(([key, value]) => [key, new Secret(value)]);
      return [id, Object.freeze({ ...open, ...Object.fromEntries(secrets) }) as unknown as Credential];
    }),
  );
}
