/** The line that an engineer signs for a check: what is sent, and what the value read is to be. */
import type { Method } from "../domain/driver.ts";
import { expectationWords } from "../domain/expectation.ts";
import type { MethodId } from "../domain/operations.ts";
import type { Check } from "../domain/plan.ts";

/** `FC 3 read holding register 100 (0-based) as uint16, unit 7; level-alive is to be 1 to 5`. */
export function requestWords(
  { method, ask, expectedValue }: Pick<Check, "method" | "ask" | "expectedValue">,
  methods: ReadonlyMap<MethodId, Method>,
): string {
  const sent = methods.get(method)?.describe(ask) ?? method;
  return expectedValue === undefined ? sent : `${sent}; ${expectedValue.register} is to be ${expectationWords(expectedValue.expectation)}`;
}
