/** Turns the words after the command's name into options and words, and says everything that is wrong with them at once. */
import { parseArgs } from "node:util";
import { commonOptions, type Command, type Option, type Options, type Written } from "./command.ts";
import { nearest } from "./nearest.ts";

export interface Arguments {
  readonly words: readonly string[];
  readonly texts: ReadonlyMap<string, string>;
  readonly flags: ReadonlySet<string>;
}

export type Parsed = { readonly arguments: Arguments } | { readonly help: true } | { readonly problems: readonly string[] };

/** The options of `command` with those that every command takes. */
export function allOptions(command: Command): Options {
  return { ...command.options, ...commonOptions };
}

/** `--help` wins over anything else that stands there. Given twice is a problem: the last silently winning has hurt before. */
export function parse(command: Command, argv: readonly string[], { clock, prompt }: Pick<Written, "clock" | "prompt">): Parsed {
  const options = allOptions(command);
  const config = Object.fromEntries(
    Object.entries(options).map(([name, { type }]) => [name, { type: type === "flag" ? ("boolean" as const) : ("string" as const) }]),
  );
  const { tokens } = parseArgs({
    args: [...argv],
    // `-h` is the one short form, because everybody tries it.
    options: { ...config, help: { type: "boolean", short: "h" } },
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const texts = new Map<string, string>();
  const flags = new Set<string>();
  const words: string[] = [];
  const problems: string[] = [];
  for (const token of tokens) {
    if (token.kind === "positional") words.push(token.value);
    if (token.kind !== "option") continue;
    const option = Object.hasOwn(options, token.name) ? options[token.name] : undefined;
    const problem = option ? problemWith(token, option, texts, flags) : unknownOption(token.rawName, Object.keys(options));
    if (problem !== undefined) problems.push(problem);
    else if (token.value === undefined) flags.add(token.name);
    else texts.set(token.name, [texts.get(token.name) ?? [], token.value].flat().join(","));
  }
  if (flags.has("help")) return { help: true };
  const written: Written = { words, text: (name) => texts.get(name), flag: (name) => flags.has(name), clock, prompt };
  const asked = prompt !== undefined && !flags.has("json");
  problems.push(...missing(options, written, asked), ...wrongWords(command, words), ...(command.objections?.(written) ?? []));
  return problems.length > 0 ? { problems } : { arguments: { words, texts, flags } };
}

interface Given {
  readonly name: string;
  readonly rawName: string;
  readonly value: string | undefined;
  readonly inlineValue: boolean | undefined;
}

function problemWith(given: Given, option: Option, texts: ReadonlyMap<string, string>, flags: ReadonlySet<string>): string | undefined {
  const { name, rawName, value } = given;
  if (flags.has(name) || (texts.has(name) && !option.repeatable)) return `${rawName} is given twice; expected once`;
  if (option.type === "flag") return value === undefined ? undefined : `${rawName} takes no value; found "${value}"`;
  const shape = `${rawName} ${option.value ?? "<text>"}`;
  if (value === undefined) return `${rawName} needs a value: ${shape}`;
  if (value.trim() === "") return `${rawName} is empty; expected ${shape}`;
  if (given.inlineValue === false && value.startsWith("-"))
    return `${rawName} needs a value; found ${value} (a value that begins with - is written ${rawName}=${value})`;
  return undefined;
}

function unknownOption(typed: string, names: readonly string[]): string {
  const near = nearest(typed.replace(/^-+/u, ""), names);
  return `unknown option ${typed}${near === undefined ? "" : `; did you mean --${near}?`}`;
}

function missing(options: Options, { text, flag }: Written, asked: boolean): readonly string[] {
  const given = (name: string): boolean => text(name) !== undefined || flag(name);
  return Object.entries(options)
    .filter(([name, { required, needed, unless = [] }]) => (required ?? (needed && !asked && !unless.some(given))) && !given(name))
    .map(([name, option]) => `--${name} ${option.value ?? "<text>"} is missing: ${option.summary}`);
}

function wrongWords({ words: expected }: Command, words: readonly string[]): readonly string[] {
  const lacking = expected.slice(words.length).filter((word) => word.required);
  const surplus = expected.at(-1)?.many ? [] : words.slice(expected.length);
  return [
    ...lacking.map((word) => `<${word.name}> is missing`),
    ...surplus.map((word) => `"${word}" is one word too many${expected.length === 0 ? "; expected only options" : ""}`),
  ];
}
