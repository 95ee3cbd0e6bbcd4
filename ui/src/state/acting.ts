/** Something that is done on somebody's word: once at a time, and if it failed, why. */

import { createSignal, type Accessor } from "solid-js";

export interface Acting {
  readonly isBusy: Accessor<boolean>;
  /** Why it failed the last time; `undefined` if it did not, or has begun again and succeeded. */
  readonly error: Accessor<unknown>;
  /** Do it, unless it is being done: whoever clicks twice does it once. Answers what it answers, `undefined` if it failed. */
  readonly run: <T>(act: () => Promise<T> | T) => Promise<T | undefined>;
}

export function acting(): Acting {
  const [isBusy, setBusy] = createSignal(false);
  const [error, setError] = createSignal<unknown>();
  return {
    isBusy, error,
    async run(act) {
      if (isBusy()) return undefined;
      setBusy(true);
      try {
        const done = await act();
        setError();
        return done;
      } catch (caught) {
        setError(() => caught ?? new Error("it failed without a reason"));
        return undefined;
      } finally {
        setBusy(false);
      }
    },
  };
}
