import { expect, test } from "vitest";
import type { Picture } from "~/canvas/bars";
import { reaching, within } from "./scene";

const picture = (start: bigint, end: bigint, buckets: bigint): Picture => ({ counts: { start, end, width: (end - start) / buckets } }) as unknown as Picture;

const whole = picture(0n, 1_000_000n, 1000n);
const finer = picture(0n, 300_000n, 3000n);
const finest = picture(100_000n, 130_000n, 3000n);
const all = [whole, finer, finest];

test("what is finer lies over what is coarser, and hides it where it holds the whole view", () => {
  expect(reaching(all, { start: 0n, end: 100_000n }, 1000)).toEqual([finer]);
  expect(reaching(all, { start: 110_000n, end: 120_000n }, 1000)).toEqual([finest]);
  expect(reaching(all, { start: 125_000n, end: 140_000n }, 1000)).toEqual([finer, finest]);
});

test("what is finer than the screen does not stand over what still shows every bar", () => {
  expect(reaching(all, { start: 0n, end: 200_000n }, 1000)).toEqual([finer]);
  expect(reaching(all, { start: 0n, end: 1_000_000n }, 1000)).toEqual([whole]);
  // Something has to stand there: the coarsest, however narrow the screen.
  expect(reaching(all, { start: 0n, end: 1_000_000n }, 100)).toEqual([whole]);
});

test("the lanes of a part are those that it shows something of", () => {
  const rows = ["a", "b", "c", "d"].map((lane, place) => ({ lane, top: 20 + place * 24, tall: 24 }));
  const lanes = (top: number, bottom: number): string[] => within(rows, { top, bottom }).map((row) => row.lane);
  expect(lanes(0, 200)).toEqual(["a", "b", "c", "d"]);
  expect(lanes(44, 68)).toEqual(["b"]);
  expect(lanes(43, 69)).toEqual(["a", "b", "c"]);
  expect(lanes(0, 20)).toEqual([]);
});
