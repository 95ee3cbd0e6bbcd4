import { expect, test } from "vitest";
import { spread } from "./overview";

test("buckets narrower than a pixel, or wider, give even pixels where they are even, and lose nothing", () => {
  for (const wide of [0.7, 1, 2.5]) {
    const pixels = new Float64Array(70);
    for (let bucket = 0; bucket < 70 / wide; bucket++) spread(pixels, bucket * wide, wide, wide * 10);
    for (const n of pixels) expect(n).toBeCloseTo(10);
  }
});

test("of a bucket that lies beyond an edge only what is inside counts", () => {
  const pixels = new Float64Array(2);
  spread(pixels, -1, 2, 8);
  spread(pixels, 1.5, 1, 6);
  expect([...pixels]).toEqual([4, 3]);
});
