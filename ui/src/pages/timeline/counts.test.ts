import { expect, test } from "vitest";
import { laid, type Asked } from "./counts";

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
