/** The shape of credentials.yaml: what Watchkeeper needs to be let in, by name. */
import { z } from "zod";
import { authProtocols, privProtocols, type AuthProtocol, type PrivProtocol } from "../../domain/credentials.ts";
import { id, oneOf, text } from "./common.ts";

interface Named {
  readonly id: string;
}
export type CredentialEntry =
  | (Named & { readonly kind: "snmp-v2c"; readonly community: string })
  | (Named & {
      readonly kind: "snmp-v3";
      readonly user: string;
      readonly level: "authPriv";
      readonly authProtocol: AuthProtocol;
      readonly authKey: string;
      readonly privProtocol: PrivProtocol;
      readonly privKey: string;
      /** Why nothing better than SHA-1 is used; with `authProtocol: sha` it is there (checked). */
      readonly reason?: string;
    })
  | (Named & { readonly kind: "opcua-user"; readonly userName: string; readonly password: string })
  | (Named & { readonly kind: "opcua-certificate"; readonly certificateFile: string; readonly keyFile: string });

export interface CredentialsFile {
  readonly schema: "credentials/v1";
  readonly credentials: readonly CredentialEntry[];
}

/** What switches take as a name or key: printable ASCII. */
function plainText(least: number, most: number, description: string): z.ZodType<string, string> {
  const expected = `a text of ${least} to ${most} printable ASCII characters, in quotes where it looks like a number`;
  const fits = (value: string): boolean => value.length >= least && value.length <= most && /^[\x20-\x7e]*$/u.test(value);
  return z.string({ error: expected }).refine(fits, { error: expected }).meta({ description });
}

function secretText(description: string): z.ZodType<string, string> {
  const expected = "a text of 1 to 255 characters on one line";
  const fits = (value: string): boolean => value.length >= 1 && value.length <= 255 && !/[\p{Cc}\p{Cs}\u2028\u2029]/u.test(value);
  return z.string({ error: expected }).refine(fits, { error: expected }).meta({ description });
}

/** RFC 3414, 11.2: a password of fewer than 8 characters is no password. */
const keyCharactersLeast = 8;
const named = { id: id("The credential's id, as checks name it.") };
const kind = <Kind extends string>(one: Kind, description: string): z.ZodLiteral<Kind> =>
  z.literal(one, { error: "one of snmp-v2c, snmp-v3, opcua-user, opcua-certificate" }).meta({ description });

const v3 = z
  .strictObject({
    ...named,
    kind: kind("snmp-v3", "SNMPv3 with the user-based security model."),
    user: plainText(1, 32, "The user's name."),
    level: z.literal("authPriv", { error: "authPriv: nothing less is offered" }).meta({ description: "Authenticated and encrypted." }),
    authProtocol: oneOf(authProtocols, "sha256 or better. sha (SHA-1), where the device knows nothing better, needs a reason."),
    authKey: plainText(keyCharactersLeast, 128, "The authentication password."),
    privProtocol: oneOf(privProtocols, "aes (AES-128), aes256 (as Net-SNMP has it), or aes256-cisco (as Cisco has it)."),
    privKey: plainText(keyCharactersLeast, 128, "The encryption password."),
    reason: text("Why nothing better than SHA-1 is used.").exactOptional(),
  })
  .check(({ value, issues }) => {
    if (value.authProtocol !== "sha" || value.reason !== undefined) return;
    issues.push({
      code: "custom",
      message: "sha256, sha384 or sha512; or a reason: why the device must use SHA-1",
      input: value,
      path: ["authProtocol"],
    });
  });

const entry = z.discriminatedUnion(
  "kind",
  [
    z.strictObject({ ...named, kind: kind("snmp-v2c", "SNMP v2c."), community: plainText(1, 64, "The read-only community.") }),
    v3,
    z.strictObject({
      ...named,
      kind: kind("opcua-user", "OPC UA with a name and a password."),
      userName: secretText("The user's name."),
      password: secretText("The password."),
    }),
    z.strictObject({
      ...named,
      kind: kind("opcua-certificate", "OPC UA with a user's certificate."),
      certificateFile: secretText("The certificate, PEM; relative to this file's folder."),
      keyFile: secretText("Its private key, PEM, without a password; a file of mode 0600 or 0400."),
    }),
  ],
  { error: "one of snmp-v2c, snmp-v3, opcua-user, opcua-certificate" },
);

export const credentialsSchema: z.ZodType<CredentialsFile> = z
  .strictObject({
    schema: z.literal("credentials/v1", { error: "credentials/v1" }).meta({ description: "The kind of file." }),
    credentials: z.array(entry, { error: "a list of credentials" }).max(1000, { error: "at most 1000 credentials" }).meta({
      description: "What Watchkeeper needs to be let in.",
    }),
  })
  .meta({ title: "credentials/v1", description: "Credentials by name. The file must be readable by its owner alone." });
