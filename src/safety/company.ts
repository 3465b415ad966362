/** Who was heard and who missed among those that share one way: whether they fell silent together. Pure; bounded by its members. */
import { atOnce, sliced, type Preparing } from "../domain/taking-over.ts";
import type { Milliseconds, MonotonicMs } from "../domain/units.ts";

/** `there`: it exists, which says nothing of the others' way. */
export type Sign = "contact" | "there" | "miss";

interface Party {
  readonly interval: Milliseconds;
  contactAt: MonotonicMs | undefined;
  /** Its first miss since it was last there. */
  missedSince: MonotonicMs | undefined;
}

/** One alone cannot tell its own end from that of its way. */
const silentMin = 2;
/** Who is asked at most so many times more rarely than the quickest of the lost has to be waited for. */
const comparable = 2;
/** Who was not heard for so many of its intervals is not waited for: it is not asked at present. */
const recentIntervals = 3;

export class Company {
  #parties = new Map<string, Party>();
  #contactAt: MonotonicMs | undefined;

  /** In one go, see `preparing`. */
  adopt(members: ReadonlyMap<string, Milliseconds>): void {
    atOnce(this.preparing(members))();
  }

  /** `members` with the shortest interval of each; what is known of those that stay is kept. */
  *preparing(members: ReadonlyMap<string, Milliseconds>): Preparing<() => void> {
    const parties = new Map<string, Party>();
    const moved: (readonly [before: Party, next: Party])[] = [];
    yield* sliced(members, ([key, interval]) => {
      const before = this.#parties.get(key);
      // The very one that is in force: it may be heard before the take-over.
      if (before?.interval === interval) return void parties.set(key, before);
      const next: Party = { interval, contactAt: undefined, missedSince: undefined };
      if (before) moved.push([before, next]);
      parties.set(key, next);
    });
    return () => {
      for (const [{ contactAt, missedSince }, next] of moved) [next.contactAt, next.missedSince] = [contactAt, missedSince];
      this.#parties = parties;
    };
  }

  /** When any of them was last heard. */
  get contactAt(): MonotonicMs | undefined {
    return this.#contactAt;
  }

  note(key: string, sign: Sign, at: MonotonicMs): void {
    const party = this.#parties.get(key);
    if (!party) return;
    if (sign === "miss") {
      party.missedSince ??= at;
      return;
    }
    party.missedSince = undefined;
    if (sign === "there") return;
    party.contactAt = at;
    this.#contactAt = at;
  }

  /** It has missed since any of them was heard, and not before: it was not lost already. */
  lost(key: string): boolean {
    return this.#isLost(this.#parties.get(key));
  }

  /** Two or more were lost together, and nobody who should have been heard by now was. */
  silent(now: MonotonicMs): boolean {
    const lost = [...this.#parties.values()].filter((party) => this.#isLost(party));
    if (lost.length < silentMin) return false;
    const shortest = Math.min(...lost.map(({ interval }) => interval));
    const awaited = ({ interval, contactAt, missedSince }: Party): boolean =>
      missedSince === undefined &&
      contactAt !== undefined &&
      now - contactAt <= recentIntervals * interval &&
      interval <= comparable * shortest;
    return ![...this.#parties.values()].some(awaited);
  }

  /** Another one than `key` was heard after `since`, and has not missed after that. */
  othersLiveSince(key: string, since: MonotonicMs): boolean {
    for (const [other, { contactAt, missedSince }] of this.#parties)
      if (other !== key && contactAt !== undefined && contactAt > since && missedSince === undefined) return true;
    return false;
  }

  #isLost(party: Party | undefined): boolean {
    if (party?.missedSince === undefined) return false;
    return this.#contactAt === undefined || party.missedSince > this.#contactAt;
  }
}
