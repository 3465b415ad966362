/** Digests that bind approvals, plans and kept sessions to exactly what was compiled. */
import { createHash } from "node:crypto";
import { canonicalJson } from "../../domain/canonical.ts";

/** `sha256:<64 hexadecimal digits>` over the RFC 8785 text of `value`. @throws TypeError for what JSON cannot say. */
export function digestOf(value: unknown): string {
  return `sha256:${createHash("sha256").update(canonicalJson(value), "utf8").digest("hex")}`;
}
