/** Whether what answers is what the profile says it is: another vendor or product at an address may be an intruder or a wrong cable. */
import type { Identity } from "./outcome.ts";
import type { ExpectedIdentity } from "./plan.ts";

/** One line for a person, or undefined when nothing contradicts. What the device did not say contradicts nothing. */
export function mismatch(expected: ExpectedIdentity | undefined, said: Identity | undefined): string | undefined {
  if (!expected || !said) return undefined;
  return differs("vendor", expected.vendors, said.vendor) ?? differs("product", expected.products, said.product);
}

function differs(what: string, allowed: readonly string[], found: string | undefined): string | undefined {
  if (found === undefined || allowed.length === 0) return undefined;
  const name = plain(found);
  if (allowed.some((candidate) => name.startsWith(plain(candidate)))) return undefined;
  return `${what}: found "${found}", expected ${allowed.map((candidate) => `"${candidate}"`).join(" or ")}`;
}

/** Makers pad, space and capitalise their names differently from one firmware to the next. */
function plain(text: string): string {
  return text.toLowerCase().replaceAll(/[^\p{L}\p{N}]/gu, "");
}
