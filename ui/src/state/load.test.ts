import { createRoot, createSignal } from "solid-js";
import { expect, test, vi } from "vitest";
import { load } from "./load";

const settled = (): Promise<void> => new Promise((then) => setTimeout(then, 0));

test("keeps what was there until the new is, and lets late answers go", async () => {
  const answers = new Map<string, (text: string) => void>();
  const [source, setSource] = createSignal<string>();
  const { found, end } = createRoot((end) => ({ end, found: load(source, (name: string) => new Promise<string>((then) => answers.set(name, then))) }));
  await settled();
  expect([found.value(), found.busy(), answers.size]).toEqual([undefined, false, 0]);
  setSource("a");
  await settled();
  expect(found.busy()).toBe(true);
  answers.get("a")!("A");
  await settled();
  expect([found.value(), found.busy()]).toEqual(["A", false]);
  setSource("b");
  setSource("c");
  await settled();
  expect([found.value(), found.now()]).toEqual(["A", undefined]);
  answers.get("c")!("C");
  answers.get("b")?.("B");
  await settled();
  expect([found.value(), found.now()]).toEqual(["C", "C"]);
  // What is asked for no more is nobody's answer.
  setSource("d");
  await settled();
  setSource();
  await settled();
  answers.get("d")!("D");
  await settled();
  expect([found.value(), found.now(), found.busy()]).toEqual(["C", undefined, false]);
  end();
});

test("an error stands beside what was there, and goes when it works again", async () => {
  let broken = true;
  const { found, end } = createRoot((end) => ({ end, found: load(() => 1, async () => { if (broken) throw new Error("down"); return "up"; }) }));
  await settled();
  expect([found.value(), (found.error() as Error).message, found.busy()]).toEqual([undefined, "down", false]);
  broken = false;
  await found.again();
  expect([found.value(), found.error()]).toEqual(["up", undefined]);
  end();
});

test("what answers another question goes when the next one fails, and stays when the same one does", async () => {
  const [source, setSource] = createSignal("a");
  let broken = false;
  const { found, end } = createRoot((end) => ({ end, found: load(source, async (name) => { if (broken) throw new Error("down"); return name; }) }));
  await settled();
  broken = true;
  await found.again();
  expect([found.value(), (found.error() as Error).message]).toEqual(["a", "down"]);
  setSource("b");
  await settled();
  expect([found.value(), (found.error() as Error).message]).toEqual([undefined, "down"]);
  end();
});

test("what lacks something is asked for again until it is whole, and not when nobody looks any more", async () => {
  vi.useFakeTimers();
  try {
    let asked = 0;
    let whole = 3;
    const { found, end } = createRoot((end) => ({ end, found: load(() => "a", async () => ({ asked: ++asked, ...(asked < whole ? { index_lag: 5 } : {}) })) }));
    await vi.advanceTimersByTimeAsync(0);
    expect([found.value()!.asked, asked]).toEqual([1, 1]);
    await vi.advanceTimersByTimeAsync(60_000);
    expect([found.value(), asked]).toEqual([{ asked: 3 }, 3]);
    whole = 100;
    await Promise.all([found.again(), vi.advanceTimersByTimeAsync(0)]);
    end();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(asked).toBe(4);
  } finally {
    vi.useRealTimers();
  }
});
