/** YAML 1.2 and nothing else, for reading and for edits that keep comments. */
import {
  Composer,
  Parser,
  type CST,
  type Document,
  type LineCounter,
  type ParseOptions,
  type SchemaOptions,
  type DocumentOptions,
} from "yaml";

const options: ParseOptions & DocumentOptions & SchemaOptions = {
  version: "1.2",
  schema: "core",
  merge: false,
  strict: true,
  stringKeys: true,
  resolveKnownTags: false,
  // The library compares each key with every other; a set does that here, and says on which line the first one stands.
  uniqueKeys: false,
  intAsBigInt: false,
  prettyErrors: false,
  logLevel: "silent",
};

/** The tokens with their exact places; iterative, so that no depth of nesting can exhaust the stack. */
export function tokensOf(text: string, counter: LineCounter): readonly CST.Token[] {
  return [...new Parser(counter.addNewLine).parse(text)];
}

/** At least one document, without deciding whether it is acceptable. */
export function compose(tokens: readonly CST.Token[], length: number): readonly [Document.Parsed, ...Document.Parsed[]] {
  const [first, ...rest] = new Composer(options).compose(tokens, true, length);
  if (first === undefined) throw new Error("the YAML library composed no document although it was told to");
  return [first as Document.Parsed, ...(rest as Document.Parsed[])];
}
