import { expect, test } from "vitest";
import { resultOf } from "./jobs";

test("what came of a job is told in a few words, and that it is not well before all else", () => {
  expect(resultOf({ ok: true, size: 20_039, root: "5cef" })).toBe("all well, size: 20,039");
  expect(resultOf({ ok: false, reason: "leaf 7 is another", entries: 8 })).toBe("not well: leaf 7 is another, entries: 8");
  expect(resultOf({ anchors: [{}, {}] })).toBe("anchors: 2");
  expect(resultOf({})).toBe("done");
});
