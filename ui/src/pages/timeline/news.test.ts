import { createRoot, createSignal } from "solid-js";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createNews } from "./news";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

test("what came since is told while it is looked for, and no more once it is shown", async () => {
  const [shown, setShown] = createSignal<number | undefined>(10);
  let there = 10;
  const ask = vi.fn(async () => there);
  const { made: [news, clear], end } = createRoot((end) => ({ end, made: createNews(shown, ask) }));
  await vi.advanceTimersByTimeAsync(16_000);
  expect([news(), ask.mock.calls.length]).toEqual([0, 1]);
  there = 13;
  await vi.advanceTimersByTimeAsync(15_000);
  expect(news()).toBe(3);
  clear();
  expect(news()).toBe(0);
  await vi.advanceTimersByTimeAsync(15_000);
  expect(news()).toBe(3);
  setShown(13);
  expect(news()).toBe(0);
  // Fewer than before, since some were erased, is no news.
  there = 12;
  await vi.advanceTimersByTimeAsync(15_000);
  expect([news(), ask.mock.calls.length]).toEqual([0, 4]);
  setShown(undefined);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(ask.mock.calls.length).toBe(4);
  setShown(13);
  end();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(ask.mock.calls.length).toBe(4);
});

test("a look that fails tells of nothing, and the next one does", async () => {
  const ask = vi.fn().mockRejectedValueOnce(new Error("down")).mockResolvedValue(11);
  const { made: [news], end } = createRoot((end) => ({ end, made: createNews(() => 10, ask) }));
  await vi.advanceTimersByTimeAsync(16_000);
  expect(news()).toBe(0);
  await vi.advanceTimersByTimeAsync(15_000);
  expect(news()).toBe(1);
  end();
});
