/** Profiles that extend another one: the two put together, or what is wrong with that. */
import type { ProfileId } from "../domain/plan.ts";
import { extended, looserThan } from "./compile/extend.ts";
import { problemAt, quote, type Loaded, type Problem } from "./problem.ts";
import type { Profile } from "./schema/profile.ts";

export interface Extended {
  readonly profiles: ReadonlyMap<ProfileId, Loaded<Profile>>;
  readonly problems: readonly Problem[];
}

/**
 * @param ids of every profile there is, those that cannot be read among them
 * A profile whose extending is wrong stays as its own file has it, beside the problem.
 */
export function withExtends(profiles: ReadonlyMap<ProfileId, Loaded<Profile>>, ids: readonly string[]): Extended {
  const problems: Problem[] = [];
  const made = [...profiles].map(([id, loaded]): [ProfileId, Loaded<Profile>] => {
    const floor = loaded.value.extends;
    if (floor === undefined) return [id, loaded];
    const lower = profiles.get(floor)?.value;
    if (lower === undefined || floor === id) {
      // What cannot be read has a problem of its own.
      if (!ids.includes(floor) || floor === id)
        problems.push(problemAt(loaded, ["extends"], { found: quote(floor), expected: "the id of another profile of this library" }));
      return [id, loaded];
    }
    if (lower.extends !== undefined) {
      const expected = "a profile that extends nothing itself: one level only";
      problems.push(problemAt(loaded, ["extends"], { found: `${quote(floor)}, which extends ${lower.extends}`, expected }));
      return [id, loaded];
    }
    problems.push(...looserThan(loaded.value, lower).map(([path, complaint]) => problemAt(loaded, path, complaint)));
    return [id, { ...loaded, value: extended(loaded.value, lower) }];
  });
  return { profiles: new Map(made), problems };
}
