/**
 * Canonical JSON (RFC 8785), held to what is exact everywhere: strings, integers below 2^53 in magnitude, booleans,
 * lists, and objects whose keys are ASCII. No floats, no null. One value has one spelling, and bytes in another are
 * refused: duplicate keys, white space, another order, other escapes.
 */

import { Bad, equal, fromUtf8, quoteOf, utf8, type Bytes } from "./bytes";

export type Value = string | number | boolean | readonly Value[] | Fields;
export interface Fields {
  readonly [name: string]: Value;
}

const MOST_DEEP = 64;

/** The one spelling of a value. @throws Bad it holds what has none. */
export function canonicalText(value: unknown, depth = 1): string {
  switch (typeof value) {
    case "string":
      if (/\p{Surrogate}/u.test(value)) throw new Bad("a string cannot be written as canonical JSON", "no lone surrogates", quoteOf(value));
      return JSON.stringify(value);
    case "number":
      if (!Number.isSafeInteger(value)) throw new Bad("canonical JSON holds whole numbers only", "integers below 2**53", value);
      return Object.is(value, -0) ? "0" : String(value);
    case "boolean":
      return String(value);
    case "object":
      break;
    default:
      throw new Bad("canonical JSON holds no such value", "strings, integers, booleans, lists, objects", typeof value);
  }
  if (value === null) throw new Bad("canonical JSON holds no such value", "no null", "null");
  if (depth > MOST_DEEP) throw new Bad("canonical JSON nests too deep", `${MOST_DEEP} levels`);
  if (Array.isArray(value)) return `[${value.map((one) => canonicalText(one, depth + 1)).join(",")}]`;
  const fields = value as Record<string, unknown>;
  const parts = Object.keys(fields).toSorted().map((key) => {
    if (utf8(key).length !== key.length) throw new Bad("a key is not ASCII", "ASCII", quoteOf(key));
    return `${JSON.stringify(key)}:${canonicalText(fields[key], depth + 1)}`;
  });
  return `{${parts.join(",")}}`;
}

export const canonical = (value: unknown): Bytes => utf8(canonicalText(value));

/** The object these bytes are the canonical spelling of. @throws Bad they are not. */
export function parseCanonical(data: Uint8Array): Fields {
  let value: unknown;
  try {
    value = JSON.parse(fromUtf8(data));
  } catch (error) {
    throw error instanceof Bad ? error : new Bad("not canonical JSON", "RFC 8785", error instanceof Error ? error.message : error);
  }
  const again = canonical(value);
  if (!equal(again, data) || typeof value !== "object" || Array.isArray(value)) {
    throw new Bad("not canonical JSON", "one object in its one spelling", quoteOf(fromUtf8(data)));
  }
  return value as Fields;
}
