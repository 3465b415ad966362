/** Reads one YAML 1.2 document in which everything means what it seems to say, or says on which lines it does not. */
import { LineCounter, type Document, type ErrorCode, type YAMLError } from "yaml";
import { printable } from "../domain/printable.ts";
import { sortProblems, type Complaint, type Problem } from "./problem.ts";
import { yamlLines, type YamlLines } from "./yaml-lines.ts";
import { compose, tokensOf } from "./yaml-options.ts";
import { characterProblems, keyProblems, tokenProblems, type TokenProblem } from "./yaml-tokens.ts";

/** `document` keeps comments and layout for edits; `value` is what it holds, untyped. */
export interface YamlFile {
  readonly file: string;
  readonly text: string;
  readonly document: Document.Parsed;
  readonly value: unknown;
  readonly lines: YamlLines;
}

export type ParsedYaml = ({ readonly ok: true } & YamlFile) | { readonly ok: false; readonly problems: readonly Problem[] };

/** @param file the name that problems carry. A text of 5 MB (10,000 devices) takes about 4 s. */
export function parseYaml(file: string, text: string): ParsedYaml {
  const counter = new LineCounter();
  const refuse = (found: readonly TokenProblem[]): ParsedYaml => ({
    ok: false,
    problems: sortProblems(
      found.map(({ offset, ...complaint }) => ({ file, line: counter.linePos(offset).line, path: "", ...definite(complaint) })),
    ),
  });
  const tokens = tokensOf(text, counter);
  const strange = [...characterProblems(text), ...tokenProblems(tokens)];
  if (strange.length > 0) return refuse(strange);
  const [document, second] = compose(tokens, text.length);
  if (second !== undefined)
    return refuse([
      { offset: second.range[0], found: "a second document", expected: "one document a file", hint: "take out the line --- or ..." },
    ]);
  // What follows the first break of the grammar is mostly its echo.
  const [broken] = [...document.errors, ...document.warnings].toSorted((a, b) => a.pos[0] - b.pos[0]);
  if (broken !== undefined) return refuse([{ offset: broken.pos[0], ...syntaxComplaint(broken) }]);
  const keys = keyProblems(document, counter);
  if (keys.length > 0) return refuse(keys);
  return { ok: true, file, text, document, value: document.toJS() as unknown, lines: yamlLines(text) };
}

/** The text of an edited document, with long lines left as they are. */
export function renderYaml(document: Document.Parsed): string {
  return document.toString({ lineWidth: 0, flowCollectionPadding: false });
}

function definite({ hint, ...complaint }: Complaint): Omit<Problem, "file" | "line" | "path"> {
  return hint === undefined ? complaint : { ...complaint, hint };
}

const complaints: { readonly [Code in ErrorCode]?: Complaint } = {
  TAB_AS_INDENT: { found: "a tab in the indentation", expected: "spaces", hint: "set the editor to write spaces in YAML files" },
  BAD_SCALAR_START: { found: "a text that begins with a reserved character", expected: "quotes around it" },
  BLOCK_AS_IMPLICIT_KEY: {
    found: "two colons in one line",
    expected: "one key and its value",
    hint: "a text with a colon and a space in it needs quotes",
  },
  NON_STRING_KEY: { found: "a key that is a list or a group", expected: "a word" },
};

function syntaxComplaint({ code, message }: YAMLError): Complaint {
  return complaints[code] ?? { found: `a break of the rules of YAML 1.2 (${printable(message, 160)})`, expected: "well-formed YAML" };
}
