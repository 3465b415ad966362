/** Whether a command works in lab mode, where floors are low: only where three things say so at once, so that no slip of the hand lowers a floor at a plant. */
import { WrongUsage, type Context } from "./command.ts";
import type { StateBirth } from "./ports.ts";

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

/** The problem of asking for lab mode on a state folder that was not born for it, or the other way round. */
export function labProblem(asked: boolean, { lab }: StateBirth, stateDir: string): string | undefined {
  if (asked && !lab)
    return `${stateDir}: found a state folder made for a plant, expected one made with \`watchkeeper init <folder> --site ID --lab\`; --lab works only there`;
  if (!asked && lab)
    return `${stateDir}: found a state folder made for lab mode, expected --lab and WATCHKEEPER_LAB=1; make a plant's folder with \`watchkeeper init\` without --lab`;
  return undefined;
}
