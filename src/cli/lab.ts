/** Whether a command works in lab mode, where floors are low: only where three things say so at once, so that no slip of the hand lowers a floor at a plant. */
import { WrongUsage, type Context } from "./command.ts";
import type { Problems, StateBirth } from "./ports.ts";

export const labNotice = "LAB MODE: floors are lowered; only loopback and documentation addresses are asked.";

/** `--lab` together with WATCHKEEPER_LAB=1. @throws WrongUsage when only the option was given. */
export function labAsked(context: Pick<Context, "flag" | "env">): boolean {
  if (!context.flag("lab")) return false;
  const found = context.env["WATCHKEEPER_LAB"];
  if (found === "1") return true;
  throw new WrongUsage(
    `--lab: found WATCHKEEPER_LAB ${found === undefined ? "unset" : `"${found}"`}, expected 1. ` +
      "Lab mode lowers the floors: set WATCHKEEPER_LAB=1 where no plant can be reached",
  );
}

/**
 * The problem of a state folder that was made for something else than what the command was called for. One that is not there yet is
 * none, unless lab mode was asked for: files may be checked where no poller will ever run.
 */
export function stateProblem(
  lab: boolean,
  birth: StateBirth | Problems,
  { site, stateDir }: { readonly site: string; readonly stateDir: string },
): string | undefined {
  if ("problems" in birth) return lab ? `--lab needs a state folder that was made for it: ${birth.problems.join("; ")}` : undefined;
  if (lab && !birth.lab)
    return `${stateDir}: found a state folder made for a plant, expected one made with \`watchkeeper init <folder> --site ID --lab\`; --lab works only there`;
  if (!lab && birth.lab)
    return `${stateDir}: found a state folder made for lab mode, expected --lab and WATCHKEEPER_LAB=1; a plant's folder is made with \`watchkeeper init\` without --lab`;
  if (birth.site !== site)
    return `${stateDir}: found the state of site "${birth.site}", expected that of "${site}", as the settings say; each site has a state folder of its own`;
  return undefined;
}
