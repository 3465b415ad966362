/** Reads a whole library of device profiles, for people who search it and for those who write it: every problem of every file at once. */
import path from "node:path";
import type { ProfileId } from "../domain/plan.ts";
import { checkLibraryProfile } from "./checks/library.ts";
import { Complaints } from "./checks/entries.ts";
import { withExtends } from "./extends.ts";
import { quote, sortProblems, type Loaded, type Problem } from "./problem.ts";
import { parseProfile } from "./profiles.ts";
import { readFolder, readText } from "./read-file.ts";
import { idPattern } from "./ids.ts";
import { profileSchema, type Profile } from "./schema/profile.ts";
import { profileAt } from "./shipped-profiles.ts";
import { parseYaml } from "./yaml.ts";

/** That of the package; the same place from src and from dist. */
export const shippedLibrary: string = path.resolve(import.meta.dirname, "../../device-profiles");

export interface Library {
  /** By id; what cannot be read is missing, and has a problem. */
  readonly profiles: ReadonlyMap<ProfileId, Loaded<Profile>>;
  readonly problems: readonly Problem[];
}

const ending = ".yaml";
/** What else may lie there. */
const others: ReadonlySet<string> = new Set(["README.md"]);

/** @param lint with what is wanted of a shipped profile beyond what makes it valid */
export function readLibrary(folder: string, { lint }: { readonly lint: boolean }): Library {
  const listed = readFolder(path.basename(folder), folder);
  if (!listed.ok) return { profiles: new Map(), problems: listed.problems };
  const problems: Problem[] = [];
  const ids: string[] = [];
  const read = new Map<ProfileId, Loaded<Profile>>();
  for (const name of listed.names.filter((one) => !others.has(one))) {
    const file = `${path.basename(folder)}/${name}`;
    const id = name.slice(0, -ending.length);
    if (!name.endsWith(ending) || !idPattern.test(id)) {
      problems.push({ file, line: 1, path: "", found: `the file name ${quote(name)}`, expected: "a profile's id and .yaml" });
      continue;
    }
    ids.push(id);
    const location = path.join(folder, name);
    const loaded = lint ? linted(file, location, id) : profileAt(file, location, id);
    problems.push(...loaded.problems);
    if (loaded.profile) read.set(id as ProfileId, loaded.profile);
  }
  const extended = withExtends(read, ids);
  return { profiles: extended.profiles, problems: sortProblems([...problems, ...extended.problems]) };
}

function linted(file: string, location: string, id: string): ReturnType<typeof profileAt> {
  const text = readText(file, location);
  const yaml = text.ok ? parseYaml(file, text.text) : text;
  if (!yaml.ok) return { problems: yaml.problems };
  const parsed = parseProfile(yaml, id);
  // A profile that is not valid in itself still has its manners looked at, where its shape can be read.
  const shape = profileSchema.safeParse(yaml.value);
  const complaints = new Complaints(yaml);
  if (shape.success) checkLibraryProfile(shape.data, yaml.value, complaints);
  const problems = [...(parsed.ok ? [] : parsed.problems), ...complaints.problems];
  if (!parsed.ok) return { problems };
  return { profile: { file, location, text: yaml.text, value: parsed.value, lines: yaml.lines }, problems };
}
