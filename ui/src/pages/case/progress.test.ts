import { expect, test } from "vitest";
import { progressOf } from "./progress";

test("rate and remainder, as soon as they are more than chance", () => {
  expect(progressOf(100, 10, 5, 100)).toEqual({ records: 100, seen: 10, bytes: 5, rate: 0, remaining: undefined });
  expect(progressOf(100, 25, 5, 2000)).toEqual({ records: 100, seen: 25, bytes: 5, rate: 13, remaining: 6000 });
  expect(progressOf(100, 0, 5, 2000).remaining).toBe(undefined);
  expect(progressOf(100, 100, 5, 2000).remaining).toBe(0);
});
