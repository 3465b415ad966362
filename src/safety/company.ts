/** Who was heard and who missed among those that share one way: whether they fell silent together. Pure; bounded by its members. */
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

  /** `members` with the shortest interval of each; what is known of those that stay is kept. */
  adopt(members: ReadonlyMap<string, Milliseconds>): void {
    this.#parties = new Map(
      [...members].map(([key, interval]) => {
        const { contactAt, missedSince } = this.#parties.get(key) ?? {};
        return [key, { interval, contactAt, missedSince }];
      }),
    );
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
