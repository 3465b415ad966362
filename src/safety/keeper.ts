/** Owns every connection: at most one conversation a line, lent each permit, let go only when the wire is quiet. */
import type { Clock } from "../domain/clock.ts";
import type { Credential } from "../domain/credentials.ts";
import { ExchangeEnded, MalformedReply, type Driver, type Session } from "../domain/driver.ts";
import { releaseWithin } from "../domain/limits.ts";
import { nothingSent, type Answer, type Sent } from "../domain/outcome.ts";
import type { Permit } from "../domain/permit.ts";
import type { Check, LineId } from "../domain/plan.ts";
import { after, type MonotonicMs } from "../domain/units.ts";
import { isOpen, type Closed, type Dial, type FramePolicy, type OwnedWire } from "../domain/wire.ts";
import { atEnd, Ending } from "./ending.ts";

export interface Speaker {
  readonly driver: Driver;
  readonly policy: FramePolicy;
  /** What the check's credentials name, as it is now. */
  readonly credential?: Credential;
}
export interface Conversation {
  readonly result: Answer | Closed;
  readonly sent: Sent;
  /** When the answer was complete; absent where none came. */
  readonly answeredAt?: MonotonicMs;
}
interface Connection {
  readonly wire: OwnedWire;
  readonly ending: Ending;
}
interface Held extends Connection {
  /** As the latest plan has it. */
  check: Check;
  readonly session: Session;
}
/** A wait that can be taken back. */
interface Wait {
  readonly closed: Promise<Closed>;
  readonly cancel: () => void;
}

export interface KeeperParts {
  readonly clock: Clock;
  readonly dial: Dial;
  /** Undefined where the protocol's package cannot run here; `unavailable` says why it cannot at this moment, in one line. */
  readonly speakerOf: (check: Check) => Speaker | { readonly unavailable: string } | undefined;
  /** A permit for the goodbye alone, where the protocol has a word for it; undefined where it has none or nothing may be sent. */
  readonly farewell: (check: Check) => Permit | undefined;
  /** A connection that had stood has ended; `check` is the one that opened it. */
  readonly onClosed: (check: Check, closed: Closed) => void;
}

export class ConnectionKeeper {
  readonly #parts: KeeperParts;
  readonly #held = new Map<LineId, Held>();
  /** By line: their end has begun, and the kernel has not let go yet. */
  readonly #ending = new Map<LineId, Map<OwnedWire, Promise<void>>>();

  constructor(parts: KeeperParts) {
    this.#parts = parts;
  }

  /** Whether asking this check needs no new connection. */
  holds(check: Check): boolean {
    const held = this.#held.get(check.line);
    return (
      held !== undefined &&
      held.wire.quiet &&
      (held.check.digest === check.digest || isWithin(held.check, check) || mayShare(held.check, check))
    );
  }

  /** Whether another connection must be gone before this check can be asked: one that is kept, or one whose end has not yet come. */
  occupied(check: Check): boolean {
    return !this.holds(check) && (this.#held.has(check.line) || this.#ending.has(check.line));
  }

  /** The caller holds the line and has let go of what occupied it. Settles at the latest twice `releaseWithin` after the permit's deadline, whatever wire, driver and library do; a wire that ends when it is told to needs it once. */
  async converse(permit: Permit): Promise<Conversation> {
    const { check } = permit;
    const speaker = this.#parts.speakerOf(check);
    if (!speaker || "unavailable" in speaker)
      return unsent("driver_unavailable", speaker?.unavailable ?? `no driver for ${check.protocol}`);
    const kept = this.holds(check) ? this.#held.get(check.line) : undefined;
    if (kept) return this.#speak(permit, kept, kept, speaker);
    const wire = await this.#parts.dial(permit, speaker.policy);
    if (!isOpen(wire)) return { result: wire, sent: permit.sent };
    const ending = new Ending(wire.closed);
    ending.onEnd((closed) => this.#parts.onClosed(check, closed));
    return this.#speak(permit, { wire, ending }, undefined, speaker);
  }

  /** Ends what is held on a line: the protocol's goodbye where there is leave for one, then FIN, confirmed. Waits for ends that had begun before. */
  async letGo(line: LineId): Promise<void> {
    const held = this.#held.get(line);
    if (held) {
      this.#held.delete(line);
      this.#ends(line, held, this.#farewell(held));
    }
    const ending = this.#ending.get(line);
    if (ending) await Promise.all(ending.values());
  }

  /** Ends every held connection whose check `keep` does not want. */
  async letGoUnless(keep: (check: Check) => boolean): Promise<void> {
    const unwanted = [...this.#held].filter(([, held]) => !keep(held.check));
    await Promise.all(unwanted.map(([line]) => this.letGo(line)));
  }

  /** After a freeze: nobody knows what the peers think of these connections. */
  abortAll(detail: string): void {
    for (const [line, held] of this.#held) {
      this.#held.delete(line);
      held.wire.abort("timeout", detail);
      forget(held.session);
      this.#ends(line, held, this.#released(held));
    }
  }

  /** Whoever has not answered a FIN by now gets none of its time: after this nothing leaves on a connection that was ending. */
  cutEnding(detail: string): void {
    for (const ending of this.#ending.values()) for (const wire of ending.keys()) wire.abort("timeout", detail);
  }

  get heldCount(): number {
    return this.#held.size;
  }

  async #speak(permit: Permit, connection: Connection, held: Held | undefined, speaker: Speaker): Promise<Conversation> {
    const { check } = permit;
    const { wire } = connection;
    wire.lend(permit);
    let session = held?.session;
    let answer: Answer | undefined;
    let answeredAt: MonotonicMs | undefined;
    let left = false;
    const speaking = async (): Promise<Answer> => {
      session ??= await speaker.driver.open(wire, check.ask, speaker.credential);
      const said = await session.ask(check.ask, check.from);
      // A driver that answers while the device has not, or without having asked, has made it up.
      if (!wire.quiet || permit.sent.requests === 0) throw new MalformedReply("the driver answered before the device did");
      answer = said;
      answeredAt = this.#parts.clock.monotonic();
      if (check.connection === "fresh" && !held) {
        left = true;
        await session.leave();
      }
      return said;
    };
    // The socket, not the library's promise, says when it is over: a library's promise may never settle.
    const over = this.#overBy(permit, connection, "no answer in time");
    const first = await Promise.race([speaking().catch(asClosed), over.closed]);
    const result = answer ?? first;
    over.cancel();
    if (answer && (check.connection === "kept" || held) && wire.quiet && session) {
      wire.reclaim();
      // A session stays its heartbeat's, which alone knows how to take leave of it.
      this.#hold(held && isWithin(held.check, check) ? held.check : check, held ?? this.#heldFrom(check, connection, session));
      // The device refused a session, or took one away: it is told goodbye now, not at the next asking.
      if (session.over) await this.letGo(check.line);
    } else {
      const end = this.#end(connection, left ? undefined : session, result);
      this.#ends(check.line, connection, end);
      await end;
    }
    return { result, sent: permit.sent, ...(answeredAt !== undefined && { answeredAt }) };
  }

  #hold(check: Check, held: Held): void {
    held.check = check;
    this.#held.set(check.line, held);
  }

  #heldFrom(check: Check, { wire, ending }: Connection, session: Session): Held {
    const held: Held = { check, wire, ending, session };
    const { line } = check;
    ending.onEnd(() => {
      if (this.#held.get(line) === held) this.#held.delete(line);
    });
    return held;
  }

  /** FIN after a clean exchange, RST after anything else. */
  async #end(connection: Connection, session: Session | undefined, result: Answer | Closed): Promise<void> {
    const { wire } = connection;
    if ("said" in result && wire.quiet) wire.finish();
    else if ("said" in result) wire.abort("malformed", "more came than was asked");
    else wire.abort(result.failure ?? "reset", result.detail);
    wire.reclaim();
    if (session) forget(session);
    await this.#released(connection);
  }

  /** The line is not free before this end has come. */
  #ends(line: LineId, { wire }: Connection, end: Promise<unknown>): void {
    const ending = this.#ending.get(line) ?? new Map<OwnedWire, Promise<void>>();
    this.#ending.set(line, ending);
    const over = end.then(() => {
      ending.delete(wire);
      if (ending.size === 0 && this.#ending.get(line) === ending) this.#ending.delete(line);
    });
    ending.set(wire, over);
  }

  async #farewell(held: Held): Promise<void> {
    const permit = this.#parts.farewell(held.check);
    if (permit) await this.#sayGoodbye(held, permit);
    held.wire.finish();
    if (!permit) forget(held.session);
    await this.#released(held);
  }

  async #sayGoodbye(held: Held, permit: Permit): Promise<void> {
    const { wire, session } = held;
    wire.lend(permit);
    const over = this.#overBy(permit, held, "the goodbye was not answered in time");
    await Promise.race([session.leave().catch(() => undefined), over.closed]);
    over.cancel();
    wire.reclaim();
  }

  /** The kernel has let go, or the time for that is over. */
  #released({ ending }: Connection): Promise<Closed> {
    return this.#orAt(ending, after(this.#parts.clock.monotonic(), releaseWithin), "the kernel did not let go in time").closed;
  }

  /** At the deadline the wire is aborted, and `releaseWithin` later given up. One timer at a time: nearly all are taken back. */
  #overBy({ deadline }: Permit, { wire, ending }: Connection, late: string): Wait {
    let given: Wait | undefined;
    const { promise, resolve } = Promise.withResolvers<Closed>();
    const nearEnd = (): void => wire.nearEnd?.();
    const cancelTimer = atEnd(this.#parts.clock, deadline, nearEnd, () => {
      forgetEnd();
      given = this.#orAt(ending, after(deadline, releaseWithin), "the wire did not close in time");
      void given.closed.then(resolve);
      wire.abort("timeout", late);
    });
    const forgetEnd = ending.onEnd((closed) => {
      cancelTimer();
      resolve(closed);
    });
    const cancel = (): void => {
      cancelTimer();
      forgetEnd();
      given?.cancel();
    };
    return { closed: promise, cancel };
  }

  #orAt(ending: Ending, when: Parameters<Clock["at"]>[0], detail: string): Wait {
    const { promise, resolve } = Promise.withResolvers<Closed>();
    const cancelTimer = this.#parts.clock.at(when, () => {
      forgetEnd();
      resolve({ by: "us", failure: "timeout", detail });
    });
    const forgetEnd = ending.onEnd((closed) => {
      cancelTimer();
      resolve(closed);
    });
    const cancel = (): void => {
      cancelTimer();
      forgetEnd();
    };
    return { closed: promise, cancel };
  }
}

/** A question of a deep query in the session of the heartbeat beside which it was planned. The plan that has both closed every other one. */
function isWithin(held: Check, check: Check): boolean {
  return check.within === held.id;
}

/**
 * Units behind one gateway, or several questions to one device: the same place, and nothing that a connection has to say before or after.
 * Each asking still has a permit of its own, whose templates are those of its own check.
 */
function mayShare(one: Check, other: Check): boolean {
  const wordless = ({ opening, closing, connection }: Check): boolean =>
    connection === "kept" && opening.requestsMax === 0 && closing.requestsMax === 0;
  const [a, b] = [one.target, other.target];
  const samePlace = a.address === b.address && a.port === b.port && a.transport === b.transport && a.localAddress === b.localAddress;
  return one.protocol === other.protocol && one.framing === other.framing && samePlace && wordless(one) && wordless(other);
}

/** A library that throws has read something that it did not like, unless the driver says otherwise. */
function asClosed(error: unknown): Closed {
  if (error instanceof ExchangeEnded)
    return { by: error.failure === "refused" ? "peer" : "us", failure: error.failure, detail: error.message };
  return { by: "us", failure: "malformed", detail: error instanceof Error ? error.message : String(error) };
}

function unsent(failure: "driver_unavailable", detail: string): Conversation {
  return { result: { by: "us", failure, detail }, sent: nothingSent };
}

/** Tells the library that its connection is gone; what it makes of that concerns nobody any more. */
function forget(session: Session): void {
  session.leave().catch(() => undefined);
}
