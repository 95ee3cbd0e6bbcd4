import { expect, test } from "vitest";
import { countedOnce, laid, type Asked } from "./counts";

const WHOLE = { start: 0n, end: 1000n };
const asked = (start: bigint, of: Partial<Asked> = {}): Asked => ({ span: { start, end: start + 10n }, lane: "source", query: "", buckets: 100, asOf: 0, ...of });

test("the whole log's picture outlives any number of finer ones, of which the last few are kept", () => {
  const all = asked(0n, { span: WHOLE });
  const finer = Array.from({ length: 20 }, (_, i) => asked(BigInt(i)));
  const kept = finer.reduce<readonly Asked[]>((there, one) => laid(there, one, WHOLE), [all]);
  expect(kept).toEqual([all, ...finer.slice(-8)]);
});

test("a picture of the whole that comes late lies under the finer ones, and takes the place of another", () => {
  const [all, finer] = [asked(0n, { span: WHOLE }), asked(5n)];
  expect(laid([finer], all, WHOLE)).toEqual([all, finer]);
  expect(laid([all, finer], { ...all, buckets: 7 }, WHOLE)).toEqual([{ ...all, buckets: 7 }, finer]);
});

test("pictures of another question go, also of the same question asked before", () => {
  const there = [asked(0n, { span: WHOLE }), asked(5n)];
  for (const changed of [{ query: "a" }, { lane: "host" }, { asOf: 1 }]) {
    const one = asked(6n, changed);
    expect(laid(there, one, WHOLE)).toEqual([one]);
  }
});

test("counts by lane are those of all events where each stands in one lane, and are not where one stands in two", () => {
  const all = { start: 0n, end: 30n, origin: 0n, width: 10n, buckets: 3, lanes: ["a", ""], other: true, total: 12, rows: [[1, 0, 2], [3, 0, 0], [0, 5, 1]].map((row) => Uint32Array.from(row)) };
  expect(countedOnce(all)).toEqual({ ...all, lanes: [""], other: false, rows: [Uint32Array.from([4, 5, 3])] });
  expect(countedOnce({ ...all, total: 11 })).toBeUndefined();
  expect(countedOnce({ ...all, buckets: 0, lanes: [], other: false, total: 0, rows: [] })?.total).toBe(0);
});
