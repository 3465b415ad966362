/** Holds a file's value against a schema and says of each part that does not fit where it stands, what it is and what it should be. */
import type { z } from "zod";
import { problemAt, quote, type Complaint, type Path, type Problem } from "./problem.ts";
import type { YamlFile } from "./yaml.ts";

export type Parsed<Value> = { readonly ok: true; readonly value: Value } | { readonly ok: false; readonly problems: readonly Problem[] };

export function parseWith<Value>(schema: z.ZodType<Value>, file: YamlFile): Parsed<Value> {
  const result = schema.safeParse(file.value);
  if (result.success) return { ok: true, value: result.data };
  return { ok: false, problems: result.error.issues.flatMap((issue) => issueProblems(file, issue)) };
}

/** The items of a list that fit their schema by themselves, each with its place, so that one bad item hides no problem of another. */
export function itemsThatFit<Item>(schema: z.ZodType<Item>, list: unknown): readonly { readonly index: number; readonly value: Item }[] {
  if (!Array.isArray(list)) return [];
  return list.flatMap((item: unknown, index) => {
    const result = schema.safeParse(item);
    return result.success ? [{ index, value: result.data }] : [];
  });
}

/** What stands at a path of an untyped value; undefined where the path leads nowhere. */
export function valueAt(value: unknown, path: Path): unknown {
  return path.reduce<unknown>((at, part) => {
    const holds = typeof at === "object" && at !== null && Object.hasOwn(at, part);
    return holds ? (at as Record<string | number, unknown>)[part] : undefined;
  }, value);
}

type Issue = z.core.$ZodIssue;

function issueProblems(file: YamlFile, issue: Issue): readonly Problem[] {
  const path = issue.path.map((part) => (typeof part === "symbol" ? String(part) : part));
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) =>
      problemAt(file, [...path, key], { found: `the key ${quote(key)}`, expected: "a key that belongs here", hint: "a typing error?" }),
    );
  }
  // A key of a map that does not fit is reported at the key.
  if (issue.code === "invalid_key") {
    return issue.issues.map((inner) => problemAt(file, path, { ...complaint(inner, ""), found: quote(path.at(-1)) }));
  }
  return [problemAt(file, path, complaint(issue, foundAt(file, path)))];
}

function foundAt({ value, lines }: YamlFile, path: Path): string {
  const at = valueAt(value, path);
  if (path.length === 0 && at === null) return "an empty file";
  // 0x0a14010b and 1.10 as they were written, not as the numbers they became.
  return typeof at === "number" ? (lines.writtenAt(path) ?? quote(at)) : quote(at);
}

/** Every schema of ours brings the words for what it expects as its message; zod's own begin with these words. */
const zodsOwn = /^(Invalid|Too|Unrecognized|Expected)/u;
const typeNames: Readonly<Record<string, string>> = { object: "a group of keys", record: "a group of keys", array: "a list" };

function complaint(issue: Issue, found: string): Complaint {
  if (issue.code === "custom") return { found: param(issue, "found") ?? found, expected: issue.message, hint: param(issue, "hint") };
  if (!zodsOwn.test(issue.message)) return { found, expected: issue.message };
  if (issue.code === "invalid_type") return { found, expected: typeNames[issue.expected] ?? issue.expected };
  if (issue.code === "invalid_value") return { found, expected: `one of ${issue.values.map(String).join(", ")}` };
  if (issue.code === "invalid_union" && "options" in issue) return { found, expected: `one of ${issue.options.map(String).join(", ")}` };
  throw new Error(`a schema without words for what it expects: ${issue.code} at ${issue.path.join(".")}: ${issue.message}`);
}

/** What a check of ours has attached to its issue. */
function param(issue: z.core.$ZodIssueCustom, name: "found" | "hint"): string | undefined {
  const value: unknown = issue.params?.[name];
  return typeof value === "string" ? value : undefined;
}
