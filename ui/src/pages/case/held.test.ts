import { expect, test } from "vitest";
import { aboutCase, type Hold } from "./held";

const ID = "01M8CD7C4AEHMPCGZMXJTZFYG8";
const hold = (criteria: Record<string, string>): Hold => ({ id: "01", in_force: true, since: "", by: "", reason: "x", criteria });

test.each([
  [{ q: `case:${ID}` }, true],
  [{ q: `case:${ID.toLowerCase()} type:auth.*` }, true],
  [{ q: 'type:x AND (case:"The \\"breach\\"")' }, true],
  [{ everything: "yes" }, true],
  [{ q: `-case:${ID}` }, false],
  [{ q: 'case:"Another"' }, false],
  [{ entity: "identity:bob" }, false],
])("%o", (criteria, expected) => {
  expect(aboutCase(hold(criteria as Record<string, string>), ID, 'The "breach"')).toBe(expected);
});
