import { createRoot, createSignal } from "solid-js";
import { expect, test } from "vitest";
import { paged, type Page } from "./paged";

const settled = (): Promise<void> => new Promise((then) => setTimeout(then, 0));

const twoPages = async (name: string, cursor: string | undefined): Promise<Page<string>> =>
  cursor ? { items: [`${name}2`] } : { items: [`${name}1`], next: "1" };

test("pages follow one another, and another list begins anew", async () => {
  const [source, setSource] = createSignal("a");
  const { list, end } = createRoot((end) => ({ end, list: paged(source, twoPages) }));
  await settled();
  expect([list.value(), list.hasMore()]).toEqual([["a1"], true]);
  await list.more();
  expect([list.value(), list.hasMore()]).toEqual([["a1", "a2"], false]);
  await list.more();
  expect(list.value()).toEqual(["a1", "a2"]);
  setSource("b");
  await settled();
  expect([list.value(), list.hasMore()]).toEqual([["b1"], true]);
  end();
});

test("a page of a list that was left is let go, and what failed is said", async () => {
  const [source, setSource] = createSignal("a");
  let late: ((page: Page<string>) => void) | undefined;
  const ask = (name: string, cursor: string | undefined): Promise<Page<string>> => {
    if (name === "c") return Promise.reject(new Error("down"));
    return cursor ? new Promise((then) => (late = then)) : Promise.resolve({ items: [name], next: "1" });
  };
  const { list, end } = createRoot((end) => ({ end, list: paged(source, ask) }));
  await settled();
  const more = list.more();
  setSource("b");
  await settled();
  late!({ items: ["a2"] });
  await more;
  expect(list.value()).toEqual(["b"]);
  setSource("c");
  await settled();
  expect([(list.error() as Error).message, list.value()]).toEqual(["down", undefined]);
  end();
});

test("what a further page failed of is said of its own list only, and does not hold up the next", async () => {
  const [source, setSource] = createSignal("a");
  let fail: ((cause: Error) => void) | undefined;
  let firstOfB: (() => void) | undefined;
  const ask = (name: string, cursor: string | undefined): Promise<Page<string>> => {
    if (cursor && name === "a") return new Promise((_, no) => (fail = no));
    if (!cursor && name === "b") return new Promise((then) => (firstOfB = () => then({ items: ["b1"], next: "1" })));
    return twoPages(name, cursor);
  };
  const { list, end } = createRoot((end) => ({ end, list: paged(source, ask) }));
  await settled();
  let more = list.more();
  fail!(new Error("late"));
  await more;
  expect([(list.error() as Error).message, list.hasMore(), list.busy()]).toEqual(["late", true, false]);
  more = list.more();
  setSource("b");
  // A's list may stand in sight, but neither its fault nor a button that leads nowhere.
  expect([list.value(), list.error(), list.hasMore()]).toEqual([["a1"], undefined, false]);
  firstOfB!();
  await settled();
  expect([list.value(), list.hasMore(), list.busy()]).toEqual([["b1"], true, false]);
  await list.more();
  expect(list.value()).toEqual(["b1", "b2"]);
  fail!(new Error("later still"));
  await more;
  expect(list.error()).toBeUndefined();
  end();
});
