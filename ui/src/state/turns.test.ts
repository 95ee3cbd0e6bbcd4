import { expect, test } from "vitest";
import { createTurns, TURN } from "./turns";

/** Questions whose answers come when told, and the order they were asked in. */
function asked() {
  const order: string[] = [];
  const answers = new Map<string, (error?: Error) => void>();
  const ask = (name: string) => (): Promise<string> =>
    new Promise((resolve, reject) => {
      order.push(name);
      answers.set(name, (error) => (error ? reject(error) : resolve(name)));
    });
  const settled = async (name: string, error?: Error): Promise<void> => {
    answers.get(name)!(error);
    await tick();
  };
  return { order, ask, settled };
}

const tick = (): Promise<void> => new Promise((then) => setTimeout(then));
const live = (): AbortSignal => new AbortController().signal;

test("one at a time, what is looked at most first", async () => {
  const turns = createTurns();
  const { order, ask, settled } = asked();
  turns.open();
  const all = [turns.take(TURN.facets, live(), ask("facets")), turns.take(TURN.graver, live(), ask("graver")), turns.take(TURN.list, live(), ask("list"))];
  await tick();
  expect(order).toEqual(["facets"]);
  await settled("facets");
  expect(order).toEqual(["facets", "list"]);
  await settled("list");
  await settled("graver");
  expect(await Promise.all(all)).toEqual(["facets", "graver", "list"]);
});

test("before they are opened only pictures have a turn", async () => {
  const turns = createTurns();
  const { order, ask, settled } = asked();
  const list = turns.take(TURN.list, live(), ask("list"));
  const picture = turns.take(TURN.picture, live(), ask("picture"));
  await tick();
  expect(order).toEqual(["picture"]);
  await settled("picture");
  expect(await picture).toBe("picture");
  expect(order).toEqual(["picture"]);
  turns.open();
  await tick();
  await settled("list");
  expect(await list).toBe("list");
});

test("who leaves while waiting is not asked, and a failure lets the next go on", async () => {
  const turns = createTurns();
  const { order, ask, settled } = asked();
  turns.open();
  const leaving = new AbortController();
  const failing = turns.take(TURN.list, live(), ask("failing"));
  const left = turns.take(TURN.list, leaving.signal, ask("left"));
  const last = turns.take(TURN.facets, live(), ask("last"));
  await tick();
  leaving.abort();
  await expect(left).rejects.toThrow(/abort/i);
  await Promise.all([expect(failing).rejects.toThrow("no"), settled("failing", new Error("no"))]);
  expect(order).toEqual(["failing", "last"]);
  await settled("last");
  expect(await last).toBe("last");
  await expect(turns.take(TURN.list, leaving.signal, ask("late"))).rejects.toThrow(/abort/i);
  expect(order).toEqual(["failing", "last"]);
});
