/** Reads what a server says of itself: whether it runs, and whether its clock does. */
import { MalformedReply } from "../../domain/driver.ts";
import type { Answer } from "../../domain/outcome.ts";
import type { Library } from "./library.ts";
import type { Question, Within } from "./session.ts";

/** ServerStatus.State and CurrentTime (Part 5, 6.3.1; Opc.Ua.NodeIds.csv). */
const nodes = ["i=2259", "i=2258"] as const;
/** Part 5, 12.6. */
const states = ["Running", "Failed", "NoConfiguration", "Suspended", "Shutdown", "Test", "CommunicationFault", "Unknown"] as const;

interface Value {
  readonly statusCode: { readonly name: string; isGood(): boolean };
  readonly value: { readonly value: unknown };
}

export class ServerStatus implements Question {
  readonly #library: Library;
  readonly #within: Within;
  /** As the server had it at the asking before, in milliseconds. */
  #currentTime: number | undefined;

  constructor(library: Library, within: Within) {
    this.#library = library;
    this.#within = within;
  }

  async ask(): Promise<Answer> {
    const { AttributeIds, ReadRequest, ReadResponse, TimestampsToReturn } = this.#library;
    const nodesToRead = nodes.map((nodeId) => ({ nodeId, attributeId: AttributeIds.Value }));
    const request = new ReadRequest({ maxAge: 0, timestampsToReturn: TimestampsToReturn.Neither, nodesToRead });
    const { results } = await this.#within(request, ReadResponse);
    if (results?.length !== nodes.length) throw new MalformedReply(`Read: ${results?.length ?? 0} values, expected ${nodes.length}`);
    const [state, time] = results as unknown as readonly [Value, Value];
    return flawOfState(state) ?? this.#flawOfTime(time) ?? { said: "alive" };
  }

  /** Askings lie seconds apart: a clock that shows the same twice stands still. */
  #flawOfTime({ statusCode, value }: Value): Answer | undefined {
    if (!statusCode.isGood()) return degraded(`CurrentTime is ${statusCode.name}`);
    if (!(value.value instanceof Date)) throw new MalformedReply("Read: CurrentTime is no time");
    const before = this.#currentTime;
    this.#currentTime = value.value.getTime();
    return before === this.#currentTime ? degraded("the server's CurrentTime stands still") : undefined;
  }
}

function flawOfState({ statusCode, value }: Value): Answer | undefined {
  if (!statusCode.isGood()) return degraded(`ServerStatus.State is ${statusCode.name}`);
  const state = value.value;
  if (typeof state !== "number") throw new MalformedReply("Read: ServerStatus.State is no number");
  return state === 0 ? undefined : degraded(`the server's state is ${states[state] ?? state}`);
}

function degraded(detail: string): Answer {
  return { said: "degraded", failure: "protocol_error", detail };
}
