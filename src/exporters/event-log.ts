/** Writes what happens, one line each, for people and log collectors: JSON, or text for a terminal. */
import pino, { type DestinationStream, type Logger } from "pino";
import type { Transition } from "../domain/board.ts";
import type { IdentityChange } from "../domain/baseline.ts";
import type { Clock } from "../domain/clock.ts";
import { formatDuration } from "../domain/duration.ts";
import { massLossTrialEvery } from "../domain/limits.ts";
import { isScope, type Fact, type Outcome } from "../domain/outcome.ts";
import type { PlannedDevice } from "../domain/plan.ts";
import { printable } from "../domain/printable.ts";
import { after, seconds, type Milliseconds } from "../domain/units.ts";
import { windowInWords } from "../domain/windows.ts";
import { causeInWords } from "./cause-words.ts";
import { asText } from "./log-text.ts";

export interface EventLogOptions {
  readonly level: "trace" | "debug" | "info" | "warn" | "error";
  readonly format: "json" | "text";
  readonly site: string;
  readonly lab: boolean;
  readonly clock: Clock;
  /** Where lines go; standard output unless said otherwise. */
  readonly destination?: DestinationStream;
}

export type Happening = Exclude<Fact, Outcome>;
type Level = "debug" | "info" | "warn" | "error";
type Fields = Readonly<Record<string, string | number | boolean | null>>;

/** The longest text of somebody else in one line; a message of ours with such texts in it, or with a stack, is longer. */
const charactersMax = 500;
const messageCharactersMax = 2000;
const stackLinesMax = 8;
/** Lines wait in memory while nobody takes them; above this they are dropped rather than hold up polling. */
const waitingBytesMax = 1_048_576;
/** How long the end waits for a reader. */
const endWithin: Milliseconds = seconds(1);

interface Output {
  readonly stream: DestinationStream;
  readonly end: () => Promise<void>;
}

export class EventLog {
  readonly #logger: Logger;
  readonly #end: () => Promise<void>;
  #ended = false;

  constructor({ level, format, site, lab, clock, destination }: EventLogOptions) {
    const output = destination ? { stream: destination, end: () => Promise.resolve() } : standardOutput(clock);
    this.#end = output.end;
    const stream = format === "json" ? output.stream : { write: (line: string) => output.stream.write(asText(line)) };
    this.#logger = pino(
      {
        level,
        base: lab ? { site, lab } : { site },
        timestamp: () => `,"time":"${new Date(clock.wall()).toISOString()}"`,
        formatters: { level: (label) => ({ level: label }) },
      },
      stream,
    );
  }

  transition({ device, from, to, cause, detail }: Transition, planned: PlannedDevice): void {
    const level = to === "up" ? "info" : "warn";
    const why = to === "up" ? "" : `, ${causeInWords(cause)}`;
    const message = `${planned.name} (${device}): ${from} > ${to}${why}`;
    // Unknown is ordinary for a device that was not asked yet, and trouble for one that was up.
    this.write(to === "unknown" && from !== "up" ? "info" : level, "transition", message, {
      device,
      from,
      to,
      cause,
      detail,
      segment: planned.segment,
    });
  }

  happened(fact: Happening): void {
    switch (fact.kind) {
      case "missed_before": {
        const { check, found, missed, failure } = fact;
        return this.write("debug", "missed_before", `${check.id} has not answered ${missed} times before this ${found}`, {
          check: check.id,
          failure,
        });
      }
      case "presence":
        return this.write("debug", "presence", `${fact.device} was heard by ${fact.source}`, { device: fact.device });
      case "link":
        return this.write(fact.up ? "info" : "warn", "link", `${fact.device}: link ${fact.up ? "up" : "down"}`, { device: fact.device });
      case "tripped": {
        const { scope, cause, detail } = fact.trip;
        return this.write("error", "tripped", `${scope} tripped (${cause}): somebody must look and reset`, { scope, cause, detail });
      }
      case "reset":
        return this.write("warn", "reset", `${fact.scope} reset by ${fact.by}: ${fact.reason}`, { scope: fact.scope, by: fact.by });
      case "stopped":
        return this.write("warn", fact.stopped ? "stopped" : "resumed", stopMessage(fact), { by: fact.by });
      case "held":
        return this.write(fact.held ? "error" : "warn", fact.held ? "hold" : "hold_ended", holdMessage(fact), {
          scope: fact.scope,
          detail: fact.detail,
        });
      case "blocked": {
        const whom = fact.check?.id ?? fact.address;
        return this.write("error", "blocked", `the guard stopped something for ${whom}: nothing left`, { detail: fact.detail });
      }
      case "identity": {
        const { device, source, place, state } = fact.identity;
        const level = fact.change === "changed" ? "error" : fact.change === "said_otherwise" ? "warn" : "info";
        return this.write(level, `identity_${fact.change}`, `${identityWords[fact.change]}: ${fact.detail}`, {
          device,
          source,
          place,
          state,
          by: fact.by,
        });
      }
      case "window": {
        const { id, kind, scope } = fact.window;
        return this.write("warn", `window_${fact.change}`, `window ${fact.change}: ${windowInWords(fact.window)}`, {
          id,
          kind,
          scope,
          by: fact.by,
        });
      }
      case "stalled":
        return this.write("warn", "stalled", "the poller stood still or time jumped; it looks around before it asks again", {
          detail: fact.detail,
        });
    }
  }

  /** `problems` are whole sentences; empty after a reload that was taken over. */
  reloaded(by: string, problems: readonly string[]): void {
    if (problems.length === 0) return this.write("info", "reloaded", `reloaded by ${by}`, { by });
    this.write(
      "error",
      "reload_failed",
      `not reloaded: ${problems.length === 1 ? "1 problem" : `${problems.length} problems`}, the running plan stays`,
      { by },
    );
    for (const problem of problems) this.write("error", "problem", problem);
  }

  /** Everything else. The message is a sentence; fields are what a machine may look for. */
  write(level: Level, event: string, message: string, fields: Fields = {}): void {
    if (this.#ended || !this.#logger.isLevelEnabled(level)) return;
    const tidy = Object.fromEntries(
      Object.entries(fields).map(([name, value]) => [name, typeof value === "string" ? printable(value, charactersMax) : value]),
    );
    this.#logger[level]({ event, ...tidy }, printable(message, messageCharactersMax));
  }

  /** A mistake of ours, with the way to it. */
  bug(error: unknown): void {
    this.write("error", "bug", `a mistake in Watchkeeper: ${traced(error)}`);
  }

  /** The last act: resolves when everything was taken, at the latest after 1 s; nothing is written from here on. */
  close(): Promise<void> {
    if (this.#ended) return Promise.resolve();
    this.#ended = true;
    return this.#end();
  }
}

const identityWords: Readonly<Record<IdentityChange, string>> = {
  first_said: "IDENTITY said for the first time, and not accepted yet",
  changed: "IDENTITY CHANGED, somebody should look",
  said_otherwise: "IDENTITY other than it was, and not accepted before either",
  as_accepted: "IDENTITY is as accepted",
  accepted: "IDENTITY accepted",
};

function stopMessage({ stopped, by }: Extract<Happening, { kind: "stopped" }>): string {
  return stopped ? `stopped by ${by}: no device is asked, every device is unknown` : `resumed by ${by}`;
}

function holdMessage({ scope, held, detail }: Extract<Happening, { kind: "held" }>): string {
  // A bare id is that of a shared cause: nothing is held back.
  if (!isScope(scope)) return `${scope}: ${detail}`;
  const what = scope.replace(":", " ");
  if (!held) return `HOLD ended, ${what}: ${detail}; its devices are asked again`;
  return `HOLD ${what}: several devices fell silent together; its devices are not asked but one every ${formatDuration(massLossTrialEvery)}, until one answers. Somebody should look`;
}

/** The stack, and those of its causes, in one line. */
function traced(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const lines = (error.stack ?? error.message).split("\n").map((line) => line.trim());
  return [...lines.slice(0, stackLinesMax), ...(error.cause === undefined ? [] : [`because of ${traced(error.cause)}`])].join(" | ");
}

/** Asynchronous and bounded: a reader that stops reading must not stop the poller, and a log that cannot be written is no reason to end. */
function standardOutput(clock: Clock): Output {
  const stream = pino.destination({ dest: 1, sync: false, minLength: 0, maxLength: waitingBytesMax });
  stream.on("error", () => undefined);
  const end = (): Promise<void> =>
    new Promise((resolve) => {
      // What nobody has taken by then is dropped, or the end of the process would wait for the reader.
      const cancel = clock.at(after(clock.monotonic(), endWithin), () => {
        stream.destroy();
        resolve();
      });
      stream.once("close", () => {
        cancel();
        resolve();
      });
      stream.end();
    });
  return { stream, end };
}
