/** Lets a person allow a device family to be asked: which bytes, to which devices, until when, and who said so. */
import { approve as approval, type Edited } from "../../config/approve.ts";
import { describeAdmitted, wouldBeSent } from "../../config/describe.ts";
import type { DeviceId, ProfileId } from "../../domain/plan.ts";
import { printable } from "../../domain/printable.ts";
import { WrongUsage, type Command, type Context, type ExitCode, type Options } from "../command.ts";
import { failed } from "../report.ts";
import { answers, carriedOut, signatureOf, signatureWords, signingOptions } from "../signing.ts";
import { approveWorksheet } from "../worksheet.ts";
import { plannedSite, type PlannedSite } from "../site.ts";

const covering: Options = {
  covers: {
    type: "text",
    value: "<digest>",
    summary: "sha256:… of what was looked at, as `watchkeeper plan` prints it",
    needed: true,
    unless: ["worksheet"],
  },
};
const choice: Options = {
  devices: {
    type: "text",
    value: "<a,b>",
    summary: "the devices that are admitted; or --all-new",
    needed: true,
    unless: ["all-new", "worksheet"],
  },
};

export const approve: Command = {
  name: "approve",
  plans: true,
  words: [{ name: "profile", required: true }],
  options: {
    ...choice,
    "all-new": { type: "flag", summary: "every device of the family that is complete and not admitted yet" },
    ...covering,
    ...signingOptions,
    worksheet: {
      type: "text",
      value: "<export|import>",
      summary: "one table for every family and device; the word is then a file, not a profile",
    },
    trial: { type: "flag", summary: "on trial: only these devices are asked, for a settling time" },
  },
  examples: [
    [
      'watchkeeper approve schneider-m221 --devices fresh-water-plc --covers sha256:… --prepared-by eto-1 --accepted-by "chief engineer, mail 2026-11-21" --basis vendor --basis-text "EIO0000003089 p. 41" --until 2028-02-21 --change MOC-2026-014',
      "one device, on the vendor's word",
    ],
    [
      'watchkeeper approve generic-modbus-tcp --all-new --covers sha256:… --prepared-by eto-1 --accepted-by "chief engineer" --basis risk --basis-text "identification only, tried at the shipyard" --until 2027-05-31 --change MOC-2026-015',
      "every new device of the family, on an accepted risk",
    ],
    ["watchkeeper approve --worksheet export signing.csv", "every family and device in one table, with columns to fill in"],
    [
      "watchkeeper approve --worksheet import signing.csv",
      "what was filled in; where anything is missing, nothing, and one list of it all",
    ],
  ],
  more:
    "`--worksheet export FILE` writes one table (CSV) for one signing, `--worksheet import FILE` approves what is filled in, all of it or nothing. " +
    "Look at `watchkeeper plan` first: the digest after `covers` stands for the exact bytes, the pace and the connections. " +
    "The approval goes into the site's file of the profile, whose comments are kept. Names are records, not authentication. " +
    "On a terminal what is missing is asked for, then what would be sent is shown and a yes is waited for; elsewhere what is missing is wrong usage.",
  async run(context) {
    const way = context.text("worksheet");
    if (way !== undefined) return approveWorksheet(context, way);
    const allNew = context.flag("all-new") && context.text("devices") === undefined;
    const given = await answers(context, { ...(allNew ? {} : choice), ...covering, ...signingOptions });
    const devices = devicesOf(context, given.get("devices"));
    const signature = signatureOf(given);
    const planned = plannedSite(context);
    if ("inFiles" in planned) return failed(context, planned.problems);
    const profile = context.words[0]! as ProfileId;
    const covers = given.get("covers") ?? "";
    const stage = context.flag("trial") ? "trial" : "approved";
    const edit = approval(planned.site, planned.compiled, { profile, devices, covers, stage, ...signature }, planned.wallNow);
    if (edit.ok && !(await agreed(context, planned, edit))) return notWritten(context, edit);
    const who = devices === "all-new" ? "all new devices" : devices.join(", ");
    const detail = `stage ${stage} for ${who}, covers ${covers}, ${signatureWords(signature)}`;
    return carriedOut(context, planned.settings, edit, { source: signature.preparedBy, type: "approve", detail });
  },
};

/** On a terminal nobody signs blind: what would be sent is shown, and nothing but a yes goes on. Where nobody sits, `--covers` stands for having looked. */
async function agreed(context: Context, { compiled }: PlannedSite, { admits = [], notes, file }: Edited): Promise<boolean> {
  const { prompt, methods } = context;
  if (prompt === undefined || context.flag("json")) return true;
  const lines = describeAdmitted(compiled, admits, { methods, sysctls: context.machine().sysctls });
  for (const line of [wouldBeSent, ...lines, "", ...notes]) context.warn(printable(line, 4000));
  const answer = (await prompt(`Write this approval into ${file}? yes or no: `))?.trim().toLowerCase();
  return answer === "yes" || answer === "y";
}

function notWritten(context: Context, { file }: Edited): ExitCode {
  return failed(context, [`${file} is not changed: the approval was not agreed to`]);
}

function devicesOf(context: Context, given: string | undefined): readonly DeviceId[] | "all-new" {
  if (given === undefined) return "all-new";
  if (context.flag("all-new")) throw new WrongUsage("found --devices and --all-new, expected one of them");
  const names = given.split(",").map((name) => name.trim());
  if (names.includes(""))
    throw new WrongUsage(`--devices: found "${given}", expected device ids with a comma between them, such as plc-1,plc-2`);
  return names as DeviceId[];
}
