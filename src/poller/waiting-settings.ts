/** Settings that a reload found changed and does not take over: kept for whoever looks, and said once for each change. */
import type { Settings } from "../config/loaded-site.ts";
import { restartNeeded } from "../config/restart-needed.ts";
import { restartWords } from "../domain/restart-words.ts";
import type { EventLog } from "../exporters/event-log.ts";
import type { MemoryBoard } from "../store/board.ts";

export interface WaitingSettingsParts {
  readonly board: Pick<MemoryBoard, "restartFor">;
  readonly log: Pick<EventLog, "write">;
  /** As they were at the start. */
  readonly settings: Settings;
}

/** Whoever edits one of them would otherwise look for the reason elsewhere. */
export function sayWhatWaits({ board, log, settings }: WaitingSettingsParts, inFile: Settings): void {
  const waiting = restartNeeded(settings, inFile);
  const news = waiting.filter((name) => !board.restartFor.includes(name));
  board.restartFor = waiting;
  if (news.length > 0) log.write("warn", "restart_needed", restartWords(news), { settings: news.join(" ") });
}
