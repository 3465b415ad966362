/** What is answered for a slot of the backplane: a module's identity, that there is none, or that nobody answered. */
import type { Answer } from "../../domain/outcome.ts";
import { cipErrorAnswer, cipErrorName } from "./answers.ts";
import { decodeWholeIdentity, type RoutedReply } from "./decode.ts";
import { wholeIdentityAnswer } from "./facts.ts";

const connectionFailure = 0x01;
const resourceUnavailable = 0x02;
const serviceNotSupported = 0x08;
/** Path segment error and path destination unknown: nothing stands there. */
const noSuchPath: ReadonlySet<number> = new Set([0x04, 0x05]);

/** Beside a connection failure (CIP Vol 1, 3-5.5). */
const failures: ReadonlyMap<number, string> = new Map([
  [0x0204, "no answer in time"],
  [0x0205, "a parameter of the request is wrong"],
  [0x0206, "the message is too long"],
  [0x0301, "no buffer memory"],
  [0x0302, "no network bandwidth"],
  [0x0311, "its port to the backplane is not there"],
  [0x0312, "the slot is not there"],
  [0x0315, "the route is not understood"],
  [0x0318, "the slot is its own"],
]);
/** Of these, the ones that say that nothing can be reached there, whoever asks and however often. */
const nothingThere: ReadonlySet<number> = new Set([0x0311, 0x0312, 0x0315, 0x0318]);

/**
 * An empty slot is an answer, and the next one may be asked. That a module did not answer in time, or that the one that passes questions on
 * has no room for them, is a failure: there may be too much to do in that rack, and nobody asks it on.
 * @throws MalformedReply where a module says no identity
 */
export function slotAnswer(reply: RoutedReply, slot: number): Answer {
  const { generalStatus, extendedStatus } = reply;
  if (generalStatus === 0) return wholeIdentityAnswer(decodeWholeIdentity(reply.data));
  const detail = `${statusWords(reply)} to a question for slot ${slot}`;
  const empty = extendedStatus === undefined || nothingThere.has(extendedStatus);
  if (noSuchPath.has(generalStatus) || (generalStatus === connectionFailure && empty))
    return { said: "alive", note: `no module in slot ${slot} (${detail})`, facts: [["module", "none"]] };
  if (generalStatus === connectionFailure || generalStatus === resourceUnavailable) return { said: "gateway_only", detail };
  if (reply.bySender && generalStatus === serviceNotSupported)
    return { said: "alive", note: `the device passes nothing on to a backplane (${detail})` };
  return cipErrorAnswer(generalStatus, `Get_Attributes_All of the Identity object in slot ${slot}`);
}

/** `CIP status 0x01, 0x0204: no answer in time`. */
function statusWords({ generalStatus, extendedStatus }: RoutedReply): string {
  const general = `CIP status 0x${hexOf(generalStatus, 2)}`;
  if (generalStatus !== connectionFailure || extendedStatus === undefined) return `${general} (${cipErrorName(generalStatus)})`;
  return `${general}, 0x${hexOf(extendedStatus, 4)} (${failures.get(extendedStatus) ?? cipErrorName(generalStatus)})`;
}

function hexOf(value: number, digits: number): string {
  return value.toString(16).padStart(digits, "0");
}
