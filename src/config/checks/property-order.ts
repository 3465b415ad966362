/** Checks that the keys of a file stand in the order of its schema, so that every profile reads alike. */
import { z } from "zod";
import type { Path } from "../problem.ts";
import type { Complaints } from "./entries.ts";

/** As much of JSON Schema as zod writes for our shapes. */
interface Shape {
  readonly properties?: Readonly<Record<string, Shape>>;
  readonly additionalProperties?: Shape | boolean;
  readonly items?: Shape;
  readonly anyOf?: readonly Shape[];
  readonly oneOf?: readonly Shape[];
}

/** @param value as the file holds it, before any default */
export function checkPropertyOrder(schema: z.ZodType, value: unknown, complaints: Complaints): void {
  walk(z.toJSONSchema(schema, { io: "input" }) as Shape, value, [], complaints);
}

function walk(shape: Shape, value: unknown, path: Path, complaints: Complaints): void {
  if (Array.isArray(value)) {
    value.forEach((item: unknown, index) => {
      if (shape.items) walk(shape.items, item, [...path, index], complaints);
    });
    return;
  }
  if (typeof value !== "object" || value === null) return;
  const keys = Object.keys(value);
  const { properties, additionalProperties } = fitting(shape, keys);
  if (properties !== undefined) orderProblem(Object.keys(properties), keys, path, complaints);
  for (const [key, member] of Object.entries(value)) {
    const inner = properties?.[key] ?? additionalProperties;
    if (typeof inner === "object") walk(inner, member, [...path, key], complaints);
  }
}

/** Of the shapes that a value may have the one that knows all of its keys. */
function fitting(shape: Shape, keys: readonly string[]): Shape {
  const alternatives = (shape.anyOf ?? shape.oneOf)?.map((one) => fitting(one, keys));
  return alternatives?.find(({ properties = {} }) => keys.every((key) => Object.hasOwn(properties, key))) ?? shape;
}

/** One problem a group: the first key that comes too late. */
function orderProblem(order: readonly string[], keys: readonly string[], path: Path, complaints: Complaints): void {
  const known = keys.filter((key) => order.includes(key));
  const late = known.find((key, index) => index > 0 && order.indexOf(key) < order.indexOf(known[index - 1]!));
  if (late === undefined) return;
  const before = known.find((key) => order.indexOf(key) > order.indexOf(late))!;
  complaints.add([...path, late], { found: `${late} after ${before}`, expected: `${late} before ${before}: the order of the schema` });
}
