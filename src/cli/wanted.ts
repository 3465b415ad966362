/** What a command wants where that depends on what is asked of it: everything that is missing or wrong is told at once. */
import { WrongUsage, type Written } from "./command.ts";

/** The option's text. @throws WrongUsage with what it is, where it was not given */
export function wanted({ text }: Pick<Written, "text">, option: string, what: string): string {
  const given = text(option);
  if (given === undefined) throw new WrongUsage(`--${option} is missing: ${what}`);
  return given;
}

/** What the readings of what was written object to, all of them; each throws a WrongUsage where it does. */
export function objectionsOf(...readings: readonly (() => unknown)[]): readonly string[] {
  return readings.flatMap((reading) => {
    try {
      reading();
      return [];
    } catch (error) {
      if (error instanceof WrongUsage) return error.problems;
      throw error;
    }
  });
}
