/** How long to wait: the shortest that any file states, never beyond the limits; a check may shorten what its profile says. */
import { answerWithinDefault, answerWithinMax, connectWithinDefault, connectWithinMax, missesToDownDefault } from "../../domain/limits.ts";
import { milliseconds, type Milliseconds } from "../../domain/units.ts";
import { directions } from "./direction.ts";

export interface Timeouts {
  readonly connectWithin: Milliseconds;
  readonly answerWithin: Milliseconds;
}

type Stated = { readonly [Key in keyof Timeouts]?: Milliseconds } | undefined;

/** Of a method in a family: what an approval covers. Only a profile can go beyond the defaults. */
export function familyTimeouts(...stated: readonly Stated[]): Timeouts {
  const shortest = (key: keyof Timeouts, fallback: Milliseconds, most: Milliseconds): Milliseconds => {
    const values = stated.map((file) => file?.[key]).filter((value) => value !== undefined);
    const [first = fallback, ...others] = values;
    return milliseconds(directions[`${key}Ms`].tightest(most, first, ...others));
  };
  return {
    connectWithin: shortest("connectWithin", connectWithinDefault, connectWithinMax),
    answerWithin: shortest("answerWithin", answerWithinDefault, answerWithinMax),
  };
}

export function effectiveTimeouts(family: Timeouts, check: Stated): Timeouts {
  return {
    connectWithin: milliseconds(directions.connectWithinMs.tightest(family.connectWithin, check?.connectWithin ?? family.connectWithin)),
    answerWithin: milliseconds(directions.answerWithinMs.tightest(family.answerWithin, check?.answerWithin ?? family.answerWithin)),
  };
}

/** The fewest misses that any file states; 3 where none does. */
export function missesToDown(...stated: readonly (number | undefined)[]): number {
  const [first = missesToDownDefault, ...others] = stated.filter((value) => value !== undefined);
  return directions.missesToDown.tightest(first, ...others);
}
