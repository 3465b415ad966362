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
  const made = [...profiles].map(([id, loaded]) => [id, extendedBy(loaded, (floor) => profiles.get(floor), ids)] as const);
  return {
    profiles: new Map(made.map(([id, { profile }]) => [id, profile])),
    problems: made.flatMap(([, { problems }]) => problems),
  };
}

export interface ExtendedProfile {
  readonly profile: Loaded<Profile>;
  readonly problems: readonly Problem[];
}

/** One profile by itself. @param at finds another one as its own file has it @param ids as for all of them */
export function extendedBy(
  loaded: Loaded<Profile>,
  at: (id: ProfileId) => Loaded<Profile> | undefined,
  ids: readonly string[],
): ExtendedProfile {
  const { id, extends: floor } = loaded.value;
  if (floor === undefined) return { profile: loaded, problems: [] };
  const wrong = (found: string, expected: string): ExtendedProfile => ({
    profile: loaded,
    problems: [problemAt(loaded, ["extends"], { found, expected })],
  });
  const lower = floor === id ? undefined : at(floor)?.value;
  if (lower === undefined) {
    // What cannot be read has a problem of its own.
    if (ids.includes(floor) && floor !== id) return { profile: loaded, problems: [] };
    return wrong(quote(floor), "the id of another profile of this library");
  }
  if (lower.extends !== undefined)
    return wrong(`${quote(floor)}, which extends ${lower.extends}`, "a profile that extends nothing itself: one level only");
  return {
    profile: { ...loaded, value: extended(loaded.value, lower) },
    problems: looserThan(loaded.value, lower).map(([path, complaint]) => problemAt(loaded, path, complaint)),
  };
}
