/** Puts a command's own record into the audit chain: through the poller where one runs, for it holds the journal, and else directly. */
import type { AuditEntry } from "../domain/board.ts";
import { printable } from "../domain/printable.ts";
import type { Settings } from "../config/loaded-site.ts";
import type { Context } from "./command.ts";
import { pollerOf } from "./poller.ts";
import type { Problems, StateJournal } from "./ports.ts";

const nameCharactersMax = 100;

export type Record = Omit<AuditEntry, "at">;

/** Undefined when the record is on its way to disk (poller) or on disk (directly). */
export async function recorded(
  context: Context,
  settings: Pick<Settings, "site" | "stateDir">,
  record: Record,
): Promise<undefined | Problems> {
  const asked = await pollerOf(context, settings.stateDir).ask("audit", record);
  if (asked.kind === "nobody") return withJournal(context, settings, (journal) => audited(context, journal, record));
  if (asked.kind === "trouble") return { problems: [asked.detail] };
  return asked.reply.ok ? undefined : { problems: asked.reply.problems };
}

/** Opens the journal for the length of `use`, while no poller runs. Problems of either win over its result. */
export async function withJournal<Result>(
  { state }: Context,
  { stateDir, site }: Pick<Settings, "site" | "stateDir">,
  use: (journal: StateJournal) => Result,
): Promise<Result | Problems> {
  const journal = await state.journal(stateDir, site);
  if ("problems" in journal) return journal;
  const result = use(journal);
  return (await journal.close()) ?? result;
}

export function audited({ clock }: Context, journal: StateJournal, record: Record): undefined {
  // Who did it, as the poller writes it; a name is one line.
  journal.audit({ ...record, source: printable(record.source, nameCharactersMax), at: clock.wall() });
}
