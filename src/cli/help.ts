/** The help texts: one page for the product, one a command, every one with examples. */
import { commonOptions, type Command, type ListedCommand, type Options } from "./command.ts";
import { columns, wrapped } from "./text.ts";

const widthMax = 100;

export function overview(commands: readonly ListedCommand[], version: string): string {
  return [
    `watchkeeper ${version}: asks approved OT devices, no more often than they allow, whether they are alive`,
    "",
    "usage: watchkeeper <command> [options]",
    "",
    "commands:",
    ...columns(
      commands.map((command) => [`  ${command.name}`, command.summary]),
      widthMax,
    ),
    "",
    "for every command:",
    ...optionLines(commonOptions),
    "",
    "exit codes: 0 good, 1 problem found, 2 wrong usage",
    "",
    "first steps:",
    ...columns(
      [
        ["  watchkeeper init ./my-site --site my-site", "make the folder of a site"],
        ["  watchkeeper help approve", "explain one command"],
      ],
      widthMax,
    ),
  ].join("\n");
}

export function explained(command: Command, summary: string): string {
  return [
    `watchkeeper ${command.name}: ${summary}`,
    ...(command.more === undefined ? [] : ["", ...wrapped(command.more, widthMax)]),
    "",
    ...wrapped(`usage: ${usage(command)}`, widthMax).map((line, at) => (at === 0 ? line : `    ${line}`)),
    ...(Object.keys(command.options).length === 0 ? [] : ["", "options:", ...optionLines(command.options)]),
    "",
    "for every command:",
    ...optionLines(commonOptions),
    "",
    "examples:",
    ...command.examples.flatMap(([line, what]) => [`  ${line}`, `      ${what}`]),
  ].join("\n");
}

/** `watchkeeper explain <device> [options]`, with the options that must not be missing in full. */
export function usage(command: Command): string {
  const words = command.words.map(({ name, required, many }) => `${required ? `<${name}>` : `[${name}]`}${many ? "…" : ""}`);
  const required = Object.entries(command.options)
    .filter(([, option]) => option.required ?? option.needed)
    .map(([name, option]) => `--${name} ${option.value ?? "<text>"}`);
  return ["watchkeeper", command.name, ...words, ...required, "[options]"].join(" ");
}

/** A whole command line that works, of the way that `first` names where the command has several. */
export function example({ name, examples }: Command, first: string | undefined): string {
  const [[line]] = examples as readonly [readonly [string, string]];
  return examples.find(([one]) => first !== undefined && one.startsWith(`watchkeeper ${name} ${first} `))?.[0] ?? line;
}

function optionLines(options: Options): readonly string[] {
  const rows = Object.entries(options).map(([name, option]) => [
    `  --${name}${option.type === "text" ? ` ${option.value ?? "<text>"}` : ""}`,
    option.required
      ? `${option.summary} (required)`
      : option.needed
        ? `${option.summary} (required; asked for on a terminal)`
        : option.summary,
  ]);
  return columns(rows, widthMax);
}
