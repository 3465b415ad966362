/** Makes the folder of a new site: settings, watchlist, room for profiles, and the state folder, which is made here and nowhere else. */
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { idPattern } from "../../config/ids.ts";
import { controlPathBytesMax, controlSocketName } from "../../domain/control.ts";
import { WrongUsage, type Command, type Context, type ExitCode } from "../command.ts";
import { labAsked, labNotice } from "../lab.ts";
import { failed } from "../report.ts";
import { profilesText, settingsText, watchlistText, type TemplateInput } from "../site-template.ts";
import { columns } from "../text.ts";

const settingsName = "watchkeeper.yaml";
const watchlistName = "watchlist.yaml";
const profilesName = "device-profiles";
const stateName = "state";

export const init: Command = {
  name: "init",
  words: [{ name: "folder", required: true }],
  options: {
    site: { type: "text", value: "<id>", summary: "the site's id, for ever: a to z, 0 to 9 and -", required: true },
    state: { type: "text", value: "<folder>", summary: "where the state folder is to lie (default state/ in the site's folder)" },
  },
  examples: [
    ["watchkeeper init ./mv-aurora --site mv-aurora", "make settings, an empty watchlist, device-profiles/ and state/ in ./mv-aurora"],
    [
      "watchkeeper init /etc/watchkeeper --site mv-aurora --state /var/lib/watchkeeper/state",
      "the site of an installed service, which may write its state alone",
    ],
    ["WATCHKEEPER_LAB=1 watchkeeper init ./lab --site lab --lab", "make a site for simulators: it can never ask a plant's addresses"],
  ],
  more:
    "Nothing is asked and nothing can be asked until a watchlist names devices and their profiles are approved. " +
    "A folder that holds a package.json, or a site already, is left alone.",
  async run(context) {
    const site = context.required("site");
    if (!idPattern.test(site))
      throw new WrongUsage(
        `--site: found "${site}", expected a to z, 0 to 9 and -, at most 63 characters, beginning with a letter or digit`,
      );
    const folder = path.resolve(context.cwd, context.words[0]!);
    const elsewhere = context.text("state");
    const stateDir = elsewhere === undefined ? path.join(folder, stateName) : path.resolve(context.cwd, elsewhere);
    // The settings hold it in one line without quotes.
    if (elsewhere !== undefined && !/^[\w./-]+$/u.test(stateDir))
      throw new WrongUsage(`--state: found "${elsewhere}", expected a path of letters, digits and . _ - /`);
    const input: TemplateInput = { site, lab: labAsked(context), ...(elsewhere !== undefined && { stateDir }) };
    const problems = problemsWith(folder, stateDir);
    if (problems.length > 0) return failed(context, problems);
    return make(context, folder, stateDir, input);
  },
};

function problemsWith(folder: string, stateDir: string): readonly string[] {
  const problems: string[] = [];
  if (existsSync(path.join(folder, "package.json")))
    problems.push(`${folder}: found a package.json, expected a folder of the site's own; a site does not live in a program's folder`);
  const there = [settingsName, watchlistName, profilesName, stateName].filter((name) => existsSync(path.join(folder, name)));
  if (there.length > 0) problems.push(`${folder}: found ${there.join(", ")}, expected no site yet; nothing is overwritten`);
  else if (existsSync(stateDir)) problems.push(`${stateDir}: found something there, expected nothing: a state folder is made new`);
  const socketBytes = Buffer.byteLength(path.join(stateDir, controlSocketName));
  if (socketBytes > controlPathBytesMax)
    problems.push(
      `${folder}: the path is too long for a control socket in its state folder (${socketBytes} bytes, expected at most ${controlPathBytesMax}); ` +
        "choose a shorter one",
    );
  return problems;
}

async function make(context: Context, folder: string, stateDir: string, input: TemplateInput): Promise<ExitCode> {
  try {
    mkdirSync(folder, { recursive: true });
    const refused = await context.state.create(stateDir, { site: input.site, lab: input.lab });
    if (refused) return failed(context, refused.problems);
    mkdirSync(path.join(folder, profilesName));
    // "wx": should another have made the file since we looked, it stays.
    writeFileSync(path.join(folder, settingsName), settingsText(input), { flag: "wx" });
    writeFileSync(path.join(folder, watchlistName), watchlistText(), { flag: "wx" });
    writeFileSync(path.join(folder, profilesName, "README.md"), profilesText(), { flag: "wx" });
  } catch (error) {
    if (!(error instanceof Error && "syscall" in error)) throw error;
    return failed(context, [`${folder}: the site cannot be made here (${error.message}); expected a folder that you may write`]);
  }
  if (context.flag("json")) context.print(JSON.stringify({ folder, ...input }));
  else context.print(told(path.relative(context.cwd, folder) || ".", input).join("\n"));
  return 0;
}

function told(folder: string, { site, lab, stateDir }: TemplateInput): readonly string[] {
  const labFlag = lab ? " --lab" : "";
  const steps = [
    [`edit ${path.join(folder, watchlistName)}`, "name segments and devices; it holds examples"],
    [`cd ${folder}`, ""],
    [`watchkeeper check-config${labFlag}`, "every mistake at once, with file and line"],
    [`watchkeeper plan${labFlag}`, "what would be sent to which device, and what is missing"],
    ["watchkeeper help approve", "how a person allows a device family to be asked"],
    [`watchkeeper run${labFlag}`, "ask what is approved"],
  ];
  return [
    ...(lab ? [labNotice] : []),
    `Made the site ${site} in ${folder}:`,
    ...columns(
      [
        [`  ${settingsName}`, "settings"],
        [`  ${watchlistName}`, "segments, gateways and devices; empty, with examples"],
        [`  ${profilesName}/`, "this site's device profiles with their approvals"],
        [`  ${stateDir ?? `${stateName}/`}`, "the poller's own: never copy or restore it"],
      ],
      100,
    ),
    "",
    "Nothing is asked yet. Next:",
    ...columns(
      steps.map(([line = "", what = ""], at) => [`  ${at + 1}. ${line}`, what]),
      100,
    ),
  ];
}
