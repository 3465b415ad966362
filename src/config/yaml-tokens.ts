/** What YAML allows and these files do not: everything that makes a file mean something else than it seems to say. */
import { isMap, isScalar, visit, type CST, type Document, type LineCounter } from "yaml";
import { printable } from "../domain/printable.ts";
import { codePoint, quote, type Complaint } from "./problem.ts";

/** Problems as offsets into the text; the caller knows the file. */
export type TokenProblem = Complaint & { readonly offset: number };

/** Far beyond any file that is meant; composing is recursive and would run out of stack. */
const depthMax = 32;

const invisible = /(?![\t\n])[\p{Cc}\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/gu;

/** Characters that an editor does not show or shows in another order than they stand. Only the first of each line. */
export function characterProblems(text: string): readonly TokenProblem[] {
  const problems: TokenProblem[] = [];
  let lineEnd = -1;
  for (const { 0: character, index: offset } of text.matchAll(invisible)) {
    const endsLine = character === "\r" && text[offset + 1] === "\n";
    if (endsLine || offset <= lineEnd) continue;
    const end = text.indexOf("\n", offset);
    lineEnd = end < 0 ? text.length : end;
    problems.push({
      offset,
      found: `the invisible character ${codePoint(character)}`,
      expected: "visible text",
      hint: "type the line anew",
    });
  }
  return problems;
}

/** Anchors, aliases, tags, directives, merge keys, octal-looking numbers and nesting beyond measure. */
export function tokenProblems(tokens: readonly CST.Token[]): readonly TokenProblem[] {
  const problems: TokenProblem[] = [];
  const waiting = tokens.map((token) => ({ token, depth: 0 })).toReversed();
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    const { token, depth } = next;
    if (depth > depthMax) return [{ offset: token.offset, found: `more than ${depthMax} levels of nesting`, expected: "a flat file" }];
    const complaint = complaintAbout(token);
    if (complaint !== undefined) problems.push({ offset: token.offset, ...complaint });
    const deeper = token.type === "block-map" || token.type === "block-seq" || token.type === "flow-collection" ? depth + 1 : depth;
    for (const child of childrenOf(token)) waiting.push({ token: child, depth: deeper });
  }
  return problems.toSorted((a, b) => a.offset - b.offset);
}

type Children = { readonly [Part in "start" | "key" | "sep" | "value" | "items" | "props" | "end"]?: unknown };

function childrenOf(token: CST.Token | Children): CST.Token[] {
  const { start, key, sep, value, items, props, end } = token as Children;
  const nested = Array.isArray(items) ? items.flatMap((item: Children) => childrenOf(item)) : [];
  return [start, key, sep, value, props, end].flat().filter(isToken).concat(nested);
}

function isToken(part: unknown): part is CST.Token {
  return typeof part === "object" && part !== null && "type" in part && "offset" in part;
}

const refusedTokens: ReadonlyMap<CST.Token["type"], Complaint> = new Map([
  ["anchor", { found: "the anchor", expected: "no anchors", hint: "write the value where it is used" }],
  ["alias", { found: "the alias", expected: "the value itself", hint: "a text that begins with * needs quotes" }],
  ["tag", { found: "the tag", expected: "a plain value", hint: "a text that begins with ! needs quotes" }],
  ["directive", { found: "the directive", expected: "no directives", hint: "these files are always YAML 1.2: take the line out" }],
]);

function complaintAbout(token: CST.Token): Complaint | undefined {
  if (token.type === "scalar") return complaintAboutScalar(token.source);
  const complaint = refusedTokens.get(token.type);
  return complaint && "source" in token ? { ...complaint, found: `${complaint.found} ${printable(token.source, 40)}` } : undefined;
}

function complaintAboutScalar(source: string): Complaint | undefined {
  if (source === "<<") return { found: "a merge key <<", expected: "every key written out" };
  // YAML 1.1 and many people read 010 as eight, YAML 1.2 as ten.
  if (/^[-+]?0\d[\d.]*$/u.test(source) && Number.isFinite(Number(source)))
    return { found: source, expected: "a number without leading zeros, or a text in quotes" };
  return undefined;
}

/** Keys that stand twice in one group, and the one key that JavaScript takes for something else. */
export function keyProblems(document: Document.Parsed, counter: LineCounter): readonly TokenProblem[] {
  const problems: TokenProblem[] = [];
  visit(document, {
    Map(_, map) {
      if (!isMap(map)) return;
      const seen = new Map<string, number>();
      for (const { key } of map.items) {
        if (!isScalar<string>(key) || !key.range) continue;
        const [offset] = key.range;
        const first = seen.get(key.value);
        if (first === undefined) seen.set(key.value, offset);
        else {
          const line = counter.linePos(first).line;
          problems.push({ offset, found: `a second ${quote(key.value)}`, expected: `each key once (the first is on line ${line})` });
        }
        if (key.value === "__proto__") problems.push({ offset, found: '"__proto__"', expected: "another key" });
      }
    },
  });
  return problems;
}
