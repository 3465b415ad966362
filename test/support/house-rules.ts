/** The house rules for source files that neither the compiler nor the linter knows. */
import type { CallExpression, Identifier, Node, SourceFile } from "typescript/unstable/ast";
import * as is from "typescript/unstable/ast/is";
import type { ProjectPath } from "./source-tree.ts";
import { lineOf, walk } from "./source-tree.ts";

const linesMax = 300;
const clockFile = "src/system-clock.ts";
/** What nobody may foresee cannot come from a clock that tests set. */
const nonceFile = "src/drivers/opcua/nonce.ts";

const chance = ["randomBytes", "randomInt", "randomUUID", "getRandomValues"];
/** Names that tell the time, wait or throw dice, wherever they come from. */
const timersAndChance = new Set(["setTimeout", "setInterval", "setImmediate", "performance", ...chance]);
/** Members that do so, whatever they are called on being imported. */
const timedMembers = new Set([
  "Date.now",
  "Math.random",
  "process.hrtime",
  "process.uptime",
  "AbortSignal.timeout",
  "Atomics.wait",
  "Atomics.waitAsync",
  "crypto.randomFillSync",
]);
const testCalls = new Set(["test", "it", "describe", "suite"]);
const unfinished = /\b(TO[D]O|FIX[M]E|XX[X])\b/;

export function tooLong(text: string): string[] {
  const lines = text.split("\n").length - (text.endsWith("\n") ? 1 : 0);
  return lines > linesMax ? [`${lines} lines, at most ${linesMax}: divide it`] : [];
}

/** The first thing in a file is a comment of a sentence. */
export function opensUnexplained(text: string): string[] {
  const comment = /^(?:#!.*\n)?\/\*\*(?<sentence>[\s\S]*?)\*\//u.exec(text)?.groups?.["sentence"];
  const isSentence = comment !== undefined && /\w+ .*\.\s*$/su.test(comment);
  return isSentence ? [] : ["1 does not open with /** one sentence that says what the file is for. */"];
}

export function leftUnfinished(text: string): string[] {
  return text.split("\n").flatMap((line, index) => {
    const word = unfinished.exec(line)?.[1];
    return word === undefined ? [] : [`${index + 1} says ${word}: finish it, or describe it where the project keeps its plans`];
  });
}

/** Time, timers and randomness occur in one file. */
export function timeAndChance(file: ProjectPath, tree: SourceFile): string[] {
  if (file === clockFile || !file.startsWith("src/")) return [];
  const found: string[] = [];
  walk(tree, (node) => {
    const name = clockUse(node);
    if (name !== undefined && !(file === nonceFile && chance.includes(name)))
      found.push(`${lineOf(node, tree)} uses ${name}, which belongs in ${clockFile}`);
  });
  return found;
}

function clockUse(node: Node): string | undefined {
  if (is.isNewExpression(node) && isNamed(node.expression, "Date") && (node.arguments?.length ?? 0) === 0)
    return "new Date() without a time";
  if (is.isCallExpression(node) && isNamed(node.expression, "Date")) return "Date()";
  if (is.isPropertyAccessExpression(node)) {
    const member = is.isIdentifier(node.expression) ? `${node.expression.text}.${node.name.text}` : "";
    if (timedMembers.has(member)) return member;
    // `setTimeout` as a member stays allowed: sockets, and classes of ours, may have one.
    return chance.includes(node.name.text) ? node.name.text : undefined;
  }
  return is.isIdentifier(node) && timersAndChance.has(node.text) && !isMemberName(node) ? node.text : undefined;
}

function isNamed(node: Node, name: string): boolean {
  return is.isIdentifier(node) && node.text === name;
}

function isMemberName(node: Identifier): boolean {
  const { parent } = node;
  if (is.isPropertyAccessExpression(parent)) return parent.name === node;
  return (
    (is.isPropertyAssignment(parent) ||
      is.isMethodDeclaration(parent) ||
      is.isMethodSignatureDeclaration(parent) ||
      is.isPropertySignatureDeclaration(parent)) &&
    parent.name === node
  );
}

/** A test is run: neither left out nor run alone. */
export function testsLeftOut(tree: SourceFile): string[] {
  const found: string[] = [];
  walk(tree, (node) => {
    const how = is.isCallExpression(node) ? leavesOut(node) : undefined;
    if (how !== undefined) found.push(`${lineOf(node, tree)} ${how}: every test runs, or fails where it cannot`);
  });
  return found;
}

function leavesOut(call: CallExpression): string | undefined {
  const { expression } = call;
  if (is.isPropertyAccessExpression(expression) && ["only", "skip", "todo"].includes(expression.name.text)) {
    const object = is.isIdentifier(expression.expression) ? expression.expression.text : "";
    return testCalls.has(object) || ["t", "context"].includes(object) ? `${object}.${expression.name.text}()` : undefined;
  }
  if (!is.isIdentifier(expression) || !testCalls.has(expression.text)) return undefined;
  const options = call.arguments.filter((argument) => is.isObjectLiteralExpression(argument)).flatMap(({ properties }) => [...properties]);
  const names = options.map((one) => (is.isPropertyAssignment(one) || is.isShorthandPropertyAssignment(one) ? one.name.getText() : ""));
  const option = names.find((name) => ["only", "skip", "todo"].includes(name));
  return option === undefined ? undefined : `${expression.text}() with ${option}`;
}
