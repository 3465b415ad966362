/** Moments as people write them: always with an offset, because a ship's clocks are set back at night and an hour then comes twice. */
import { wallMs, type WallMs } from "./units.ts";

const form = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2})(?::(\d{2}))?(?:Z|([+-])(\d{2}):(\d{2}))$/u;
/** UTC+14 (Line Islands) is the farthest east, UTC-12 the farthest west. */
const offsetMost = 14 * 60;
const offsetLeast = -12 * 60;

export interface ReadInstant {
  readonly at: WallMs;
  /** Minutes east of UTC. */
  readonly offsetMinutes: number;
}

/** `2026-11-21T22:00Z`, `2026-11-22T00:00:00+02:00`; undefined for anything else: no date alone, no time without an offset, no 31 June, no 24:00. */
export function parseInstant(text: string): ReadInstant | undefined {
  const match = form.exec(text);
  if (!match) return undefined;
  const part = (index: number): number => Number(match[index] ?? 0);
  const [year, month, day, hour, minute, second] = [part(1), part(2), part(3), part(4), part(5), part(6)];
  const offsetMinutes = (match[7] === "-" ? -1 : 1) * (part(8) * 60 + part(9));
  const local = Date.UTC(year, month - 1, day, hour, minute, second);
  // What Date has carried over was no time of any day.
  const real = new Date(local).toISOString().startsWith(text.slice(0, 16)) && second < 60;
  if (!real || part(9) > 59 || offsetMinutes > offsetMost || offsetMinutes < offsetLeast) return undefined;
  const at = local - offsetMinutes * 60_000;
  return at < 0 ? undefined : { at: wallMs(at), offsetMinutes: offsetMinutes === 0 ? 0 : offsetMinutes };
}

/** `2026-11-22 00:00:05 +02:00 (2026-11-21 22:00:05 UTC)`; UTC alone where the offset is none. */
export function instantWords(at: WallMs, offsetMinutes: number): string {
  const utc = `${words(at)} UTC`;
  if (offsetMinutes === 0) return utc;
  const size = Math.abs(offsetMinutes);
  const two = (value: number): string => String(value).padStart(2, "0");
  return `${words(at + offsetMinutes * 60_000)} ${offsetMinutes < 0 ? "-" : "+"}${two(Math.floor(size / 60))}:${two(size % 60)} (${utc})`;
}

function words(at: number): string {
  return new Date(at).toISOString().slice(0, 19).replace("T", " ");
}
