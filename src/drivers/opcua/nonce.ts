/** Random bytes that a server signs, so that no old signature passes for a new one. */
import { randomBytes } from "node:crypto";

/** Part 4, 5.7.2: at least 32. */
const nonceBytes = 32;

export function nonce(): Buffer {
  return randomBytes(nonceBytes);
}
