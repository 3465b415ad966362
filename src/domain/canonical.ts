/** One text for one value (RFC 8785, JSON Canonicalization Scheme), so that a digest says whether two things are the same. */

/**
 * Properties sorted by UTF-16 units, no spaces, numbers and strings as ECMAScript writes them.
 * Refuses everything that JSON would drop or change in silence: a digest over `{}` in place of a Map would cover nothing.
 * @throws TypeError naming the place (`$.devices[2].port`) for undefined, NaN, infinities, bigints, functions, symbols, lone surrogates,
 * holes in arrays, cycles, and objects that are neither plain nor arrays.
 */
export function canonicalJson(value: unknown): string {
  return written(value, "$", new Set());
}

function written(value: unknown, place: string, above: Set<object>): string {
  switch (typeof value) {
    case "boolean":
      return String(value);
    case "number":
      if (!Number.isFinite(value)) throw refused(place, String(value));
      return JSON.stringify(value);
    case "string":
      return writtenText(value, place);
    case "object":
      return value === null ? "null" : writtenObject(value, place, above);
    case "undefined":
    case "bigint":
    case "function":
    case "symbol":
      throw refused(place, typeof value);
  }
}

function writtenObject(value: object, place: string, above: Set<object>): string {
  if (above.has(value)) throw refused(place, "a value that contains itself");
  above.add(value);
  const text = Array.isArray(value) ? writtenArray(value, place, above) : writtenMembers(value, place, above);
  above.delete(value);
  return text;
}

function writtenArray(items: readonly unknown[], place: string, above: Set<object>): string {
  return `[${Array.from(items, (item, index) => written(item, `${place}[${index}]`, above)).join(",")}]`;
}

function writtenMembers(value: object, place: string, above: Set<object>): string {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) throw refused(place, `an object of class ${value.constructor.name}`);
  if (Object.getOwnPropertySymbols(value).length > 0) throw refused(place, "a property named by a symbol");
  // The operator < compares UTF-16 units, as RFC 8785 section 3.2.3 wants.
  const members = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([key, member]) => `${writtenText(key, place)}:${written(member, `${place}.${key}`, above)}`).join(",")}}`;
}

function writtenText(text: string, place: string): string {
  if (!text.isWellFormed()) throw refused(place, "text with a lone surrogate");
  return JSON.stringify(text);
}

function refused(place: string, found: string): TypeError {
  return new TypeError(
    `canonical JSON: ${place}: found ${found}, expected null, a boolean, a finite number, text, an array or a plain object`,
  );
}
