/** What the objects of a managed device say about it to a heartbeat: who it is, since when it runs, and which of its ports are not up. */
import type { Answer } from "../../domain/outcome.ts";
import { deepAnswer } from "./deep-answers.ts";
import { identityOf } from "./identity.ts";
import type { SnmpAsk } from "./methods.ts";
import { readingOf, systemOids } from "./objects.ts";
import { found, integerIn, isAbsent, objectIdIn, portStates, textIn, ticksIn, upWords, wrong, type Variable } from "./values.ts";

/**
 * Alive; degraded where a port is not up that is expected to be, or where it does not tell its own time.
 * @param from where a divided answer went on @throws MalformedReply when the objects are not those that were asked for, or of other types
 */
export function answerFrom(ask: SnmpAsk, variables: readonly Variable[], from?: number): Answer {
  if (ask.deep !== undefined) return deepAnswer(ask.deep, variables, from);
  const of = found(readingOf(ask).oids, variables);
  const upHundredths = ticksIn(of(systemOids.upTime));
  const identity = identityOf(textIn(of(systemOids.description)), objectIdIn(of(systemOids.objectId)));
  const name = textIn(of(systemOids.name));
  const common = { ...(Object.keys(identity).length > 0 && { identity }), ...(upHundredths !== undefined && { upHundredths }) };
  const down = ask.ports.flatMap((port, at) => portFlaw(port, variables[Object.keys(systemOids).length + at]!) ?? []);
  if (down.length > 0) return { said: "degraded", failure: "expectation_failed", detail: down.join("; "), ...common };
  if (upHundredths === undefined)
    return { said: "degraded", failure: "protocol_error", detail: "it does not tell since when it runs (sysUpTime)", ...common };
  const ports = ask.ports.length === 0 ? "" : `; ${ask.ports.length === 1 ? "1 port" : `${ask.ports.length} ports`} up`;
  return {
    said: "alive",
    note: `${name === undefined || name === "" ? "" : `${name}, `}up for ${upWords(upHundredths)}${ports}`,
    ...common,
  };
}

/** Unknown and dormant say nothing of a fault. */
const notUp: ReadonlySet<unknown> = new Set([2, 6, 7]);

function portFlaw({ ifIndex, name }: SnmpAsk["ports"][number], variable: Variable): string | undefined {
  const port = name === `port ${ifIndex}` ? name : `${name} (port ${ifIndex})`;
  if (isAbsent(variable)) return `${port}: there is no such port`;
  const value = integerIn(variable);
  const state = portStates.get(value);
  if (state === undefined) throw wrong("the state of a port is none that there is");
  return notUp.has(value) ? `${port} is ${state}, expected up` : undefined;
}
