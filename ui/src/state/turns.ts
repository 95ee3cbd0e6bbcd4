/**
 * Lets a page ask one thing at a time, the most looked at first: questions that read much and run together are each
 * answered later than if they came one after another.
 */

/** What is asked for, the first first. */
export const TURN = { picture: 0, list: 1, marks: 1, sum: 2, facets: 3, graver: 4, beside: 5 } as const;

export interface Turns {
  /**
   * Ask when it is one's turn; a question that is let go of before does not get one.
   *
   * @throws what `ask` throws, or the reason of the signal.
   */
  readonly take: <T>(order: number, signal: AbortSignal, ask: () => Promise<T>) => Promise<T>;
  /** From now on everything has its turn; before, only pictures. */
  readonly open: () => void;
}

interface Waiting {
  readonly order: number;
  readonly begin: () => void;
}

export function createTurns(): Turns {
  let waiting: readonly Waiting[] = [];
  let opened = false;
  let busy = false;

  function next(): void {
    const may = waiting.filter((one) => opened || one.order === TURN.picture);
    if (busy || may.length === 0) return;
    const first = may.reduce((a, b) => (b.order < a.order ? b : a));
    waiting = waiting.filter((one) => one !== first);
    busy = true;
    first.begin();
  }

  async function take<T>(order: number, signal: AbortSignal, ask: () => Promise<T>): Promise<T> {
    signal.throwIfAborted();
    await new Promise<void>((begin, leave) => {
      const mine = { order, begin };
      waiting = [...waiting, mine];
      signal.addEventListener("abort", () => {
        waiting = waiting.filter((one) => one !== mine);
        leave(signal.reason as Error);
      }, { once: true });
      next();
    });
    try {
      return await ask();
    } finally {
      busy = false;
      next();
    }
  }
  return { take, open: () => { opened = true; next(); } };
}
