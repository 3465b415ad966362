/** The JSON Schemas in schemas/ are those of the present definitions, and say of every property what it is. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { editorSchemas } from "../../scripts/editor-schemas.ts";

const folder = path.resolve(import.meta.dirname, "../../schemas");

test("the schemas are current; if this fails, run `npm run schemas`", () => {
  const files = readdirSync(folder).filter((name) => name.endsWith(".json"));
  const stored = files.map((name): [string, string] => [name, readFileSync(path.join(folder, name), "utf8")]);
  assert.deepEqual(new Map(stored), editorSchemas());
});

test("every property has a description, and no other property is let through", () => {
  for (const [name, text] of editorSchemas()) {
    const found = shortcomings(JSON.parse(text), name);
    assert.deepEqual(found, []);
    assert.ok(text.includes('"description"'), name);
  }
});

function shortcomings(schema: unknown, path: string): readonly string[] {
  if (typeof schema !== "object" || schema === null) return [];
  const { properties, additionalProperties } = schema as {
    readonly properties?: Record<string, object>;
    readonly additionalProperties?: unknown;
  };
  const members = Object.entries(properties ?? {});
  return [
    ...(properties !== undefined && additionalProperties !== false ? [`${path}: other properties are let through`] : []),
    ...members.filter(([, member]) => !("description" in member)).map(([key]) => `${path}.${key}: no description`),
    ...Object.entries(schema).flatMap(([key, member]) => shortcomings(member, `${path}.${key}`)),
  ];
}
