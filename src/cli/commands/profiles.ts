/** Lists, shows and searches the device profiles that come with the product: what is known of a family, and who says so. */
import { readLibrary, shippedLibrary, type Library } from "../../config/library.ts";
import { describeProfile, matches, profileLine } from "../../config/profile-words.ts";
import { formatProblem, type Loaded } from "../../config/problem.ts";
import type { Profile } from "../../config/schema/profile.ts";
import type { ProfileId } from "../../domain/plan.ts";
import { printable } from "../../domain/printable.ts";
import { WrongUsage, type Command, type Context, type ExitCode } from "../command.ts";
import { nearest } from "../nearest.ts";
import { failed } from "../report.ts";

const lineCharactersMax = 2000;

export const profiles: Command = {
  name: "profiles",
  words: [
    { name: "list|show|search", required: true },
    { name: "profile or text", required: false },
  ],
  options: {},
  examples: [
    ["watchkeeper profiles list", "one line a profile"],
    ["watchkeeper profiles show wago-750-coupler", "what it allows, what the owner must state, each fact with its grade and source"],
    ['watchkeeper profiles search "schneider m340"', "the profiles in which every one of these words occurs: vendor, model or any text"],
  ],
  more: "Reads the library that comes with the product, needs no site and sends nothing. Exit code 1 when there is no such profile, or nothing was found.",
  run(context) {
    const [what, text] = context.words;
    const library = readLibrary(shippedLibrary, { lint: false });
    if (library.problems.length > 0) return Promise.resolve(failed(context, library.problems.map(formatProblem)));
    if (what === "list" && text === undefined) return Promise.resolve(listed(context, [...library.profiles.values()]));
    if (what === "show" && text !== undefined) return Promise.resolve(shown(context, library, text));
    if (what === "search" && text !== undefined) return Promise.resolve(found(context, library, text));
    throw new WrongUsage(usage(what, text));
  },
};

function usage(what: string | undefined, text: string | undefined): string {
  if (what === "list") return `profiles list takes no ${JSON.stringify(text)}: expected profiles search <text>`;
  if (what === "show") return "profiles show: expected the id of a profile, as `profiles list` prints it";
  if (what === "search") return "profiles search: expected words to look for";
  return `profiles ${JSON.stringify(what)}: expected list, show or search`;
}

function listed(context: Context, loaded: readonly Loaded<Profile>[]): ExitCode {
  const lines = loaded.map(({ value }) => value);
  if (context.flag("json"))
    context.print(
      JSON.stringify(
        { schema: "profiles/v1", profiles: lines.map(({ id, title, vendor, kind }) => ({ id, title, vendor, kind })) },
        undefined,
        2,
      ),
    );
  else for (const profile of lines) context.print(printable(profileLine(profile), lineCharactersMax));
  return 0;
}

function shown(context: Context, { profiles: known }: Library, id: string): ExitCode {
  const profile = known.get(id as ProfileId)?.value;
  if (profile === undefined) {
    const meant = nearest(id, [...known.keys()]);
    return failed(context, [
      `there is no profile ${JSON.stringify(id)}${meant === undefined ? ": `profiles list` names them" : `: did you mean ${meant}?`}`,
    ]);
  }
  if (context.flag("json")) context.print(JSON.stringify({ ...profile, facts: Object.fromEntries(profile.facts) }, undefined, 2));
  else for (const line of describeProfile(profile)) context.print(printable(line, lineCharactersMax));
  return 0;
}

function found(context: Context, { profiles: known }: Library, text: string): ExitCode {
  const words = text.split(/\s+/u).filter((word) => word !== "");
  const fitting = [...known.values()].filter((loaded) => matches(loaded.value, loaded.text, words));
  if (fitting.length === 0 || words.length === 0)
    return failed(context, [`no profile says ${JSON.stringify(text)}: try the vendor alone, or \`profiles list\``]);
  return listed(context, fitting);
}
