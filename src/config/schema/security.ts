/** The shape of `security:` in a check: how an OPC UA channel is secured. */
import { z } from "zod";
import { securityModes, securityPolicies, type SecurityMode, type SecurityPolicy } from "../../domain/security.ts";
import { oneOf } from "./common.ts";

/** `policy` is there when and only when the mode is not None (checked). */
export interface SecurityEntry {
  readonly mode: SecurityMode;
  readonly policy?: SecurityPolicy;
}

export const securitySchema: z.ZodType<SecurityEntry> = z
  .strictObject({
    mode: oneOf(
      securityModes,
      "None, Sign or SignAndEncrypt; the latter two need the server's certificate in the state folder, pki/servers/<device>.pem.",
    ),
    policy: oneOf(securityPolicies, "The server's policy; not with mode None.").exactOptional(),
  })
  .check(({ value, issues }) => {
    if ((value.mode === "None") !== (value.policy === undefined)) {
      const message = value.mode === "None" ? "no policy with mode None" : `one of ${securityPolicies.join(", ")}`;
      issues.push({ code: "custom", message, input: value, path: ["policy"] });
    }
  })
  .meta({ description: "How the channel is secured; left out: not at all." });
