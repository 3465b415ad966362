/** What a person should know of other windows when one is opened, extended or closed. */
import { instantWords } from "../domain/instant.ts";
import type { PlannedDevice } from "../domain/plan.ts";
import { covers, type Window } from "../domain/windows.ts";

/** Those of all that share time and devices with the window: of another kind both hold; of the same kind one would outlast the other unseen. */
export function overlapping(window: Window, all: readonly Window[], devices: readonly PlannedDevice[]): readonly string[] {
  return sharing(window, all, devices).map(({ id, kind, scope, until, offsetMinutes }) =>
    kind === window.kind
      ? `${id} is a ${kind} of ${scope} too, until ${instantWords(until, offsetMinutes)}: to end it early, both are to be closed`
      : `it overlaps ${id} (${kind}): both hold, and where one is a pause nothing is asked`,
  );
}

/** Of a window that was closed: those of its kind that go on over its devices. */
export function stillOver(window: Window, all: readonly Window[], devices: readonly PlannedDevice[]): readonly string[] {
  const others = sharing(window, all, devices).filter(({ kind }) => kind === window.kind);
  return others.map(
    ({ id, kind, scope, until, offsetMinutes }) => `${id} (${kind} of ${scope}) goes on until ${instantWords(until, offsetMinutes)}`,
  );
}

function sharing(window: Window, all: readonly Window[], devices: readonly PlannedDevice[]): readonly Window[] {
  const others = all.filter((other) => other.id !== window.id && other.from < window.until && window.from < other.until);
  return others.filter((other) => devices.some((device) => covers(other, device)));
}

/** @param next the number that no window has had yet */
export function noSuchWindow(id: string, ids: readonly string[], next: number): string {
  const number = Number(/^w([1-9]\d{0,8})$/u.exec(id)?.[1] ?? next);
  const there = ids.length === 0 ? "there is none now" : `there ${ids.length === 1 ? "is" : "are"} ${ids.join(", ")}`;
  if (number < next) return `${id}: it has ended, or was closed; ${there}`;
  return `${id}: found no such window, expected one that is open or planned; ${there}`;
}
