/** The identity baseline of a running poller: each reply is compared as it comes in, news are recorded, and a person accepts what is said now. */
import { isMark, markOf, otherThanSeen } from "../config/identity-mark.ts";
import type { KnownIdentity, Replying } from "../domain/baseline.ts";
import type { Clock } from "../domain/clock.ts";
import type { SeenDevice } from "../domain/baseline-control.ts";
import type { ControlHandlers } from "../domain/control.ts";
import type { Fact, Identity } from "../domain/outcome.ts";
import type { DeviceId, Plan } from "../domain/plan.ts";
import { printable } from "../domain/printable.ts";
import { identityStatus } from "../exporters/identity-status.ts";
import { Baselines, type IdentityNews } from "../safety/baselines.ts";
import type { StoreJournal } from "../store/journal.ts";
import { refused } from "./replies.ts";

export interface BaselineKeeperParts {
  readonly clock: Clock;
  readonly journal: Pick<StoreJournal, "problem" | "settled" | "unwritableSince">;
  readonly plan: () => Plan;
  readonly record: (fact: Fact) => void;
  readonly identities: readonly KnownIdentity[];
}

const nameCharactersMax = 100;
const wordsMax = 400;

export class BaselineKeeper {
  readonly baselines: Baselines;
  readonly #parts: BaselineKeeperParts;

  constructor(parts: BaselineKeeperParts) {
    this.#parts = parts;
    this.baselines = new Baselines(parts.plan, parts.identities);
  }

  /**
   * A reply said this of its sender. The gate calls it for every answer, of a heartbeat and of a deep query.
   * Why nothing more may be asked of the device, in one line; undefined where nothing speaks against it: then an alarm is enough, and raised.
   */
  readonly heard = (check: Replying, identity: Identity): string | undefined => {
    const { news, stranger } = this.baselines.heard(check, identity, this.#parts.clock.wall());
    if (news) this.#tell(news, "poller");
    return stranger;
  };

  readonly handlers: Pick<ControlHandlers, "baseline-accept"> = {
    "baseline-accept": async ({ devices, beside, by, reason }) => {
      const { clock, journal, plan } = this.#parts;
      if (journal.unwritableSince !== undefined)
        return refused(`the audit cannot be written (${journal.problem ?? "unknown"}): nothing is accepted until it can`);
      const problems = devices.flatMap((one) => this.#problemWith(one, plan()) ?? []);
      if (problems.length > 0) return { ok: false, problems };
      const ids = devices.map(({ device }) => device as DeviceId);
      const signed = { by: printable(by, nameCharactersMax), reason: printable(reason, wordsMax), at: clock.wall() };
      for (const id of ids) for (const news of this.baselines.accept(id, signed, beside === true)) this.#tell(news, signed.by);
      await journal.settled();
      return { ok: true, result: { accepted: ids.flatMap((id) => this.baselines.of(id).map(identityStatus)) } };
    },
  };

  #problemWith({ device, seen }: SeenDevice, { devices }: Plan): string | undefined {
    const id = device as DeviceId;
    if (!devices.has(id)) return `${id}: no such device in the watchlist`;
    const says = this.baselines.of(id);
    if (says.length === 0)
      return `${id}: it has said nothing of itself yet, expected an answer that carries an identity; \`watchkeeper baseline list\` shows who has`;
    return isMark(markOf(says), seen) ? undefined : otherThanSeen(device, says, seen);
  }

  #tell({ change, identity, detail }: IdentityNews, by: string): void {
    this.#parts.record({ kind: "identity", at: this.#parts.clock.monotonic(), change, identity, detail, by });
  }
}
