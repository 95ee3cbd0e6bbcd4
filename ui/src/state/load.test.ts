import { createRoot, createSignal } from "solid-js";
import { expect, test } from "vitest";
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
  expect(found.value()).toBe("A");
  answers.get("c")!("C");
  answers.get("b")?.("B");
  await settled();
  expect(found.value()).toBe("C");
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
