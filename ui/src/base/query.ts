/** Terms of the query language, made from values. The language itself is the server's (docs/query.md). */

/** A text as a value, whatever is in it. */
export function quoted(text: string): string {
  return `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
}

/** `field:value`, the value in quotes unless it is plainly one word. */
export function term(field: string, value: string): string {
  return `${field}:${/^[A-Za-z0-9][A-Za-z0-9._@-]*$/.test(value) ? value : quoted(value)}`;
}

/** A query that asks for a term besides. */
export function narrowed(query: string, added: string): string {
  const whole = query.trim();
  if (!whole) return added;
  return /\s(OR|or|\|\|)\s/.test(whole) ? `(${whole}) ${added}` : `${whole} ${added}`;
}

/** A query that leaves a term out. */
export function without(query: string, left: string): string {
  return narrowed(query, `-${left}`);
}
