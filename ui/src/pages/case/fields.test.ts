import { expect, test } from "vitest";
import { differing, listOf } from "./fields";

test("a list that was typed", () => {
  expect(listOf(" ann@example.org,, ben ,ben, ")).toEqual(["ann@example.org", "ben"]);
  expect(listOf(" , ")).toEqual([]);
});

test("only what differs is a difference, whatever the order of a list", () => {
  const before = { name: "one", owner: "ann", tags: ["a", "b"], description: "" };
  expect(differing(before, { name: "one", owner: "ann", tags: ["b", "a"], description: "" })).toEqual([]);
  expect(differing(before, { name: "two", tags: ["b"] })).toEqual([
    { field: "name", before: "one", after: "two" },
    { field: "tags", before: "a, b", after: "b" },
  ]);
});
