/** What a source file reaches for: everything it imports, in any notation, and every way round an import. */
import type { CallExpression, Identifier, Node, SourceFile } from "typescript/unstable/ast";
import { SyntaxKind } from "typescript/unstable/ast";
import * as is from "typescript/unstable/ast/is";
import { lineOf, walk } from "./source-tree.ts";

export interface Import {
  readonly specifier: string;
  readonly line: number;
}

/** A name that loads code, opens a connection or runs text without an import that a reader could see. */
export interface WayRound {
  readonly name: string;
  readonly line: number;
}

export interface Reach {
  readonly imports: readonly Import[];
  readonly waysRound: readonly WayRound[];
}

/** Refused as a free name, and as a property of any object where the name has no other use. */
const networkGlobals = ["fetch", "WebSocket", "EventSource", "WebTransport", "XMLHttpRequest", "WebSocketStream"];
const codeLoaders = ["require", "createRequire", "getBuiltinModule", "_linkedBinding", "dlopen", "mainModule", "eval", "Function"];
const globalObjects = ["globalThis", "global"];
const refusedNames = new Set([...networkGlobals, ...codeLoaders, ...globalObjects]);
const refusedProperties = new Set(["getBuiltinModule", "_linkedBinding", "dlopen", "mainModule", "createRequire", "binding"]);

export function reachOf(tree: SourceFile): Reach {
  const imports: Import[] = [];
  const waysRound: WayRound[] = [];
  walk(tree, (node) => {
    const specifier = specifierOf(node);
    if (specifier !== undefined) imports.push({ specifier, line: lineOf(node, tree) });
    const name = wayRoundOf(node);
    if (name !== undefined) waysRound.push({ name, line: lineOf(node, tree) });
  });
  return { imports, waysRound };
}

function textOf(node: Node | undefined): string | undefined {
  if (node === undefined) return undefined;
  return is.isStringLiteral(node) || is.isNoSubstitutionTemplateLiteral(node) ? node.text : undefined;
}

function specifierOf(node: Node): string | undefined {
  if (is.isImportDeclaration(node) || is.isExportDeclaration(node)) return textOf(node.moduleSpecifier);
  if (is.isExternalModuleReference(node)) return textOf(node.expression);
  if (is.isImportTypeNode(node)) return is.isLiteralTypeNode(node.argument) ? textOf(node.argument.literal) : undefined;
  if (is.isModuleDeclaration(node)) return textOf(node.name);
  if (isDynamicImport(node)) return textOf(node.arguments[0]);
  return is.isCallExpression(node) && isBuiltinCall(node) ? textOf(node.arguments[0]) : undefined;
}

/** `process.getBuiltinModule("node:http")` says what it loads as plainly as an import, and is held to the same table. */
function isBuiltinCall({ expression, arguments: [name] }: CallExpression): boolean {
  if (!is.isPropertyAccessExpression(expression) || expression.name.text !== "getBuiltinModule" || textOf(name) === undefined) return false;
  return is.isIdentifier(expression.expression) && expression.expression.text === "process";
}

function isDynamicImport(node: Node): node is Node & { readonly arguments: readonly Node[] } {
  return is.isCallExpression(node) && node.expression.kind === SyntaxKind.ImportKeyword;
}

function wayRoundOf(node: Node): string | undefined {
  if (isDynamicImport(node) && specifierOf(node) === undefined) return "import() of a computed name";
  if (is.isElementAccessExpression(node)) {
    const property = textOf(node.argumentExpression);
    return property !== undefined && refusedProperties.has(property) ? property : undefined;
  }
  return is.isIdentifier(node) ? wayRoundOfName(node) : undefined;
}

function wayRoundOfName(node: Identifier): string | undefined {
  const { parent, text } = node;
  if (is.isPropertyAccessExpression(parent) && parent.name === node) {
    const call = parent.parent;
    if (is.isCallExpression(call) && call.expression === parent && isBuiltinCall(call)) return undefined;
    return refusedProperties.has(text) ? text : undefined;
  }
  if (namesAMember(node)) return undefined;
  if (refusedNames.has(text)) return text;
  // `process` handed on as a value could be asked for anything later; `process.env` and its like say what they ask for.
  const namesItsProperty = is.isPropertyAccessExpression(parent) && parent.expression === node;
  return text === "process" && !namesItsProperty ? "process, other than as process.<name>" : undefined;
}

const memberKinds: ReadonlySet<SyntaxKind> = new Set([
  SyntaxKind.PropertyAssignment,
  SyntaxKind.PropertySignature,
  SyntaxKind.PropertyDeclaration,
  SyntaxKind.MethodSignature,
  SyntaxKind.MethodDeclaration,
  SyntaxKind.EnumMember,
]);

/** `{ fetch: 1 }`, `fetch(): void` in a class or interface: a name of our own, which reaches for nothing. */
function namesAMember(node: Identifier): boolean {
  return memberKinds.has(node.parent.kind) && (node.parent as Node & { readonly name: Node }).name === node;
}
