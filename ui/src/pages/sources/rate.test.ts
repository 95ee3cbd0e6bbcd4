import { expect, test } from "vitest";
import { perSecond } from "./rate";

test("a rate is of the last ten seconds", () => {
  expect(perSecond([[0, 1000], [11_000, 5], [20_000, 20]], 20_500)).toBe("2.5");
  expect(perSecond([[20_000, 2000]], 20_500)).toBe("200");
  expect(perSecond([], 0)).toBe("0");
});
