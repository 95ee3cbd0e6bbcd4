import { expect, test } from "vitest";
import { corrects, LONGEST, prefilled } from "./correction";

test("a value is put in place as it reads, and corrects something once it reads otherwise", () => {
  const longest = "a".repeat(LONGEST);
  expect([prefilled("alice"), prefilled(longest), prefilled(undefined)]).toEqual(["alice", longest, ""]);
  expect([corrects("alice", "alice"), corrects("alice", "bob"), corrects("alice", "")]).toEqual([false, true, true]);
  expect([corrects(undefined, ""), corrects(undefined, "bob")]).toEqual([false, true]);
});

test("a value that is too long to be amended is not offered cut off", () => {
  const long = "a".repeat(LONGEST + 1);
  expect(prefilled(long)).toBe("");
  expect([corrects(long, ""), corrects(long, "short")]).toEqual([false, true]);
});
