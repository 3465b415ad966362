/** Owns every connection: at most one conversation a line, lent each permit, let go only when the wire is quiet. */
import type { Clock } from "../domain/clock.ts";
import { MalformedReply, type Driver, type Session } from "../domain/driver.ts";
import { releaseWithin } from "../domain/limits.ts";
import { nothingSent, type Answer, type Sent } from "../domain/outcome.ts";
import type { Permit } from "../domain/permit.ts";
import type { Check, LineId } from "../domain/plan.ts";
import { after } from "../domain/units.ts";
import { isOpen, type Closed, type Dial, type FramePolicy, type OwnedWire } from "../domain/wire.ts";

export interface Speaker {
  readonly driver: Driver;
  readonly policy: FramePolicy;
}
export interface Conversation {
  readonly result: Answer | Closed;
  readonly sent: Sent;
}
interface Held {
  readonly check: Check;
  readonly wire: OwnedWire;
  readonly session: Session;
}

export interface KeeperParts {
  readonly clock: Clock;
  readonly dial: Dial;
  /** Undefined where the protocol's package cannot run here. */
  readonly speakerOf: (check: Check) => Speaker | undefined;
  /** A permit for the goodbye alone, where the protocol has a word for it; undefined where it has none or nothing may be sent. */
  readonly farewell: (check: Check) => Permit | undefined;
}

export class ConnectionKeeper {
  readonly #parts: KeeperParts;
  readonly #held = new Map<LineId, Held>();

  constructor(parts: KeeperParts) {
    this.#parts = parts;
  }

  /** Whether asking this check needs no new connection. */
  holds(check: Check): boolean {
    const held = this.#held.get(check.line);
    return held?.check.digest === check.digest && held.wire.quiet;
  }

  /** Whether another conversation must be let go before this check can be asked. */
  occupied(check: Check): boolean {
    return this.#held.has(check.line) && !this.holds(check);
  }

  /** The caller holds the line and has let go of what occupied it. Settles at the latest `releaseWithin` after the permit's deadline, whatever wire, driver and library do. */
  async converse(permit: Permit): Promise<Conversation> {
    const { check } = permit;
    const speaker = this.#parts.speakerOf(check);
    if (!speaker) return unsent("driver_unavailable", `no driver for ${check.protocol}`);
    const kept = this.holds(check) ? this.#held.get(check.line) : undefined;
    const wire = kept?.wire ?? (await this.#parts.dial(permit, speaker.policy));
    if (!isOpen(wire)) return { result: wire, sent: permit.sent };
    return this.#speak(permit, wire, kept?.session, speaker.driver);
  }

  /** Ends what is held on a line: the protocol's goodbye where there is leave for one, then FIN, confirmed. */
  async letGo(line: LineId): Promise<void> {
    const held = this.#held.get(line);
    if (!held) return;
    this.#held.delete(line);
    const permit = this.#parts.farewell(held.check);
    if (permit) await this.#sayGoodbye(held, permit);
    held.wire.finish();
    if (!permit) forget(held.session);
    await this.#released(held.wire);
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
    }
  }

  get heldCount(): number {
    return this.#held.size;
  }

  async #speak(permit: Permit, wire: OwnedWire, known: Session | undefined, driver: Driver): Promise<Conversation> {
    const { check } = permit;
    wire.lend(permit);
    const cancel = this.#parts.clock.at(permit.deadline, () => wire.abort("timeout", "no answer in time"));
    let session = known;
    let answer: Answer | undefined;
    let left = false;
    const speaking = async (): Promise<Answer> => {
      session ??= await driver.open(wire, check.ask);
      const said = await session.ask(check.ask);
      // A driver that answers while the device has not, or without having asked, has made it up.
      if (!wire.quiet || permit.sent.requests === 0) throw new MalformedReply("the driver answered before the device did");
      answer = said;
      if (check.connection === "fresh") {
        left = true;
        await session.leave();
      }
      return said;
    };
    // The socket, not the library's promise, says when it is over: a library's promise may never settle.
    const first = await Promise.race([speaking().catch(asClosed), this.#releasedBy(permit, wire)]);
    const result = answer ?? first;
    cancel();
    if (answer && check.connection === "kept" && wire.quiet && session) {
      wire.reclaim();
      this.#hold({ check, wire, session });
    } else {
      await this.#end(wire, left ? undefined : session, result);
    }
    return { result, sent: permit.sent };
  }

  #hold(held: Held): void {
    const { line } = held.check;
    this.#held.set(line, held);
    void held.wire.closed.then(() => {
      if (this.#held.get(line) === held) this.#held.delete(line);
    });
  }

  /** FIN after a clean exchange, RST after anything else. */
  async #end(wire: OwnedWire, session: Session | undefined, result: Answer | Closed): Promise<void> {
    if ("said" in result && wire.quiet) wire.finish();
    else if ("said" in result) wire.abort("malformed", "more came than was asked");
    else wire.abort(result.failure ?? "reset", result.detail);
    wire.reclaim();
    if (session) forget(session);
    await this.#released(wire);
  }

  async #sayGoodbye({ wire, session }: Held, permit: Permit): Promise<void> {
    wire.lend(permit);
    const cancel = this.#parts.clock.at(permit.deadline, () => wire.abort("timeout", "the goodbye was not answered in time"));
    await Promise.race([session.leave().catch(() => undefined), this.#releasedBy(permit, wire)]);
    cancel();
    wire.reclaim();
  }

  /** The kernel has let go, or the time for that is over. */
  #released(wire: OwnedWire): Promise<Closed> {
    const { clock } = this.#parts;
    return this.#orAt(wire, after(clock.monotonic(), releaseWithin), "the kernel did not let go in time");
  }

  #releasedBy(permit: Permit, wire: OwnedWire): Promise<Closed> {
    return this.#orAt(wire, after(permit.deadline, releaseWithin), "the wire did not close in time");
  }

  #orAt(wire: OwnedWire, when: Parameters<Clock["at"]>[0], detail: string): Promise<Closed> {
    return new Promise((resolve) => {
      const cancel = this.#parts.clock.at(when, () => resolve({ by: "us", failure: "timeout", detail }));
      void wire.closed.then((closed) => {
        cancel();
        resolve(closed);
      });
    });
  }
}

/** A library that throws has read something that it did not like. */
function asClosed(error: unknown): Closed {
  return { by: "us", failure: "malformed", detail: error instanceof Error ? error.message : String(error) };
}

function unsent(failure: "driver_unavailable", detail: string): Conversation {
  return { result: { by: "us", failure, detail }, sent: nothingSent };
}

/** Tells the library that its connection is gone; what it makes of that concerns nobody any more. */
function forget(session: Session): void {
  session.leave().catch(() => undefined);
}
