import { expect, test } from "vitest";
import { allOf, gaps, gapsOf } from "./strip";

const band = (first: string, last: string) => ({ first, last, events: 1, acquisitions: 1, terms: [] });
const bands = [band("2026-11-17T18:00:36Z", "2026-11-17T23:58:04Z"), band("2026-11-18T00:05:04Z", "2026-11-18T23:59:40Z"), band("2026-11-19T02:06:00.5Z", "2026-11-19T23:59:59Z")];

test("what lies between bands is told to the nanosecond", () => {
  expect(gaps(bands).map((one) => one.length)).toEqual([420_000_000_000n, 7_580_500_000_000n]);
  expect(gapsOf(bands)).toBe("2 gaps, the longest 2 h 6 min");
  expect(gapsOf(bands.slice(0, 1))).toBe("covered without a gap");
  expect(gapsOf([])).toBe("no dated evidence");
});

test("the whole goes from the first to the last of all, whatever the digits of a fraction", () => {
  const other = [band("2026-11-17T18:00:36.000000001Z", "2026-11-19T23:59:59.1Z")];
  expect(allOf([{ bands: other }, { bands }])).toEqual({ first: "2026-11-17T18:00:36Z", last: "2026-11-19T23:59:59.1Z" });
  expect(allOf([])).toBeUndefined();
});
