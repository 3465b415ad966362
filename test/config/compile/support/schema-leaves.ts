/** The fields of a JSON Schema that hold a value of their own, by their paths: `devices[].statements.watchdog.mode`. */

export interface SchemaNode {
  readonly anyOf?: readonly SchemaNode[];
  readonly oneOf?: readonly SchemaNode[];
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly items?: SchemaNode;
}

export function leavesOf({ anyOf, oneOf, properties, items }: SchemaNode, path: string = ""): readonly string[] {
  const either = anyOf ?? oneOf;
  if (either !== undefined) return either.flatMap((one) => leavesOf(one, path));
  if (properties !== undefined)
    return Object.entries(properties).flatMap(([key, one]) => leavesOf(one, path === "" ? key : `${path}.${key}`));
  return items === undefined ? [path] : leavesOf(items, `${path}[]`);
}
